//! The server does not serve the name that the client asked for, or wants one and got none.
//!
//! RFC 6066 §3: a server may send unrecognized_name, as a fatal alert or as a warning; a warning ends nothing.

use super::ended;
use super::offer::Offer;
use crate::diagnose::abort::Moment;
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
    let Some(alert) = ending.alert_by(Side::Server) else { return Judgement::NotApplicable };
    let how = ended::how(&ending);
    let name = match case.connection.sni() {
        Some(name) => format!("the server does not serve the name asked for, {name}, and refused {how}"),
        None => format!("the client sent no server name, and the server refused {how}"),
    };
    match alert {
        UNRECOGNIZED_NAME => ended::found(case, &ending, CAUSE.code, Confidence::Certain, name),
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
            ended::found(case, &ending, CAUSE.code, Confidence::Possible, text)
        }
        _ => Judgement::NotApplicable,
    }
}

fn offers_current_version(case: &Case<'_>) -> bool {
    case.connection.client_hello.as_ref().is_some_and(|hello| {
        let offer = Offer::read(&hello.value);
        offer.has_13() || offer.best_older().is_some_and(|version| version.0 >= 0x0303)
    })
}

const INTERNAL_ERROR: u8 = 80;
const UNRECOGNIZED_NAME: u8 = 112;
