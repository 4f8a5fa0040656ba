//! The leaf certificate had expired when the client received it.
//!
//! RFC 5280 §4.1.2.5: the validity period ends with notAfter.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "expired",
    meaning: "the leaf had expired at the time of the packet",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/expired.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "the leaf had not expired at the time of the packet")
}
