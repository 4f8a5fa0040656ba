//! The chain ends in a CA that the client does not trust.
//!
//! RFC 5280 §6.1.1 (d): a path begins at a trust anchor that the client has.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "untrusted-root",
    meaning: "the chain ends in a CA that the client does not trust",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/untrusted-root.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "the chain leads to an anchor of the trust store")
}
