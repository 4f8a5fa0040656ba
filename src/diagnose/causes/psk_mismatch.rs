//! The two sides do not hold the same pre-shared key, or one does not know the identity.
//!
//! RFC 8446 §4.2.11, RFC 4279 §2: unknown_psk_identity, decrypt_error, illegal_parameter or bad_record_mac.

use super::ended;
use crate::diagnose::abort::Moment;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::iana::CipherSuite;

pub(super) const CAUSE: Cause = Cause {
    code: "psk-mismatch",
    meaning: "the pre-shared key or its binder was refused",
    gives_up: Party::Unknown,
    stage: Stage::Finished,
    explains: &[
        "server-closed",
        "server-reset",
        "client-closed",
        "client-reset",
        "handshake-failure",
        "protocol-error",
        "no-shared-cipher",
        "protocol-version",
    ],
    chapter: include_str!("../../../docs/causes/psk-mismatch.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let Some(act) = ending.act else { return Judgement::NotApplicable };
    let Some(alert) = ending.alert_by(act.by) else { return Judgement::NotApplicable };
    let connection = case.connection;
    let psk_suite = connection.server_hello.as_ref().is_some_and(|hello| is_psk(hello.value.cipher_suite));
    let offered = connection.client_hello.as_ref().is_some_and(|hello| {
        hello.value.offers_psk || hello.value.cipher_suites.iter().any(|suite| is_psk(*suite))
    });
    let external = connection.client_hello.as_ref().is_some_and(|hello| hello.value.offers_external_psk);
    let how = ended::how(ending);
    let side = act.by.name();
    let (confidence, text) = match alert {
        UNKNOWN_PSK_IDENTITY => (
            Confidence::Certain,
            format!("the {side} does not know the identity of the pre-shared key and refused {how}"),
        ),
        BAD_RECORD_MAC | DECRYPT_ERROR if psk_suite && ending.moment >= Moment::ClientFlight => (
            Confidence::Likely,
            format!(
                "the {side} could not read the {}'s Finished and refused {how}, probably because the two hold different \
                 pre-shared keys",
                act.by.peer().name()
            ),
        ),
        // A server with a certificate goes on with that where it does not know the key (RFC 8446 §4.2.11).
        HANDSHAKE_FAILURE
            if external && connection.server_hello.is_none() && ending.moment == Moment::Hello =>
        {
            (
                Confidence::Likely,
                format!(
                    "the {side} refused {how}, probably because it does not know the identity of the pre-shared key and has no \
                 certificate to go on with"
                ),
            )
        }
        // A resumption that is refused in this way is refused for its binder (RFC 8446 §4.2.11.2).
        ILLEGAL_PARAMETER | DECRYPT_ERROR
            if offered && connection.server_hello.is_none() && ending.moment == Moment::Hello =>
        {
            (Confidence::Likely, format!("the {side} refused the pre-shared key or its binder {how}"))
        }
        _ => return Judgement::NotApplicable,
    };
    ended::found(case, ending, CAUSE.code, confidence, text)
}

/// A suite of TLS 1.2 and below whose keys come from a pre-shared key (RFC 4279, RFC 5487, RFC 5489, RFC 7905, RFC 8442).
fn is_psk(suite: CipherSuite) -> bool {
    matches!(
        suite.0,
        0x002c..=0x002e | 0x008a..=0x0095 | 0x00a8..=0x00b9 | 0xc033..=0xc03b | 0xc064..=0xc071 | 0xc08e..=0xc09b
            | 0xc0a4..=0xc0ab | 0xccab..=0xccae | 0xd001..=0xd005
    )
}

const BAD_RECORD_MAC: u8 = 20;
const HANDSHAKE_FAILURE: u8 = 40;
const ILLEGAL_PARAMETER: u8 = 47;
const DECRYPT_ERROR: u8 = 51;
const UNKNOWN_PSK_IDENTITY: u8 = 115;
