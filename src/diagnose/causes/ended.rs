//! What the causes that rest on the end of the connection share: the finding, and the words for who did what.

use std::fmt;

use crate::diagnose::abort::{Act, Ending, How, Moment};
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
        evidence: match case.in_brief {
            true => Vec::new(),
            false => course::course(case.connection, ending),
        },
    })
}

/// How a side gave up, as the end of a sentence: `with the fatal alert unknown_ca (48) (#46)`, `by closing without an alert
/// (FIN, #47)`.
pub(super) fn how(ending: &Ending) -> impl fmt::Display {
    Manner(ending.act)
}

/// In what way a side gave up, in words once somebody reads them.
struct Manner(Option<Act>);

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Act { how, packet, .. }) = self.0 else { return Ok(()) };
        match how {
            How::Alert { alert, .. } => {
                write!(f, "with the fatal alert {} (#{packet})", words::alert(alert.description.0))
            }
            How::HiddenAlert { .. } => write!(f, "with an encrypted alert (#{packet})"),
            How::Fin => write!(f, "by closing without an alert (FIN, #{packet})"),
            How::LeftTls => write!(f, "by going back to plain text (#{packet})"),
            How::Rst => write!(f, "by a reset without an alert (RST, #{packet})"),
        }
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
