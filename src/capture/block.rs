//! The parts of a pcapng block: numbers in the section's byte order, options, secrets.

use pcap_parser::pcapng::SecretsType;
use pcap_parser::pcapng::{parse_decryptionsecretsblock_be, parse_decryptionsecretsblock_le};

/// The byte order of a section or file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl Order {
    /// The order that the byte-order mark of a section header tells.
    pub(super) fn of_mark(mark: [u8; 4]) -> Option<Self> {
        match mark {
            [0x4d, 0x3c, 0x2b, 0x1a] => Some(Self::Little),
            [0x1a, 0x2b, 0x3c, 0x4d] => Some(Self::Big),
            _ => None,
        }
    }

    /// The 16-bit number at `at`, when it is there.
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let field = *bytes.get(at..)?.first_chunk()?;
        Some(if self == Self::Little { u16::from_le_bytes(field) } else { u16::from_be_bytes(field) })
    }

    /// The 32-bit number at `at`, when it is there.
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let field = *bytes.get(at..)?.first_chunk()?;
        Some(if self == Self::Little { u32::from_le_bytes(field) } else { u32::from_be_bytes(field) })
    }

    /// The signed 64-bit number at the beginning, when it is there.
    pub(super) fn i64(self, bytes: &[u8]) -> Option<i64> {
        let field = *bytes.first_chunk()?;
        Some(if self == Self::Little { i64::from_le_bytes(field) } else { i64::from_be_bytes(field) })
    }
}

/// An option that runs over the end of its block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overrun {
    /// The option's code.
    pub(super) code: u16,
    /// The length that it claims.
    pub(super) needed: usize,
    /// The bytes that its block has left.
    pub(super) there: usize,
}

/// Shows each option of a block to `each`, as its code and its raw value, up to the end or a bad one.
pub(super) fn options(
    mut bytes: &[u8],
    order: Order,
    mut each: impl FnMut(u16, &[u8]),
) -> Result<(), Overrun> {
    while let (Some(code), Some(len)) = (order.u16(bytes, 0), order.u16(bytes, 2)) {
        if code == 0 {
            break;
        }
        let len = usize::from(len);
        let rest = bytes.get(4..).unwrap_or_default();
        let Some(value) = rest.get(..len) else {
            return Err(Overrun { code, needed: len, there: rest.len() });
        };
        each(code, value);
        bytes = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(())
}

/// The TLS key log in a Decryption Secrets Block; `None` when it is of another kind, or malformed.
pub(super) fn tls_secrets(block: &[u8], order: Order) -> Option<&[u8]> {
    let parsed = match order {
        Order::Little => parse_decryptionsecretsblock_le(block),
        Order::Big => parse_decryptionsecretsblock_be(block),
    };
    let (_, secrets) = parsed.ok()?;
    (secrets.secrets_type == SecretsType::TlsKeyLog)
        .then(|| secrets.data.get(..secrets.secrets_len as usize))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_before_one_that_overruns_are_shown() {
        let bytes = [9, 0, 1, 0, 6, 0, 0, 0, 2, 0, 0xf0, 0xff, b'l', b'o', 0, 0];
        let mut seen = Vec::new();
        let result = options(&bytes, Order::Little, |code, value| seen.push((code, value.to_vec())));
        assert_eq!(result, Err(Overrun { code: 2, needed: 65_520, there: 4 }));
        assert_eq!(seen, [(9, vec![6])]);
    }

    #[test]
    fn options_in_the_other_byte_order_end_at_the_end_mark() {
        let bytes = [0, 14, 0, 8, 0, 0, 0, 0, 0, 0, 14, 16, 0, 0, 0, 0, 0, 1, 0, 99];
        let mut seen = Vec::new();
        let result = options(&bytes, Order::Big, |code, value| seen.push((code, Order::Big.i64(value))));
        assert_eq!((result, seen), (Ok(()), vec![(14, Some(3_600))]));
    }
}
