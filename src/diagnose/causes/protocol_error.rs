//! A side found the other's bytes to be wrong: an alert about the protocol itself.
//!
//! RFC 8446 §6.2: unexpected_message, bad_record_mac, record_overflow, illegal_parameter, decode_error, decrypt_error…

use super::ended;
use crate::diagnose::abort::Moment;
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "protocol-error",
    meaning: "an alert says that bytes were wrong, and nothing else tells why",
    gives_up: Party::Unknown,
    stage: Stage::Any,
    explains: &["client-closed", "client-reset", "server-closed", "server-reset"],
    chapter: include_str!("../../../docs/causes/protocol-error.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let Some(act) = ending.act.filter(|_| ending.moment != Moment::Done || ending.data != [true, true])
    else {
        return Judgement::NotApplicable;
    };
    let Some(alert) = ending.alert_by(act.by) else { return Judgement::NotApplicable };
    let Some(what) = meaning(alert) else { return Judgement::NotApplicable };
    let (side, peer) = (act.by.name(), act.by.peer().name());
    let mut text = format!("the {side} gave up {}: it says that the {peer} sent {what}", ended::how(ending));
    let mut confidence = Confidence::Likely;
    if case.one_side_only() && is_echo(alert) {
        confidence = Confidence::Possible;
        text.push_str(&format!(
            "; so it would answer too if the {peer} had closed before, whose packets were not captured"
        ));
    }
    ended::found(case, ending, CAUSE.code, confidence, words::upper_first(&text))
}

/// Stacks complain so when the other side closes in the middle of the handshake: GnuTLS with unexpected_message, wolfSSL with
/// bad_record_mac, OpenSSL with decode_error.
fn is_echo(alert: u8) -> bool {
    matches!(alert, 10 | 20 | 50)
}

/// What the sender of the alert says that it got.
fn meaning(alert: u8) -> Option<&'static str> {
    Some(match alert {
        10 => "a message that was not due",
        20 | 21 => "a record that does not decrypt",
        22 => "a record that is too long",
        30 => "data that does not decompress",
        47 => "a field with a value that is not allowed",
        50 => "a message that cannot be decoded",
        51 => "a signature or a Finished that does not verify",
        109 => "a hello that lacks a needed extension",
        110 => "an extension that was not offered",
        _ => return None,
    })
}
