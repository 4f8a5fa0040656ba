//! A certificate of the path has a key that is too short.
//!
//! RFC 9325 §4.5 and the policy of each stack.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "weak-key",
    meaning: "a key is shorter than the client takes",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/weak-key.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "no key of the path is too short")
}
