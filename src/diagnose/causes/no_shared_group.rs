//! The client and the server have no key exchange group in common.
//!
//! RFC 8446 §4.1.1, RFC 8422 §4: without a common group the server answers with handshake_failure.

use super::ended;
use super::offer::{Narrow, Offer};
use crate::diagnose::abort::Moment;
use crate::diagnose::{Case, Cause, Confidence, Judgement, Party, Stage};

pub(super) const CAUSE: Cause = Cause {
    code: "no-shared-group",
    meaning: "no key exchange group in common",
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
    chapter: include_str!("../../../docs/causes/no-shared-group.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    let ending = case.ending();
    if case.connection.server_hello.is_some() {
        return Judgement::RuledOut("the server chose a cipher suite and a group".into());
    }
    let (Some(hello), Some(alert)) = (&case.connection.client_hello, ended::server_alert(ending)) else {
        return Judgement::NotApplicable;
    };
    let offer = Offer::read(&hello.value);
    if ending.moment != Moment::Hello || alert != HANDSHAKE_FAILURE || offer.narrow() != Narrow::Groups {
        return Judgement::NotApplicable;
    }
    let groups = offer.groups_text();
    let what = match offer.groups.len() {
        1 => format!("the client offers {groups} alone"),
        _ => format!("the client offers only groups that few servers have ({groups})"),
    };
    ended::found(
        case,
        ending,
        CAUSE.code,
        Confidence::Likely,
        format!("the server refused {}, probably for want of a common group: {what}", ended::how(ending)),
    )
}

const HANDSHAKE_FAILURE: u8 = 40;
