//! A stapled OCSP response says that the leaf is revoked.
//!
//! RFC 6960 §2.2, RFC 6066 §8. Lists and responses that the client fetches itself are not in the capture.

use super::{ended, path};
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;
use crate::trust::OcspState;

pub(super) const CAUSE: Cause = Cause {
    code: "revoked",
    meaning: "a stapled OCSP response says that the leaf is revoked",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/revoked.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let judged = path::judge(case, CAUSE.code, "the stapled OCSP response says good");
    let stapled = case.path.and_then(|report| report.ocsp.as_ref());
    if matches!(judged, Judgement::Found(_)) || stapled == Some(&OcspState::Good) {
        return judged;
    }
    let ending = case.ending();
    if ending.alert_by(Side::Client) == Some(CERTIFICATE_REVOKED) {
        let text = "the client says that the certificate is revoked, by a list or a response that is not in the capture";
        return ended::found(case, ending, CAUSE.code, Confidence::Likely, text.into());
    }
    Judgement::NotApplicable
}

const CERTIFICATE_REVOKED: u8 = 44;
