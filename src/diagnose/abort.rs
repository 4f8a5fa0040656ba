//! How a connection ended: who gave up first, in what way, and how far the handshake had come by then.
//!
//! The first act of giving up is the cause, what follows is its echo: an alert that answers the other side's FIN says
//! nothing (RFC 8446 §6.1, and the habit of every stack to complain about an early end).

use smallvec::SmallVec;

use crate::capture::Timestamp;
use crate::connection::Connection;
use crate::diagnose::hidden::{Hidden, HiddenAuth};
pub use crate::diagnose::moment::Moment;
use crate::diagnose::moment::{data, moment};
use crate::tls::message::{Alert, Side};

/// In what way a side gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// With an alert that could be read.
    Alert {
        /// Level and description.
        alert: Alert,
        /// It was sent encrypted.
        encrypted: bool,
    },
    /// With a record that is an alert by its length or its type, and cannot be read.
    HiddenAlert {
        /// Bytes of the record.
        len: u32,
    },
    /// With a FIN, without an alert.
    Fin,
    /// With a RST, without an alert.
    Rst,
    /// By going back to plain text, without an alert: libldap so takes its leave of a server that it does not trust.
    LeftTls,
}

/// The first act of giving up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// Who.
    pub by: Side,
    /// In what way.
    pub how: How,
    /// Its packet.
    pub packet: u64,
    /// When.
    pub time: Timestamp,
}

/// What is known of the client's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// The server did not ask, as far as can be seen.
    #[default]
    NotAsked,
    /// It asked, and no answer was seen.
    Asked,
    /// The client has none to show.
    Empty,
    /// The client sent certificates.
    Sent,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// The first act of giving up; `None` when nobody did within the capture.
    pub act: Option<Act>,
    /// How far the handshake had come by then, or at the end of the capture.
    pub moment: Moment,
    /// Application data was sent before that: client, server.
    pub data: [bool; 2],
    /// The last message before the act: its packet and time.
    pub last: Option<(u64, Timestamp)>,
    /// Seconds from that message to the act, or to the end of the capture.
    pub wait_s: f64,
    /// What is known of the client's certificate.
    pub client_auth: ClientAuth,
    /// That is inferred from the lengths of encrypted records.
    pub client_auth_hidden: bool,
    /// The server sent TLS records at any time.
    pub server_spoke: bool,
    /// The server's first flight was whole by then: the turn was the client's, and it did not wait for the server.
    pub flight_whole: bool,
    /// The capture lacks bytes or a whole direction, so that silence proves nothing.
    pub blurred: bool,
    /// Bytes are missing between the ServerHello and the act, of the client or of the side that acted, in TLS 1.2 of either: a
    /// Finished may be among them, and then an alert that cannot be read is a close_notify.
    pub after_loss: bool,
    /// What the lengths of encrypted records tell.
    pub hidden: Hidden,
}

impl Ending {
    /// Reads the end of a connection.
    pub fn read(connection: &Connection) -> Self {
        let hidden = Hidden::read(connection);
        let act = first_act(connection, &hidden);
        let until = act.map_or(u64::MAX, |act| act.packet);
        let last = last_message(connection, &hidden, until);
        let wait_s = match (act, last) {
            (Some(act), Some((_, time))) => act.time.seconds_since(time),
            (None, Some((_, time))) => {
                connection.end.seconds_since(time) + connection.quiet_before_end_s.max(0.0)
            }
            (_, None) => {
                connection.end.seconds_since(connection.start) + connection.quiet_before_end_s.max(0.0)
            }
        };
        let (client_auth, client_auth_hidden) = client_auth(connection, &hidden);
        Self {
            act,
            moment: moment(connection, &hidden, until),
            data: data(connection, &hidden, until),
            last,
            wait_s,
            client_auth,
            client_auth_hidden,
            server_spoke: server_spoke(connection),
            flight_whole: flight_whole(connection, until) && server_unheard(connection).is_none(),
            blurred: is_blurred(connection, until),
            after_loss: act.is_some_and(|act| is_after_loss(connection, &act)),
            hidden,
        }
    }

    /// The act, when this side did it.
    pub fn act_by(&self, side: Side) -> Option<Act> {
        self.act.filter(|act| act.by == side)
    }

