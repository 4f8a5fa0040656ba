//! The client speaks plain text, HTTP most often, to a port where TLS is spoken.
//!
//! RFC 9112 §2; a TLS server closes, sends an alert, or answers in plain HTTP that it expects TLS.

use super::ended;
use crate::connection::{At, PlainText};
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "http-to-tls",
    meaning: "the client speaks plain HTTP where TLS is due",
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
    chapter: include_str!("../../../docs/causes/http-to-tls.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    if let Some(found) = proxy_header(case) {
        return found;
    }
    let [client, _] = &case.connection.plain;
    let Some(plain) = client.as_ref().filter(|_| !case.connection.speaks_tls[0]) else {
        return Judgement::NotApplicable;
    };
    // Whoever asks for a way to another host speaks to a proxy, and rightly without TLS, unless the other side shows TLS.
    let proxied = case.connection.tunnel.is_some() || is_for_a_proxy(&plain.value.sample);
    let [_, answer] = &case.connection.plain;
    let ending = case.ending();
    let expects = case.connection.speaks_tls[1] || case.answers_for_tls();
    let known = plain.value.protocol != "unknown";
    if !known && case.connection.syn.is_none() {
        // It may be the middle of a record.
        return Judgement::NotApplicable;
    }
    if !expects && (proxied || ending.act.is_none() || answer.as_ref().is_some_and(|at| both(plain, at))) {
        return Judgement::NotApplicable;
    }
    // A server that speaks TLS, or says that it expects it, shows that TLS was due; a port alone does not.
    let confidence = match (known, expects) {
        (true, true) => Confidence::Certain,
        (true, false) => Confidence::Likely,
        (false, true) => Confidence::Likely,
        (false, false) => Confidence::Possible,
    };
    let what =
        if known { words::with_article(plain.value.protocol) } else { "something other than TLS".into() };
    let sample =
        if plain.value.sample.is_empty() { String::new() } else { format!(": {}", plain.value.sample) };
    let text = match confidence {
        Confidence::Certain => {
            format!("the client sent {what} to a port where TLS is spoken (#{}{sample})", plain.packet)
        }
        _ => format!(
            "TLS is due on port {}; the client sent {what} (#{}{sample})",
            case.connection.server.port, plain.packet
        ),
    };
    let judged = ended::found(case, ending, CAUSE.code, confidence, words::upper_first(&text));
    with_plain(judged, plain.packet, format!("the client sends {what}"))
}

/// A PROXY header (the PROXY protocol of HAProxy) ahead of the ClientHello, to a server that does not expect one and takes it for
/// plain text.
fn proxy_header(case: &Case<'_>) -> Option<Judgement> {
    let header = case.connection.tunnel.as_ref().filter(|at| at.value.kind == "proxy-protocol")?;
    let [_, answer] = &case.connection.plain;
    let answer = answer.as_ref().filter(|_| case.answers_for_tls())?;
    let text = format!(
        "The client sent a PROXY header ahead of TLS (#{}), and the server, which does not expect one, answered with {} (#{}: {})",
        header.first_packet,
        words::with_article(answer.value.protocol),
        answer.packet,
        answer.value.sample
    );
    let judged = ended::found(case, case.ending(), CAUSE.code, Confidence::Likely, text);
    Some(with_plain(judged, answer.packet, "the server's answer to the header".into()))
}

/// A request with a whole address (RFC 9112 §3.2.2) is meant for a proxy, and a proxy speaks plain HTTP.
fn is_for_a_proxy(line: &str) -> bool {
    line.split(' ').nth(1).is_some_and(|target| target.starts_with("http://"))
}

/// Both sides speak it, whatever the port: SSH, a VPN, a protocol that nobody knows, or HTTP.
fn both(sent: &At<PlainText>, answer: &At<PlainText>) -> bool {
    let (sent, said) = (sent.value.protocol, answer.value.protocol);
    sent == said || (sent, said) == ("HTTP/2 request", "HTTP/2") || is_served(&answer.value.sample)
}

/// An answer that a server gives that takes plain HTTP on this port (RFC 9110 §15). One that expects TLS says 400 or 403, or
/// redirects.
fn is_served(line: &str) -> bool {
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).unwrap_or_default();
    matches!(status, "304" | "401" | "404" | "405" | "407" | "429") || status.starts_with(['1', '2', '5'])
}

pub(super) fn with_plain(judged: Judgement, packet: u64, text: String) -> Judgement {
    match judged {
        Judgement::Found(mut finding) => {
            finding.evidence.push(crate::diagnose::Evidence { packet: Some(packet), text });
            finding.evidence.sort_by_key(|one| one.packet);
            Judgement::Found(finding)
        }
        other => other,
    }
}
