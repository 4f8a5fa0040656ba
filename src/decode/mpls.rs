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
