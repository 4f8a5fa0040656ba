//! The server refused to begin TLS on a plain connection.
//!
//! RFC 3207 §4, RFC 9051 §6.2.1, RFC 2595, RFC 4511 §4.14: the answer to STARTTLS says no.

use super::ended;
use super::http_to_tls::with_plain;
use crate::connection::{At, Tunnel};
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

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
        return match (&tunnel.value.withheld, tunnel.value.granted) {
            (Some(words), _) => withheld(case, tunnel, words),
            (None, true) => Judgement::RuledOut("the answer let TLS begin".into()),
            (None, false) => Judgement::NotApplicable,
        };
    };
    if tunnel.value.went_on || tunnel.value.asked_again && case.ending().act.is_none() {
        return Judgement::NotApplicable;
    }
    // Some clients (openssl s_client) begin with TLS whatever the answer was.
    if case.connection.speaks_tls[Side::Server as usize] {
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
        ended::found(case, case.ending(), CAUSE.code, Confidence::Certain, words::upper_first(&text));
    with_plain(judged, tunnel.packet, format!("the answer: {refusal}"))
}

/// The client left where TLS was not offered: it may have wanted no more than to see whether the server answers.
fn withheld(case: &Case<'_>, tunnel: &At<Tunnel>, words: &str) -> Judgement {
    let ending = case.ending();
    if ending.act_by(Side::Client).is_none() || ending.blurred {
        return Judgement::NotApplicable;
    }
    let text = format!(
        "{words} (#{}), and the client left {}, perhaps because it wants TLS; a check whether the server answers looks the \
         same",
        tunnel.packet,
        ended::at(ending)
    );
    let judged = ended::found(case, ending, CAUSE.code, Confidence::Possible, words::upper_first(&text));
    with_plain(judged, tunnel.packet, words.to_owned())
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
