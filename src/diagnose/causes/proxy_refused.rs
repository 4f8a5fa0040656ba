//! A proxy refused to open the way to the server, so that TLS never began.
//!
//! RFC 9110 §9.3.6: any answer to CONNECT but 2xx refuses; RFC 1928 §6 for SOCKS.

use super::ended;
use super::http_to_tls::with_plain;
use super::server_silent::SHORTEST_PATIENCE_S;
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
    let pending = tunnel.value.asked_again && case.ending().act.is_none();
    if case.connection.client_hello.is_some() || pending {
        return Judgement::NotApplicable;
    }
    let target = tunnel.value.target.as_ref().map_or_else(String::new, |target| format!(" to {target}"));
    let text = format!("the proxy refused to connect{target}: {refusal} (#{})", tunnel.packet);
    let judged =
        ended::found(case, case.ending(), CAUSE.code, Confidence::Certain, words::upper_first(&text));
    with_plain(judged, tunnel.packet, format!("the answer: {refusal}"))
}

/// The proxy closed in place of an answer, which may have a reason of its own, or let the client wait until it gave up.
fn unanswered(case: &Case<'_>, tunnel: &At<Tunnel>) -> Judgement {
    let ending = case.ending();
    let silent = case.connection.plain[Side::Server as usize].is_none() && !ending.server_spoke;
    let patience = case.connection.end.seconds_since(tunnel.time) >= SHORTEST_PATIENCE_S;
    let Some(act) = ending.act.filter(|act| act.by == Side::Server || patience) else {
        return Judgement::NotApplicable;
    };
    if !silent || ending.blurred {
        return Judgement::NotApplicable;
    }
    let target = tunnel.value.target.as_ref().map_or_else(String::new, |target| format!(" to {target}"));
    if act.by == Side::Client {
        let waited = words::seconds(act.time.seconds_since(tunnel.time));
        let text = format!(
            "the proxy found no way{target}: it did not answer the request to connect for {waited}, until the client gave up {}",
            ended::at(ending)
        );
        return ended::found(case, ending, CAUSE.code, Confidence::Likely, words::upper_first(&text));
    }
    let text = format!(
        "the proxy found no way{target}: it closed without an answer to the request to connect {}",
        ended::at(ending)
    );
    ended::found(case, ending, CAUSE.code, Confidence::Possible, words::upper_first(&text))
}
