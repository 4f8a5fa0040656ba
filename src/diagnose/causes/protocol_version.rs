//! The two sides have no TLS version in common, or one refuses what the other chose.
//!
//! RFC 8446 §4.2.1 and §6.2: a server without a common version sends protocol_version.

use super::ended;
use super::offer::{Narrow, Offer};
use crate::diagnose::abort::{Ending, Moment};
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::iana::Version;
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "protocol-version",
    meaning: "no TLS version in common",
    gives_up: Party::Unknown,
    stage: Stage::Hello,
    explains: &[
        "server-closed",
        "server-reset",
        "client-closed",
        "client-reset",
        "handshake-failure",
        "protocol-error",
        "no-shared-cipher",
    ],
    chapter: include_str!("../../../docs/causes/protocol-version.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let judged = match (ending.alert_by(Side::Server), ending.alert_by(Side::Client)) {
        (Some(alert), _) => by_server(case, ending, alert),
        (_, Some(alert)) => by_client(case, ending, alert),
        _ => None,
    };
    match judged {
        Some((confidence, text)) => ended::found(case, ending, CAUSE.code, confidence, text),
        None if case.connection.server_hello.is_some() && ending.moment > Moment::ServerHello => {
            Judgement::RuledOut("the client went on with the version that the server chose".into())
        }
        None => Judgement::NotApplicable,
    }
}

fn by_server(case: &Case<'_>, ending: &Ending, alert: u8) -> Option<(Confidence, String)> {
    let how = ended::how(ending);
    let Some(hello) = case.connection.client_hello.as_ref() else {
        let text = format!(
            "the server refused the versions that the client offers {how}; its ClientHello was not captured"
        );
        return (alert == PROTOCOL_VERSION).then_some((Confidence::Certain, text));
    };
    let offer = Offer::read(&hello.value);
    let offered = offer.versions_text();
    match alert {
        PROTOCOL_VERSION => Some((
            Confidence::Certain,
            match offer.explicit && offer.versions.len() == 1 {
                false => format!("the server refused the versions that the client offers ({offered}) {how}"),
                true => format!("the server refused the version that the client offers ({offered}) {how}"),
            },
        )),
        INAPPROPRIATE_FALLBACK => Some((
            Confidence::Certain,
            format!(
                "the server refused a second try with a lower version (up to {offered}) {how}: it has a higher one"
            ),
        )),
        // OpenSSL answers so when its security level forbids all that is offered.
        INTERNAL_ERROR if ending.moment == Moment::Hello && is_old(offer.best_older()) && !offer.has_13() => {
            Some((
                Confidence::Likely,
                format!(
                    "the server may not use the old versions that the client offers ({offered}) and refused {how}"
                ),
            ))
        }
        // SSL 3.0 has no alert for versions (RFC 6101 §5.4.2).
        HANDSHAKE_FAILURE if ending.moment == Moment::Hello && is_ssl3(&offer) => Some((
            Confidence::Likely,
            format!(
                "the server refused {how}, probably because the client offers {offered}, for which there is no better alert"
            ),
        )),
        // GnuTLS has no alert of its own for versions.
        HANDSHAKE_FAILURE if ending.moment == Moment::Hello && offer.narrow() == Narrow::Versions => Some((
            Confidence::Likely,
            format!(
                "the server refused {how}, probably for want of a common version: the client offers {offered} alone"
            ),
        )),
        _ => None,
    }
}

fn by_client(case: &Case<'_>, ending: &Ending, alert: u8) -> Option<(Confidence, String)> {
    let how = ended::how(ending);
    let Some(hello) = &case.connection.server_hello else {
        let first = ending.moment <= Moment::BeforeHello && case.connection.syn_ack.is_some();
        return (matches!(alert, INTERNAL_ERROR | PROTOCOL_VERSION) && first && !ending.blurred)
            .then(|| {
                let text = format!(
                    "the client gave up before its ClientHello {how}, probably because it may use no version at all"
                );
                (Confidence::Likely, text)
            });
    };
    let chosen = hello.value.negotiated();
    let downgrade = is_downgrade(&hello.value.random);
    match alert {
        PROTOCOL_VERSION => Some((
            Confidence::Certain,
            format!("the client refused {}, which the server chose, {how}", words::version(chosen)),
        )),
        ILLEGAL_PARAMETER if downgrade => Some((
            Confidence::Likely,
            format!(
                "the server chose {} though it has a higher version, and the client refused {how}",
                words::version(chosen)
            ),
        )),
        INTERNAL_ERROR | HANDSHAKE_FAILURE if is_old(Some(chosen)) => Some((
            Confidence::Likely,
            format!(
                "the server chose {}, and the client refused {how}, probably because it may not use that version",
                words::version(chosen)
            ),
        )),
        _ => None,
    }
}

/// Nothing above SSL 3.0 is offered.
fn is_ssl3(offer: &Offer) -> bool {
    offer.versions.iter().all(|version| version.0 <= 0x0300)
}

/// TLS 1.1 and below, which today's settings forbid (RFC 8996).
fn is_old(version: Option<Version>) -> bool {
    version.is_some_and(|version| version.0 < 0x0303)
}

/// The last bytes of the server random say that the server has a higher version (RFC 8446 §4.1.3).
fn is_downgrade(random: &[u8; 32]) -> bool {
    random.ends_with(b"DOWNGRD\x01") || random.ends_with(b"DOWNGRD\x00")
}

const HANDSHAKE_FAILURE: u8 = 40;
const ILLEGAL_PARAMETER: u8 = 47;
const PROTOCOL_VERSION: u8 = 70;
const INTERNAL_ERROR: u8 = 80;
const INAPPROPRIATE_FALLBACK: u8 = 86;
