//! MPLS label stacks (RFC 3032), and what lies under them, which no field names.

use super::ethernet;
use super::walk::{Layer, Leaf, Rest, Step};

/// One label; the one with the bottom-of-stack bit is the last.
pub(super) fn label(rest: Rest<'_>) -> Step<'_> {
    let ([_, _, third, _], inner) = rest.take("MPLS label")?;
    if third & 1 == 0 {
        return Ok((Layer::Mpls, inner));
    }
    under(inner)
}

/// IP is told by its version, a pseudowire by the control word that begins with zero bits (RFC 4385 §3) or by an
/// Ethernet header that makes sense.
fn under(rest: Rest<'_>) -> Step<'_> {
    if looks_like_ip(rest) {
        return Ok((Layer::Ip, rest));
    }
    if let (Some([0..=0x0f, ..]), Ok(inner)) = (rest.peek::<4>(), rest.skip(4, "pseudowire control word"))
        && ethernet::is_plausible(inner)
    {
        return Ok((Layer::Ethernet, inner));
    }
    if ethernet::is_plausible(rest) { Ok((Layer::Ethernet, rest)) } else { Err(Leaf::Other) }
}

fn looks_like_ip(rest: Rest<'_>) -> bool {
    match rest.peek() {
        Some([0x45..=0x4f, _, high, low]) => {
            let len = usize::from(u16::from_be_bytes([high, low]));
            len == 0 || (20..=rest.sent()).contains(&len)
        }
        Some([0x60..=0x6f, ..]) => match rest.peek() {
            Some([_, _, _, _, high, low]) => usize::from(u16::from_be_bytes([high, low])) + 40 <= rest.sent(),
            None => true,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{decode, ethernet, hello, join, tcp, v6};

    const INNER: [u8; 4] = [0, 1, 0x00, 64];
    const BOTTOM: [u8; 4] = [0, 1, 0x01, 64];

    #[test]
    fn ip_and_pseudowires_are_told_apart_under_the_labels() {
        for under in [
            hello(),
            v6(6, &tcp(b"hello")),
            ethernet(0x0800, &hello()),
            join(&[&[0, 0, 0, 7], &ethernet(0x0800, &hello())]),
            join(&[&[0, 0, 0, 7], &ethernet(0x8100, &[0, 1, 8, 0]), &hello()]),
        ] {
            let stack = join(&[&INNER, &INNER, &BOTTOM, &under]);
            assert_eq!(decode(1, &ethernet(0x8847, &stack)), "tcp hello", "{under:02x?}");
        }
        assert_eq!(decode(1, &ethernet(0x8847, &join(&[&BOTTOM, &[0x10, 0, 0, 7, 1, 2, 3, 4]]))), "not tcp");
        assert_eq!(decode(1, &ethernet(0x8847, &INNER)), "malformed");
    }

    #[test]
    fn an_address_that_begins_like_an_ip_version_is_an_address() {
        let frame = join(&[&[0x45, 0xff, 0xff, 0xff, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0], &hello()]);
        assert_eq!(decode(1, &ethernet(0x8847, &join(&[&BOTTOM, &frame]))), "tcp hello");
    }
}
