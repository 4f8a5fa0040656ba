//! What the stream table tells the floor above.

use crate::capture::Timestamp;
use crate::decode::{Endpoint, IcmpError, TcpFlags};
use crate::error::Warning;

/// A direction of a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dir {
    /// From the endpoint that sent the SYN; without one, from the sender of the first packet seen
    /// (or the other one, when only a SYN,ACK shows who opened).
    Forward,
    /// Towards it.
    Reverse,
}

impl Dir {
    /// The other direction.
    pub const fn flip(self) -> Self {
        match self {
            Self::Forward => Self::Reverse,
            Self::Reverse => Self::Forward,
        }
    }

    /// 0 for forward, 1 for reverse.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What is known of a connection as a whole.
#[derive(Debug, Clone, Copy)]
pub struct StreamInfo {
    /// Wireshark's `tcp.stream`: all TCP connections counted from 0, a reused port is a new one.
    pub stream: u64,
    /// The endpoint from which [`Dir::Forward`] comes.
    pub opener: Endpoint,
    /// The other endpoint.
    pub responder: Endpoint,
    /// Number of its first packet.
    pub first_packet: u64,
    /// Time of its first packet.
    pub first_time: Timestamp,
    /// Time to live or hop limit of its first packet.
    pub first_ttl: u8,
    /// A SYN without ACK was seen.
    pub saw_syn: bool,
    /// A SYN,ACK was seen.
    pub saw_syn_ack: bool,
}

/// An ICMP error about a segment of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpNote {
    /// Its packet.
    pub packet: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// The direction of the segment.
    pub about: Dir,
    /// That segment is the SYN or SYN,ACK of its direction, by its sequence number.
    pub is_of_start: bool,
    /// What it says.
    pub error: IcmpError,
}

/// What one packet is within its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// In order, or the first packet of its kind.
    Normal,
    /// It lies ahead of bytes that have not been seen yet.
    OutOfOrder,
    /// It fills a hole behind bytes that were seen already.
    FillsHole,
    /// All its bytes (or its SYN or FIN) were seen before. With `differs`, the content is another one.
    Retransmission {
        /// The repeated bytes are not those seen first.
        differs: bool,
    },
    /// The same packet captured twice (a mirror port, `-i any`): same sequence, flags and IP id.
    Duplicate,
    /// A keep-alive probe or its answer (RFC 9293 §3.8.4).
    KeepAlive,
}

/// One packet of a tracked stream.
#[derive(Debug, Clone, Copy)]
pub struct SegmentNote {
    /// Its number, as Wireshark numbers frames.
    pub packet: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// Which way it goes.
    pub dir: Dir,
    /// Its control bits.
    pub flags: TcpFlags,
    /// Payload bytes that were sent.
    pub len: u32,
    /// Payload bytes that were captured.
    pub captured: u32,
    /// What it is within the stream.
    pub kind: SegmentKind,
    /// Offset of its first payload byte in its direction, when the direction's start is known.
    pub offset: Option<u64>,
    /// Bytes of the peer's direction that it acknowledges, counted as `offset` is.
    pub acked: Option<u64>,
    /// The window as sent.
    pub window: u16,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// IPv4 identification.
    pub ip_id: Option<u16>,
}

/// Where the stream table put a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Wireshark's `tcp.stream`.
    pub stream: u64,
    /// Offset of its first payload byte in the direction of its sender, counted as [`SegmentNote::offset`]; `None` where the start
    /// is not known, and for a late packet of a stream that is over.
    pub offset: Option<u64>,
}

/// Bytes that are in order now, all of one captured packet.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Which way they go.
    pub dir: Dir,
    /// Offset of the first byte in its direction; the byte after the SYN is 0.
    pub offset: u64,
    /// The bytes.
    pub bytes: &'a [u8],
    /// What was delivered of the direction so far, these bytes with it, from offset 0 on: as much as is remembered without a hole.
    pub past: &'a [u8],
    /// The packet that carried them.
    pub packet: u64,
    /// When that packet was captured.
    pub time: Timestamp,
}

/// Bytes that are not in the capture: lost by it, or cut by the snap length.
#[derive(Debug, Clone, Copy)]
pub struct Hole<'a> {
    /// Which way they went.
    pub dir: Dir,
    /// Offset of the first.
    pub offset: u64,
    /// How many.
    pub len: u64,
    /// The packet before the hole, if there is one.
    pub before: Option<u64>,
    /// The packet behind it, if there is one.
    pub after: Option<u64>,
    /// What was delivered of the direction in front of it, as [`Delivery::past`].
    pub past: &'a [u8],
}

/// The end of a stream.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// Its last packet.
    pub last_packet: u64,
    /// When that was captured.
    pub last_time: Timestamp,
    /// Why it is over.
    pub reason: CloseReason,
    /// What was delivered of each direction, as [`Delivery::past`].
    pub past: [&'a [u8]; 2],
}

/// Why a stream is handed over for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// Closed or reset by its endpoints.
    Closed,
    /// Idle for longer than the limit, by the capture's clock.
    Idle,
    /// Given up because too many connections are open.
    Evicted,
    /// A new connection reuses its addresses and ports.
    Reused,
    /// The capture ends.
    EndOfCapture,
}

/// The floor above the stream table: it keeps a state per stream and is told what happens in it.
///
/// For one packet the calls come in this order: `opened` (once per stream), `segment`, then any
/// `gap` and `data` in stream order.
pub trait StreamHandler {
    /// What the handler keeps per stream; it lies in the stream itself, whose packets are read together with it.
    type State;

    /// A packet of the stream, before its bytes are delivered.
    fn segment(&mut self, state: &mut Option<Self::State>, info: &StreamInfo, note: &SegmentNote);

    /// Bytes in order. A handler that wants no more of a direction just ignores them.
    fn data(&mut self, state: &mut Option<Self::State>, info: &StreamInfo, delivery: Delivery<'_>);

    /// Bytes are not in the capture.
    fn gap(&mut self, state: &mut Option<Self::State>, info: &StreamInfo, hole: Hole<'_>);

    /// Whether the handler goes back to [`Delivery::past`] of bytes that come now. When not, fewer are remembered, for repeats to be
    /// compared with.
    fn needs_past(&self, state: &Option<Self::State>) -> bool {
        let _ = state;
        true
    }

    /// Somebody on the way says that a segment of the stream was not delivered.
    fn icmp(&mut self, state: &mut Option<Self::State>, info: &StreamInfo, note: &IcmpNote) {
        let _ = (state, info, note);
    }

    /// Something odd about the stream.
    fn warning(&mut self, state: &mut Option<Self::State>, info: &StreamInfo, warning: Warning);

    /// The stream is over: its state may be taken.
    fn closed(&mut self, state: &mut Option<Self::State>, info: &StreamInfo, ending: Ending<'_>);
}
