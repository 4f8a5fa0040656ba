//! What the causes that rest on the end of the connection share: the finding, and the words for who did what.

use crate::diagnose::abort::{Ending, How};
use crate::diagnose::course;
use crate::diagnose::words;
use crate::diagnose::{Case, Confidence, Finding, Judgement, Severity};
use crate::tls::message::Side;

/// The finding that the connection ended for this cause. `text` is a sentence.
pub(super) fn found(
    case: &Case<'_>,
    ending: &Ending,
    code: &'static str,
    confidence: Confidence,
    text: String,
) -> Judgement {
    Judgement::Found(Finding {
        code,
        severity: Severity::Error,
        confidence,
        certificate: None,
        text,
        evidence: course::course(case.connection, ending),
    })
}

/// How a side gave up, as the end of a sentence: `with the fatal alert unknown_ca (48) (#46)`, `(FIN, #47)`.
pub(super) fn how(ending: &Ending) -> String {
    let Some(act) = ending.act else { return String::new() };
    match act.how {
        How::Alert { alert, .. } => {
            format!("with the fatal alert {} (#{})", words::alert(alert.description.0), act.packet)
        }
        How::HiddenAlert { .. } => format!("with an encrypted alert (#{})", act.packet),
        How::Fin => format!("(FIN, #{})", act.packet),
        How::Rst => format!("(RST, #{})", act.packet),
    }
}

/// The alert with which the server refused; only a fatal one, and not an echo.
pub(super) fn server_alert(ending: &Ending) -> Option<u8> {
    ending.alert_by(Side::Server)
}
