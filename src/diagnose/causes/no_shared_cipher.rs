//! The client and the server have no cipher suite in common that the server's certificate can be used with.
//!
//! RFC 8446 §4.1.1, RFC 5246 §7.4.1.3: the server answers with handshake_failure or insufficient_security.

use super::ended;
use super::offer::{Narrow, Offer};
use crate::diagnose::abort::Moment;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "no-shared-cipher",
    meaning: "no cipher suite in common",
    gives_up: Party::Server,
    stage: Stage::Hello,
    explains: &[
        "server-closed",
        "server-reset",
        "client-closed",
        "client-reset",
        "handshake-failure",
        "protocol-error",
    ],
    chapter: include_str!("../../../docs/causes/no-shared-cipher.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    if case.connection.server_hello.is_some() {
        return Judgement::RuledOut("the server chose a cipher suite".into());
    }
    let (Some(hello), Some(alert)) = (&case.connection.client_hello, ended::server_alert(ending)) else {
        return Judgement::NotApplicable;
    };
    if ending.moment != Moment::Hello || !matches!(alert, HANDSHAKE_FAILURE | INSUFFICIENT_SECURITY) {
        return Judgement::NotApplicable;
    }
    let offer = Offer::read(&hello.value);
    let how = ended::how(ending);
    let suites = offer.suites_text();
    let count = offer.suites.len() + offer.suites13.len();
    let few = if count <= FEW { "few " } else { "" };
    let (confidence, text) = match offer.narrow() {
        Narrow::Suites => (
            Confidence::Likely,
            match count {
                ..=1 => format!(
                    "the server refused {how}, probably because it cannot use the only cipher suite offered ({suites})"
                ),
                _ => format!(
                    "the server refused {how}, probably because it can use none of the {few}cipher suites offered ({suites})"
                ),
            },
        ),
        _ if alert == INSUFFICIENT_SECURITY => (
            Confidence::Likely,
            format!(
                "the server wants stronger cipher suites than those offered ({suites}) and refused {how}"
            ),
        ),
        // Without a server name a server with many certificates may have none to use.
        Narrow::Nothing if hello.value.sni.is_some() => (
            Confidence::Possible,
            format!(
                "the server refused {how}; perhaps it found no cipher suite that it could use among those offered ({suites})"
            ),
        ),
        _ => return Judgement::NotApplicable,
    };
    ended::found(case, ending, CAUSE.code, confidence, text)
}

/// More suites than these are not called few.
const FEW: usize = 4;
const HANDSHAKE_FAILURE: u8 = 40;
const INSUFFICIENT_SECURITY: u8 = 71;
