//! ICMP errors about TCP segments (RFC 792, RFC 4443): somebody on the way could not deliver one, and quotes it.

use std::fmt;
use std::net::IpAddr;

use super::walk::{Leaf, Net, Rest};
use super::{Endpoint, ip};

/// A router or a host says that a TCP segment was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpError {
    /// Who says so: a router or firewall on the way, or the other end.
    pub from: IpAddr,
    /// What happened to the segment.
    pub problem: IcmpProblem,
    /// Who sent the segment.
    pub source: Endpoint,
    /// Whom it was sent to.
    pub destination: Endpoint,
    /// Its sequence number.
    pub seq: u32,
    /// Its whole TCP header is quoted. Wireshark then counts it to a stream, a new one where it knows none.
    pub is_whole: bool,
    /// Payload of the segment is quoted, too.
    pub has_payload: bool,
}

/// Why a segment was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IcmpProblem {
    /// Destination unreachable (ICMP type 3) with its code.
    Unreachable(u8),
    /// Destination unreachable (`ICMPv6` type 1) with its code.
    UnreachableV6(u8),
    /// It is larger than the next link takes: ICMP type 3 code 4 (RFC 1191), `ICMPv6` type 2. With the bytes that pass, 0 where
    /// an old router does not say.
    TooBig(u32),
    /// Its time to live was over on the way: ICMP type 11 code 0, `ICMPv6` type 3 code 0.
    TimeExceeded,
}

impl IcmpProblem {
    /// Nothing listens there, or a firewall refuses: the way to the machine is not what is missing.
    pub const fn refuses(self) -> bool {
        matches!(self, Self::Unreachable(2)) || self.is_of_port() || self.prohibits()
    }

    /// Nothing listens on the port, or a firewall says so.
    pub const fn is_of_port(self) -> bool {
        matches!(self, Self::Unreachable(3) | Self::UnreachableV6(4))
    }

    /// A firewall refuses, and says so.
    pub const fn prohibits(self) -> bool {
        matches!(self, Self::Unreachable(9 | 10 | 13)) || matches!(self, Self::UnreachableV6(1 | 5 | 6))
    }

    /// The packet found no way to the machine, or the machine is not there.
    pub const fn finds_no_way(self) -> bool {
        match self {
            Self::Unreachable(_) | Self::UnreachableV6(_) => !self.refuses(),
            Self::TimeExceeded => true,
            Self::TooBig(_) => false,
        }
    }
}

/// By the names of the IANA registries, in short.
impl fmt::Display for IcmpProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (names, code): (&[&str], u8) = match *self {
            Self::Unreachable(code) => (&UNREACHABLE, code),
            Self::UnreachableV6(code) => (&UNREACHABLE_V6, code),
            Self::TooBig(0) => return f.write_str("packet too big"),
            Self::TooBig(mtu) => return write!(f, "packet too big, {mtu} bytes pass"),
            Self::TimeExceeded => return f.write_str("time to live exceeded"),
        };
        match names.get(usize::from(code)) {
            Some(name) => f.write_str(name),
            None => write!(f, "destination unreachable, code {code}"),
        }
    }
}

/// Codes of type 3 (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1).
const UNREACHABLE: [&str; 16] = [
    "network unreachable",
    "host unreachable",
    "protocol unreachable",
    "port unreachable",
    "fragmentation needed",
    "source route failed",
    "destination network unknown",
    "destination host unknown",
    "source host isolated",
    "network administratively prohibited",
    "host administratively prohibited",
    "network unreachable for this type of service",
    "host unreachable for this type of service",
    "communication administratively prohibited",
    "host precedence violation",
    "precedence cutoff in effect",
];

/// Codes of `ICMPv6` type 1 (RFC 4443 §3.1).
const UNREACHABLE_V6: [&str; 7] = [
    "no route to destination",
    "administratively prohibited",
    "beyond scope of source address",
    "address unreachable",
    "port unreachable",
    "source address failed ingress or egress policy",
    "reject route to destination",
];

