//! The server did not send an intermediate certificate that the client needs.
//!
//! RFC 8446 §4.4.2: the server sends every certificate of the path but the root.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "missing-intermediate",
    meaning: "the server did not send an intermediate that the client needs",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["untrusted-root", "certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/missing-intermediate.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "no link is missing between the leaf and an anchor")
}