    /// The alert with which this side gave up, when it could be read.
    pub fn alert_by(&self, side: Side) -> Option<u8> {
        match self.act_by(side)?.how {
            How::Alert { alert, .. } => Some(alert.description.0),
            _ => None,
        }
    }

    /// This side gave up without an alert.
    pub fn silent_by(&self, side: Side) -> bool {
        self.act_by(side).is_some_and(|act| matches!(act.how, How::Fin | How::Rst | How::LeftTls))
    }

    /// The handshake was complete, and the client then closed at once without sending data: how programs behave that judge
    /// a certificate after the handshake.
    pub fn is_late_refusal(&self) -> bool {
        let client = self.act_by(Side::Client).is_some();
        client && self.moment == Moment::Done && self.data == [false, false] && self.wait_s < PROMPT_S
    }

    /// The client gave up where a client gives up that does not like the server's certificate.
    pub fn client_refused_certificate(&self) -> bool {
        let Some(act) = self.act_by(Side::Client) else { return false };
        match act.how {
            How::Alert { alert, .. } if self.moment >= Moment::ServerHello => {
                is_about_certificates(alert.description.0)
                    || (self.moment >= Moment::Certificate
                        && !NEVER_ABOUT_CERTIFICATES.contains(&alert.description.0))
            }
            // The ServerHello may have been lost to the capture; the alert still speaks of a certificate.
            How::Alert { alert, .. } => {
                self.moment == Moment::Hello && is_about_certificates(alert.description.0)
            }
            How::HiddenAlert { .. } => {
                let late = self.moment == Moment::Done;
                self.moment >= Moment::Certificate
                    && !self.data[0]
                    && !self.after_loss
                    && (!late || self.wait_s < PROMPT_S)
            }
            How::Fin | How::Rst | How::LeftTls => {
                !self.blurred
                    && (self.moment == Moment::Certificate && self.wait_s < self.longest_thought_s()
                        || self.is_late_refusal())
            }
        }
    }

    /// It came soon after the last message: the side did not wait for anything.
    pub fn is_prompt(&self) -> bool {
        self.wait_s < PATIENCE_S
    }

    /// Seconds in which a client may be judging what the server sent: with the whole flight at hand it waits for no one but, say,
    /// a revocation server.
    fn longest_thought_s(&self) -> f64 {
        if self.flight_whole { THOUGHT_S } else { PATIENCE_S }
    }
}

/// Whether an alert speaks of certificates by its own name (RFC 8446 §6.2): bad, unsupported, revoked, expired or unknown
/// certificate, unknown CA, bad status response.
pub const fn is_about_certificates(alert: u8) -> bool {
    matches!(alert, 42..=46 | 48 | 111 | 113 | 114)
}

/// Seconds within which a close after the handshake still belongs to it.
pub const PROMPT_S: f64 = 1.0;
/// Seconds of silence after which a closing side has lost patience rather than refused.
pub const PATIENCE_S: f64 = 2.0;

/// Seconds after which a client that had the server's whole flight is not taken to have judged it all the while. Lookups of
/// revocation are given up after 15 s or so each.
const THOUGHT_S: f64 = 60.0;

/// Alerts of a client that come from the protocol and never from a certificate: record_overflow, protocol_version,
/// inappropriate_fallback, user_canceled, missing and unsupported extension, no application protocol.
const NEVER_ABOUT_CERTIFICATES: [u8; 7] = [22, 70, 86, 90, 109, 110, 120];

