//! What both sides presented, and how it holds against what the client trusts and asked for.

use crate::connection::Connection;
use crate::report::{CertificateReport, ChainReport, ConnectionReport, Parts};

use super::catalog as field;
use super::fact::{Fact, Value};

/// The facts of both chains.
pub(super) fn facts(parts: Parts<'_>, report: &ConnectionReport) -> Vec<Fact> {
    let c = parts.case.connection;
    let mut facts = server(c, report);
    facts.extend(judged(c, report));
    facts.extend(client(c, report));
    facts
}

/// Why a message that belongs behind the ServerHello is not there.
fn absent(c: &Connection) -> Value {
    match () {
        () if c.is_tls13() && !c.decrypted => Value::Hidden("TLS 1.3 encrypts it, and there are no keys"),
        () if c.server_hello.is_none() => Value::NotReached,
        () => Value::None,
    }
}

fn server(c: &Connection, report: &ConnectionReport) -> Vec<Fact> {
    let chain = report.server_certificates.as_ref();
    let packet = chain.and_then(last_packet);
    let leaf = chain.and_then(|chain| chain.chain.first());
    let of = |value: &dyn Fn(&CertificateReport) -> Value| match leaf {
        Some(leaf) => value(leaf),
        None if c.resumed => Value::Hidden("a resumed session sends none"),
        None => absent(c),
    };
    let text = |value: &Option<String>| Value::text(value.clone());
    let chain_value = of(&|_| match chain {
        Some(chain) if chain.complete => Value::List(chain.chain.iter().skip(1).map(label).collect()),
        _ => Value::Hidden("the capture does not hold the whole message"),
    });
    let ocsp = of(&|_| {
        let stapled = c.server_chain.as_ref().is_some_and(|at| at.value.ocsp.is_some());
        Value::Text(if stapled { "yes" } else { "no" }.to_owned())
    });
    vec![
        field::LEAF.is(of(&|leaf| Value::Text(label(leaf))), packet),
        field::LEAF_ISSUER.is(of(&|leaf| text(&leaf.issuer)), packet),
        field::LEAF_NAMES.is(of(&|leaf| Value::Set(leaf.san.clone())), packet),
        field::LEAF_VALIDITY.is(of(&|leaf| Value::text(validity(leaf))), packet),
        field::LEAF_KEY.is(of(&|leaf| Value::text(key(leaf))), packet),
        field::LEAF_SIGNATURE.is(of(&|leaf| text(&leaf.signature_algorithm)), packet),
        field::CHAIN.is(chain_value, packet),
        field::OCSP.is(ocsp, packet),
    ]
}

/// The chain against the store and the name against the leaf, under the same inputs for both.
fn judged(c: &Connection, report: &ConnectionReport) -> Vec<Fact> {
    let packet = report.server_certificates.as_ref().and_then(last_packet);
    let trusted = match &report.trust {
        Some(trust) if trust.path_found => Value::Text("a path to an anchor".to_owned()),
        Some(trust) => Value::Text(match &trust.missing_issuer {
            Some(issuer) => format!("no path: {issuer} is missing"),
            None => "no path to an anchor".to_owned(),
        }),
        None if c.resumed => Value::Hidden("a resumed session sends none"),
        None => absent(c),
    };
    let hostname = match &report.hostname {
        Some(host) if host.matches => Value::Text("covered".to_owned()),
        Some(host) => Value::Text(format!("{} is not covered", host.expected)),
        None if report.server_certificates.is_some() => {
            Value::Hidden("no name to compare with (--host NAME)")
        }
        None if c.resumed => Value::Hidden("a resumed session sends none"),
        None => absent(c),
    };
    vec![field::TRUSTED.is(trusted, packet), field::HOSTNAME.is(hostname, packet)]
}

fn client(c: &Connection, report: &ConnectionReport) -> Vec<Fact> {
    let request = report.certificate_request.as_ref();
    let asked = match request {
        Some(_) => Value::Text("yes".to_owned()),
        None => match absent(c) {
            Value::None => Value::Text("no".to_owned()),
            other => other,
        },
    };
    let authorities = request.map_or(Value::None, |request| Value::Set(request.authorities.clone()));
    let chain = report.client_certificates.as_ref();
    let packet = chain.and_then(last_packet);
    let leaf = chain.and_then(|chain| chain.chain.first());
    let sent = match (chain, leaf) {
        (_, Some(leaf)) => Value::Text(label(leaf)),
        (Some(_), None) => Value::Text("an empty Certificate message".to_owned()),
        (None, None) => absent(c),
    };
    let rest = leaf.map_or(Value::None, |_| {
        Value::List(chain.into_iter().flat_map(|chain| &chain.chain).skip(1).map(label).collect())
    });
    vec![
        field::ASKED.is(asked, request.map(|request| request.packet)),
        field::AUTHORITIES.is(authorities, request.map(|request| request.packet)),
        field::SENT.is(sent, packet),
        field::CLIENT_CHAIN.is(rest, packet),
    ]
}

fn last_packet(chain: &ChainReport) -> Option<u64> {
    chain.packets.last().copied()
}

/// A certificate by its subject, and by so much of its fingerprint that no two are taken for one another.
fn label(certificate: &CertificateReport) -> String {
    let subject = certificate.subject.as_deref().unwrap_or("a certificate that cannot be read");
    let subject = if subject.is_empty() { "no subject" } else { subject };
    format!("{subject} (SHA-256 {})", certificate.sha256.get(..16).unwrap_or_default())
}

fn validity(certificate: &CertificateReport) -> Option<String> {
    let day = |time: &Option<String>| time.as_deref().and_then(|time| time.get(..10)).map(str::to_owned);
    Some(format!("{} to {}", day(&certificate.not_before)?, day(&certificate.not_after)?))
}

fn key(certificate: &CertificateReport) -> Option<String> {
    let key = certificate.key.as_ref()?;
    Some(match &key.curve {
        Some(curve) => format!("{} {curve}", key.algorithm),
        None => format!("{} {}", key.algorithm, key.bits),
    })
}
