//! The server demands a client certificate, and the client has none to show.
//!
//! RFC 8446 §4.4.2.4 and §6.2 (certificate_required); RFC 5246 §7.4.6 (handshake_failure).

use super::auth;
use super::ended;
use crate::diagnose::abort::{ClientAuth, Ending, How, Moment};
use crate::diagnose::alerts::{self, Seen};
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::fingerprint::Stack;
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "client-cert-missing",
    meaning: "the server wants a client certificate, and the client sent none",
    gives_up: Party::Server,
    stage: Stage::ClientAuth,
    explains: &[
        "client-cert-rejected",
        "handshake-failure",
        "protocol-error",
        "server-closed",
        "server-reset",
        "client-closed",
        "client-reset",
        "certificate-rejected",
    ],
    chapter: include_str!("../../../docs/causes/client-cert-missing.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let how = ended::how(ending);
    if ending.alert_by(Side::Server) == Some(CERTIFICATE_REQUIRED) {
        let text = format!("the server demands a client certificate, and refused {how} when none came");
        return ended::found(case, ending, CAUSE.code, Confidence::Certain, text);
    }
    match ending.client_auth {
        ClientAuth::NotAsked | ClientAuth::Asked => walked_away(case, ending),
        ClientAuth::Sent if !ending.client_auth_hidden => {
            Judgement::RuledOut("the client sent a certificate".into())
        }
        ClientAuth::Sent => Judgement::NotApplicable,
        ClientAuth::Empty => match auth::refused(ending) {
            Some(confidence) => {
                let confidence = if ending.client_auth_hidden { Confidence::Likely } else { confidence };
                let text = format!(
                    "the server asked for a client certificate, the client sent an empty list, and the server refused {how}"
                );
                ended::found(case, ending, CAUSE.code, confidence, text)
            }
            None => Judgement::NotApplicable,
        },
    }
}

/// A browser that has no certificate for a server that asks for one may leave without a word.
fn walked_away(case: &Case<'_>, ending: &Ending) -> Judgement {
    let silent = ending.act_by(Side::Client).is_some_and(|act| matches!(act.how, How::Fin | How::Rst));
    let asked = ending.client_auth == ClientAuth::Asked;
    let hidden = case.is_hidden() && case.client_may_be(&[Stack::Chromium]);
    if !silent || ending.moment != Moment::Certificate || ending.blurred || !(asked || hidden) {
        return Judgement::NotApplicable;
    }
    let known = alerts::fit(case.stack, case.connection, CAUSE.code, Seen::Silent) == alerts::Fit::Expected;
    let at = ended::at(ending);
    let (confidence, text) = match (asked, known) {
        (true, true) => (
            Confidence::Likely,
            format!(
                "the server asked for a client certificate, and the client closed instead of answering {at}, probably \
                 because it has none"
            ),
        ),
        (true, false) => (
            Confidence::Possible,
            format!(
                "the server asked for a client certificate, and the client closed instead of answering {at}, perhaps \
                 because it has none"
            ),
        ),
        // Browsers also drop connections that they no longer need.
        (false, _) => (
            Confidence::Possible,
            format!(
                "the client closed without an alert {at}, perhaps because the server asks for a client certificate and it \
                 has none; a certificate that it dislikes this browser would refuse with an alert"
            ),
        ),
    };
    ended::found(case, ending, CAUSE.code, confidence, text)
}

const CERTIFICATE_REQUIRED: u8 = 116;
