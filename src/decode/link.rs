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