/// ICMP in IPv4.
pub(super) fn v4(net: Net, rest: Rest<'_>) -> Leaf<'_> {
    let Some([kind, code, _, _, _, _, m0, m1]) = rest.peek::<8>() else { return Leaf::Other };
    let problem = match (kind, code) {
        (3, 4) => IcmpProblem::TooBig(u16::from_be_bytes([m0, m1]).into()),
        (3, code) => IcmpProblem::Unreachable(code),
        (11, 0) => IcmpProblem::TimeExceeded,
        _ => return Leaf::Other,
    };
    quoted(net, problem, rest).map_or(Leaf::Other, Leaf::Icmp)
}

/// `ICMPv6`.
pub(super) fn v6(net: Net, rest: Rest<'_>) -> Leaf<'_> {
    let Some([kind, code, _, _, m0, m1, m2, m3]) = rest.peek::<8>() else { return Leaf::Other };
    let problem = match (kind, code) {
        (1, code) => IcmpProblem::UnreachableV6(code),
        (2, _) => IcmpProblem::TooBig(u32::from_be_bytes([m0, m1, m2, m3])),
        (3, 0) => IcmpProblem::TimeExceeded,
        _ => return Leaf::Other,
    };
    quoted(net, problem, rest).map_or(Leaf::Other, Leaf::Icmp)
}

/// The segment that is quoted behind the header; at least its ports and its sequence number are (RFC 792).
fn quoted(net: Net, problem: IcmpProblem, rest: Rest<'_>) -> Option<IcmpError> {
    let (about, inner) = ip::quoted_tcp(rest.skip(8, "ICMP header").ok()?)?;
    let [p0, p1, q0, q1, s0, s1, s2, s3] = *inner.bytes.first_chunk()?;
    let header = inner.bytes.first_chunk::<20>();
    Some(IcmpError {
        from: net.source,
        problem,
        source: Endpoint { addr: about.source, port: u16::from_be_bytes([p0, p1]) },
        destination: Endpoint { addr: about.destination, port: u16::from_be_bytes([q0, q1]) },
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        is_whole: header.is_some(),
        has_payload: header.is_some_and(|header| inner.bytes.len() > usize::from(header[12] >> 4) * 4),
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{V4, V6, hello, join, packet, tcp, udp, v4, v6};
    use super::super::{Decoded, Decoder};
    use super::*;
    use crate::limits::Limits;

    fn error(link_type: u32, data: &[u8]) -> Option<IcmpError> {
        match Decoder::new(&Limits::default()).decode(&packet(link_type, 1, data)) {
            Decoded::Icmp(error) => Some(error),
            Decoded::NotTcp => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_segment_that_is_quoted_is_named() {
        let found = error(101, &v4(1, &join(&[&[3, 13, 0, 0, 0, 0, 0, 0], &hello()]))).unwrap();
        assert_eq!((found.from, found.source.addr, found.destination.addr), (V4.0, V4.0, V4.1));
        assert_eq!((found.source.port, found.destination.port, found.seq), (50_000, 443, 1_000));
        assert_eq!((found.is_whole, found.has_payload), (true, true));
        assert_eq!(found.problem.to_string(), "communication administratively prohibited");
        let found = error(229, &v6(58, &join(&[&[1, 4, 0, 0, 0, 0, 0, 0], &v6(6, &tcp(b""))]))).unwrap();
        assert_eq!((found.source.addr, found.destination.addr), V6);
        assert_eq!((found.is_whole, found.has_payload), (true, false));
        assert!(found.problem.refuses() && !found.problem.prohibits());
    }

    #[test]
    fn eight_bytes_of_the_segment_are_enough() {
        let found = error(101, &v4(1, &join(&[&[3, 4, 0, 0, 0, 0, 5, 0x78], &hello()[..28]]))).unwrap();
        assert_eq!((found.seq, found.is_whole, found.has_payload), (1_000, false, false));
        assert_eq!(found.problem, IcmpProblem::TooBig(1_400));
        assert_eq!(found.problem.to_string(), "packet too big, 1400 bytes pass");
        assert!(error(101, &v4(1, &join(&[&[3, 4, 0, 0, 0, 0, 5, 0x78], &hello()[..27]]))).is_none());
        let found =
            error(229, &v6(58, &join(&[&[2, 0, 0, 0, 0, 0, 5, 0], &v6(6, &tcp(b""))[..48]]))).unwrap();
        assert_eq!(found.problem, IcmpProblem::TooBig(1_280));
    }

    #[test]
    fn other_messages_and_errors_about_other_packets_say_nothing() {
        for head in [[8, 0, 0, 0, 0, 0, 0, 0], [5, 1, 0, 0, 0, 0, 0, 0], [11, 1, 0, 0, 0, 0, 0, 0]] {
            assert!(error(101, &v4(1, &join(&[&head, &hello()]))).is_none());
        }
        let about_udp = v4(17, &udp(50_000, 53, b"question"));
        assert!(error(101, &v4(1, &join(&[&[3, 3, 0, 0, 0, 0, 0, 0], &about_udp]))).is_none());
        assert!(error(101, &v4(1, &[3, 3, 0])).is_none());
        let mut later = hello();
        later[7] = 9;
        assert!(
            error(101, &v4(1, &join(&[&[3, 1, 0, 0, 0, 0, 0, 0], &later]))).is_none(),
            "no first fragment"
        );
    }

    #[test]
    fn every_code_has_a_name_and_one_meaning() {
        for code in 0..=255 {
            for problem in [IcmpProblem::Unreachable(code), IcmpProblem::UnreachableV6(code)] {
                assert_ne!(problem.refuses(), problem.finds_no_way());
                assert!(!problem.to_string().is_empty());
            }
        }
        assert!(IcmpProblem::TimeExceeded.finds_no_way() && !IcmpProblem::TooBig(0).finds_no_way());
    }
}
