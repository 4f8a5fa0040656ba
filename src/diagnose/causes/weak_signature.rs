//! A certificate of the path is signed with MD5, SHA-1 or another digest that is refused.
//!
//! RFC 9155 and the policy of each stack.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "weak-signature",
    meaning: "a certificate is signed with a digest that is refused",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/weak-signature.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "no certificate of the path has a refused signature algorithm")
}
