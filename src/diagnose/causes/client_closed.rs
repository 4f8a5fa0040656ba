//! The client closed the connection during the handshake, for no reason that is seen.
//!
//! RFC 9293 §3.6 and §3.5.2; the reason is in the client's log.

use super::ended;
use crate::diagnose::abort::{How, Moment};
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "client-closed",
    meaning: "the client closed the connection for no reason that is seen",
    gives_up: Party::Client,
    stage: Stage::Any,
    explains: &[],
    chapter: include_str!("../../../docs/causes/client-closed.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let Some(act) = ending.act_by(Side::Client).filter(|act| act.how == How::Fin) else {
        return Judgement::NotApplicable;
    };
    let asked = case.connection.client_hello.is_some() || case.connection.client_hello_lost.is_some();
    if ending.blurred || ending.moment == Moment::Done || ending.moment < Moment::Hello || !asked {
        return Judgement::NotApplicable;
    }
    let text = format!(
        "the client closed the connection {}, {}, without an alert (#{}); the capture does not show why",
        ended::client_left(ending.moment),
        ended::wait(ending),
        act.packet
    );
    ended::found(case, ending, CAUSE.code, Confidence::Likely, text)
}
