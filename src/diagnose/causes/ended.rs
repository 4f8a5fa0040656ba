//! What the causes that rest on the end of the connection share: the finding, and the words for who did what.

use crate::diagnose::abort::{Ending, How, Moment};
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

/// How a side gave up, as the end of a sentence: `with the fatal alert unknown_ca (48) (#46)`, `by closing without an alert
/// (FIN, #47)`.
pub(super) fn how(ending: &Ending) -> String {
    let Some(act) = ending.act else { return String::new() };
    match act.how {
        How::Alert { alert, .. } => {
            format!("with the fatal alert {} (#{})", words::alert(alert.description.0), act.packet)
        }
        How::HiddenAlert { .. } => format!("with an encrypted alert (#{})", act.packet),
        How::Fin => format!("by closing without an alert (FIN, #{})", act.packet),
        How::LeftTls => format!("by going back to plain text (#{})", act.packet),
        How::Rst => format!("by a reset without an alert (RST, #{})", act.packet),
    }
}

/// The packet with which a side gave up: `(FIN, #47)`, `(#46)` for an alert.
pub(super) fn at(ending: &Ending) -> String {
    ending.act.map_or_else(String::new, |act| match act.how {
        How::Fin => format!("(FIN, #{})", act.packet),
        How::LeftTls => format!("(#{})", act.packet),
        How::Rst => format!("(RST, #{})", act.packet),
        How::Alert { .. } | How::HiddenAlert { .. } => format!("(#{})", act.packet),
    })
}

/// How long after the last message: `202 ms after the last message (#4)`.
pub(super) fn wait(ending: &Ending) -> String {
    let last = ending.last.map_or_else(String::new, |(packet, _)| format!(" (#{packet})"));
    format!("{} after the last message{last}", words::seconds(ending.wait_s))
}

/// Where in the handshake a client left that gave no reason.
pub(super) const fn client_left(moment: Moment) -> &'static str {
    match moment {
        Moment::Connect | Moment::BeforeHello | Moment::Hello => "before the server had answered",
        Moment::ServerHello => "after the ServerHello",
        Moment::Certificate => "after the server's certificate",
        Moment::ClientFlight | Moment::Done => "after its own keys, before the server's Finished",
    }
}

/// Where in the handshake a server left that gave no reason.
pub(super) const fn server_left(moment: Moment) -> &'static str {
    match moment {
        Moment::Connect | Moment::BeforeHello => "before it had the ClientHello",
        Moment::Hello => "in answer to the ClientHello",
        Moment::ServerHello => "in the middle of its own flight",
        Moment::Certificate => "after its certificate, before the client had answered",
        Moment::ClientFlight => "after the client had sent its keys",
        Moment::Done => "right after the handshake",
    }
}

/// The alert with which the server refused; only a fatal one, and not an echo.
pub(super) fn server_alert(ending: &Ending) -> Option<u8> {
    ending.alert_by(Side::Server)
}
