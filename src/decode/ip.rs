//! IPv4 (RFC 791), IPv6 (RFC 8200) and its extension headers.

use std::net::{IpAddr, Ipv6Addr};

use etherparse::err::ipv4::{HeaderError, HeaderSliceError};
use etherparse::{
    IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice,
};

use super::fragments::Piece;
use super::walk::{Fault, Layer, Leaf, Net, Rest, Step};
use super::{icmp, udp};

/// IPv4 or IPv6, as the version in the header says. What is named around it may be wrong; this is not.
pub(super) fn by_version(rest: Rest<'_>) -> Step<'_> {
    match rest.bytes.first() {
        Some(0x40..=0x4f) => v4(rest),
        Some(0x60..=0x6f) => v6(rest),
        Some(first) => {
            let fault = Fault { layer: "IP version", needed: 4, there: usize::from(first >> 4) };
            Err(Leaf::Malformed(fault))
        }
        None => Err(rest.lacks(20, "IP header")),
    }
}

/// What an IP protocol number names.
pub(super) fn protocol(number: u8, net: Net, rest: Rest<'_>) -> Step<'_> {
    match number {
        TCP => Err(Leaf::Tcp(net, rest)),
        UDP => udp::datagram(rest),
        ICMP if net.source.is_ipv4() => Err(icmp::v4(net, rest)),
        ICMPV6 if net.source.is_ipv6() => Err(icmp::v6(net, rest)),
        IPV4 | IPV6 => Ok((Layer::Ip, rest)),
        GRE => Ok((Layer::Gre, rest)),
        FRAGMENT => fragment(net, rest),
        AUTHENTICATION => authentication(net, rest),
        ROUTING => routing(net, rest),
        HOP_BY_HOP | DESTINATION | MOBILITY | HOST_IDENTITY | SHIM6 if net.source.is_ipv6() => {
            let header = extension(rest)?;
            Ok((Layer::Protocol(header.next_header().0, net), rest.skip(header.slice().len(), EXTENSION)?))
        }
        ETHER_IP => Ok((Layer::Ethernet, rest.skip(2, "EtherIP header")?)),
        MPLS => Ok((Layer::Mpls, rest)),
        ETHERNET => Ok((Layer::Ethernet, rest)),
        _ => Err(Leaf::Other),
    }
}

/// An IPv4 packet, taken apart.
struct V4<'a> {
    net: Net,
    protocol: u8,
    /// Its payload, without what lies after it.
    inner: Rest<'a>,
    /// Offset in bytes, and whether more come, when it is a fragment.
    fragment: Option<(u32, bool)>,
}

/// The TCP segment in an IP packet that is nothing but ordinary; anything else is for [`by_version`].
#[inline]
pub(super) fn plain_tcp(rest: Rest<'_>) -> Option<(Net, Rest<'_>)> {
    match rest.bytes.first()? {
        0x40..=0x4f => match open_v4(rest) {
            Ok(V4 { net, protocol: TCP, inner, fragment: None }) => Some((net, inner)),
            _ => None,
        },
        0x60..=0x6f => match open_v6(rest) {
            Ok((net, TCP, inner)) => Some((net, inner)),
            _ => None,
        },
        _ => None,
    }
}

/// The beginning of a TCP segment in an IP packet that an ICMP error quotes; of a fragment that is the first.
pub(super) fn quoted_tcp(rest: Rest<'_>) -> Option<(Net, Rest<'_>)> {
    match rest.bytes.first()? {
        0x40..=0x4f => match open_v4(rest) {
            Ok(V4 { net, protocol: TCP, inner, fragment: None | Some((0, _)) }) => Some((net, inner)),
            _ => None,
        },
        _ => plain_tcp(rest),
    }
}

#[inline(always)]
fn open_v4(rest: Rest<'_>) -> Result<V4<'_>, Leaf<'_>> {
    let header = Ipv4HeaderSlice::from_slice(rest.bytes).map_err(|error| bad_v4(&error, rest))?;
    let header_len = header.slice().len();
    let total = usize::from(header.total_len());
    let rest = match total {
        // Segmentation offload: the host's network card fills it in after the capture.
        0 => rest,
        _ if total < header_len => {
            return Err(Leaf::Malformed(Fault {
                layer: "IPv4 total length",
                needed: header_len,
                there: total,
            }));
        }
        _ => rest.limit(total),
    };
    let inner = rest.skip(header_len, "IPv4 header")?;
    let net = Net {
        source: IpAddr::V4(header.source_addr()),
        destination: IpAddr::V4(header.destination_addr()),
        ttl: header.ttl(),
        id: Some(header.identification()),
    };
    let offset = u32::from(header.fragments_offset().value()) * 8;
    let fragment = header.is_fragmenting_payload().then_some((offset, header.more_fragments()));
    Ok(V4 { net, protocol: header.protocol().0, inner, fragment })
}

fn v4(rest: Rest<'_>) -> Step<'_> {
    let V4 { net, protocol, inner, fragment } = open_v4(rest)?;
    if let Some((offset, more)) = fragment {
        let id = u32::from(net.id.unwrap_or(0));
        return Err(Leaf::Fragment(Piece { net, protocol, id, offset, more, rest: inner }));
    }
    Ok((Layer::Protocol(protocol, net), inner))
}

fn bad_v4<'a>(error: &HeaderSliceError, rest: Rest<'a>) -> Leaf<'a> {
    match error {
        HeaderSliceError::Len(error) => rest.lacks(error.required_len, "IPv4 header"),
        HeaderSliceError::Content(HeaderError::HeaderLengthSmallerThanHeader { ihl }) => {
            Leaf::Malformed(Fault { layer: "IPv4 header length", needed: 20, there: usize::from(*ihl) * 4 })
        }
        HeaderSliceError::Content(HeaderError::UnexpectedVersion { version_number }) => {
            Leaf::Malformed(Fault { layer: "IP version", needed: 4, there: usize::from(*version_number) })
        }
    }
}

