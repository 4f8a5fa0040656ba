//! The decoder: packet by packet to TCP segments, with the fragments that are still waiting.

use super::fragments::Fragments;
use super::icmp::IcmpError;
use super::notes::{DecodeStats, Notes};
use super::segment::{Endpoint, Segment, TcpFlags};
use super::walk::{Fault, Layer, Leaf, Net, Rest, shortcut, walk};
use crate::capture::Packet;
use crate::error::Warning;
use crate::limits::Limits;

/// Turns packets into TCP segments. It holds only fragments, within [`Limits`].
#[derive(Debug)]
pub struct Decoder {
    fragments: Fragments,
    notes: Notes,
    /// The datagram put together last, which a segment may be borrowed from.
    whole: Vec<u8>,
    /// The packets that held its fragments.
    pieces: Vec<u64>,
}

/// What a packet is.
#[derive(Debug, Clone, Copy)]
pub enum Decoded<'a> {
    /// A TCP segment, of the innermost IP header.
    Tcp(Segment<'a>),
    /// An ICMP error about a TCP segment.
    Icmp(IcmpError),
    /// Something else: UDP, ARP, other ICMP, an encrypted tunnel.
    NotTcp,
    /// A fragment of an IP datagram that is not complete yet.
    Fragment,
    /// A link layer that is not read.
    Unsupported,
    /// A header that is too short, or a length in it that cannot be.
    Malformed,
    /// The snap length cut its headers.
    Cut,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    pub fn new(limits: &Limits) -> Self {
        Self {
            fragments: Fragments::new(limits),
            notes: Notes::default(),
            whole: Vec::new(),
            pieces: Vec::new(),
        }
    }

    /// Finds the TCP segment in a packet, or says what it is instead.
    ///
    /// A datagram in fragments gives its segment with the fragment that completes it.
    #[inline]
    pub fn decode<'a>(&'a mut self, packet: &Packet<'a>) -> Decoded<'a> {
        self.notes.packet(packet);
        self.pieces.clear();
        let missing = (packet.original_len as usize).saturating_sub(packet.data.len());
        let rest = Rest { bytes: packet.data, missing };
        if let Some((net, rest)) = shortcut(packet.link_type, rest)
            && let Ok(segment) = segment(net, rest)
        {
            self.notes.stats.tcp += 1;
            return Decoded::Tcp(segment);
        }
        self.walk(packet, rest)
    }

    #[inline(never)]
    fn walk<'a>(&'a mut self, packet: &Packet<'a>, rest: Rest<'a>) -> Decoded<'a> {
        match walk(Layer::Link(packet.link_type), rest) {
            Leaf::Fragment(_) => self.fragment(packet, rest),
            leaf => conclude(&mut self.notes, leaf, packet.number),
        }
    }

    /// What was odd, counted by kind: each warning names the first packet. To be asked for at the end of the
    /// capture; datagrams that are not complete then are given up.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        self.notes.take_warnings(&mut self.fragments)
    }

    /// The packets that held the fragments of the datagram that the last packet completed, that packet among them; empty
    /// where it was no fragment.
    pub fn pieces(&self) -> &[u64] {
        &self.pieces
    }

    /// The counts so far.
    pub fn stats(&self) -> &DecodeStats {
        &self.notes.stats
    }

    /// Puts a fragment to the others; what comes out may be a fragment itself, when tunnels are in play.
    fn fragment<'a>(&'a mut self, packet: &Packet<'a>, rest: Rest<'a>) -> Decoded<'a> {
        self.notes.stats.fragments.add(packet.number);
        let (number, nanos) = (packet.number, packet.time.nanos);
        let mut whole = None;
        let mut leaf = walk(Layer::Link(packet.link_type), rest);
        for _ in 0..MAX_NESTED_FRAGMENTS {
            let Leaf::Fragment(piece) = leaf else { break };
            whole = self.fragments.push(&piece, number, nanos);
            let Some(whole) = &whole else { return Decoded::Fragment };
            leaf = walk(Layer::Protocol(whole.protocol, whole.net), Rest { bytes: &whole.bytes, missing: 0 });
        }
        let Some(whole) = whole else { return Decoded::Fragment };
        self.pieces = whole.packets;
        self.whole = whole.bytes;
        let rest = Rest { bytes: &self.whole, missing: 0 };
        conclude(&mut self.notes, walk(Layer::Protocol(whole.protocol, whole.net), rest), number)
    }
}

fn conclude<'a>(notes: &mut Notes, leaf: Leaf<'a>, packet: u64) -> Decoded<'a> {
    let leaf = match leaf {
        Leaf::Tcp(net, rest) => match segment(net, rest) {
            Ok(segment) => {
                notes.stats.tcp += 1;
                return Decoded::Tcp(segment);
            }
            Err(leaf) => leaf,
        },
        leaf => leaf,
    };
    match leaf {
        Leaf::Udp { port_443, quic } => {
            if port_443 {
                notes.stats.udp_443.add(packet);
            }
            if quic {
                notes.stats.quic.add(packet);
            }
            Decoded::NotTcp
        }
        Leaf::Icmp(error) => Decoded::Icmp(error),
        Leaf::Tcp(..) | Leaf::Other => Decoded::NotTcp,
        Leaf::Fragment(_) => Decoded::Fragment,
        Leaf::Unsupported(link_type) => {
            notes.unsupported(link_type, packet);
            Decoded::Unsupported
        }
        Leaf::Cut => {
            notes.stats.cut_headers.add(packet);
            Decoded::Cut
        }
        Leaf::Malformed(fault) => {
            notes.malformed(fault, packet);
            Decoded::Malformed
        }
        Leaf::TooDeep => {
            notes.too_deep(packet);
            Decoded::NotTcp
        }
    }
}

/// Reads a TCP header (RFC 9293 §3.1), by hand, because one whose options the snap length cut will do.
#[inline(always)]
fn segment<'a>(net: Net, rest: Rest<'a>) -> Result<Segment<'a>, Leaf<'a>> {
    let (head, _) = rest.take::<20>("TCP header")?;
    let [p0, p1, q0, q1, s0, s1, s2, s3, a0, a1, a2, a3, offset, flags, w0, w1, ..] = head;
    let header_len = usize::from(offset >> 4) * 4;
    if header_len < 20 {
        return Err(Leaf::Malformed(Fault { layer: "TCP data offset", needed: 20, there: header_len }));
    }
    let Some(sent) = rest.sent().checked_sub(header_len) else {
        return Err(Leaf::Malformed(Fault { layer: "TCP header", needed: header_len, there: rest.sent() }));
    };
    Ok(Segment {
        source: Endpoint { addr: net.source, port: u16::from_be_bytes([p0, p1]) },
        destination: Endpoint { addr: net.destination, port: u16::from_be_bytes([q0, q1]) },
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        ack: u32::from_be_bytes([a0, a1, a2, a3]),
        flags: TcpFlags(flags),
        window: u16::from_be_bytes([w0, w1]),
        ttl: net.ttl,
        ip_id: net.id,
        payload: rest.bytes.get(header_len..).unwrap_or_default(),
        payload_len: u32::try_from(sent).unwrap_or(u32::MAX),
    })
}

/// Fragments within a datagram that was fragmented itself.
const MAX_NESTED_FRAGMENTS: usize = 4;
