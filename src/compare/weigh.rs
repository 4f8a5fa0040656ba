//! Which differences could explain the failure: those that the verdict's cause is about, then those that it leaves open.

use crate::diagnose::{Stage, cause};
use crate::report::{DifferenceReport, NOT_REACHED, SameField};

use super::gather::Sheet;

/// Marks and orders the differences; `causes` are the verdict's cause and then its alternatives.
pub(super) fn weigh(differences: &mut [DifferenceReport], causes: &[String]) {
    for difference in differences.iter_mut() {
        difference.explains = explains(difference, causes);
    }
    differences.sort_by_key(|difference| match difference.explains {
        Some("likely") => 0,
        Some(_) => 1,
        None => 2,
    });
}

fn explains(difference: &DifferenceReport, causes: &[String]) -> Option<&'static str> {
    // What the handshake did not come to is no reason for its end.
    if difference.group == "result" || difference.bad.as_deref() == Some(NOT_REACHED) {
        return None;
    }
    let (cause, others) = causes.split_first()?;
    if about(cause).iter().any(|part| part.covers(difference)) {
        return Some("likely");
    }
    let open = left_open(cause).iter().chain(others.iter().flat_map(|other| about(other)));
    open.into_iter().any(|part| part.covers(difference)).then_some("possible")
}

/// A field, or all of a group.
enum Part {
    Field(&'static str),
    Group(&'static str),
}

impl Part {
    fn covers(&self, difference: &DifferenceReport) -> bool {
        match self {
            Self::Field(field) => difference.field == *field,
            Self::Group(group) => difference.group == *group,
        }
    }
}

use Part::{Field, Group};

/// What a cause is about.
fn about(cause: &str) -> &'static [Part] {
    match cause {
        "untrusted-root" | "missing-intermediate" | "self-signed" | "wrong-order" | "extra-cert" => {
            &[Field("leaf"), Field("leaf-issuer"), Field("chain"), Field("trust")]
        }
        "expired" | "expired-intermediate" | "not-yet-valid" => {
            &[Field("leaf"), Field("leaf-validity"), Field("chain"), Field("trust")]
        }
        "weak-signature" | "weak-key" | "bad-signature" => {
            &[Field("leaf"), Field("leaf-key"), Field("leaf-signature"), Field("chain")]
        }
        "wrong-eku" | "not-a-ca" | "path-length" | "name-constraint" => {
            &[Field("leaf"), Field("leaf-issuer"), Field("leaf-names"), Field("chain"), Field("trust")]
        }
        "revoked" => &[Field("leaf"), Field("ocsp")],
        "certificate-rejected" => &[Group("certificates")],
        "hostname-mismatch" => {
            &[Field("sni"), Field("leaf"), Field("leaf-names"), Field("hostname"), Field("server")]
        }
        "protocol-version" => &[Field("versions-offered"), Field("version"), Field("server")],
        "no-shared-cipher" => {
            &[Field("cipher-suites-offered"), Field("signature-algorithms-offered"), Field("groups-offered")]
        }
        "no-shared-group" => &[Field("groups-offered"), Field("key-shares-offered")],
        "alpn-mismatch" => &[Field("alpn-offered")],
        "unrecognized-name" => &[Field("sni"), Field("server")],
        "client-cert-missing" | "client-cert-rejected" | "client-cert-expired" => {
            &[Group("client-certificate")]
        }
        "http-to-tls" | "tls-to-http" => &[Field("server"), Field("tunnel")],
        "starttls-refused" | "proxy-refused" => &[Field("tunnel"), Field("server")],
        "psk-mismatch" => &[Field("resumption-offered"), Field("resumed")],
        "client-timeout" => &[Field("round-trip"), Field("retransmissions")],
        "connection-refused" | "connect-timeout" => &[Field("server"), Field("client")],
        "middlebox-interference" => &[Group("path"), Field("sni")],
        _ => &[],
    }
}

/// What a cause leaves open.
fn left_open(cause: &str) -> &'static [Part] {
    match cause {
        "handshake-failure" | "protocol-error" | "server-closed" | "server-reset" | "server-silent" => {
            &[Group("client-hello"), Group("client-certificate"), Field("server"), Field("server-ttl")]
        }
        "client-closed" | "client-reset" | "client-timeout" => {
            &[Group("certificates"), Group("server-choice"), Field("server"), Field("client-stack")]
        }
        "no-shared-cipher" | "no-shared-group" | "protocol-version" | "alpn-mismatch" => {
            &[Field("client-stack"), Field("extensions-sent"), Field("server")]
        }
        _ if is_of_certificate(cause) => {
            &[Field("client-stack"), Field("client"), Field("sni"), Field("server"), Field("tunnel")]
        }
        _ => &[],
    }
}

