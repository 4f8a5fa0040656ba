//! No answer came to the SYN, or one by ICMP that there is no way to the server.
//!
//! RFC 9293 §3.8.3: the client repeats the SYN and gives up. RFC 1122 §4.2.3.9: what ICMP says of it.

use super::ended;
use crate::diagnose::abort::{Moment, PATIENCE_S};
use crate::diagnose::words;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "connect-timeout",
    meaning: "the SYN was not answered",
    gives_up: Party::Network,
    stage: Stage::Connect,
    explains: &[],
    chapter: include_str!("../../../docs/causes/connect-timeout.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    let connection = case.connection;
    if connection.syn_ack.is_some() {
        return Judgement::RuledOut("the server accepted the TCP connection".into());
    }
    let answered = connection.tcp[1].packets > 0;
    if ending.moment == Moment::Connect
        && let Some(at) = connection.undelivered_syn().filter(|at| at.value.problem.finds_no_way())
    {
        let text =
            format!("{}: the server is not there, or the way to it is broken", words::undelivered_syn(at));
        return ended::found(case, ending, CAUSE.code, Confidence::Certain, text);
    }
    let tried = connection.syn_count > 1 || ending.wait_s >= PATIENCE_S;
    if ending.moment != Moment::Connect || answered || !tried {
        return Judgement::NotApplicable;
    }
    let sent = match connection.syn_count {
        0 | 1 => "a SYN was not answered".to_owned(),
        many => format!("none of {many} SYNs was answered"),
    };
    let text = format!(
        "{sent} for {}: the server is not there, or a firewall drops the packets",
        words::seconds(ending.wait_s)
    );
    // A second SYN may still have been answered after the capture ended.
    let sure = connection.syn_count > 2 || ending.wait_s >= 2.0 * PATIENCE_S;
    let confidence = if sure { Confidence::Certain } else { Confidence::Likely };
    ended::found(case, ending, CAUSE.code, confidence, text)
}
