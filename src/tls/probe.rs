//! Whether bytes are the beginning of TLS, on any port (RFC 8446 §5.1, RFC 5246 appendix E.2).

use crate::tls::message::Side;

/// What the first bytes of a direction are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// TLS; with who sent it, when the message shows that.
    Yes(Option<Side>),
    /// Something else.
    No,
    /// Too few bytes to tell.
    Unsure,
}

/// The longest fragment that a record may have: 2^14, and what old protections may add (RFC 5246 §6.2.3).
pub(super) const MAX_FRAGMENT: usize = (1 << 14) + 2048;

/// Looks at the first bytes of a direction, or of what follows a preamble.
pub fn looks_like_tls(bytes: &[u8]) -> Probe {
    match bytes {
        [] => Probe::Unsure,
        [20..=24, rest @ ..] => record(bytes[0], rest),
        [first, ..] if first & 0x80 != 0 => sslv2(bytes),
        _ => Probe::No,
    }
}

fn record(kind: u8, rest: &[u8]) -> Probe {
    match rest {
        [] | [3] | [3, 0..=4] | [3, 0..=4, _] => Probe::Unsure,
        [3, 0..=4, high, low, body @ ..] => {
            let len = usize::from(*high) << 8 | usize::from(*low);
            if len > MAX_FRAGMENT || len == 0 && kind != 22 {
                return Probe::No;
            }
            match (kind, body.first()) {
                (20, _) if len != 1 => Probe::No,
                (21, _) if len > 256 => Probe::No,
                (22, Some(kind)) => Probe::Yes(sender(*kind)),
                _ => Probe::Yes(None),
            }
        }
        _ => Probe::No,
    }
}

/// Who sends a handshake message of this type; after encryption begins the byte says nothing.
const fn sender(kind: u8) -> Option<Side> {
    match kind {
        1 => Some(Side::Client),
        2 => Some(Side::Server),
        _ => None,
    }
}

/// An SSLv2-framed hello: a length with its top bit set, then the type and fields whose lengths add up.
fn sslv2(bytes: &[u8]) -> Probe {
    if bytes.len() >= 3 && !matches!(bytes[2], 1 | 4) {
        return Probe::No;
    }
    let Some(head) = bytes.get(..11) else {
        return if bytes.len() < 11 { Probe::Unsure } else { Probe::No };
    };
    let len = usize::from(head[0] & 0x7f) << 8 | usize::from(head[1]);
    let field = |at: usize| usize::from(head[at]) << 8 | usize::from(head[at + 1]);
    match head[2] {
        1 if (head[3] == 3 && head[4] <= 4) || (head[3], head[4]) == (0, 2) => {
            let (suites, session, challenge) = (field(5), field(7), field(9));
            let fits = suites % 3 == 0 && suites > 0 && (8..=64).contains(&challenge) && session <= 64;
            if fits && len == 9 + suites + session + challenge {
                Probe::Yes(Some(Side::Client))
            } else {
                Probe::No
            }
        }
        4 if head[3] <= 1 && (head[5], head[6]) == (0, 2) && len >= 11 + field(7) => {
            Probe::Yes(Some(Side::Server))
        }
        _ => Probe::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hellos_are_known_and_text_is_not() {
        assert_eq!(looks_like_tls(&[22, 3, 1, 0, 100, 1]), Probe::Yes(Some(Side::Client)));
        assert_eq!(looks_like_tls(&[22, 3, 3, 0, 100, 2]), Probe::Yes(Some(Side::Server)));
        assert_eq!(looks_like_tls(&[21, 3, 3, 0, 2, 2, 40]), Probe::Yes(None));
        assert_eq!(looks_like_tls(b"GET / HTTP/1.1"), Probe::No);
        assert_eq!(looks_like_tls(b"220 mail ESMTP"), Probe::No);
        assert_eq!(looks_like_tls(&[22, 3]), Probe::Unsure);
        assert_eq!(looks_like_tls(&[22, 3, 1, 0xff, 0xff, 1]), Probe::No);
        assert_eq!(
            looks_like_tls(&[0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10]),
            Probe::Yes(Some(Side::Client))
        );
        assert_eq!(looks_like_tls(&[0x80, 0x2f, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10]), Probe::No);
    }
}
