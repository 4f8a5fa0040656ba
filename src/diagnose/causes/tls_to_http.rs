//! The server speaks plain text, HTTP most often, where the client expects TLS.
//!
//! RFC 8446 §5.1: the first byte of an answer would be 22 or 21; text begins otherwise.

use super::ended;
use super::http_to_tls::with_plain;
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "tls-to-http",
    meaning: "the server speaks plain HTTP where the client expects TLS",
    gives_up: Party::Unknown,
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
    chapter: include_str!("../../../docs/causes/tls-to-http.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let [_, server] = &case.connection.plain;
    let Some(plain) =
        server.as_ref().filter(|_| case.connection.speaks_tls[0] && !case.connection.speaks_tls[1])
    else {
        return Judgement::NotApplicable;
    };
    if case.answers_for_tls() {
        return Judgement::NotApplicable;
    }
    let ending = case.ending();
    // What a plain server says to an alert is an answer to that, and the alert the cause.
    let gave_up = ending.alert_by(Side::Client).is_some();
    if case.connection.client_hello.is_none()
        || gave_up && ending.act.is_some_and(|act| act.packet < plain.packet)
    {
        return Judgement::NotApplicable;
    }
    let known = plain.value.protocol != "unknown";
    // A line of text says for itself what it is; a few bytes of a binary protocol may be anything.
    let is_text = known && !plain.value.sample.contains("\\x");
    // A TLS port that does not expect a PROXY header may answer that in plain HTTP as well.
    let header = case.connection.tunnel.as_ref().is_some_and(|at| at.value.kind == "proxy-protocol");
    let confidence = match (is_text, header) {
        (_, true) => Confidence::Possible,
        (true, false) => Confidence::Certain,
        (false, false) => Confidence::Likely,
    };
    let what =
        if known { words::with_article(plain.value.protocol) } else { "bytes that are not TLS".into() };
    let sample =
        if plain.value.sample.is_empty() { String::new() } else { format!(": {}", plain.value.sample) };
    let first = case.connection.client_hello.as_ref().is_some_and(|hello| plain.packet < hello.packet);
    let text = match first {
        true => format!("the server begins with {what} (#{}{sample}), and the client with TLS", plain.packet),
        false => format!("the server answered the ClientHello with {what} (#{}{sample})", plain.packet),
    };
    let text = match header {
        true => format!("{text}; or it does not expect the PROXY header that the client sent ahead of TLS"),
        false => text,
    };
    let judged = ended::found(case, ending, CAUSE.code, confidence, words::upper_first(&text));
    with_plain(judged, plain.packet, format!("the server sends {what}"))
}
