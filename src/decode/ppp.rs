//! PPP (RFC 1661, RFC 1662) and PPP over Ethernet (RFC 2516).

use super::walk::{Layer, Leaf, Rest, Step};

/// A PPP frame: address and control may be left out, and the protocol may be one byte (RFC 1661 §6.5, §6.6).
pub(super) fn ppp(rest: Rest<'_>) -> Step<'_> {
    let ([first, second], _) = rest.take("PPP header")?;
    match (first, second) {
        (0xff, 0x03) => protocol(rest.skip(2, "PPP header")?),
        // Cisco HDLC, as serial lines have it, has an EtherType where PPP has its protocol.
        (0x0f | 0x8f, 0x00) => hdlc(rest),
        _ => protocol(rest),
    }
}

/// Cisco HDLC: address, control, EtherType.
pub(super) fn hdlc(rest: Rest<'_>) -> Step<'_> {
    let ([_, _, high, low], inner) = rest.take("HDLC header")?;
    Ok((Layer::EtherType(u16::from_be_bytes([high, low])), inner))
}

/// A PPPoE session header (RFC 2516 §4): the length of what follows is its last field.
pub(super) fn pppoe(rest: Rest<'_>) -> Step<'_> {
    let ([_, code, _, _, high, low], inner) = rest.take("PPPoE header")?;
    if code != 0 {
        return Err(Leaf::Other);
    }
    Ok((Layer::Ppp, inner.limit(usize::from(u16::from_be_bytes([high, low])))))
}

/// What a PPP protocol number names.
pub(super) fn named(number: u16, inner: Rest<'_>) -> Step<'_> {
    match number {
        0x0021 | 0x0057 => Ok((Layer::Ip, inner)),
        0x0281 | 0x0283 => Ok((Layer::Mpls, inner)),
        _ => Err(Leaf::Other),
    }
}

fn protocol(rest: Rest<'_>) -> Step<'_> {
    let ([first], inner) = rest.take("PPP protocol")?;
    // The last bit of the number is set: when the first byte has it, there is no second one.
    if first & 1 == 1 {
        return named(u16::from(first), inner);
    }
    let ([second], inner) = inner.take("PPP protocol")?;
    named(u16::from_be_bytes([first, second]), inner)
}
