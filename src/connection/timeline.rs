//! What happened in a connection, packet by packet, bounded: long stretches are one entry with a count.

use std::fmt;

use crate::capture::Timestamp;
use crate::decode::{IcmpError, TcpFlags};
use crate::iana::{CipherSuite, HandshakeType, NamedGroup, Version};
use crate::tcp::SegmentKind;
use crate::tls::message::{Alert, Side};

/// One thing that a packet shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A handshake message, with a detail such as `3 certificates`.
    Message {
        /// Its type; of a HelloRetryRequest the one that it had in the drafts.
        kind: HandshakeType,
        /// What is worth saying beside its name.
        detail: Detail,
        /// It was read with keys.
        encrypted: bool,
    },
    /// An alert that could be read.
    Alert {
        /// Level and description.
        alert: Alert,
        /// It was read with keys.
        encrypted: bool,
    },
    /// ChangeCipherSpec.
    ChangeCipherSpec,
    /// A protected record that could not be read: its content type on the wire and its length.
    Protected {
        /// 20 to 23.
        content_type: u8,
        /// Bytes of the fragment.
        len: u32,
    },
    /// An application data record.
    ApplicationData {
        /// Bytes of the fragment.
        len: u32,
    },
    /// A handshake message after the handshake that cannot be read: a renegotiation (RFC 5246 §7.4.1.1).
    Renegotiation {
        /// Bytes of the fragment.
        len: u32,
    },
    /// Bytes that are not TLS: a preamble line, plain HTTP, a proxy's answer.
    Plain(Box<PlainItem>),
    /// Bytes of this direction that the capture lacks, noticed at this packet.
    Gap {
        /// How many.
        len: u64,
        /// The snap length cut them.
        snaplen: bool,
    },
    /// An ICMP error about a segment of the other direction.
    Icmp(Box<IcmpError>),
    /// Anything else worth a word.
    Note(Box<str>),
}

/// Bytes that are not TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainItem {
    /// What protocol they are.
    pub protocol: &'static str,
    /// The first line, escaped.
    pub sample: String,
}

/// What is worth saying beside the name of a message; it becomes words when somebody reads them. It is small, since a busy
/// capture has many: what is rare or long lies elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// The name of the server that a ClientHello asks for.
    ServerName(Box<String>),
    /// A ClientHello begins a second handshake.
    Renegotiation,
    /// The group that a HelloRetryRequest wants.
    Wants(NamedGroup),
    /// What a ServerHello chose.
    Chosen(Version, CipherSuite),
    /// The group of a ServerKeyExchange.
    Group(NamedGroup),
    /// How many certificates there are.
    Certificates(u32),
    /// How many certificates there are, and the packet that brought the same ones before.
    CertificatesAgain(Box<(u32, u64)>),
    /// How many authorities a CertificateRequest names.
    Authorities(u32),
    /// Why the message cannot be read.
    Unreadable(Box<&'static str>),
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::ServerName(name) => write!(f, "server name {name}"),
            Self::Renegotiation => f.write_str("renegotiation"),
            Self::Wants(group) => write!(f, "wants {group}"),
            Self::Chosen(version, suite) => write!(f, "{version}, {suite}"),
            Self::Group(group) => group.fmt(f),
            Self::Certificates(0) => f.write_str("none"),
            Self::Certificates(1) => f.write_str("1 certificate"),
            Self::Certificates(count) => write!(f, "{count} certificates"),
            Self::CertificatesAgain(again) => {
                let (count, packet) = **again;
                write!(f, "{}, as in #{packet}", Self::Certificates(count))
            }
            Self::Authorities(0) => f.write_str("any authority"),
            Self::Authorities(1) => f.write_str("1 authority"),
            Self::Authorities(count) => write!(f, "{count} authorities"),
            Self::Unreadable(reason) => write!(f, "cannot be read: {reason}"),
        }
    }
}

/// One packet of the connection, or a stretch of packets that say nothing new.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// One packet.
    Packet {
        /// Its number.
        packet: u64,
        /// When it was captured.
        time: Timestamp,
        /// Who sent it.
        from: Side,
        /// Its TCP flags.
        flags: TcpFlags,
        /// Payload bytes sent.
        len: u32,
        /// What it is within the stream.
        kind: SegmentKind,
    },
    /// Packets of data and acknowledgments after the handshake, or the middle that was not kept. It lies elsewhere: a connection
    /// has one or two, and the room of one would make all other events larger.
    Stretch(Box<Stretch>),
}

/// Packets that say nothing new.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// First and last packet.
    pub packets: (u64, u64),
    /// First and last time.
    pub times: (Timestamp, Timestamp),
    /// How many packets.
    pub count: u64,
    /// Payload bytes: client, server.
    pub bytes: [u64; 2],
}

/// A busy capture has many events: two fit into a line of the cache.
const _: () = assert!(size_of::<Event>() <= 32);

/// The events of a connection in order of packet, and what they show.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// The events kept.
    pub events: Vec<Event>,
    /// What became complete with the packets that are listed by themselves, in order of packet.
    pub shown: Vec<Shown>,
}

/// One thing that became complete with a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The packet.
    pub packet: u64,
    /// What it shows.
    pub item: Item,
}

impl Timeline {
    /// What became complete with a packet, in order.
    pub fn shown_by(&self, packet: u64) -> &[Shown] {
        let begin = self.shown.partition_point(|shown| shown.packet < packet);
        let rest = self.shown.get(begin..).unwrap_or_default();
        &rest[..rest.partition_point(|shown| shown.packet == packet)]
    }
}
