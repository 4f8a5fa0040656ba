//! The server refused to begin TLS on a plain connection.
//!
//! RFC 3207 §4, RFC 9051 §6.2.1, RFC 2595, RFC 4511 §4.14: the answer to STARTTLS says no.

use super::ended;
use super::http_to_tls::with_plain;
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "starttls-refused",
    meaning: "the server refused to begin TLS",
    gives_up: Party::Server,
    stage: Stage::Tunnel,
    explains: &[
        "server-closed",
        "server-reset",
        "client-closed",
        "client-reset",
        "handshake-failure",
        "protocol-error",
        "server-silent",
        "client-timeout",
    ],
    chapter: include_str!("../../../docs/causes/starttls-refused.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let Some(tunnel) = case.connection.tunnel.as_ref().filter(|at| at.value.kind.starts_with("starttls"))
    else {
        return Judgement::NotApplicable;
    };
    let Some(refusal) = &tunnel.value.refusal else {
        return match tunnel.value.granted {
            true => Judgement::RuledOut("the answer let TLS begin".into()),
            false => Judgement::NotApplicable,
        };
    };
    if case.connection.client_hello.is_some() {
        return Judgement::NotApplicable;
    }
    let target = tunnel.value.target.as_ref().map_or_else(String::new, |target| format!(" to {target}"));
    let asked = request(tunnel.value.kind);
    let text = match tunnel.value.kind {
        "starttls-postgres" if refusal == "N" => {
            format!("the server answered the SSLRequest{target} with N: TLS is off (#{})", tunnel.packet)
        }
        _ => format!("the server refused {asked}{target}: {refusal} (#{})", tunnel.packet),
    };
    let judged =
        ended::found(case, &case.ending(), CAUSE.code, Confidence::Certain, words::upper_first(&text));
    with_plain(judged, tunnel.packet, format!("the answer: {refusal}"))
}

/// What the client asks with.
fn request(kind: &str) -> &'static str {
    match kind {
        "starttls-ldap" => "the StartTLS operation",
        "starttls-postgres" => "the SSLRequest",
        "starttls-pop3" => "STLS",
        "starttls-ftp" => "AUTH TLS",
        "starttls-rdp" | "starttls-mysql" => "to begin TLS",
        _ => "STARTTLS",
    }
}
