//! An intermediate or root certificate of the path had expired when the client received it.
//!
//! RFC 5280 §6.1.3 (a)(2): every certificate of the path is valid at the time of the check.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "expired-intermediate",
    meaning: "an intermediate or root had expired at the time of the packet",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/expired-intermediate.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    path::judge(case, CAUSE.code, "no CA certificate of the path had expired at the time of the packet")
}
