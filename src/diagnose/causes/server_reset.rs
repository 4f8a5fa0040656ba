//! The server reset the connection during the handshake, without an alert.
//!
//! RFC 8446 §6.1 asks for a close_notify, RFC 9293 §3.6 and §3.5.2 for the FIN and the RST; why, only the server knows.

use super::ended;
use crate::diagnose::abort::{How, Moment};
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "server-reset",
    meaning: "the server reset the connection after the ClientHello, or before it",
    gives_up: Party::Server,
    stage: Stage::Any,
    explains: &[],
    chapter: include_str!("../../../docs/causes/server-reset.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let Some(act) = ending.act_by(Side::Server).filter(|act| act.how == How::Rst) else {
        return Judgement::NotApplicable;
    };
    let asked = case.connection.client_hello.is_some() || case.connection.client_hello_lost.is_some();
    if ending.blurred || ending.moment == Moment::Done || !asked {
        return Judgement::NotApplicable;
    }
    let text = format!(
        "the server reset the connection {}, {}, without an alert (#{}); the capture does not show why",
        ended::server_left(ending.moment),
        ended::wait(ending),
        act.packet
    );
    ended::found(case, ending, CAUSE.code, Confidence::Likely, text)
}