fn first_act(connection: &Connection, hidden: &Hidden) -> Option<Act> {
    // Each with the packet in whose turn it counts.
    let mut acts: SmallVec<[(u64, Act); 8]> = SmallVec::new();
    let alerts = connection.alerts.iter().filter_map(|at| alert_act(connection, at));
    acts.extend(alerts.map(|act| (act.packet, act)));
    let inferred = [
        (Side::Client, hidden.client_alert),
        (Side::Server, hidden.server_alert),
        (Side::Server, hidden.early_server_alert),
    ];
    acts.extend(inferred.into_iter().filter_map(|(by, short)| {
        let short = short?;
        let how = How::HiddenAlert { len: short.len };
        Some((short.packet, Act { by, how, packet: short.packet, time: short.time }))
    }));
    // What a side says comes ahead of its FIN, even where the packet with the FIN was captured first.
    let said = [Side::Client, Side::Server].map(|by| {
        acts.iter().filter(|(_, act)| act.by == by).map(|(turn, _)| *turn).max().unwrap_or_default()
    });
    // A server that is told of the end may be the first to send its FIN; it did not give up first.
    let announced = [client_announced(connection, hidden), u64::MAX];
    let done = connection.finished.iter().all(Option::is_some) || hidden.client_finished.is_some();
    for (by, index) in [(Side::Client, 0), (Side::Server, 1)] {
        let announced = announced.get(index).copied().unwrap_or(u64::MAX);
        if let Some(fin) = connection.teardown.fin.get(index).and_then(Option::as_ref) {
            let turn = said.get(index).map_or(fin.packet, |said| fin.packet.max(*said)).min(announced);
            acts.push((turn, Act { by, how: How::Fin, packet: fin.packet, time: fin.time }));
        }
        let left = connection.left_tls.get(index).and_then(Option::as_ref);
        if let Some(left) = left.filter(|_| done) {
            acts.push((left.packet, Act { by, how: How::LeftTls, packet: left.packet, time: left.time }));
        }
        if let Some(rst) = connection.teardown.rst.get(index).and_then(Option::as_ref) {
            let turn = rst.packet.min(announced);
            acts.push((turn, Act { by, how: How::Rst, packet: rst.packet, time: rst.time }));
        }
    }
    // An alert and the FIN behind it often share a packet: the alert comes first. The first of equals is taken.
    acts.iter().min_by_key(|(turn, _)| *turn).map(|(_, act)| *act)
}

/// The packet of the client's close_notify (RFC 8446 §6.1): as it was read, or by its length behind a Finished.
fn client_announced(connection: &Connection, hidden: &Hidden) -> u64 {
    let notify = |seen: &crate::connection::SeenAlert| {
        seen.sender == Side::Client && seen.alert.is_some_and(|alert| alert.description.0 == 0)
    };
    let read = connection.alerts.iter().find(|at| notify(&at.value)).map(|at| at.packet);
    let inferred = hidden.client_closing.filter(|_| !hidden.client_data).map(|short| short.packet);
    read.or(inferred).unwrap_or(u64::MAX)
}

fn alert_act(
    connection: &Connection,
    at: &crate::connection::At<crate::connection::SeenAlert>,
) -> Option<Act> {
    let seen = &at.value;
    if seen.after_peer_closed {
        return None;
    }
    let how = match seen.alert {
        // close_notify and user_canceled announce an end and do not refuse.
        Some(alert) if alert.description.0 == 0 => return None,
        Some(alert) if alert.description.0 == 90 && (alert.level != 2 || seen.encrypted) => return None,
        Some(alert) if alert.level != 2 && !(connection.is_tls13() && seen.encrypted) => return None,
        Some(alert) => How::Alert { alert, encrypted: seen.encrypted },
        // Without keys TLS 1.3 is read by lengths and positions instead.
        None if connection.is_tls13() => return None,
        None => How::HiddenAlert { len: hidden_len(connection, at.packet, seen.sender) },
    };
    Some(Act { by: seen.sender, how, packet: at.packet, time: at.time })
}

fn hidden_len(connection: &Connection, packet: u64, sender: Side) -> u32 {
    let records = match sender {
        Side::Client => &connection.protected[0],
        Side::Server => &connection.protected[1],
    };
    records
        .iter()
        .find(|record| record.packet == packet && record.content_type == 21)
        .map_or(0, |record| record.len)
}

