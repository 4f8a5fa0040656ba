//! The client and the server have no application protocol in common.
//!
//! RFC 7301 §3.2: a server that supports none of the offered protocols sends no_application_protocol.

use super::ended;
use crate::diagnose::abort::{How, Moment};
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "alpn-mismatch",
    meaning: "no application protocol in common",
    gives_up: Party::Unknown,
    stage: Stage::Hello,
    explains: &[
        "server-closed",
        "server-reset",
        "client-closed",
        "client-reset",
        "handshake-failure",
        "protocol-error",
    ],
    chapter: include_str!("../../../docs/causes/alpn-mismatch.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let offered =
        case.connection.client_hello.as_ref().map(|at| at.value.alpn.as_slice()).unwrap_or_default();
    let how = ended::how(ending);
    if ending.alert_by(Side::Server) == Some(NO_APPLICATION_PROTOCOL) {
        let text = format!(
            "the server has none of the application protocols offered ({}) and refused {how}",
            words::list(offered)
        );
        return ended::found(case, ending, CAUSE.code, Confidence::Certain, text);
    }
    if ending.alert_by(Side::Client) == Some(NO_APPLICATION_PROTOCOL) {
        let chosen = case.connection.alpn.as_deref().unwrap_or("none");
        let text =
            format!("the client refused the application protocol that the server chose ({chosen}) {how}");
        return ended::found(case, ending, CAUSE.code, Confidence::Certain, text);
    }
    if offered.is_empty() {
        return Judgement::NotApplicable;
    }
    // In TLS 1.3 the protocol is chosen behind the ServerHello: a refusal in place of the EncryptedExtensions is hidden.
    let hidden = ending.act_by(Side::Server).is_some_and(|act| matches!(act.how, How::HiddenAlert { .. }));
    if hidden && ending.moment == Moment::ServerHello {
        let text = format!(
            "the server refused right after its ServerHello {how}, where it would choose one of the application protocols \
             offered ({})",
            words::list(offered)
        );
        return ended::found(case, ending, CAUSE.code, Confidence::Likely, text);
    }
    match &case.connection.alpn {
        Some(chosen) => Judgement::RuledOut(format!("the server chose {chosen}").into()),
        None => Judgement::NotApplicable,
    }
}

const NO_APPLICATION_PROTOCOL: u8 = 120;
