//! The leaf is signed with its own key, and the client does not hold it as an anchor.
//!
//! RFC 5280 §3.2: a self-signed certificate proves nothing but the possession of its key.

use super::path;
use crate::diagnose::{Case, Cause, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "self-signed",
    meaning: "the leaf is self-signed and not trusted",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &[
        "untrusted-root",
        "missing-intermediate",
        "not-a-ca",
        "wrong-eku",
        "certificate-rejected",
        "client-closed",
        "client-reset",
    ],
    chapter: include_str!("../../../docs/causes/self-signed.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let fine = match case.server_leaf().and_then(|leaf| leaf.fields.as_ref().ok()) {
        Some(fields) if fields.subject == fields.issuer => "the leaf is self-signed, and is itself trusted",
        _ => "the leaf is signed by another certificate",
    };
    path::judge(case, CAUSE.code, fine)
}
