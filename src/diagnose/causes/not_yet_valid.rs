//! A certificate of the path was not valid yet when the client received it.
//!
//! RFC 5280 §4.1.2.5: the validity period begins with notBefore.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "not-yet-valid",
    meaning: "a certificate was not valid yet at the time of the packet",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/not-yet-valid.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "every certificate of the path was already valid at the time of the packet")
}
