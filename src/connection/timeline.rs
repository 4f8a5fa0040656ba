//! What happened in a connection, packet by packet, bounded: long stretches are one entry with a count.

use crate::capture::Timestamp;
use crate::decode::TcpFlags;
use crate::tcp::SegmentKind;
use crate::tls::message::{Alert, Side};

/// One thing that a packet shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A handshake message by its standard name, with a detail such as `3 certificates`.
    Message {
        /// `ClientHello`, `Certificate`, …
        name: &'static str,
        /// What is worth saying beside the name.
        detail: Option<String>,
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
    Plain {
        /// What protocol they are.
        protocol: &'static str,
        /// The first line, escaped.
        sample: String,
    },
    /// Bytes of this direction that the capture lacks, noticed at this packet.
    Gap {
        /// How many.
        len: u64,
        /// The snap length cut them.
        snaplen: bool,
    },
    /// Anything else worth a word.
    Note(String),
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
        /// What became complete with it.
        items: Vec<Item>,
    },
    /// Packets of data and acknowledgments after the handshake, or the middle that was not kept.
    Stretch {
        /// First and last packet.
        packets: (u64, u64),
        /// First and last time.
        times: (Timestamp, Timestamp),
        /// How many packets.
        count: u64,
        /// Payload bytes: client, server.
        bytes: [u64; 2],
    },
}

/// The events of a connection in order of packet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// The events kept.
    pub events: Vec<Event>,
}
