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
