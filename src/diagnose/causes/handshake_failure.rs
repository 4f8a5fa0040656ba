//! A fatal alert that says no more than that the handshake failed.
//!
//! RFC 8446 §6.2: handshake_failure, internal_error, access_denied and others without a reason.

use super::ended;
use super::offer::{Narrow, Offer};
use crate::diagnose::abort::{How, Moment, is_about_certificates};
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "handshake-failure",
    meaning: "a fatal alert that says no more, and nothing else tells",
    gives_up: Party::Unknown,
    stage: Stage::Any,
    explains: &["client-closed", "client-reset", "server-closed", "server-reset"],
    chapter: include_str!("../../../docs/causes/handshake-failure.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let Some(act) = ending.act.filter(|_| ending.moment != Moment::Done || ending.data != [true, true])
    else {
        return Judgement::NotApplicable;
    };
    // Without the ClientHello it may as well be the end of a session whose beginning was not captured.
    let begun = case.connection.client_hello.is_some();
    let hidden = act.by == Side::Server && ending.moment != Moment::Done && begun && !ending.after_loss;
    match act.how {
        How::Alert { alert, .. } if act.by == Side::Client && is_about_certificates(alert.description.0) => {
            return Judgement::NotApplicable;
        }
        How::Alert { .. } => {}
        How::HiddenAlert { .. } if hidden => {}
        _ => return Judgement::NotApplicable,
    }
    let one_way = case.one_side_only();
    let when = match ending.moment {
        _ if one_way => "in the handshake",
        Moment::Connect | Moment::BeforeHello => "before the ClientHello",
        Moment::Hello => "after the ClientHello",
        Moment::ServerHello => "after the ServerHello",
        Moment::Certificate => "after the server's certificate",
        Moment::ClientFlight => "after the client's keys",
        Moment::Done => "after the handshake",
    };
    let weak = case
        .connection
        .server_key_exchange
        .as_ref()
        .and_then(|at| at.value.dh_bits)
        .filter(|bits| *bits < 2048);
    let declined = refused_renegotiation(case, act.packet);
    let note = match (act.by, weak) {
        (Side::Client, Some(bits)) => {
            format!("; the server's Diffie-Hellman prime has {bits} bits, which many clients refuse")
        }
        (Side::Client, None) if declined.is_some() => declined.unwrap_or_default(),
        (Side::Server, _) if !one_way && ending.moment == Moment::Hello => signatures(case),
        _ if one_way => format!("; the packets of the {} were not captured", act.by.peer().name()),
        _ => String::new(),
    };
    let says = match act.how {
        How::HiddenAlert { .. } => "which cannot be read without keys",
        _ => "which says no more",
    };
    let text = format!("the {} gave up {when} {}, {says}{note}", act.by.name(), ended::how(ending));
    // A JDK answers so as well when the other side has closed in the middle of the handshake.
    let echo = one_way && ending.moment > Moment::Hello;
    let confidence = if echo { Confidence::Possible } else { Confidence::Likely };
    ended::found(case, ending, CAUSE.code, confidence, words::upper_first(&text))
}

/// The other side's warning no_renegotiation (RFC 5246 §7.2.2): what the client gave up is the second handshake.
fn refused_renegotiation(case: &Case<'_>, until: u64) -> Option<String> {
    let warning = case.connection.alerts.iter().find(|at| {
        let named = at.value.alert.is_some_and(|alert| alert.description.0 == NO_RENEGOTIATION);
        named && at.value.sender == Side::Server && at.packet < until
    })?;
    Some(format!(
        "; it wanted to renegotiate, and the server had declined (no_renegotiation, #{})",
        warning.packet
    ))
}

/// A narrow choice of signatures is why a server may have no certificate to use.
fn signatures(case: &Case<'_>) -> String {
    let offer = case.connection.client_hello.as_ref().map(|hello| Offer::read(&hello.value));
    match offer.filter(|offer| offer.narrow() == Narrow::Signatures) {
        Some(offer) => format!(
            "; the client takes no signature by an RSA key ({} alone): perhaps the server's certificate has one",
            offer.schemes_text()
        ),
        None => String::new(),
    }
}

/// The alert with which a server declines a renegotiation.
const NO_RENEGOTIATION: u8 = 100;
