//! Ethernet, what its types name, and IEEE 802.2.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::ppp;
use super::walk::{Layer, Leaf, Rest, Step};

/// An Ethernet II or IEEE 802.3 header.
pub(super) fn header(rest: Rest<'_>) -> Step<'_> {
    let Ok(header) = Ethernet2HeaderSlice::from_slice(rest.bytes) else {
        return Err(rest.lacks(14, "Ethernet header"));
    };
    let ether_type = header.ether_type().0;
    typed(ether_type, rest.skip(14, "Ethernet header")?)
}

/// The bytes of an IP packet in an Ethernet frame without tags.
#[inline]
pub(super) fn plain_ip(rest: Rest<'_>) -> Option<Rest<'_>> {
    let header = Ethernet2HeaderSlice::from_slice(rest.bytes).ok()?;
    match header.ether_type().0 {
        IPV4 | IPV6 => rest.skip(14, "Ethernet header").ok(),
        _ => None,
    }
}

/// What lies behind a field that is an EtherType from 0x0600 on, and below it a length (IEEE 802.3 §3.2.6).
fn typed(field: u16, rest: Rest<'_>) -> Step<'_> {
    match field {
        IPV4 | IPV6 => super::ip::by_version(rest),
        0x0600.. => Ok((Layer::EtherType(field), rest)),
        _ => Ok((Layer::Llc, rest.limit(usize::from(field)))),
    }
}

/// What an EtherType names.
pub(super) fn ether_type(value: u16, rest: Rest<'_>) -> Step<'_> {
    match value {
        IPV4 | IPV6 => Ok((Layer::Ip, rest)),
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => vlan(rest),
        0x8847 | 0x8848 => Ok((Layer::Mpls, rest)),
        0x8864 => ppp::pppoe(rest),
        0x880b => Ok((Layer::Ppp, rest)),
        // Transparent Ethernet bridging.
        0x6558 => Ok((Layer::Ethernet, rest)),
        // Cisco MetaData, IEEE 802.1BR and VN-Tag stand before the true EtherType.
        0x8909 | 0x893f => shim(6, rest),
        0x8926 => shim(4, rest),
        // IEEE 802.1ah: a service identifier, then the customer's frame.
        0x88e7 => Ok((Layer::Ethernet, rest.skip(4, "IEEE 802.1ah tag")?)),
        0x88e5 => macsec(rest),
        0x894f => service_header(rest),
        _ => Err(Leaf::Other),
    }
}

/// IEEE 802.2, with the extension that carries an EtherType (RFC 1042).
pub(super) fn llc(rest: Rest<'_>) -> Step<'_> {
    let ([dsap, ssap, control], inner) = rest.take("LLC header")?;
    match (dsap, ssap, control) {
        (0xaa, 0xaa, 0x03) => {
            let ([a, b, c, d, e], inner) = inner.take("SNAP header")?;
            match [a, b, c] {
                [0, 0, 0] | [0, 0, 0xf8] => Ok((Layer::EtherType(u16::from_be_bytes([d, e])), inner)),
                _ => Err(Leaf::Other),
            }
        }
        (0x06, 0x06, 0x03) => Ok((Layer::Ip, inner)),
        _ => Err(Leaf::Other),
    }
}

/// Whether an Ethernet header whose type is read here, or a length that fits, may begin `bytes`.
pub(super) fn is_plausible(rest: Rest<'_>) -> bool {
    let Some([.., high, low]) = rest.peek::<14>() else { return false };
    match u16::from_be_bytes([high, low]) {
        IPV4 | IPV6 | 0x0806 | 0x8100 | 0x88a8 | 0x8847 | 0x8864 => true,
        len @ 1..0x0600 => {
            usize::from(len) + 14 <= rest.sent() && rest.bytes.get(14..16) == Some(&[0xaa, 0xaa])
        }
        _ => false,
    }
}

fn vlan(rest: Rest<'_>) -> Step<'_> {
    let Ok(tag) = SingleVlanHeaderSlice::from_slice(rest.bytes) else {
        return Err(rest.lacks(4, "VLAN tag"));
    };
    let ether_type = tag.ether_type().0;
    typed(ether_type, rest.skip(4, "VLAN tag")?)
}

/// A tag of `len` bytes with the next EtherType after it.
fn shim(len: usize, rest: Rest<'_>) -> Step<'_> {
    let ([high, low], inner) = rest.skip(len, "Ethernet tag")?.take("Ethernet tag")?;
    typed(u16::from_be_bytes([high, low]), inner)
}

/// MACsec (IEEE 802.1AE) that authenticates without encrypting.
fn macsec(rest: Rest<'_>) -> Step<'_> {
    let ([control, ..], inner) = rest.take::<6>("MACsec tag")?;
    if control & 0x0c != 0 {
        return Err(Leaf::Other);
    }
    shim(if control & 0x20 != 0 { 8 } else { 0 }, inner)
}

/// A Network Service Header (RFC 8300 §2).
fn service_header(rest: Rest<'_>) -> Step<'_> {
    let ([_, length, _, next], _) = rest.take("NSH header")?;
    let inner = rest.skip(usize::from(length & 0x3f) * 4, "NSH header")?;
    match next {
        1 | 2 => Ok((Layer::Ip, inner)),
        3 => Ok((Layer::Ethernet, inner)),
        5 => Ok((Layer::Mpls, inner)),
        _ => Err(Leaf::Other),
    }
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

#[cfg(test)]
mod tests {
    use super::super::samples::{decode, ethernet, hello, join};

    #[test]
    fn tags_of_any_number_are_passed() {
        let mut frame = ethernet(0x88a8, &[0, 5]);
        for tag in [0x8100_u16, 0x9100, 0x8100, 0x8100] {
            frame.extend(join(&[&tag.to_be_bytes(), &[0, 9]]));
        }
        assert_eq!(decode(1, &join(&[&frame, &[8, 0], &hello()])), "tcp hello");
    }

    #[test]
    fn what_stands_before_the_true_type_is_passed() {
        for (ether_type, head) in [
            (0x8909, vec![1, 1, 0, 1, 0, 9, 8, 0]),
            (0x893f, vec![0, 0, 0, 0, 0, 0, 8, 0]),
            (0x8926, vec![0, 0, 0, 0, 8, 0]),
            (0x88e7, join(&[&[0, 0, 0, 1], &ethernet(0x0800, &[])])),
            (0x88e5, vec![0x00, 0, 0, 0, 0, 1, 8, 0]),
            (0x88e5, vec![0x20, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 0]),
            (0x894f, vec![0, 2, 1, 1, 0, 0, 1, 255]),
            (0x894f, join(&[&[0, 6, 2, 3], &[0; 20], &ethernet(0x0800, &[])])),
            (0x8864, vec![0x11, 0, 0, 1, 0, 51, 0, 0x21]),
        ] {
            let frame = ethernet(ether_type, &join(&[&head, &hello()]));
            assert_eq!(decode(1, &frame), "tcp hello", "{ether_type:x} {head:02x?}");
        }
        assert_eq!(decode(1, &ethernet(0x88e5, &[0x0c, 0, 0, 0, 0, 1, 8, 0])), "not tcp");
    }

    #[test]
    fn a_length_instead_of_a_type_bounds_the_frame() {
        let snap = join(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &hello()]);
        let frame = ethernet(snap.len() as u16, &join(&[&snap, b"padding"]));
        assert_eq!(decode(1, &frame), "tcp hello");
        assert_eq!(decode(1, &ethernet(38, &[0x42, 0x42, 3, 0, 0, 0, 0])), "not tcp");
    }

    #[test]
    fn headers_without_end_are_not_followed() {
        let frame = ethernet(0x8100, &[0, 1, 0x81, 0].repeat(1_000));
        assert_eq!(decode(1, &frame), "not tcp");
    }
}
