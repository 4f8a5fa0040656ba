//! The server closed the connection during the handshake, without an alert.
//!
//! RFC 8446 §6.1 asks for a close_notify, RFC 9293 §3.6 and §3.5.2 for the FIN and the RST; why, only the server knows.

use super::ended;
use crate::diagnose::abort::{How, Moment};
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "server-closed",
    meaning: "the server closed the connection after the ClientHello, or before it",
    gives_up: Party::Server,
    stage: Stage::Any,
    explains: &[],
    chapter: include_str!("../../../docs/causes/server-closed.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let Some(act) =
        ending.act_by(Side::Server).filter(|act| matches!(act.how, How::Fin | How::HiddenAlert { .. }))
    else {
        return Judgement::NotApplicable;
    };
    let asked = case.connection.client_hello.is_some() || case.connection.client_hello_lost.is_some();
    if ending.blurred
        || ending.moment == Moment::Done
            && !(ending.data[0] && !ending.data[1] && ending.hidden.server_alert.is_some())
        || !asked
    {
        return Judgement::NotApplicable;
    }
    let after = match ending.moment {
        Moment::Connect | Moment::BeforeHello => "before it had the ClientHello",
        Moment::Hello => "in answer to the ClientHello",
        Moment::ServerHello | Moment::Certificate => "in the middle of its own flight",
        Moment::ClientFlight => "after the client had sent its keys",
        Moment::Done => "right after the handshake",
    };
    let wait = words::seconds(ending.wait_s);
    let text = format!(
        "the server closed the connection {after}, without a readable alert, after {wait} (#{})",
        act.packet
    );
    ended::found(case, &ending, CAUSE.code, Confidence::Likely, text)
}
