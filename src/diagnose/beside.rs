//! Causes that look like the chosen one on the wire, and what tells them apart.

use crate::diagnose::Case;
use crate::diagnose::abort::{Ending, Moment};
use crate::diagnose::weigh::BROAD;
use crate::tls::message::Side;

/// Causes that look like the chosen one, and what tells them apart.
pub(super) fn beside(case: &Case<'_>, ending: &Ending, chosen: &str) -> Vec<(&'static str, &'static str)> {
    match chosen {
        "handshake-failure" => beside_handshake_failure(case, ending),
        "client-closed" | "client-reset" if ending.moment >= Moment::Certificate => {
            vec![(BROAD, "a client that dislikes the server's certificate may close without a word")]
        }
        "client-closed" | "client-reset" if ending.moment == Moment::Hello => {
            vec![("client-timeout", "a client whose limit is as short as this gives up in the same way")]
        }
        BROAD if ending.silent_by(Side::Client) => {
            vec![("client-closed", "the client may have been stopped for another reason")]
        }
        // Only a server that did not name the version may have meant something else.
        "protocol-version" if ending.alert_by(Side::Server).is_none_or(|alert| alert == PROTOCOL_VERSION) => {
            Vec::new()
        }
        "server-silent" if ending.act.is_some() => {
            vec![
                ("client-timeout", "the server may have been slow rather than silent"),
                (
                    "middlebox-interference",
                    "its answer may be lost on the way, where large packets are dropped; a capture at the server would tell",
                ),
            ]
        }
        _ => always_beside(chosen).to_vec(),
    }
}

/// What a handshake_failure of this side, at this moment, may mean.
fn beside_handshake_failure(case: &Case<'_>, ending: &Ending) -> Vec<(&'static str, &'static str)> {
    match ending.act.map(|act| act.by) {
        Some(Side::Client) => vec![
            (
                "no-shared-group",
                "the client may not take the group that the server chose, or a Diffie-Hellman prime as short as the server's",
            ),
            (BROAD, "a program with a check of its own may refuse the server's certificate so"),
        ],
        // Other alerts have a meaning of their own.
        Some(Side::Server) if !matches!(ending.alert_by(Side::Server), Some(HANDSHAKE_FAILURE)) => Vec::new(),
        Some(Side::Server) if ending.moment <= Moment::Hello => vec![
            ("no-shared-cipher", "handshake_failure is what servers say when nothing offered can be used"),
            match case.connection.sni() {
                Some(_) => {
                    ("unrecognized-name", "some front ends answer so to a name that they do not serve")
                }
                None => ("unrecognized-name", "front ends that need a server name may answer so without one"),
            },
        ],
        _ => Vec::new(),
    }
}

/// The same, where neither the side nor the moment matters.
const fn always_beside(chosen: &str) -> &'static [(&'static str, &'static str)] {
    match chosen.as_bytes() {
        b"no-shared-cipher" => &[
            ("no-shared-group", "the server may have none of the groups; its log or a scan of it would tell"),
            (
                "protocol-version",
                "some servers, GnuTLS among them, answer so when they have none of the versions",
            ),
            ("unrecognized-name", "some front ends answer so to a name that they do not serve"),
        ],
        b"no-shared-group" => {
            &[("no-shared-cipher", "the server may have none of the cipher suites; a scan of it would tell")]
        }
        b"protocol-version" => &[(
            "no-shared-cipher",
            "a server without a usable cipher suite may answer in the same way; a scan of it would tell",
        )],
        b"server-reset" => &[
            ("server-closed", "a program that closes with data unread makes its kernel send a RST"),
            (
                "middlebox-interference",
                "a firewall can reset in the server's name; a capture at the server would tell",
            ),
        ],
        b"server-closed" => {
            &[("middlebox-interference", "a proxy on the way can close in the server's name")]
        }
        b"connection-refused" => &[("middlebox-interference", "a firewall can refuse in the server's name")],
        b"client-cert-rejected" => {
            &[("client-cert-expired", "the dates of the client's certificate would tell")]
        }
        _ => &[],
    }
}

/// The alert that says no more.
const HANDSHAKE_FAILURE: u8 = 40;
/// The alert that names the version itself.
const PROTOCOL_VERSION: u8 = 70;
