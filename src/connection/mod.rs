//! The facts of one connection, folded from its packets, records and messages.

mod records;
mod timeline;

use std::net::IpAddr;
use std::sync::Arc;

use crate::capture::Timestamp;
use crate::decode::{Endpoint, IcmpProblem};
use crate::error::Warning;
use crate::tls::message::{
    Alert, CertificateRequest, CertificateVerify, ClientHello, ServerHello, ServerKeyExchange, Side,
};

pub use records::{MappedRecord, RecordKind, RecordMap};
pub use timeline::{Detail, Event, Item, PlainItem, Shown, Stretch, Timeline};

/// A fact and the packets that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The packet with which it was complete, as Wireshark numbers frames.
    pub packet: u64,
    /// The packet in which it began; the same as `packet` when it came in one.
    pub first_packet: u64,
    /// The capture time of `packet`.
    pub time: Timestamp,
    /// The fact.
    pub value: T,
}

/// How it is known which endpoint is the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleBasis {
    /// It sent the ClientHello.
    ClientHello,
    /// The other side sent a ServerHello or another message that only servers send.
    ServerMessage,
    /// It sent the SYN.
    Syn,
    /// It spoke to the port that is the better known one: a guess.
    Port,
}

/// How the connection ended, as far as the capture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The handshake completed and nothing says that a side refused the other.
    Established,
    /// A side, or the network, gave up.
    Failed,
    /// The capture does not show how it ended, or nothing was tried (a health probe).
    Incomplete,
}

impl Outcome {
    /// The word of the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Established => "established",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// Certificates that one side sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentChain {
    /// DER in the order sent; empty when the side has none.
    pub certificates: Vec<Arc<[u8]>>,
    /// The whole message was captured and well formed.
    pub complete: bool,
    /// Bytes of the message that the capture lacks.
    pub missing_bytes: u64,
    /// Bytes of the whole message with its header, where some of them are missing; else 0.
    pub whole_bytes: u64,
    /// A stapled OCSP response for the leaf, DER (CertificateStatus, or TLS 1.3's `status_request` entry).
    pub ocsp: Option<Arc<[u8]>>,
}

/// An alert that was seen, or inferred from its length when it is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAlert {
    /// Who sent it.
    pub sender: Side,
    /// Level and description; `None` when it is encrypted and there are no keys.
    pub alert: Option<Alert>,
    /// It was sent encrypted (decrypted by us when `alert` is known).
    pub encrypted: bool,
    /// The other side had sent FIN or RST before: an echo, not a cause.
    pub after_peer_closed: bool,
}

/// A protected record after which, or instead of which, handshake messages are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProtectedRecord {
    /// The packet with which it was complete.
    pub packet: u64,
    /// When that was.
    pub time: Timestamp,
    /// Content type on the wire: 20 to 23.
    pub content_type: u8,
    /// Bytes of the fragment (the record's length field).
    pub len: u32,
}

/// The end of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Teardown {
    /// First FIN of each side: client, server.
    pub fin: [Option<At<()>>; 2],
    /// First RST of each side.
    pub rst: [Option<RstFacts>; 2],
}

/// What a RST looked like: a middlebox's differs from those of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RstFacts {
    /// Its packet.
    pub packet: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// It carries ACK.
    pub ack: bool,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// IPv4 identification.
    pub ip_id: Option<u16>,
    /// Time to live of that side's last packet before it.
    pub usual_ttl: Option<u8>,
}

/// Bytes that the capture lacks in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Who sent them.
    pub sender: Side,
    /// Offset of the first missing byte in the direction.
    pub offset: u64,
    /// How many.
    pub len: u64,
    /// The packet before the hole.
    pub before: Option<u64>,
    /// The packet after it.
    pub after: Option<u64>,
    /// The snap length cut the packet `before`.
    pub snaplen: bool,
    /// They would have told nothing: they lie within a record of application data that is not opened, or behind the first bytes of a
    /// side that does not speak TLS.
    pub in_data: bool,
}

/// A segment was not delivered, as an ICMP error says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undelivered {
    /// Who sent the segment.
    pub sender: Side,
    /// It is the sender's SYN or SYN,ACK.
    pub is_of_start: bool,
    /// Who says so.
    pub from: IpAddr,
    /// Why.
    pub problem: IcmpProblem,
}

