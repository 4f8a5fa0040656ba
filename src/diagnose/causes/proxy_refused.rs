//! A proxy refused to open the way to the server, so that TLS never began.
//!
//! RFC 9110 §9.3.6: any answer to CONNECT but 2xx refuses; RFC 1928 §6 for SOCKS.

use super::ended;
use super::http_to_tls::with_plain;
use crate::connection::{At, Tunnel};
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "proxy-refused",
    meaning: "a proxy refused the connection to the server",
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
    chapter: include_str!("../../../docs/causes/proxy-refused.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let Some(tunnel) = case.connection.tunnel.as_ref().filter(|at| !at.value.kind.starts_with("starttls"))
    else {
        return Judgement::NotApplicable;
    };
    let Some(refusal) = &tunnel.value.refusal else {
        return match tunnel.value.granted {
            true => Judgement::RuledOut("the answer let TLS begin".into()),
            false => unanswered(case, tunnel),
        };
    };
    if case.connection.client_hello.is_some() {
        return Judgement::NotApplicable;
    }
    let target = tunnel.value.target.as_ref().map_or_else(String::new, |target| format!(" to {target}"));
    let text = format!("the proxy refused to connect{target}: {refusal} (#{})", tunnel.packet);
    let judged =
        ended::found(case, &case.ending(), CAUSE.code, Confidence::Certain, words::upper_first(&text));
    with_plain(judged, tunnel.packet, format!("the answer: {refusal}"))
}

/// The proxy closed in place of an answer.
fn unanswered(case: &Case<'_>, tunnel: &At<Tunnel>) -> Judgement {
    let ending = case.ending();
    let silent = case.connection.plain[Side::Server as usize].is_none() && !ending.server_spoke;
    if !silent || ending.blurred || ending.act.is_none_or(|act| act.by != Side::Server) {
        return Judgement::NotApplicable;
    }
    let target = tunnel.value.target.as_ref().map_or_else(String::new, |target| format!(" to {target}"));
    let text = format!(
        "the proxy closed without an answer to the request to connect{target} {}",
        ended::how(&ending)
    );
    ended::found(case, &ending, CAUSE.code, Confidence::Likely, words::upper_first(&text))
}
