//! What the client offered and what the server chose.

use crate::connection::Connection;
use crate::report::{ConnectionReport, Parts};
use crate::tls::message::{ClientHello, Extension, Extensions};

use super::catalog as field;
use super::fact::{Fact, Value};

/// The facts of both hellos.
pub(super) fn facts(parts: Parts<'_>, report: &ConnectionReport) -> Vec<Fact> {
    let mut facts = client(parts.case.connection, report);
    facts.extend(server(parts.case.connection, report));
    facts
}

fn client(c: &Connection, report: &ConnectionReport) -> Vec<Fact> {
    let packet = c.client_hello.as_ref().map(|at| at.packet);
    let hello = c.client_hello.as_ref().map(|at| &*at.value);
    let of = |value: &dyn Fn(&ClientHello) -> Value| match hello {
        Some(hello) => value(hello),
        None => Value::Hidden("its ClientHello is not seen"),
    };
    let shown = |value: &Option<String>| value.clone().map_or(Value::Hidden("not recognised"), Value::Text);
    let tls = &report.tls;
    vec![
        field::SNI.is(of(&|hello| Value::text(hello.sni.clone())), packet),
        field::VERSIONS.is(of(&|_| Value::List(tls.offered_versions.clone())), packet),
        field::SUITES.is(of(&|hello| named(&hello.cipher_suites, |suite| suite.is_grease())), packet),
        field::GROUPS.is(of(&|hello| named(&hello.groups, |group| group.is_grease())), packet),
        field::KEY_SHARES.is(of(&|hello| named(&hello.key_shares, |group| group.is_grease())), packet),
        field::SCHEMES.is(of(&|hello| named(&hello.signature_schemes, |scheme| scheme.is_grease())), packet),
        field::ALPN_OFFERED.is(of(&|hello| Value::List(hello.alpn.clone())), packet),
        field::EXTENSIONS.is(of(&|hello| extensions(hello.extensions.as_ref())), packet),
        field::RESUMPTION.is(of(&resumption), packet),
        field::STACK.is(shown(&tls.client_stack), packet),
        field::JA4.is(shown(&tls.ja4), packet),
        field::JA3.is(shown(&tls.ja3), packet),
    ]
}

fn server(c: &Connection, report: &ConnectionReport) -> Vec<Fact> {
    let packet = c.server_hello.as_ref().map(|at| at.packet);
    let hello = c.server_hello.as_ref().map(|at| &*at.value);
    let tls = &report.tls;
    let of = |value: Value| if hello.is_some() { value } else { Value::NotReached };
    let suite = tls.cipher_suite.as_ref().map(|suite| suite.name.clone());
    let yes = |flag: bool| Value::Text(if flag { "yes" } else { "no" }.to_owned());
    let alpn = match &tls.alpn {
        None if c.is_tls13() && !c.decrypted => Value::Hidden("TLS 1.3 encrypts it, and there are no keys"),
        alpn => Value::text(alpn.clone()),
    };
    vec![
        field::VERSION.is(of(Value::text(tls.version.clone())), packet),
        field::SUITE.is(of(Value::text(suite)), packet),
        field::GROUP.is(of(Value::text(tls.group.clone())), packet),
        field::ALPN.is(of(alpn), packet),
        field::SERVER_EXTENSIONS
            .is(of(extensions(hello.and_then(|hello| hello.extensions.as_ref()))), packet),
        field::RETRY.is(yes(tls.hello_retry), c.hello_retry.as_ref().map(|at| at.packet)),
        field::RESUMED.is(of(yes(tls.resumed)), packet),
    ]
}

fn named<T: Copy + ToString>(values: &[T], is_grease: impl Fn(T) -> bool) -> Value {
    Value::List(values.iter().filter(|value| !is_grease(**value)).map(ToString::to_string).collect())
}

/// Extensions by name; browsers send them in another order each time, and padding as needed.
fn extensions(extensions: Option<&Extensions>) -> Value {
    let kept = |extension: &Extension<'_>| !extension.kind.is_grease() && extension.kind.0 != PADDING;
    Value::Set(extensions.into_iter().flatten().filter(kept).map(|e| e.kind.to_string()).collect())
}

fn resumption(hello: &ClientHello) -> Value {
    let mut kinds = Vec::new();
    if hello.offers_psk {
        kinds.push("pre-shared key");
    }
    if hello.offers_ticket {
        kinds.push("session ticket");
    }
    if hello.offers_early_data {
        kinds.push("early data");
    }
    Value::text((!kinds.is_empty()).then(|| kinds.join(", ")))
}

/// The padding extension (RFC 7685).
const PADDING: u16 = 21;
