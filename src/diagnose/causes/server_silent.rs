//! The server did not answer the ClientHello.
//!
//! RFC 8446 §4.1: the next message is the server's; it, or the ClientHello, may have been lost on the way.

use super::ended;
use crate::diagnose::abort::{Ending, Moment, PATIENCE_S};
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "server-silent",
    meaning: "the server did not answer the ClientHello",
    gives_up: Party::Server,
    stage: Stage::Hello,
    explains: &["client-closed", "client-reset", "client-timeout"],
    chapter: include_str!("../../../docs/causes/server-silent.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    if ending.server_spoke || ending.moment != Moment::Hello || ending.blurred || !waited(case, ending) {
        return Judgement::NotApplicable;
    }
    let [client, _] = &case.connection.tcp;
    let lost = client.acked_bytes < client.payload_bytes;
    let delivered = match (lost, client.retransmissions) {
        (true, 0) => "which was not acknowledged".to_owned(),
        (true, times) => format!("which was repeated {times} times and not acknowledged in full"),
        (false, _) => "which was acknowledged".to_owned(),
    };
    let end = match ending.act {
        Some(act) => format!("until the client gave up (#{})", act.packet),
        None => "until the capture ends".to_owned(),
    };
    let text = format!(
        "the server did not answer the ClientHello, {delivered}, for {} {end}",
        words::seconds(ending.wait_s)
    );
    ended::found(case, ending, CAUSE.code, Confidence::Likely, text)
}

/// Long enough for silence to be an answer: the client lost patience, or the capture went on without one.
fn waited(case: &Case<'_>, ending: &Ending) -> bool {
    let [client, _] = &case.connection.tcp;
    let unheard = client.acked_bytes == 0 && client.retransmissions >= ENOUGH_REPEATS;
    match ending.act {
        Some(act) => act.by == Side::Client && ending.wait_s >= SHORTEST_PATIENCE_S,
        None => ending.wait_s >= if unheard { PATIENCE_S } else { 2.0 * PATIENCE_S },
    }
}

/// A ClientHello that was repeated so often, and of which nothing was acknowledged, does not get through.
const ENOUGH_REPEATS: u32 = 3;
/// Seconds after which a client that closes has waited; below it, it was interrupted.
pub(super) const SHORTEST_PATIENCE_S: f64 = 0.9;
