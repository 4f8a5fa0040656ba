//! Something between the two ends broke the connection.
//!
//! RFC 3360; a RST that neither end sent shows by its hop count.

use super::ended;
use crate::diagnose::abort::{How, Moment};
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "middlebox-interference",
    meaning: "a reset that neither end seems to have sent",
    gives_up: Party::Network,
    stage: Stage::Any,
    explains: &["server-reset", "client-reset"],
    chapter: include_str!("../../../docs/causes/middlebox-interference.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let Some(act) = ending.act.filter(|act| act.how == How::Rst && ending.moment < Moment::Done) else {
        return Judgement::NotApplicable;
    };
    let index = match act.by {
        Side::Client => 0,
        Side::Server => 1,
    };
    let rst = case.connection.teardown.rst.get(index).and_then(Option::as_ref);
    let Some((ttl, usual)) = rst.and_then(|rst| Some((rst.ttl, rst.usual_ttl?))) else {
        return Judgement::NotApplicable;
    };
    let side = act.by.name();
    if ttl.abs_diff(usual) <= SAME_PATH || other_start(ttl, usual) {
        return Judgement::NotApplicable;
    }
    let text = format!(
        "a device on the way reset the connection: a RST in the {side}'s name (#{}: TTL {ttl}, the {side}'s own packets \
         have {usual})",
        act.packet
    );
    ended::found(case, ending, CAUSE.code, Confidence::Likely, text)
}

/// Hops by which the route may differ from packet to packet.
const SAME_PATH: u8 = 2;

/// Some systems send a RST with another initial value (64, 128, 255) and over the same number of hops.
fn other_start(ttl: u8, usual: u8) -> bool {
    let hops = |value: u8| match value {
        0..=64 => 64 - value,
        65..=128 => 128 - value,
        _ => 255 - value,
    };
    hops(ttl).abs_diff(hops(usual)) <= SAME_PATH
}
