//! The client's certificate was out of date, and the server refused it.
//!
//! RFC 5280 §4.1.2.5, judged at the time of the packet.

use super::auth;
use super::ended;
use crate::capture::Timestamp;
use crate::diagnose::abort::ClientAuth;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "client-cert-expired",
    meaning: "the client's certificate had expired at the time of the packet",
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
    chapter: include_str!("../../../docs/causes/client-cert-expired.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    if auth::refused_unseen(ending) == Some(CERTIFICATE_EXPIRED) {
        let text = format!(
            "the server refused the client's certificate, which is not in the capture, {}: it says that it is out of date",
            ended::how(ending)
        );
        return ended::found(case, ending, CAUSE.code, Confidence::Likely, text);
    }
    if ending.client_auth != ClientAuth::Sent || case.client_chain.is_empty() {
        return Judgement::NotApplicable;
    }
    let Some((subject, text)) = out_of_date(case) else {
        return Judgement::RuledOut("the client's certificate was in date at the time of the packet".into());
    };
    let Some(refused) = auth::refused(ending) else { return Judgement::NotApplicable };
    let confidence = match ending.alert_by(Side::Server) {
        Some(CERTIFICATE_EXPIRED) => Confidence::Certain,
        _ => refused.min(Confidence::Likely),
    };
    let how = ended::how(ending);
    let guess = if confidence == Confidence::Possible { "perhaps" } else { "probably" };
    let text = match confidence {
        Confidence::Certain => {
            format!("the client's certificate ({subject}) {text}, and the server refused it {how}")
        }
        _ => format!(
            "the server refused the client's certificate ({subject}) {how}, {guess} because it {text}"
        ),
    };
    ended::found(case, ending, CAUSE.code, confidence, text)
}

/// The first certificate of the client's chain that is not valid at the time of judgement.
fn out_of_date(case: &Case<'_>) -> Option<(String, String)> {
    case.client_chain.iter().find_map(|certificate| {
        let fields = certificate.fields.as_ref().ok()?;
        let text = match (case.at > fields.not_after, case.at < fields.not_before) {
            (true, _) => format!("had expired on {}", day(fields.not_after)),
            (_, true) => format!("is not valid before {}", day(fields.not_before)),
            _ => return None,
        };
        Some((super::path::subject(certificate), text))
    })
}

fn day(seconds: i64) -> String {
    Timestamp::new(seconds.saturating_mul(1_000_000_000), 0).to_string()
}

const CERTIFICATE_EXPIRED: u8 = 45;
