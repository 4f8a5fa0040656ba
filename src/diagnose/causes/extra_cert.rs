//! The server sent certificates that belong to no path from its leaf.
//!
//! RFC 8446 §4.4.2: clients should be ready for it.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "extra-cert",
    meaning: "the server sent certificates that no path needs",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &[],
    chapter: include_str!("../../../docs/causes/extra-cert.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "every certificate that was sent belongs to the path")
}
