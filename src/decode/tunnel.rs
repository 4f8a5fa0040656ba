//! Generic Routing Encapsulation (RFC 2784, RFC 2890, RFC 2637), and mirrored traffic in it (ERSPAN).

use super::walk::{Layer, Leaf, Rest, Step};

/// A GRE header with the optional fields that its flags announce.
pub(super) fn gre(rest: Rest<'_>) -> Step<'_> {
    let ([flags, version, high, low], inner) = rest.take("GRE header")?;
    let has = |bit: u8| flags & bit != 0;
    let mut optional = 0;
    match version & 0x07 {
        // Source routing was never used, and its length is not in the header.
        0 if has(ROUTING) => return Err(Leaf::Other),
        0 => {
            optional += 4 * (usize::from(has(CHECKSUM)) + usize::from(has(KEY)) + usize::from(has(SEQUENCE)))
        }
        // PPTP: without a sequence number it is a bare acknowledgment (RFC 2637 §4.1).
        1 if !has(SEQUENCE) => return Err(Leaf::Other),
        // The key is always there, and an acknowledgment may be.
        1 => optional += 4 * (2 + usize::from(version & 0x80 != 0)),
        _ => return Err(Leaf::Other),
    }
    let inner = inner.skip(optional, "GRE header")?;
    match u16::from_be_bytes([high, low]) {
        // Type I has no header of its own and no sequence numbers.
        ERSPAN if has(SEQUENCE) => Ok((Layer::Ethernet, inner.skip(8, "ERSPAN header")?)),
        ERSPAN => Ok((Layer::Ethernet, inner)),
        ERSPAN_III => erspan_iii(inner),
        // Web cache redirection may put four bytes before the IP header.
        WCCP if matches!(inner.bytes.first(), Some(0x40..=0x4f)) => Ok((Layer::Ip, inner)),
        WCCP => Ok((Layer::Ip, inner.skip(4, "WCCP header")?)),
        ether_type => Ok((Layer::EtherType(ether_type), inner)),
    }
}

/// Type III: 12 bytes, 8 more when the last bit is set, and a frame type that is Ethernet or IP.
fn erspan_iii(rest: Rest<'_>) -> Step<'_> {
    let ([.., kind, flags], inner) = rest.take::<12>("ERSPAN header")?;
    let inner = inner.skip(if flags & 1 != 0 { 8 } else { 0 }, "ERSPAN header")?;
    match kind >> 2 & 0x1f {
        0 => Ok((Layer::Ethernet, inner)),
        2 => Ok((Layer::Ip, inner)),
        _ => Err(Leaf::Other),
    }
}

const CHECKSUM: u8 = 0x80;
const ROUTING: u8 = 0x40;
const KEY: u8 = 0x20;
const SEQUENCE: u8 = 0x10;

const ERSPAN: u16 = 0x88be;
const ERSPAN_III: u16 = 0x22eb;
const WCCP: u16 = 0x883e;

#[cfg(test)]
mod tests {
    use super::super::samples::{decode, ethernet, hello, join, v4, v6};

    #[test]
    fn every_kind_of_gre_leads_to_the_segment() {
        let frame = ethernet(0x0800, &[]);
        for head in [
            vec![0, 0, 8, 0],
            vec![0xb0, 0, 8, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3],
            join(&[&[0x20, 0, 0x65, 0x58, 0, 0, 0, 9], &frame]),
            join(&[&[0, 0, 0x88, 0xbe], &frame]),
            join(&[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1], &[0x10, 1, 0, 1, 0, 0, 0, 0], &frame]),
            join(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &[0x20; 10], &[0, 0], &frame]),
            join(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &[0x20; 10], &[0, 1], &[0; 8], &frame]),
            join(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &[0x20; 10], &[8, 0]]),
            vec![0, 0, 0x88, 0x3e],
            vec![0, 0, 0x88, 0x3e, 0, 1, 2, 3],
            vec![0x30, 0x81, 0x88, 0x0b, 0, 49, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 3, 0, 0x21],
            vec![0, 0, 0x88, 0x47, 0, 1, 1, 64],
        ] {
            assert_eq!(decode(101, &v4(47, &join(&[&head, &hello()]))), "tcp hello", "{head:02x?}");
        }
    }

    #[test]
    fn acknowledgments_of_pptp_and_unknown_versions_are_passed_over() {
        assert_eq!(decode(101, &v4(47, &[0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 1])), "not tcp");
        assert_eq!(decode(101, &v4(47, &[0, 2, 8, 0, 1, 2, 3, 4])), "not tcp");
        assert_eq!(decode(101, &v4(47, &[0xb0, 0, 8, 0, 1, 1, 1, 1])), "malformed");
    }

    #[test]
    fn ip_in_ip_and_ethernet_in_ip_nest() {
        let inner = v4(41, &v6(4, &hello()));
        assert_eq!(decode(101, &v4(4, &inner)), "tcp hello");
        assert_eq!(decode(101, &v4(97, &join(&[&[0x30, 0], &ethernet(0x0800, &hello())]))), "tcp hello");
        assert_eq!(decode(229, &v6(143, &ethernet(0x0800, &hello()))), "tcp hello");
        assert_eq!(decode(101, &v4(137, &join(&[&[0, 1, 1, 64], &hello()]))), "tcp hello");
    }
}