/// First bytes of a side that does not speak TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainText {
    /// What it is: `HTTP request`, `HTTP response`, `SSH`, `SMTP`, …, or `unknown`.
    pub protocol: &'static str,
    /// Its first line or bytes, escaped, at most 80 characters.
    pub sample: String,
    /// The line came to its end, or to what is kept of it.
    pub whole: bool,
    /// Its first bytes, as far as they may still tell what it is: at most [`PlainText::HEAD`].
    pub head: Vec<u8>,
}

impl PlainText {
    /// Bytes in which a server says why it refuses.
    pub const HEAD: usize = 1024;

    /// More of it may still change what it is.
    pub(crate) fn is_open(&self) -> bool {
        !self.whole || self.protocol == "HTTP response" && self.head.len() < Self::HEAD
    }

    /// Adds what came next, as long as the line goes on.
    pub(crate) fn extend(&mut self, next: &Self) {
        if !self.whole {
            let room = SAMPLE.saturating_sub(self.sample.len());
            self.sample.extend(next.sample.chars().take(room));
            self.whole = next.whole || self.sample.len() >= SAMPLE;
        }
    }
}

/// Characters of a sample.
const SAMPLE: usize = 80;

/// A preamble in which TLS was negotiated or carried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tunnel {
    /// `starttls-smtp`, `http-connect`, `socks`, …: the word of the report.
    pub kind: &'static str,
    /// Host and port asked for in a CONNECT or SOCKS request.
    pub target: Option<String>,
    /// The answer that refused to begin TLS or to open the tunnel, as sent (escaped, one line).
    pub refusal: Option<String>,
    /// The answer that let TLS begin was seen.
    pub granted: bool,
    /// The server said what it offers and TLS was not among it, in these words; nobody asked for TLS, and the client sent nothing
    /// but a farewell behind it.
    pub withheld: Option<String>,
    /// After the refusal the client asked again, and no answer was seen.
    pub asked_again: bool,
    /// After the refusal the client went on in plain text.
    pub went_on: bool,
}

/// TCP facts of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DirectionFacts {
    /// Packets, all kinds.
    pub packets: u64,
    /// Payload bytes seen once (by sequence number).
    pub payload_bytes: u64,
    /// Payload bytes sent that the other side acknowledged, as far as its packets show.
    pub acked_bytes: u64,
    /// Retransmitted packets with payload, SYN or FIN.
    pub retransmissions: u32,
    /// Packets that the mirror port or `-i any` gave twice.
    pub duplicates: u32,
    /// TLS records of type application data that were seen (in TLS 1.3 they may hide handshake messages and alerts).
    pub app_records: u64,
    /// Bytes of their fragments.
    pub app_bytes: u64,
    /// Time to live of the first packet.
    pub ttl: Option<u8>,
    /// Packet of the first payload byte.
    pub first_data: Option<u64>,
    /// Packet and time of the last packet with new payload.
    pub last_data: Option<(u64, Timestamp)>,
}

