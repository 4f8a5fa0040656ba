//! More CAs follow each other than the pathLenConstraint of one of them allows.
//!
//! RFC 5280 §6.1.4 (l), (m).

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "path-length",
    meaning: "more CAs in a row than one of them allows",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/path-length.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "no pathLenConstraint is exceeded")
}
