//! The walk through the headers of one packet, from the outermost to TCP.

use std::net::IpAddr;

use super::fragments::Piece;
use super::icmp::IcmpError;
use super::{ethernet, ip, link, mpls, ppp, tunnel};
use crate::capture::LinkType;

/// What a layer's reader finds: the layer within and its bytes, or the end of the walk.
pub(super) type Step<'a> = Result<(Layer, Rest<'a>), Leaf<'a>>;

/// The bytes of a packet from some header on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest<'a> {
    /// Those that were captured.
    pub(super) bytes: &'a [u8],
    /// How many were sent after them, and not captured.
    pub(super) missing: usize,
}

/// What the next header is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Layer {
    /// The first header of a captured packet.
    Link(LinkType),
    /// An Ethernet header.
    Ethernet,
    /// What an EtherType names.
    EtherType(u16),
    /// An IEEE 802.2 header.
    Llc,
    /// PPP, with or without address and control.
    Ppp,
    /// An MPLS label (RFC 3032).
    Mpls,
    /// IPv4 or IPv6, as its first four bits say.
    Ip,
    /// What an IP protocol number names.
    Protocol(u8, Net),
    /// Generic Routing Encapsulation (RFC 2784).
    Gre,
}

/// Where a walk ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leaf<'a> {
    /// At a TCP header.
    Tcp(Net, Rest<'a>),
    /// At a fragment of an IP datagram.
    Fragment(Piece<'a>),
    /// At an ICMP error about a TCP segment.
    Icmp(IcmpError),
    /// At UDP that is no tunnel.
    Udp {
        /// Whether a port is 443.
        port_443: bool,
        /// Whether it begins with a QUIC long header (RFC 9000 §17.2).
        quic: bool,
    },
    /// At anything else that does not lead to TCP.
    Other,
    /// At a link layer that is not read.
    Unsupported(LinkType),
    /// At bytes that the snap length cut off.
    Cut,
    /// At a header that cannot be.
    Malformed(Fault),
    /// At the bound on layers.
    TooDeep,
}

/// What is wrong with a header: the length needed and the length there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// The header or the field in it.
    pub(super) layer: &'static str,
    /// Bytes that it needs at least.
    pub(super) needed: usize,
    /// Bytes that are there, or that the field claims.
    pub(super) there: usize,
}

/// What the innermost IP header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Net {
    /// Who sent it.
    pub(super) source: IpAddr,
    /// Whom it was sent to.
    pub(super) destination: IpAddr,
    /// Time to live or hop limit.
    pub(super) ttl: u8,
    /// IPv4 identification.
    pub(super) id: Option<u16>,
}

impl<'a> Rest<'a> {
    /// Bytes that were sent, captured or not.
    #[inline]
    pub(super) fn sent(self) -> usize {
        self.bytes.len().saturating_add(self.missing)
    }

    /// What follows the next `count` bytes.
    #[inline]
    pub(super) fn skip(self, count: usize, layer: &'static str) -> Result<Self, Leaf<'a>> {
        match self.bytes.get(count..) {
            Some(bytes) => Ok(Self { bytes, missing: self.missing }),
            None => Err(self.lacks(count, layer)),
        }
    }

    /// The next `N` bytes, and what follows them.
    #[inline]
    pub(super) fn take<const N: usize>(self, layer: &'static str) -> Result<([u8; N], Self), Leaf<'a>> {
        match self.bytes.split_first_chunk() {
            Some((head, bytes)) => Ok((*head, Self { bytes, missing: self.missing })),
            None => Err(self.lacks(N, layer)),
        }
    }

    /// The next `N` bytes, not passed over.
    pub(super) fn peek<const N: usize>(self) -> Option<[u8; N]> {
        self.bytes.first_chunk().copied()
    }

    /// The same without what lies after the first `len` bytes: padding and check sequences.
    #[inline]
    pub(super) fn limit(self, len: usize) -> Self {
        match self.bytes.get(..len) {
            Some(bytes) => Self { bytes, missing: 0 },
            None => Self { bytes: self.bytes, missing: self.missing.min(len - self.bytes.len()) },
        }
    }

    /// Why `needed` bytes are not there: cut off by the snap length, or never sent.
    #[cold]
    pub(super) fn lacks(self, needed: usize, layer: &'static str) -> Leaf<'a> {
        if needed <= self.sent() {
            Leaf::Cut
        } else {
            Leaf::Malformed(Fault { layer, needed, there: self.sent() })
        }
    }
}

/// What nearly every packet is, without the walk: TCP in IP in Ethernet.
#[inline]
pub(super) fn shortcut(link_type: LinkType, rest: Rest<'_>) -> Option<(Net, Rest<'_>)> {
    if link_type == link::ETHERNET { ip::plain_tcp(ethernet::plain_ip(rest)?) } else { None }
}

/// Follows the headers from `layer` on to where they end.
pub(super) fn walk(mut layer: Layer, mut rest: Rest<'_>) -> Leaf<'_> {
    for _ in 0..MAX_LAYERS {
        let step = match layer {
            Layer::Link(link_type) => link::first(link_type, rest),
            Layer::Ethernet => ethernet::header(rest),
            Layer::EtherType(ether_type) => ethernet::ether_type(ether_type, rest),
            Layer::Llc => ethernet::llc(rest),
            Layer::Ppp => ppp::ppp(rest),
            Layer::Mpls => mpls::label(rest),
            Layer::Ip => ip::by_version(rest),
            Layer::Protocol(protocol, net) => ip::protocol(protocol, net, rest),
            Layer::Gre => tunnel::gre(rest),
        };
        match step {
            Ok(inner) => (layer, rest) = inner,
            Err(leaf) => return leaf,
        }
    }
    Leaf::TooDeep
}

/// Headers around each other that are followed: sixteen tunnels of two each.
const MAX_LAYERS: usize = 32;