/// All that the capture says about one connection that is TLS or was meant to be.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Wireshark's `tcp.stream`.
    pub stream: u64,
    /// The endpoint that opens the TLS session.
    pub client: Endpoint,
    /// The other one.
    pub server: Endpoint,
    /// How the roles are known.
    pub role: RoleBasis,
    /// Its first packet.
    pub first_packet: u64,
    /// Its last packet.
    pub last_packet: u64,
    /// Time of the first packet.
    pub start: Timestamp,
    /// Time of the last packet.
    pub end: Timestamp,
    /// The first SYN of the client.
    pub syn: Option<At<()>>,
    /// SYNs that the client sent, retransmissions included.
    pub syn_count: u32,
    /// The first SYN,ACK of the server.
    pub syn_ack: Option<At<()>>,
    /// TCP facts per direction: client, server (index by [`Side`] as usize).
    pub tcp: [DirectionFacts; 2],
    /// TLS records or an SSLv2 hello were seen from this side: client, server.
    pub speaks_tls: [bool; 2],
    /// The packet with which this side went on in something else than TLS: client, server.
    pub left_tls: [Option<At<()>>; 2],
    /// The last record of application data of this side is not there to its end: client, server.
    pub unfinished_data: [bool; 2],
    /// First bytes of a side that speaks something else where TLS was due: client, server.
    pub plain: [Option<Box<At<PlainText>>>; 2],
    /// The preamble before TLS.
    pub tunnel: Option<Box<At<Tunnel>>>,
    /// The first ClientHello.
    pub client_hello: Option<At<Box<ClientHello>>>,
    /// The ClientHello that answers a HelloRetryRequest.
    pub second_client_hello: Option<At<Box<ClientHello>>>,
    /// A ClientHello that the capture holds only in part: bytes missing.
    pub client_hello_lost: Option<At<u64>>,
    /// The HelloRetryRequest.
    pub hello_retry: Option<At<Box<ServerHello>>>,
    /// The ServerHello.
    pub server_hello: Option<At<Box<ServerHello>>>,
    /// The application protocol chosen, from the ServerHello or from the EncryptedExtensions.
    pub alpn: Option<String>,
    /// The server's certificates.
    pub server_chain: Option<At<SentChain>>,
    /// The server's key exchange parameters.
    pub server_key_exchange: Option<At<Box<ServerKeyExchange>>>,
    /// The server's CertificateVerify (TLS 1.3, read with keys).
    pub server_certificate_verify: Option<At<Box<CertificateVerify>>>,
    /// The client's CertificateVerify.
    pub client_certificate_verify: Option<At<Box<CertificateVerify>>>,
    /// The signature over the key exchange parameters (TLS 1.2), or the server's CertificateVerify (TLS 1.3), verifies with the leaf's key.
    pub server_signature_good: Option<bool>,
    /// The server asked for a client certificate.
    pub certificate_request: Option<At<Box<CertificateRequest>>>,
    /// ServerHelloDone.
    pub server_hello_done: Option<At<()>>,
    /// The client's certificates; an empty chain is "none".
    pub client_chain: Option<At<SentChain>>,
    /// ClientKeyExchange.
    pub client_key_exchange: Option<At<()>>,
    /// ChangeCipherSpec of each side: client, server.
    pub change_cipher_spec: [Option<At<()>>; 2],
    /// Finished of each side: read with keys, or in TLS 1.2 and below the first protected handshake record after the
    /// ChangeCipherSpec. In TLS 1.3 without keys it is `None`: see `protected`.
    pub finished: [Option<At<()>>; 2],
    /// NewSessionTicket was seen.
    pub session_ticket: bool,
    /// The session was resumed: by session id, ticket or pre-shared key.
    pub resumed: bool,
    /// A second handshake inside the session was seen or asked for.
    pub renegotiation: bool,
    /// The facts of the handshake are those of a second one, inside the session of the first: the packet with which the
    /// first was complete. So it is where the second failed, or brought another chain.
    pub renegotiated_after: Option<u64>,
    /// The alerts in order of packet.
    pub alerts: Vec<At<SeenAlert>>,
    /// The first protected records of each side that could not be read: client, server (at most 64 each).
    pub protected: [Vec<ProtectedRecord>; 2],
    /// Application data was seen to flow in this direction after the handshake: proven by keys, by TLS 1.2's record type, or by
    /// records that are too many or too long to be anything else.
    pub application_data: [Option<At<()>>; 2],
    /// The handshake could be decrypted.
    pub decrypted: bool,
    /// There was no secret for it when its ServerHello came.
    pub lacks_secret: bool,
    /// Why it could not, when there were keys: one sentence.
    pub decrypt_problem: Option<String>,
    /// How it ended on the TCP level.
    pub teardown: Teardown,
    /// Where records lie in the stream: client, server. Empty unless [`Limits`](crate::limits::Limits) ask for it.
    pub maps: [RecordMap; 2],
    /// ICMP errors about its segments, in the order of the capture; the first few.
    pub undelivered: Vec<At<Undelivered>>,
    /// Bytes that the capture lacks.
    pub gaps: Vec<Gap>,
    /// The capture begins in the middle of this connection.
    pub starts_mid_stream: bool,
    /// No more packets were seen because the capture ends (and not because it fell silent).
    pub open_at_end: bool,
    /// Seconds from the last packet of a connection that nobody closed to the end of the capture, or to when it was given up.
    pub quiet_before_end_s: f64,
    /// One letter a message, capital from the client; after a dot the teardown (see docs/json.md).
    pub history: String,
    /// What happened, packet by packet.
    pub timeline: Timeline,
    /// What is odd about the capture of this connection.
    pub warnings: Vec<Warning>,
    /// How it ended, before causes are weighed.
    pub outcome: Outcome,
}

