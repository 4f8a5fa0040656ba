//! A name of the leaf lies outside what a CA of the path may certify.
//!
//! RFC 5280 §6.1.3 (b), (c) and §4.2.1.10.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "name-constraint",
    meaning: "a name lies outside what a CA of the path may certify",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/name-constraint.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "no name constraint is broken")
}
