//! Packets for tests, built header by header from the inside out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Decoded, Decoder};
use crate::capture::{LinkType, Packet, Timestamp};
use crate::limits::Limits;

/// The IPv4 addresses of [`v4`].
pub(super) const V4: (IpAddr, IpAddr) =
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)));

/// The IPv6 addresses of [`v6`].
pub(super) const V6: (IpAddr, IpAddr) = (
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2)),
);

/// Bytes in a row.
pub(super) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A TCP segment from port 50000 to 443, sequence number 1000, acknowledging 2000, with an option.
pub(super) fn tcp(payload: &[u8]) -> Vec<u8> {
    let ports = [0xc3, 0x50, 0x01, 0xbb];
    let numbers = [0, 0, 0x03, 0xe8, 0, 0, 0x07, 0xd0];
    join(&[&ports, &numbers, &[0x60, 0x18, 0x10, 0x00, 0, 0, 0, 0], &[2, 4, 5, 0xb4], payload])
}

/// A UDP datagram.
pub(super) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u16 + 8).to_be_bytes();
    join(&[&source.to_be_bytes(), &destination.to_be_bytes(), &len, &[0, 0], payload])
}

/// An IPv4 packet, with the flags and the offset field as given.
pub(super) fn v4_fragment(protocol: u8, id: u16, field: u16, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u16 + 20).to_be_bytes();
    let head = [0x45, 0, len[0], len[1]];
    let rest = [64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    join(&[&head, &id.to_be_bytes(), &field.to_be_bytes(), &rest, payload])
}

/// A whole IPv4 packet.
pub(super) fn v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    v4_fragment(protocol, 7, 0x4000, payload)
}

/// An IPv6 packet.
pub(super) fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u16).to_be_bytes();
    let mut source = [0; 16];
    source[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    let mut destination = source;
    (source[15], destination[15]) = (1, 2);
    join(&[&[0x60, 0, 0, 0, len[0], len[1], next, 60], &source, &destination, payload])
}

/// An Ethernet frame.
pub(super) fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1], &ether_type.to_be_bytes(), payload])
}

/// The innermost packet of most tests: TCP with `hello` over IPv4.
pub(super) fn hello() -> Vec<u8> {
    v4(6, &tcp(b"hello"))
}

/// A captured packet that is not cut.
pub(super) fn packet(link_type: u32, number: u64, data: &[u8]) -> Packet<'_> {
    let (time, link_type) = (Timestamp::new(0, 6), LinkType(link_type));
    Packet { number, time, link_type, original_len: data.len() as u32, data }
}

/// What a packet with this link type is, in short: `tcp PAYLOAD`, or the name of the variant.
pub(super) fn decode(link_type: u32, data: &[u8]) -> String {
    let mut decoder = Decoder::new(&Limits::default());
    brief(&decoder.decode(&packet(link_type, 1, data)))
}

/// A result in short.
pub(super) fn brief(decoded: &Decoded<'_>) -> String {
    match decoded {
        Decoded::Tcp(segment) => {
            assert_eq!((segment.source.port, segment.destination.port), (50_000, 443));
            assert_eq!(
                (segment.seq, segment.ack, segment.flags.0, segment.window),
                (1_000, 2_000, 0x18, 4_096)
            );
            format!("tcp {}", String::from_utf8_lossy(segment.payload))
        }
        Decoded::Icmp(error) => format!("icmp {}", error.problem),
        Decoded::NotTcp => "not tcp".into(),
        Decoded::Fragment => "fragment".into(),
        Decoded::Unsupported => "unsupported".into(),
        Decoded::Malformed => "malformed".into(),
        Decoded::Cut => "cut".into(),
    }
}
