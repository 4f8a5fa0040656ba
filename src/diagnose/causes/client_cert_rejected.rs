//! The server refuses the client's certificate.
//!
//! RFC 8446 §4.4.2.4; in TLS 1.3 the refusal comes after the client's Finished, so that the client believes it is connected.

use super::auth;
use super::ended;
use crate::diagnose::abort::{ClientAuth, Ending};
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "client-cert-rejected",
    meaning: "the server refused the client's certificate",
    gives_up: Party::Server,
    stage: Stage::ClientAuth,
    explains: &[
        "handshake-failure",
        "protocol-error",
        "server-closed",
        "server-reset",
        "client-closed",
        "client-reset",
    ],
    chapter: include_str!("../../../docs/causes/client-cert-rejected.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    if auth::refused_unseen(ending).is_some_and(|alert| alert != CERTIFICATE_EXPIRED) {
        let text = format!(
            "the server refused the client's certificate, which is not in the capture, {}{}",
            ended::how(ending),
            said(case, ending)
        );
        return ended::found(case, ending, CAUSE.code, Confidence::Likely, text);
    }
    if ending.client_auth != ClientAuth::Sent {
        return Judgement::NotApplicable;
    }
    let Some(confidence) = auth::refused(ending) else {
        return match ending.data[1] {
            true => {
                Judgement::RuledOut("the server answered with data after the client's certificate".into())
            }
            false => Judgement::NotApplicable,
        };
    };
    // handshake_failure behind a certificate is most often about it, and does not say so.
    let unnamed = ending.alert_by(Side::Server) == Some(HANDSHAKE_FAILURE);
    let confidence =
        if ending.client_auth_hidden || unnamed { Confidence::Likely.min(confidence) } else { confidence };
    let said = said(case, ending);
    let whose = auth::subject(case).map_or_else(String::new, |name| format!(" ({name})"));
    let text = format!("the server refused the client's certificate{whose} {}{said}", ended::how(ending));
    ended::found(case, ending, CAUSE.code, confidence, text)
}

/// What the server says of the certificate, or what is seen to be wrong with it.
fn said(case: &Case<'_>, ending: &Ending) -> &'static str {
    match ending.alert_by(Side::Server) {
        Some(UNKNOWN_CA) => ": it does not know the CA that issued it",
        Some(CERTIFICATE_REVOKED) => ": it says that the certificate is revoked",
        _ if signature_fails(case) => {
            ": the signature of its CertificateVerify does not verify with the key of that certificate"
        }
        Some(CERTIFICATE_EXPIRED) => ": it says that the certificate is out of date",
        _ => "",
    }
}

/// The client signed with another key than its certificate's.
fn signature_fails(case: &Case<'_>) -> bool {
    let verify = case.connection.client_certificate_verify.as_ref();
    verify.is_some_and(|at| at.value.verified == Some(false))
}

const HANDSHAKE_FAILURE: u8 = 40;
const CERTIFICATE_REVOKED: u8 = 44;
const CERTIFICATE_EXPIRED: u8 = 45;
const UNKNOWN_CA: u8 = 48;