#[inline(always)]
fn open_v6(rest: Rest<'_>) -> Result<(Net, u8, Rest<'_>), Leaf<'_>> {
    let header = Ipv6HeaderSlice::from_slice(rest.bytes).map_err(|_| rest.lacks(40, "IPv6 header"))?;
    let rest = match usize::from(header.payload_length()) {
        // A jumbogram (RFC 2675), or segmentation offload.
        0 => rest,
        len => rest.limit(40 + len),
    };
    let net = Net {
        source: IpAddr::V6(header.source_addr()),
        destination: IpAddr::V6(header.destination_addr()),
        ttl: header.hop_limit(),
        id: None,
    };
    Ok((net, header.next_header().0, rest.skip(40, "IPv6 header")?))
}

fn v6(rest: Rest<'_>) -> Step<'_> {
    let (net, protocol, inner) = open_v6(rest)?;
    Ok((Layer::Protocol(protocol, net), inner))
}

fn extension(rest: Rest<'_>) -> Result<Ipv6RawExtHeaderSlice<'_>, Leaf<'_>> {
    Ipv6RawExtHeaderSlice::from_slice(rest.bytes).map_err(|error| rest.lacks(error.required_len, EXTENSION))
}

fn fragment(net: Net, rest: Rest<'_>) -> Step<'_> {
    let header = Ipv6FragmentHeaderSlice::from_slice(rest.bytes)
        .map_err(|error| rest.lacks(error.required_len, "IPv6 fragment header"))?;
    let (protocol, inner) = (header.next_header().0, rest.skip(8, "IPv6 fragment header")?);
    // An atomic fragment is a whole datagram (RFC 6946).
    if !header.is_fragmenting_payload() {
        return Ok((Layer::Protocol(protocol, net), inner));
    }
    let offset = u32::from(header.fragment_offset().value()) * 8;
    let (id, more) = (header.identification(), header.more_fragments());
    Err(Leaf::Fragment(Piece { net, protocol, id, offset, more, rest: inner }))
}

fn authentication(net: Net, rest: Rest<'_>) -> Step<'_> {
    let Ok(header) = IpAuthHeaderSlice::from_slice(rest.bytes) else {
        return Err(rest.lacks(12, "authentication header"));
    };
    let len = header.slice().len();
    Ok((Layer::Protocol(header.next_header().0, net), rest.skip(len, "authentication header")?))
}

/// A routing header: as long as segments are left, the true destination is in it.
fn routing(mut net: Net, rest: Rest<'_>) -> Step<'_> {
    let header = extension(rest)?;
    let bytes = header.slice();
    let segment = match (bytes.get(2), bytes.get(3)) {
        (_, None | Some(0)) => None,
        // RFC 5095: the last address of the list is the final one. RFC 6275 and RFC 8754: the first.
        (Some(0), _) => bytes.last_chunk::<16>(),
        (Some(2 | 4), _) => bytes.get(8..).and_then(|list| list.first_chunk::<16>()),
        _ => None,
    };
    if let Some(segment) = segment {
        net.destination = IpAddr::V6(Ipv6Addr::from(*segment));
    }
    Ok((Layer::Protocol(header.next_header().0, net), rest.skip(bytes.len(), EXTENSION)?))
}

const EXTENSION: &str = "IPv6 extension header";

// Protocol numbers as IANA has them.
const HOP_BY_HOP: u8 = 0;
const ICMP: u8 = 1;
const IPV4: u8 = 4;
const TCP: u8 = 6;
const UDP: u8 = 17;
const IPV6: u8 = 41;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const GRE: u8 = 47;
const AUTHENTICATION: u8 = 51;
const ICMPV6: u8 = 58;
const DESTINATION: u8 = 60;
const ETHER_IP: u8 = 97;
const MOBILITY: u8 = 135;
const MPLS: u8 = 137;
const HOST_IDENTITY: u8 = 139;
const SHIM6: u8 = 140;
const ETHERNET: u8 = 143;

#[cfg(test)]
mod tests {
    use super::super::samples::{V4, V6, decode, ethernet, hello, join, packet, tcp, v4, v6};
    use super::super::{Decoded, Decoder};
    use super::*;
    use crate::capture::Packet;
    use crate::limits::Limits;

    #[test]
    fn addresses_and_fields_of_the_innermost_header_are_given() {
        let (bytes, mut decoder) = (hello(), Decoder::new(&Limits::default()));
        let Decoded::Tcp(segment) = decoder.decode(&packet(101, 1, &bytes)) else { panic!("no segment") };
        assert_eq!((segment.source.addr, segment.destination.addr), V4);
        assert_eq!((segment.ttl, segment.ip_id, segment.payload_len), (64, Some(7), 5));
        let bytes = v6(6, &tcp(b"hello"));
        let Decoded::Tcp(segment) = decoder.decode(&packet(229, 2, &bytes)) else { panic!("no segment") };
        assert_eq!((segment.source.addr, segment.destination.addr), V6);
        assert_eq!((segment.ttl, segment.ip_id, segment.payload_len), (60, None, 5));
    }

    #[test]
    fn padding_and_check_sequences_are_no_payload() {
        assert_eq!(decode(1, &ethernet(0x0800, &join(&[&hello(), &[0x16, 3, 1, 0, 5]]))), "tcp hello");
        assert_eq!(decode(1, &ethernet(0x86dd, &join(&[&v6(6, &tcp(b"")), &[0; 9]]))), "tcp ");
    }

    #[test]
    fn a_length_of_zero_is_that_of_segmentation_offload() {
        let mut bytes = hello();
        (bytes[2], bytes[3]) = (0, 0);
        assert_eq!(decode(101, &bytes), "tcp hello");
        let mut bytes = v6(6, &tcp(b"hello"));
        (bytes[4], bytes[5]) = (0, 0);
        assert_eq!(decode(101, &bytes), "tcp hello");
    }

    #[test]
    fn options_and_extension_headers_are_passed() {
        let mut bytes = v4(6, &join(&[&[0x94, 4, 0, 0], &tcp(b"hello")]));
        bytes[0] = 0x46;
        assert_eq!(decode(101, &bytes), "tcp hello");
        let authenticated = join(&[&[6, 4, 0, 0], &[1; 20], &tcp(b"hello")]);
        assert_eq!(decode(101, &v4(51, &authenticated)), "tcp hello");
        let chain = join(&[
            &[60, 0, 1, 4, 0, 0, 0, 0],
            &[43, 0, 1, 4, 0, 0, 0, 0],
            &[44, 0, 2, 0, 0, 0, 0, 0],
            &[51, 0, 0, 0, 0, 0, 0, 9],
            &authenticated,
        ]);
        assert_eq!(decode(229, &v6(0, &chain)), "tcp hello");
    }

    #[test]
    fn segments_left_in_a_routing_header_name_the_true_destination() {
        let address = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
        for kind in [0, 2, 4] {
            let routed = join(&[&[6, 2, kind, 1, 0, 0, 0, 0], &address, &tcp(b"hello")]);
            let (bytes, mut decoder) = (v6(43, &routed), Decoder::new(&Limits::default()));
            let Decoded::Tcp(segment) = decoder.decode(&packet(229, 1, &bytes)) else { panic!("no segment") };
            assert_eq!(segment.destination.addr, IpAddr::V6(Ipv6Addr::from(address)), "type {kind}");
        }
    }

    #[test]
    fn headers_that_cannot_be_are_malformed_and_those_cut_off_are_not() {
        let good = hello();
        let with = |at: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[at] = value;
            decode(101, &bytes)
        };
        assert_eq!(with(0, 0x44), "malformed", "header length");
        assert_eq!(with(0, 0x55), "malformed", "version");
        assert_eq!(with(3, 19), "malformed", "total length");
        assert_eq!(with(20 + 12, 0x40), "malformed", "data offset");
        assert_eq!(with(20 + 12, 0xf0), "malformed", "data offset over the end");
        assert_eq!(decode(101, &good[..30]), "malformed", "no snap length, no room");
        let mut decoder = Decoder::new(&Limits::default());
        for len in 0..good.len() {
            let cut = Packet { original_len: good.len() as u32, ..packet(101, 1, &good[..len]) };
            match decoder.decode(&cut) {
                Decoded::Tcp(segment) => {
                    assert_eq!((len >= 40, segment.payload_len), (true, 5));
                    assert_eq!(segment.payload.len(), len.saturating_sub(44));
                }
                other => assert!(len < 40 && matches!(other, Decoded::Cut), "{len}: {other:?}"),
            }
        }
        assert_eq!(decoder.stats().cut_headers.count, 40);
    }
}
