//! The server does not serve the name that the client asked for, or wants one and got none.
//!
//! RFC 6066 §3: a server may send unrecognized_name, as a fatal alert or as a warning; a warning ends nothing.

use super::ended;
use super::offer::Offer;
use crate::diagnose::abort::{Ending, Moment};
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "unrecognized-name",
    meaning: "the server does not serve the name asked for",
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
    chapter: include_str!("../../../docs/causes/unrecognized-name.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    if let Some(found) = after_warning(case, ending) {
        return found;
    }
    let Some(alert) = ending.alert_by(Side::Server) else { return Judgement::NotApplicable };
    let how = ended::how(ending);
    let name = match case.connection.sni() {
        Some(name) => format!("the server does not serve the name asked for, {name}, and refused {how}"),
        None => format!("the client sent no server name, and the server refused {how}"),
    };
    match alert {
        UNRECOGNIZED_NAME => ended::found(case, ending, CAUSE.code, Confidence::Certain, name),
        // Go turns whatever its choice of a certificate returns into internal_error.
        INTERNAL_ERROR if ending.moment == Moment::Hello && offers_current_version(case) => {
            let asked = case.connection.sni().map_or_else(
                || "the client sent no server name".to_owned(),
                |name| format!("the client asked for {name}"),
            );
            let text = format!(
                "{asked}, and the server refused {how}, perhaps for want of a certificate: servers in Go say internal_error \
                 when they have none for a name"
            );
            ended::found(case, ending, CAUSE.code, Confidence::Possible, text)
        }
        _ => Judgement::NotApplicable,
    }
}

/// The server warns that it does not serve the name (RFC 6066 §3), and goes on; the client does not, as Java, or the server closes.
fn after_warning(case: &Case<'_>, ending: &Ending) -> Option<Judgement> {
    let act = ending.act?;
    let warning = case.connection.alerts.iter().find(|at| {
        let named =
            at.value.alert.is_some_and(|alert| alert.level == 1 && alert.description.0 == UNRECOGNIZED_NAME);
        named && at.value.sender == Side::Server && at.packet < act.packet
    })?;
    let by_client = matches!(ending.alert_by(Side::Client), Some(HANDSHAKE_FAILURE | UNRECOGNIZED_NAME));
    let by_server =
        act.by == Side::Server && ending.moment == Moment::Hello && ending.silent_by(Side::Server);
    if !by_client && !by_server {
        return None;
    }
    let name = case.connection.sni().map_or_else(String::new, |name| format!(", {name}"));
    let text = format!(
        "the server warned that it does not serve the name asked for{name} (#{}), and the {} gave up {}",
        warning.packet,
        act.by.name(),
        ended::how(ending)
    );
    Some(ended::found(case, ending, CAUSE.code, Confidence::Likely, text))
}

fn offers_current_version(case: &Case<'_>) -> bool {
    case.connection.client_hello.as_ref().is_some_and(|hello| {
        let offer = Offer::read(&hello.value);
        offer.has_13() || offer.best_older().is_some_and(|version| version.0 >= 0x0303)
    })
}

const HANDSHAKE_FAILURE: u8 = 40;
const INTERNAL_ERROR: u8 = 80;
const UNRECOGNIZED_NAME: u8 = 112;