/// The client refused what the server presented.
fn is_of_certificate(code: &str) -> bool {
    cause(code).is_some_and(|cause| cause.stage == Stage::Certificate)
}

/// What the comparison comes to.
pub(super) fn conclusion(
    differences: &[DifferenceReport],
    same: &[SameField],
    good: &Sheet,
    bad: &Sheet,
) -> Vec<String> {
    let count = |explains| differences.iter().filter(|d| d.explains == Some(explains)).count();
    let mut sentences = Vec::new();
    let verdict = &bad.report.verdict;
    match (count("likely"), count("possible")) {
        (0, 0) => sentences.push(
            "Nothing that differs in the captures explains the failure: compare what they do not show, such as trust stores, \
             client certificates' keys, and the configuration and logs of both ends."
                .to_owned(),
        ),
        (0, possible) => sentences.push(format!("{} could explain the failure.", differ(possible))),
        (likely, _) => {
            sentences.push(format!("The verdict ({}) is about {}.", verdict.cause, differ(likely)));
        }
    }
    let same = |field| same.iter().any(|known| known.field == field);
    if is_of_certificate(&verdict.cause) && same("leaf") && same("chain") {
        sentences.push(
            "The server sent the same certificates both times: what differs is the client, what it trusts, or the time."
                .to_owned(),
        );
    }
    if same("ja4") && same("sni") && bad.report.outcome == "failed" {
        sentences.push("The client offered the same both times.".to_owned());
    }
    if !same("sni") && !same("server") && good.report.tls.sni.is_some() {
        sentences.push(
            "The two are with different servers under different names: much of what differs may have nothing to do with the failure."
                .to_owned(),
        );
    }
    sentences
}

fn differ(count: usize) -> String {
    if count == 1 { "1 of the differences".to_owned() } else { format!("{count} of the differences") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(field: &'static str, group: &'static str, bad: &str) -> DifferenceReport {
        DifferenceReport {
            field,
            title: field,
            group,
            explains: None,
            good: Some("a".to_owned()),
            bad: Some(bad.to_owned()),
            only_good: Vec::new(),
            only_bad: Vec::new(),
            common: 0,
            other_order: false,
            good_packet: None,
            bad_packet: None,
        }
    }

    fn weighed(causes: &[&str]) -> Vec<(&'static str, Option<&'static str>)> {
        let causes: Vec<String> = causes.iter().map(|cause| (*cause).to_owned()).collect();
        let mut differences = [
            difference("ja3", "client-hello", "b"),
            difference("sni", "client-hello", "b"),
            difference("version", "server-choice", "it did not come to that"),
            difference("chain", "certificates", "b"),
            difference("alerts", "result", "b"),
        ];
        weigh(&mut differences, &causes);
        differences.iter().map(|difference| (difference.field, difference.explains)).collect()
    }

    #[test]
    fn what_the_cause_is_about_comes_first_and_then_what_it_leaves_open() {
        let order = weighed(&["missing-intermediate", "hostname-mismatch"]);
        assert_eq!(order[..2], [("chain", Some("likely")), ("sni", Some("possible"))]);
        assert!(order[2..].iter().all(|(_, explains)| explains.is_none()));
    }

    #[test]
    fn what_follows_from_the_failure_never_explains_it() {
        let order = weighed(&["protocol-version"]);
        assert!(order.iter().all(|(field, explains)| *field != "version" || explains.is_none()));
        let order = weighed(&["handshake-failure"]);
        assert_eq!(order[0], ("ja3", Some("possible")));
        assert_eq!(order[4], ("alerts", None));
    }

    #[test]
    fn every_cause_is_about_something_or_leaves_something_open() {
        for cause in crate::diagnose::CAUSES {
            let silent = about(cause.code).is_empty() && left_open(cause.code).is_empty();
            assert!(!silent, "{}", cause.code);
        }
    }
}
