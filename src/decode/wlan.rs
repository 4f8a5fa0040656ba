//! IEEE 802.11 data frames that are not encrypted, and the radio headers that stand before them.

use super::walk::{Layer, Leaf, Rest, Step};

/// A radiotap header (radiotap.org): its length is its third and fourth byte.
pub(super) fn radiotap(rest: Rest<'_>) -> Step<'_> {
    let ([_, _, low, high], _) = rest.take("radiotap header")?;
    let len = usize::from(u16::from_le_bytes([low, high]));
    let padded = flags(rest.bytes).is_some_and(|flags| flags & 0x20 != 0);
    frame(rest.skip(len, "radiotap header")?, padded)
}

/// A Prism or AVS header, each with its length in its second word.
pub(super) fn prism_or_avs(rest: Rest<'_>, big_endian: bool) -> Step<'_> {
    let ([_, _, _, _, a, b, c, d], _) = rest.take("radio header")?;
    let word = [a, b, c, d];
    let len = if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) };
    frame(rest.skip(len as usize, "radio header")?, false)
}

/// An IEEE 802.11 frame (§9.2); `padded` when its header is filled up to a multiple of four bytes.
pub(super) fn frame(rest: Rest<'_>, padded: bool) -> Step<'_> {
    let ([kind, flags], _) = rest.take("IEEE 802.11 header")?;
    let (is_data, is_null) = (kind & 0x0c == 0x08, kind & 0x40 != 0);
    let is_protected = flags & 0x40 != 0;
    if !is_data || is_null || is_protected {
        return Err(Leaf::Other);
    }
    let has_qos = kind & 0x80 != 0;
    let mut len = if flags & 0x03 == 0x03 { 30 } else { 24 };
    let qos = if has_qos { rest.bytes.get(len).copied().unwrap_or(0) } else { 0 };
    if has_qos {
        // The order bit of a QoS frame announces an HT control field.
        len += if flags & 0x80 != 0 { 6 } else { 2 };
    }
    if padded {
        len = len.next_multiple_of(4);
    }
    // Several frames put in one each have their own addresses and length; the first is read.
    if qos & 0x80 != 0 {
        len += 14;
    }
    Ok((Layer::Llc, rest.skip(len, "IEEE 802.11 header")?))
}

/// The flags field of a radiotap header: it comes after the list of fields, and after the time when there is one.
fn flags(bytes: &[u8]) -> Option<u8> {
    let word = |at: usize| bytes.get(at..)?.first_chunk().map(|field| u32::from_le_bytes(*field));
    let present = word(4)?;
    if present & 0x02 == 0 {
        return None;
    }
    let mut at = 8;
    let mut list = present;
    while list & 0x8000_0000 != 0 {
        list = word(at)?;
        at += 4;
    }
    if present & 0x01 != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    bytes.get(at).copied()
}