/// The last message before a packet, whoever sent it.
fn last_message(connection: &Connection, hidden: &Hidden, until: u64) -> Option<(u64, Timestamp)> {
    let c = connection;
    let client = [
        c.client_hello.as_ref().map(|at| (at.packet, at.time)),
        c.second_client_hello.as_ref().map(|at| (at.packet, at.time)),
        c.client_hello_lost.as_ref().map(|at| (at.packet, at.time)),
        c.client_key_exchange.as_ref().map(|at| (at.packet, at.time)),
        c.client_chain.as_ref().map(|at| (at.packet, at.time)),
        c.finished[0].as_ref().map(|at| (at.packet, at.time)),
        hidden.client_finished.map(|short| (short.packet, short.time)),
    ];
    let server = [
        c.syn_ack.as_ref().map(|at| (at.packet, at.time)),
        c.server_hello.as_ref().map(|at| (at.packet, at.time)),
        c.hello_retry.as_ref().map(|at| (at.packet, at.time)),
        c.server_chain.as_ref().map(|at| (at.packet, at.time)),
        c.server_hello_done.as_ref().map(|at| (at.packet, at.time)),
        c.finished[1].as_ref().map(|at| (at.packet, at.time)),
        server_records_end(c, until),
    ];
    client
        .into_iter()
        .chain(server)
        .flatten()
        .filter(|(packet, _)| *packet < until)
        .max_by_key(|(packet, _)| *packet)
}

fn server_records_end(connection: &Connection, until: u64) -> Option<(u64, Timestamp)> {
    let before = connection.protected[1].iter().filter(|record| record.packet < until);
    before.map(|record| (record.packet, record.time)).next_back()
}

fn client_auth(connection: &Connection, hidden: &Hidden) -> (ClientAuth, bool) {
    if let Some(chain) = &connection.client_chain {
        // A message that could not be read whole is not an empty one.
        let empty = chain.value.certificates.is_empty() && chain.value.missing_bytes == 0;
        return (if empty { ClientAuth::Empty } else { ClientAuth::Sent }, false);
    }
    if connection.certificate_request.is_some() {
        return (ClientAuth::Asked, false);
    }
    match hidden.client_auth {
        HiddenAuth::Nothing => (ClientAuth::NotAsked, false),
        HiddenAuth::Empty => (ClientAuth::Empty, true),
        HiddenAuth::Sent => (ClientAuth::Sent, true),
    }
}

fn server_spoke(connection: &Connection) -> bool {
    connection.speaks_tls[1]
        || connection.server_hello.is_some()
        || connection.hello_retry.is_some()
        || connection.plain[1].is_some()
        || connection.alerts.iter().any(|at| at.value.sender == Side::Server)
}

/// Bytes that the server sent and the client never acknowledged, though it repeated some: they do not get through.
pub(super) fn server_unheard(connection: &Connection) -> Option<u64> {
    let [_, server] = &connection.tcp;
    let unheard = server.payload_bytes.saturating_sub(server.acked_bytes);
    (unheard > 0 && server.retransmissions >= REPEATS).then_some(unheard)
}

/// Repeats after which what is not acknowledged is lost on the way and not by chance.
const REPEATS: u32 = 3;

/// The message that ends the server's first flight was there: ServerHelloDone, or the Finished of TLS 1.3. Without keys that is
/// taken from the records: servers send the flight at once, so that one which stalls leaves a record without its end.
fn flight_whole(connection: &Connection, until: u64) -> bool {
    let ended = |at: &crate::connection::At<()>| at.packet <= until;
    match (connection.is_tls13(), connection.decrypted) {
        (false, _) => connection.server_hello_done.as_ref().is_some_and(ended),
        (true, true) => connection.finished[1].as_ref().is_some_and(ended),
        (true, false) => !connection.protected[1].is_empty() && !connection.unfinished_data[1],
    }
}

fn is_after_loss(connection: &Connection, act: &Act) -> bool {
    let hello = connection.server_hello.as_ref().map_or(0, |at| at.packet);
    connection.gaps.iter().any(|gap| {
        let matters = gap.sender == act.by || act.by == Side::Server || !connection.is_tls13();
        let behind = gap.after.is_none_or(|after| after > hello);
        matters && behind && !gap.in_data && gap.before.is_none_or(|before| before <= act.packet)
    })
}

fn is_blurred(connection: &Connection, until: u64) -> bool {
    let lost = connection
        .gaps
        .iter()
        .filter(|gap| !gap.in_data)
        .any(|gap| gap.before.or(gap.after).is_none_or(|packet| packet <= until));
    let talk = connection.tcp.iter().any(|side| side.payload_bytes > 0);
    let one_way =
        connection.tcp.iter().any(|side| side.packets == 0) && (connection.syn_ack.is_some() || talk);
    lost || one_way || connection.starts_mid_stream || connection.client_hello_lost.is_some()
}