impl Connection {
    /// The ICMP errors about segments that never arrived: a sender that learns the size that passes repeats its segment, and goes on.
    pub fn undelivered_for_good(&self) -> impl Iterator<Item = &At<Undelivered>> {
        self.undelivered.iter().filter(|at| {
            let [client, server] = &self.tcp;
            match (at.value.sender, at.value.is_of_start) {
                (Side::Client, true) => self.syn_ack.is_none(),
                (Side::Server, true) => client.payload_bytes == 0,
                (Side::Client, false) => client.acked_bytes < client.payload_bytes,
                (Side::Server, false) => server.acked_bytes < server.payload_bytes,
            }
        })
    }

    /// The ICMP error that says that segments of this side are too big and never arrived, with the bytes that pass, 0 where it does not
    /// say (RFC 1191, RFC 8201).
    pub fn too_big(&self, sender: Side) -> Option<(&At<Undelivered>, u32)> {
        let mut errors = self.undelivered_for_good().filter(|at| at.value.sender == sender);
        errors.find_map(|at| match at.value.problem {
            IcmpProblem::TooBig(mtu) => Some((at, mtu)),
            _ => None,
        })
    }

    /// The ICMP error about the client's SYN, where nobody else answered it.
    pub fn undelivered_syn(&self) -> Option<&At<Undelivered>> {
        let is_of_syn = |at: &&At<Undelivered>| at.value.sender == Side::Client && at.value.is_of_start;
        self.undelivered.iter().find(is_of_syn).filter(|_| self.syn_ack.is_none() && self.tcp[1].packets == 0)
    }

    /// The version spoken: the ServerHello's, when there is one.
    pub fn version(&self) -> Option<crate::iana::Version> {
        self.server_hello.as_ref().map(|hello| hello.value.negotiated())
    }

    /// The server name of the ClientHello.
    pub fn sni(&self) -> Option<&str> {
        self.client_hello.as_ref()?.value.sni.as_deref()
    }

    /// The ServerHello chose TLS 1.3 or a draft of it, so that what follows is encrypted.
    pub fn is_tls13(&self) -> bool {
        self.server_hello.as_ref().is_some_and(|hello| hello.value.selected_version.is_some())
    }

    /// The first FIN of the connection, whoever sent it.
    pub fn first_fin(&self) -> Option<(Side, &At<()>)> {
        let [client, server] = &self.teardown.fin;
        first_of(client.as_ref(), server.as_ref(), |at| at.packet)
    }

    /// The first RST of the connection, whoever sent it.
    pub fn first_rst(&self) -> Option<(Side, &RstFacts)> {
        let [client, server] = &self.teardown.rst;
        first_of(client.as_ref(), server.as_ref(), |rst| rst.packet)
    }

    /// Who ended the connection on the TCP level: the sender of the first FIN or RST, with its packet.
    pub fn closed_by(&self) -> Option<(Side, u64)> {
        let fin = self.first_fin().map(|(side, at)| (side, at.packet));
        let rst = self.first_rst().map(|(side, rst)| (side, rst.packet));
        match (fin, rst) {
            (Some(fin), Some(rst)) => Some(if rst.1 < fin.1 { rst } else { fin }),
            (fin, rst) => fin.or(rst),
        }
    }

    /// The first alert that is not a close_notify and no echo of the other side's closing, in clear or decrypted.
    pub fn first_real_alert(&self) -> Option<&At<SeenAlert>> {
        self.alerts.iter().find(|at| {
            !at.value.after_peer_closed && at.value.alert.is_some_and(|alert| alert.description.0 != 0)
        })
    }
}

fn first_of<'a, T>(
    client: Option<&'a T>,
    server: Option<&'a T>,
    packet: impl Fn(&T) -> u64,
) -> Option<(Side, &'a T)> {
    match (client, server) {
        (Some(c), Some(s)) if packet(s) < packet(c) => Some((Side::Server, s)),
        (Some(c), _) => Some((Side::Client, c)),
        (None, server) => server.map(|s| (Side::Server, s)),
    }
}
