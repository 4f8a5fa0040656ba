//! A signature does not verify: a certificate's, or the one with which the server proves that it holds the leaf's key.
//!
//! RFC 5280 §6.1.3 (a)(1), RFC 5246 §7.4.3, RFC 8446 §4.4.3.

use super::{ended, path};
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "bad-signature",
    meaning: "a signature in the chain, or the server's over the key exchange, does not verify",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &[
        "untrusted-root",
        "missing-intermediate",
        "certificate-rejected",
        "protocol-error",
        "client-closed",
        "client-reset",
    ],
    chapter: include_str!("../../../docs/causes/bad-signature.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let judged = path::judge(case, CAUSE.code, "every signature of the path that could be checked verifies");
    if matches!(judged, Judgement::Found(_)) || case.connection.server_signature_good != Some(false) {
        return judged;
    }
    let text = "the server's signature over the key exchange does not verify with the key of its certificate: \
                certificate and private key do not belong together";
    ended::found(case, case.ending(), CAUSE.code, Confidence::Certain, text.into())
}
