//! A certificate signed another one without being allowed to.
//!
//! RFC 5280 §6.1.4 (k), (n): an issuer has CA:TRUE and, with a keyUsage, keyCertSign.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "not-a-ca",
    meaning: "an issuer in the chain is no CA",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["untrusted-root", "certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/not-a-ca.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "every issuer of the path is a CA")
}
