//! The client lost patience: the server began to answer, or answered too late.
//!
//! RFC 8446 sets no limits; the client's own settings do.

use super::ended;
use super::server_silent::SHORTEST_PATIENCE_S;
use crate::connection::Connection;
use crate::diagnose::abort::{Moment, PATIENCE_S, server_unheard};
use crate::diagnose::course;
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "client-timeout",
    meaning: "the client waited for the server and gave up",
    gives_up: Party::Client,
    stage: Stage::Any,
    explains: &["client-closed", "client-reset", "certificate-rejected"],
    chapter: include_str!("../../../docs/causes/client-timeout.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let Some(act) = ending.act_by(Side::Client).filter(|_| ending.silent_by(Side::Client)) else {
        return Judgement::NotApplicable;
    };
    let wait = words::seconds(ending.wait_s);
    let late = ending.moment == Moment::Hello && ending.server_spoke && ending.wait_s >= SHORTEST_PATIENCE_S;
    let stalled = matches!(ending.moment, Moment::ServerHello | Moment::Certificate | Moment::ClientFlight)
        && ending.wait_s >= PATIENCE_S
        // With the whole flight at hand it was not the server for whom the client waited.
        && !(ending.flight_whole && ending.moment < Moment::ClientFlight);
    let text = match (late, stalled, server_unheard(case.connection)) {
        (true, ..) => format!(
            "the client waited {wait} for an answer to its ClientHello and gave up (#{}); the server answered later",
            act.packet
        ),
        (_, true, Some(bytes)) => format!(
            "{bytes} bytes of what the server sent were not acknowledged though it repeated some of them: they do not get \
             through to the client, which gave up after {wait} (#{}){}",
            act.packet,
            too_big(case.connection)
        ),
        (_, true, None) => {
            let chain = case.connection.server_chain.as_ref();
            let message = chain.and_then(|chain| course::incomplete(case.connection, &chain.value));
            let part = message
                .map_or_else(|| "the handshake".to_owned(), |bytes| format!("its Certificate ({bytes})"));
            format!(
                "the server fell silent in the middle of {part}, and the client gave up after {wait} (#{})",
                act.packet
            )
        }
        _ => return Judgement::NotApplicable,
    };
    if ending.blurred {
        return Judgement::NotApplicable;
    }
    ended::found(case, ending, CAUSE.code, Confidence::Likely, text)
}

/// What a router says of the server's packets, as the end of a sentence.
fn too_big(connection: &Connection) -> String {
    connection.too_big(Side::Server).map_or_else(String::new, |(at, _)| {
        format!("; {} says by ICMP why: {} (#{})", at.value.from, at.value.problem, at.packet)
    })
}
