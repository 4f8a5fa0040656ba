//! The leaf may not be used for a TLS server.
//!
//! RFC 5280 §4.2.1.12: with an extendedKeyUsage, only the purposes in it are allowed.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "wrong-eku",
    meaning: "the leaf may not be used for a TLS server",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/wrong-eku.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "the leaf may be used for a TLS server")
}
