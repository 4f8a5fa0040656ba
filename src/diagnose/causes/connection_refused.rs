//! Nothing listens on the port, or a firewall refuses: the SYN is answered with a RST, or with an ICMP error that says so.
//!
//! RFC 9293 §3.5.2 (group 1), RFC 1122 §4.2.3.9.

use super::ended;
use crate::diagnose::abort::{How, Moment};
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};
use crate::tls::message::Side;

pub(super) const CAUSE: Cause = Cause {
    code: "connection-refused",
    meaning: "the SYN was answered with a RST",
    gives_up: Party::Network,
    stage: Stage::Connect,
    explains: &[],
    chapter: include_str!("../../../docs/causes/connection-refused.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let refused =
        ending.act_by(Side::Server).filter(|act| act.how == How::Rst && ending.moment == Moment::Connect);
    if case.connection.syn_ack.is_some() {
        return Judgement::RuledOut("the server accepted the TCP connection".into());
    }
    let port = case.connection.server.port;
    if let Some(at) = case.connection.undelivered_syn().filter(|at| at.value.problem.refuses()) {
        let meaning = match at.value.problem.prohibits() {
            true => "a firewall refuses".to_owned(),
            false => format!("nothing listens on port {port}, or a firewall refuses"),
        };
        let text = format!("{}: {meaning}", words::undelivered_syn(at));
        return ended::found(case, ending, CAUSE.code, Confidence::Certain, text);
    }
    let Some(act) = refused else { return Judgement::NotApplicable };
    let text = format!(
        "the SYN was answered with a RST (#{}): nothing listens on port {port}, or a firewall refuses",
        act.packet
    );
    ended::found(case, ending, CAUSE.code, Confidence::Certain, text)
}
