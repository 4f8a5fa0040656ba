//! One line of a key log: a label, a client random, a secret (draft-ietf-tls-keylogfile §2).

use super::{Label, MAX_SECRET, Secret};

/// What one line holds.
pub(super) enum Line {
    Nothing,
    Ignored,
    Premaster,
    Secret(Label, [u8; 32], Secret),
    Bad(&'static str),
}

/// Cuts off the next line, without its end; the flag says whether it has one.
pub(super) fn cut_line<'a>(rest: &mut &'a [u8]) -> (&'a [u8], bool) {
    match memchr::memchr(b'\n', rest) {
        Some(at) => {
            let (line, after) = rest.split_at(at);
            *rest = after.get(1..).unwrap_or_default();
            (line, true)
        }
        None => (std::mem::take(rest), false),
    }
}

pub(super) fn parse_line(line: &[u8]) -> Line {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let Some(first) = words.next().filter(|word| !word.starts_with(b"#")) else {
        return Line::Nothing;
    };
    let label = match first {
        b"CLIENT_RANDOM" => Label::Master,
        b"CLIENT_EARLY_TRAFFIC_SECRET" => Label::ClientEarly,
        b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Label::ClientHandshake,
        b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => Label::ServerHandshake,
        b"CLIENT_TRAFFIC_SECRET_0" => Label::ClientTraffic,
        b"SERVER_TRAFFIC_SECRET_0" => Label::ServerTraffic,
        b"RSA" | b"PMS_CLIENT_RANDOM" => return Line::Premaster,
        _ if is_unneeded(first) => return Line::Ignored,
        _ => return Line::Bad("no label of the key log format"),
    };
    let Some(random) = words.next().and_then(decode::<32>).filter(|(_, len)| *len == 32) else {
        return Line::Bad("the client random is not 64 hex digits");
    };
    let Some((bytes, len)) = words.next().and_then(decode::<MAX_SECRET>) else {
        return Line::Bad("the secret is missing, or is not 64 or 96 hex digits");
    };
    match (label, len) {
        _ if words.next().is_some() => Line::Bad("more than three words"),
        (Label::Master, 48) => Line::Secret(label, random.0, Secret { bytes, len: 48 }),
        (Label::Master, _) => Line::Bad("the master secret is not 96 hex digits"),
        (_, 32) => Line::Secret(label, random.0, Secret { bytes, len: 32 }),
        (_, 48) => Line::Secret(label, random.0, Secret { bytes, len: 48 }),
        _ => Line::Bad("the traffic secret is not 64 or 96 hex digits"),
    }
}

/// Labels that others write and that open no record: exporters, ECH, QUIC, and the traffic secrets after a key
/// update, which follow from the first (OpenSSL counts them with an `N`).
fn is_unneeded(label: &[u8]) -> bool {
    let later = |prefix: &[u8]| {
        label
            .strip_prefix(prefix)
            .is_some_and(|n| n == b"N" || (!n.is_empty() && n.iter().all(u8::is_ascii_digit)))
    };
    matches!(label, b"EXPORTER_SECRET" | b"EARLY_EXPORTER_SECRET" | b"ECH_SECRET" | b"ECH_CONFIG")
        || label.starts_with(b"QUIC_")
        || later(b"CLIENT_TRAFFIC_SECRET_")
        || later(b"SERVER_TRAFFIC_SECRET_")
}

/// Hex digits of either case into at most `N` bytes, with their number.
pub(super) fn decode<const N: usize>(hex: &[u8]) -> Option<([u8; N], usize)> {
    let mut bytes = [0_u8; N];
    if !hex.len().is_multiple_of(2) || hex.len() > 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
        for digit in pair {
            *byte = *byte << 4 | u8::try_from(char::from(*digit).to_digit(16)?).ok()?;
        }
    }
    Some((bytes, hex.len() / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_its_newline_or_with_the_log() {
        let mut rest: &[u8] = b"one\r\n\ntwo";
        assert_eq!(cut_line(&mut rest), (&b"one\r"[..], true));
        assert_eq!(cut_line(&mut rest), (&b""[..], true));
        assert_eq!(cut_line(&mut rest), (&b"two"[..], false));
        assert!(rest.is_empty());
    }

    #[test]
    fn hex_of_either_case_is_read_and_anything_else_is_not() {
        assert_eq!(decode::<4>(b"00fFaB"), Some(([0, 0xff, 0xab, 0], 3)));
        assert_eq!(decode::<4>(b"0"), None);
        assert_eq!(decode::<4>(b"0g"), None);
        assert_eq!(decode::<1>(b"0000"), None);
    }

    #[test]
    fn labels_that_open_no_record_are_passed_over() {
        for label in
            ["EXPORTER_SECRET", "ECH_CONFIG", "QUIC_SERVER_TRAFFIC_SECRET_0", "CLIENT_TRAFFIC_SECRET_N"]
        {
            assert!(is_unneeded(label.as_bytes()), "{label}");
        }
        for label in ["CLIENT_TRAFFIC_SECRET_", "CLIENT_TRAFFIC_SECRET_X", "GET"] {
            assert!(!is_unneeded(label.as_bytes()), "{label}");
        }
    }
}
