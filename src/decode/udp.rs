//! UDP (RFC 768): the tunnels over it, and whether it is QUIC.

use etherparse::UdpHeaderSlice;

use super::walk::{Layer, Leaf, Rest, Step};

/// A UDP datagram. What is on a tunnel's port and does not look like the tunnel is taken as plain UDP.
pub(super) fn datagram(rest: Rest<'_>) -> Step<'_> {
    let Ok(header) = UdpHeaderSlice::from_slice(rest.bytes) else {
        return Err(rest.lacks(8, "UDP header"));
    };
    let (source, destination) = (header.source_port(), header.destination_port());
    let inner = match usize::from(header.length()) {
        len @ 8.. => rest.limit(len),
        _ => rest,
    };
    let inner = inner.skip(8, "UDP header")?;
    for port in [destination, source] {
        if let Some(step) = tunnel(port, inner) {
            return Ok(step);
        }
    }
    Err(Leaf::Udp { port_443: source == 443 || destination == 443, quic: is_quic(inner.bytes) })
}

/// What lies in the tunnel that a port is registered for, when the content agrees.
fn tunnel(port: u16, rest: Rest<'_>) -> Option<(Layer, Rest<'_>)> {
    match port {
        4789 | 8472 => vxlan(rest),
        4790 => vxlan_gpe(rest),
        6081 => geneve(rest),
        2152 => gtp(rest),
        1701 => l2tp(rest),
        3544 => teredo(rest),
        4754 => Some((Layer::Gre, rest)),
        6635 => Some((Layer::Mpls, rest)),
        37_008 => tzsp(rest),
        _ => None,
    }
}

/// RFC 7348 §5: the I flag is set, and the second and the last reserved bytes tell nothing.
fn vxlan(rest: Rest<'_>) -> Option<(Layer, Rest<'_>)> {
    let ([flags, ..], inner) = rest.take::<8>("VXLAN header").ok()?;
    (flags & 0x08 != 0).then_some((Layer::Ethernet, inner))
}

/// VXLAN with a next-protocol field.
fn vxlan_gpe(rest: Rest<'_>) -> Option<(Layer, Rest<'_>)> {
    let ([flags, _, _, next, ..], inner) = rest.take::<8>("VXLAN header").ok()?;
    match (flags & 0x04 != 0, next) {
        (true, 1 | 2) => Some((Layer::Ip, inner)),
        (true, 4) => Some((Layer::EtherType(0x894f), inner)),
        (true, 3) | (false, _) => Some((Layer::Ethernet, inner)),
        _ => None,
    }
}

/// RFC 8926 §3.4: version 0, options in words of four bytes, and an EtherType.
fn geneve(rest: Rest<'_>) -> Option<(Layer, Rest<'_>)> {
    let ([first, _, high, low, ..], inner) = rest.take::<8>("GENEVE header").ok()?;
    let inner = inner.skip(usize::from(first & 0x3f) * 4, "GENEVE options").ok()?;
    (first >> 6 == 0).then_some((Layer::EtherType(u16::from_be_bytes([high, low])), inner))
}

/// 3GPP TS 29.281 §5: version 1, a user packet (type 255), and extension headers that name the next one.
fn gtp(rest: Rest<'_>) -> Option<(Layer, Rest<'_>)> {
    let ([flags, kind, high, low, ..], mut inner) = rest.take::<8>("GTP header").ok()?;
    if flags & 0xf0 != 0x30 || kind != 255 {
        return None;
    }
    inner = inner.limit(usize::from(u16::from_be_bytes([high, low])));
    if flags & 0x07 != 0 {
        let ([_, _, _, mut next], mut after) = inner.take("GTP header").ok()?;
        while next != 0 {
            // The length counts words of four bytes, its own byte and the next type included.
            let len = usize::from(*after.bytes.first()?) * 4;
            next = *after.bytes.get(len.checked_sub(1)?)?;
            after = after.skip(len, "GTP extension header").ok()?;
        }
        inner = after;
    }
    Some((Layer::Ip, inner))
}

/// RFC 2661 §3.1: a data message of version 2, which carries PPP.
fn l2tp(rest: Rest<'_>) -> Option<(Layer, Rest<'_>)> {
    let ([flags, version], mut inner) = rest.take("L2TP header").ok()?;
    if flags & 0x80 != 0 || version & 0x0f != 2 {
        return None;
    }
    let optional = |bit: u8, len: usize| if flags & bit != 0 { len } else { 0 };
    inner = inner.skip(optional(0x40, 2) + 4 + optional(0x08, 4), "L2TP header").ok()?;
    if flags & 0x02 != 0 {
        let ([high, low], after) = inner.take("L2TP offset").ok()?;
        inner = after.skip(usize::from(u16::from_be_bytes([high, low])), "L2TP offset").ok()?;
    }
    Some((Layer::Ppp, inner))
}

/// RFC 4380 §5.1.1: IPv6, after an authentication and an origin field that may be there.
fn teredo(mut rest: Rest<'_>) -> Option<(Layer, Rest<'_>)> {
    if let Some([0, 1, id, secret]) = rest.peek() {
        rest = rest.skip(13 + usize::from(id) + usize::from(secret), "Teredo authentication").ok()?;
    }
    if let Some([0, 0]) = rest.peek() {
        rest = rest.skip(8, "Teredo origin").ok()?;
    }
    matches!(rest.bytes.first(), Some(0x60..=0x6f)).then_some((Layer::Ip, rest))
}

/// TaZmen Sniffer Protocol, as routers send what they capture: tags up to the end mark, then the frame.
fn tzsp(rest: Rest<'_>) -> Option<(Layer, Rest<'_>)> {
    let ([version, _, high, low], mut inner) = rest.take("TZSP header").ok()?;
    if version != 1 {
        return None;
    }
    loop {
        let ([tag], after) = inner.take("TZSP tag").ok()?;
        inner = match tag {
            0 => after,
            1 => break inner = after,
            _ => {
                let ([len], after) = after.take("TZSP tag").ok()?;
                after.skip(usize::from(len), "TZSP tag").ok()?
            }
        };
    }
    match u16::from_be_bytes([high, low]) {
        1 => Some((Layer::Ethernet, inner)),
        _ => None,
    }
}

/// A QUIC long header (RFC 9000 §17.2) of a version in use: 1, 2, drafts, Google's and Facebook's.
fn is_quic(bytes: &[u8]) -> bool {
    let Some(&[first, a, b, c, d]) = bytes.first_chunk() else { return false };
    if first & 0x80 == 0 {
        return false;
    }
    match u32::from_be_bytes([a, b, c, d]) {
        1 | 0x6b33_43cf => first & 0x40 != 0,
        0xff00_0000..=0xff00_00ff | 0xface_b000..=0xface_b00f => true,
        _ => matches!((a, b), (b'Q' | b'T', b'0')),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{decode, ethernet, hello, join, packet, tcp, udp, v4, v6};
    use super::super::{Decoder, Tally};
    use crate::limits::Limits;

    #[test]
    fn every_tunnel_leads_to_the_segment() {
        let frame = ethernet(0x0800, &[]);
        let teredo = v6(6, &tcp(b"hello"));
        for (port, content) in [
            (4789, join(&[&[8, 0, 0, 0, 0, 0, 1, 0], &frame, &hello()])),
            (8472, join(&[&[8, 0, 0, 0, 0, 0, 1, 0], &frame, &hello()])),
            (4790, join(&[&[0x0c, 0, 0, 1, 0, 0, 1, 0], &hello()])),
            (4790, join(&[&[0x0c, 0, 0, 3, 0, 0, 1, 0], &frame, &hello()])),
            (6081, join(&[&[0, 0, 0x65, 0x58, 0, 0, 1, 0], &frame, &hello()])),
            (6081, join(&[&[3, 0, 8, 0, 0, 0, 1, 0], &[9; 12], &hello()])),
            (2152, join(&[&[0x30, 255, 0, 49, 0, 0, 0, 1], &hello()])),
            (2152, join(&[&[0x32, 255, 0, 53, 0, 0, 0, 1, 0, 9, 0, 0], &hello()])),
            (
                2152,
                join(&[&[0x34, 255, 0, 65, 0, 0, 0, 1, 0, 0, 0, 0x85], &[2, 0, 0, 0, 0, 0, 0, 0x40]])
                    .into_iter()
                    .chain(join(&[&[1, 0, 0, 0], &hello()]))
                    .collect(),
            ),
            (1701, join(&[&[0, 2, 0, 1, 0, 1, 0xff, 3, 0, 0x21], &hello()])),
            (1701, join(&[&[0x4a, 2, 0, 69, 0, 1, 0, 1, 0, 1, 0, 1, 0, 2, 9, 9, 0, 0x21], &hello()])),
            (3544, teredo.clone()),
            (3544, join(&[&[0, 0, 1, 2, 1, 2, 3, 4], &teredo])),
            (3544, join(&[&[0, 1, 1, 2], &[0; 12], &[0, 0, 1, 2, 1, 2, 3, 4], &teredo])),
            (4754, join(&[&[0, 0, 8, 0], &hello()])),
            (6635, join(&[&[0, 1, 1, 64], &hello()])),
            (37_008, join(&[&[1, 0, 0, 1, 10, 1, 5, 0, 1], &frame, &hello()])),
        ] {
            for (source, destination) in [(50_001, port), (port, 50_001)] {
                let packet = v4(17, &udp(source, destination, &content));
                assert_eq!(decode(101, &packet), "tcp hello", "{port} {content:02x?}");
            }
        }
    }

    #[test]
    fn what_is_on_a_tunnels_port_and_is_no_tunnel_is_udp() {
        for port in [4789, 4790, 6081, 2152, 1701, 3544, 37_008] {
            for content in [&[][..], &[0xff; 40], &[0; 3]] {
                let result = decode(101, &v4(17, &udp(50_001, port, content)));
                assert!(result == "not tcp", "{port} {content:02x?}: {result}");
            }
        }
    }

    #[test]
    fn quic_is_counted_by_its_long_header() {
        let mut decoder = Decoder::new(&Limits::default());
        let long = v4(17, &udp(50_001, 443, &[0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4]));
        let short = v4(17, &udp(443, 50_001, &[0x43, 0, 0, 0, 1, 8, 1, 2, 3, 4]));
        let elsewhere = v4(17, &udp(50_001, 8_443, &[0xc3, 0x6b, 0x33, 0x43, 0xcf, 0]));
        for (number, data) in [(1, &short), (2, &long), (3, &elsewhere)] {
            decoder.decode(&packet(101, number, data));
        }
        assert_eq!(decoder.stats().udp_443, Tally { count: 2, first: 1 });
        assert_eq!(decoder.stats().quic, Tally { count: 2, first: 2 });
    }
}
