//! The certificates were not sent in the order in which each certifies the one before.
//!
//! RFC 5246 §7.4.2 demands the order; RFC 8446 §4.4.2 asks clients to cope without it.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "wrong-order",
    meaning: "the chain was sent in another order than each certifying the one before it",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &[],
    chapter: include_str!("../../../docs/causes/wrong-order.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "the certificates were sent in order")
}
