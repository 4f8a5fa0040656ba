//! How far a handshake had come at a packet: the moment at which a side gave up.

use crate::connection::Connection;
use crate::diagnose::hidden::Hidden;
use crate::tls::message::Side;

/// How far the handshake had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// TCP was not established.
    Connect,
    /// TCP was there; no ClientHello yet.
    BeforeHello,
    /// The ClientHello was sent, no ServerHello came.
    Hello,
    /// The server had answered, and its certificate was not (yet) there.
    ServerHello,
    /// The server's certificate was there, and the client had not answered.
    Certificate,
    /// The client had answered, and the handshake was not complete.
    ClientFlight,
    /// Both sides had sent their Finished.
    Done,
}

/// How far the handshake had come with this packet.
pub(super) fn moment(connection: &Connection, hidden: &Hidden, until: u64) -> Moment {
    let by = |packet: Option<u64>| packet.is_some_and(|packet| packet <= until);
    let hello = connection.client_hello.as_ref().map(|at| at.packet);
    if connection.syn_ack.is_none() && hello.is_none() && !connection.speaks_tls.contains(&true) {
        let other_data = connection.tcp.iter().any(|side| side.payload_bytes > 0);
        if connection.syn.is_some() && !other_data {
            return Moment::Connect;
        }
    }
    if finished_by(connection, hidden, until) {
        return Moment::Done;
    }
    let answered = [
        connection.client_key_exchange.as_ref().map(|at| at.packet),
        connection.client_chain.as_ref().map(|at| at.packet),
        connection.finished[0].as_ref().map(|at| at.packet),
        hidden.client_finished.map(|short| short.packet),
    ];
    if answered.into_iter().any(by) {
        return Moment::ClientFlight;
    }
    let certificate = [
        connection.server_chain.as_ref().map(|at| at.packet),
        connection.server_hello_done.as_ref().map(|at| at.packet),
        connection.server_key_exchange.as_ref().map(|at| at.packet),
    ];
    // The server's flight is hidden: it holds a certificate unless the session is resumed.
    let sent: u64 = connection.protected[1]
        .iter()
        .filter(|record| record.packet <= until)
        .map(|record| u64::from(record.len))
        .sum();
    let full_13 = hidden.server_flight.min(sent) >= SHORTEST_FLIGHT && !connection.resumed;
    if certificate.into_iter().any(by) || full_13 {
        return Moment::Certificate;
    }
    if by(connection.server_hello.as_ref().map(|at| at.packet)) {
        return Moment::ServerHello;
    }
    match by(hello) || by(connection.client_hello_lost.as_ref().map(|at| at.packet)) {
        true => Moment::Hello,
        false => Moment::BeforeHello,
    }
}

/// Both Finished were sent up to this packet. In TLS 1.3 the server's is part of its first flight.
fn finished_by(connection: &Connection, hidden: &Hidden, until: u64) -> bool {
    let [client, server] = connection.finished.each_ref().map(|at| at.as_ref().map(|at| at.packet));
    let by = |packet: Option<u64>| packet.is_some_and(|packet| packet <= until);
    let data = connection.application_data.each_ref().map(|at| at.as_ref().map(|at| at.packet));
    if by(client) && by(server) || data.into_iter().all(by) {
        return true;
    }
    connection.is_tls13() && (by(client) || by(hidden.client_finished.map(|short| short.packet)))
}

/// Whether application data was sent up to this packet: client, server. What was sent behind a Finished and not captured counts as
/// such: that a side sent nothing can't be said then.
pub(super) fn data(connection: &Connection, hidden: &Hidden, until: u64) -> [bool; 2] {
    let lost = |side: Side| {
        let finished = connection.finished[side as usize].as_ref().map(|at| at.packet);
        connection.gaps.iter().filter(|gap| gap.sender == side).any(|gap| {
            let behind = gap.before.zip(finished).is_some_and(|(before, finished)| before >= finished);
            behind && gap.before.is_some_and(|before| before <= until)
        })
    };
    let seen = [Side::Client, Side::Server].map(|side| {
        let data = connection.application_data[side as usize].as_ref();
        data.is_some_and(|at| at.packet <= until) || lost(side)
    });
    [seen[0] || hidden.client_data, seen[1] || hidden.server_data && hidden.client_data]
}

/// Bytes of protected records below which a TLS 1.3 server's flight cannot hold a certificate: EncryptedExtensions and
/// Finished alone stay under it.
const SHORTEST_FLIGHT: u64 = 300;
