//! The client refused the server's certificate, and neither the capture nor the inputs show why.
//!
//! RFC 8446 §4.4.2.4 and §6.2 leave the alert, and whether there is one, to the client.

use super::ended;
use crate::diagnose::abort::{Ending, How, Moment, is_about_certificates};
use crate::diagnose::alerts;
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "certificate-rejected",
    meaning: "the client refused the certificate, and neither the capture nor the inputs show why",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["protocol-error", "handshake-failure", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/certificate-rejected.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    if !ending.client_refused_certificate() {
        return Judgement::NotApplicable;
    }
    match confidence(case, ending) {
        Some(confidence) => ended::found(case, ending, CAUSE.code, confidence, text(case, ending)),
        None => Judgement::NotApplicable,
    }
}

/// `None` where the end of the connection alone does not speak for a refusal.
fn confidence(case: &Case<'_>, ending: &Ending) -> Option<Confidence> {
    let tls13 = case.connection.is_tls13();
    match ending.act_by(Side::Client)?.how {
        How::Alert { alert, .. } if is_about_certificates(alert.description.0) => {
            // With the chain at hand a reason should have been found: then something about the client is unknown.
            Some(if case.server_chain.is_empty() { Confidence::Certain } else { Confidence::Likely })
        }
        How::Alert { alert, .. } => unnamed(case, alert.description.0),
        How::HiddenAlert { .. } if ending.moment < Moment::Done => Some(Confidence::Likely),
        // After a whole handshake: only where the chain is hidden and the stack is known to judge late.
        _ if ending.moment == Moment::Done => {
            (case.is_hidden() && alerts::judges_late(case.stack, tls13)).then_some(Confidence::Possible)
        }
        _ if closes_silently(case) && ending.is_prompt() => Some(Confidence::Likely),
        _ => Some(Confidence::Possible),
    }
}

/// An alert that does not speak of certificates by its name, from a client that uses it for them: OpenSSL and rustls say
/// decrypt_error for a signature, HAProxy and stunnel internal_error for a name. Over a chain that is seen, only a signature
/// can be at fault unseen: its issuer's key may not be at hand.
fn unnamed(case: &Case<'_>, alert: u8) -> Option<Confidence> {
    let stage = |code: &str| crate::diagnose::cause(code).map(|cause| cause.stage);
    let causes = alerts::causes_of(&case.stack.fits, Side::Client, case.connection.is_tls13(), alert);
    let used = causes.into_iter().any(|code| stage(code) == Some(Stage::Certificate));
    let known = !case.stack.fits.is_empty();
    match case.server_chain.is_empty() {
        true => (used && (known || alert == DECRYPT_ERROR)).then_some(Confidence::Possible),
        false => (used && known && alert == DECRYPT_ERROR).then_some(Confidence::Likely),
    }
}

fn closes_silently(case: &Case<'_>) -> bool {
    let seen = alerts::Seen::Silent;
    alerts::fit(case.stack, case.connection, "untrusted-root", seen) == alerts::Fit::Expected
}

/// Many connections end so, and of most nobody reads the words.
fn text(case: &Case<'_>, ending: &Ending) -> String {
    if case.in_brief {
        return String::new();
    }
    let chain = match case.server_chain.len() {
        0 if case.is_hidden() => "the server's certificate (hidden by TLS 1.3 without keys)".to_owned(),
        0 => "the server's certificate (not in the capture)".to_owned(),
        count => format!("the server's chain ({})", words::certificates(count)),
    };
    let seen = ending.alert_by(Side::Client).map_or_else(String::new, |alert| said(case, alert));
    match ending.moment {
        Moment::Done => {
            let left = ending.act.is_some_and(|act| act.how == How::LeftTls);
            let (did, without) = match left {
                true => ("went back to plain text", ""),
                false => ("closed", " without sending data"),
            };
            format!(
                "the client completed the handshake and {did} {} later{without} {}: perhaps it is a program that refuses a \
                 certificate afterwards",
                words::seconds(ending.wait_s),
                ended::at(ending)
            )
        }
        _ => format!("the client refused {chain} {}{seen}", ended::how(ending)),
    }
}

/// What an alert of this client says about the reason.
fn said(case: &Case<'_>, alert: u8) -> String {
    let causes = alerts::causes_of(&case.stack.fits, Side::Client, case.connection.is_tls13(), alert);
    let who = format!("{} {}", words::clients(case.stack), words::verb(case.stack, "sends", "send"));
    match causes.len() {
        0 => String::new(),
        1..=6 if !case.stack.fits.is_empty() => {
            let causes: Vec<String> = causes.iter().map(|&cause| cause.to_owned()).collect();
            format!("; {who} it for {}", words::list(&causes))
        }
        _ if !case.stack.fits.is_empty() => format!("; {who} it for nearly any fault"),
        _ => String::new(),
    }
}

const DECRYPT_ERROR: u8 = 51;
