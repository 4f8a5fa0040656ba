//! The first header of a packet, by the capture's link type.

use super::walk::{Layer, Leaf, Rest, Step};
use super::{ethernet, ppp, wlan};
use crate::capture::LinkType;

/// What lies behind the first header of a packet of this link type.
pub(super) fn first(link_type: LinkType, rest: Rest<'_>) -> Step<'_> {
    match link_type.0 {
        _ if link_type == ETHERNET => ethernet::header(rest),
        113 => cooked(rest),
        276 => cooked_v2(rest),
        12 | 14 | 101 | 228 | 229 => Ok((Layer::Ip, rest)),
        0 | 108 => family(rest),
        109 => family(rest).and_then(|(layer, inner)| Ok((layer, inner.skip(8, "ENC header")?))),
        117 => pflog(rest),
        9 | 50 => Ok((Layer::Ppp, rest)),
        51 => ppp::pppoe(rest),
        // One byte says the direction, then PPP or HDLC begins.
        204 => Ok((Layer::Ppp, rest.skip(1, "direction")?)),
        205 => ppp::hdlc(rest.skip(1, "direction")?),
        // The direction takes the place of the address.
        166 => Ok((Layer::Ppp, rest.skip(2, "direction")?)),
        104 => ppp::hdlc(rest),
        10 => Ok((Layer::Llc, rest.skip(13, "FDDI header")?)),
        100 => Ok((Layer::Llc, rest)),
        105 => wlan::frame(rest, false),
        119 => wlan::prism_or_avs(rest, false),
        127 => wlan::radiotap(rest),
        163 => wlan::prism_or_avs(rest, true),
        192 => per_packet(rest),
        239 => nflog(rest),
        240 => Ok((Layer::Ethernet, rest.skip(4, "netANALYZER header")?)),
        // Preamble and start delimiter are part of the packet.
        241 => Ok((Layer::Ethernet, rest.skip(12, "netANALYZER header")?)),
        274 => Ok((Layer::Ethernet, rest.skip(8, "preamble")?)),
        258 => pktap(rest),
        _ => Err(Leaf::Unsupported(link_type)),
    }
}

/// Linux cooked capture: 16 bytes, as `tcpdump -i any` used to write.
fn cooked(rest: Rest<'_>) -> Step<'_> {
    let (head, inner) = rest.take::<16>("Linux cooked header")?;
    let [_, _, hardware_high, hardware_low, .., high, low] = head;
    cooked_protocol(u16::from_be_bytes([hardware_high, hardware_low]), u16::from_be_bytes([high, low]), inner)
}

/// Linux cooked capture, version 2: 20 bytes, as `tcpdump -i any` writes today.
fn cooked_v2(rest: Rest<'_>) -> Step<'_> {
    let (head, inner) = rest.take::<20>("Linux cooked header")?;
    let [high, low, _, _, _, _, _, _, hardware_high, hardware_low, ..] = head;
    cooked_protocol(u16::from_be_bytes([hardware_high, hardware_low]), u16::from_be_bytes([high, low]), inner)
}

/// The protocol of a cooked capture: an EtherType, or below 0x0600 a number of the kernel's own.
fn cooked_protocol(hardware: u16, protocol: u16, inner: Rest<'_>) -> Step<'_> {
    match (hardware, protocol) {
        (_, 0x0600..) => Ok((Layer::EtherType(protocol), inner)),
        (_, 0x0004) => Ok((Layer::Llc, inner)),
        // A PPP interface may give PPP's number instead.
        (512, _) => ppp::named(protocol, inner),
        _ => Err(Leaf::Other),
    }
}

/// BSD loopback: an address family in the byte order of the host that captured.
fn family(rest: Rest<'_>) -> Step<'_> {
    let (head, inner) = rest.take::<4>("loopback header")?;
    let little = u32::from_le_bytes(head);
    // A family is a small number: whichever order makes it one is the host's.
    match if little > 0xffff { u32::from_be_bytes(head) } else { little } {
        AF_INET => Ok((Layer::Ip, inner)),
        number if AF_INET6.contains(&number) => Ok((Layer::Ip, inner)),
        _ => Err(Leaf::Other),
    }
}

/// OpenBSD packet filter log: its length, without padding, is its first byte.
fn pflog(rest: Rest<'_>) -> Step<'_> {
    let ([len, family], _) = rest.take("pflog header")?;
    let inner = rest.skip(usize::from(len).next_multiple_of(4), "pflog header")?;
    match u32::from(family) {
        AF_INET => Ok((Layer::Ip, inner)),
        number if AF_INET6.contains(&number) => Ok((Layer::Ip, inner)),
        _ => Err(Leaf::Other),
    }
}

/// Linux netfilter log: fields with type and length, of which one is the packet.
fn nflog(rest: Rest<'_>) -> Step<'_> {
    let (_, mut inner) = rest.take::<4>("NFLOG header")?;
    loop {
        let ([a, b, c, d], value) = inner.take("NFLOG field")?;
        let little = u16::from_le_bytes([a, b]);
        // Lengths are in the order of the host that captured; the type's upper bits are flags.
        let (len, kind) = if (4..=inner.sent()).contains(&usize::from(little)) {
            (usize::from(little), u16::from_le_bytes([c, d]))
        } else {
            (usize::from(u16::from_be_bytes([a, b])), u16::from_be_bytes([c, d]))
        };
        if kind & 0x7fff == NFLOG_PAYLOAD {
            return Ok((Layer::Ip, value.limit(len.saturating_sub(4))));
        }
        // The loop ends, as each field takes four bytes at least.
        inner = inner.skip(len.max(4).next_multiple_of(4), "NFLOG field")?;
    }
}

/// macOS: a header with its length and the link type of what follows.
fn pktap(rest: Rest<'_>) -> Step<'_> {
    let (head, _) = rest.take::<12>("PKTAP header")?;
    let [a, b, c, d, _, _, _, _, link_type @ ..] = head;
    let inner = rest.skip(u32::from_le_bytes([a, b, c, d]) as usize, "PKTAP header")?;
    Ok((Layer::Link(LinkType(u32::from_le_bytes(link_type))), inner))
}

/// Per-packet information: a header with its length and the link type of what follows.
fn per_packet(rest: Rest<'_>) -> Step<'_> {
    let ([_, _, low, high, link_type @ ..], _) = rest.take::<8>("PPI header")?;
    let inner = rest.skip(usize::from(u16::from_le_bytes([low, high])), "PPI header")?;
    Ok((Layer::Link(LinkType(u32::from_le_bytes(link_type))), inner))
}

/// What most captures have.
pub(super) const ETHERNET: LinkType = LinkType(1);

const AF_INET: u32 = 2;

/// Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS.
const AF_INET6: [u32; 5] = [10, 23, 24, 28, 30];

/// The field of an NFLOG packet that is the packet.
const NFLOG_PAYLOAD: u16 = 9;

#[cfg(test)]
mod tests {
    use super::super::samples::{decode, ethernet, hello, join, tcp, v6};

    /// IPv6 that carries the same segment.
    fn hello6() -> Vec<u8> {
        v6(6, &tcp(b"hello"))
    }

    #[test]
    fn every_link_type_leads_to_the_segment() {
        let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
        let wlan = join(&[&[0x88, 1], &[0; 22], &[0, 0]]);
        for (link_type, head) in [
            (1, ethernet(0x0800, &[])),
            (12, vec![]),
            (14, vec![]),
            (101, vec![]),
            (228, vec![]),
            (0, vec![2, 0, 0, 0]),
            (0, vec![0, 0, 0, 2]),
            (108, vec![0, 0, 0, 2]),
            (109, vec![2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
            (117, join(&[&[61, 2], &[0; 62]])),
            (9, vec![0xff, 3, 0, 0x21]),
            (9, vec![0, 0x21]),
            (9, vec![0x21]),
            (50, vec![0xff, 3, 0, 0x21]),
            (50, vec![0x0f, 0, 8, 0]),
            (204, vec![1, 0xff, 3, 0, 0x21]),
            (205, vec![1, 0x0f, 0, 8, 0]),
            (166, vec![1, 3, 0, 0x21]),
            (104, vec![0x0f, 0, 8, 0]),
            (10, join(&[&[0x50; 13], &snap])),
            (100, snap.to_vec()),
            (105, join(&[&wlan, &snap])),
            (127, join(&[&[0, 0, 8, 0, 0, 0, 0, 0], &wlan, &snap])),
            (127, join(&[&[0, 0, 9, 0, 2, 0, 0, 0, 0x20], &wlan, &[0, 0], &snap])),
            (119, join(&[&[0, 0, 0, 0x44, 144, 0, 0, 0], &[0; 136], &wlan, &snap])),
            (163, join(&[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64], &[0; 56], &wlan, &snap])),
            (192, join(&[&[0, 0, 8, 0, 105, 0, 0, 0], &wlan, &snap])),
            (113, join(&[&[0, 0, 0, 1, 0, 6], &[0; 8], &[8, 0]])),
            (113, join(&[&[0, 0, 3, 4, 0, 6], &[0; 8], &[8, 0]])),
            (113, join(&[&[0, 4, 2, 0, 0, 0], &[0; 8], &[0, 0x21]])),
            (113, join(&[&[0, 0, 0, 1, 0, 6], &[0; 8], &[0x81, 0, 0, 5, 8, 0]])),
            (113, join(&[&[0, 0, 0, 1, 0, 6], &[0; 8], &[0, 4], &snap])),
            (276, join(&[&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1], &[0; 10]])),
            (239, vec![2, 0, 0, 1, 5, 0, 10, 0, b'p', 0, 0, 0, 53, 0, 9, 0]),
            (239, vec![2, 0, 0, 1, 0, 5, 0, 10, b'p', 0, 0, 0, 0, 53, 0, 9]),
            (240, join(&[&[0; 4], &ethernet(0x0800, &[])])),
            (241, join(&[&[0; 12], &ethernet(0x0800, &[])])),
            (274, join(&[&[0x55; 8], &ethernet(0x0800, &[])])),
            (258, join(&[&[108, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0], &[0; 96]])),
        ] {
            assert_eq!(decode(link_type, &join(&[&head, &hello()])), "tcp hello", "{link_type} {head:02x?}");
        }
    }

    #[test]
    fn ipv6_is_found_under_the_family_of_each_system() {
        for family in [10, 23, 24, 28, 30] {
            assert_eq!(decode(0, &join(&[&[family, 0, 0, 0], &hello6()])), "tcp hello", "{family}");
            assert_eq!(decode(0, &join(&[&[0, 0, 0, family], &hello6()])), "tcp hello", "{family}");
            assert_eq!(decode(108, &join(&[&[0, 0, 0, family], &hello6()])), "tcp hello", "{family}");
        }
        assert_eq!(decode(9, &join(&[&[0xff, 3, 0, 0x57], &hello6()])), "tcp hello");
        assert_eq!(decode(229, &hello6()), "tcp hello");
        assert_eq!(decode(276, &join(&[&[0x86, 0xdd], &[0; 18], &hello6()])), "tcp hello");
    }

    #[test]
    fn other_protocols_and_unknown_link_types_are_told_apart() {
        assert_eq!(decode(1, &ethernet(0x0806, &[0; 28])), "not tcp");
        assert_eq!(decode(0, &[7, 0, 0, 0, 1, 2, 3, 4]), "not tcp");
        assert_eq!(decode(9, &[0xff, 3, 0xc0, 0x21, 1, 2, 3, 4]), "not tcp");
        assert_eq!(decode(220, &hello()), "unsupported");
        assert_eq!(decode(1, &[0; 13]), "malformed");
        assert_eq!(decode(239, &[2, 0, 0, 1, 3, 0, 1, 0]), "malformed");
        assert_eq!(decode(239, &[2, 0, 0, 1]), "malformed");
        assert_eq!(decode(127, &[0, 0, 0xff, 0xff, 0, 0, 0, 0]), "malformed");
    }

    #[test]
    fn an_encrypted_frame_of_a_wireless_network_is_not_read() {
        let frame = join(&[&[0x08, 0x41], &[0; 22], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &hello()]);
        assert_eq!(decode(105, &frame), "not tcp");
    }
}
