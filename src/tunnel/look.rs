//! Whether bytes look like the beginning of TLS.

/// Whether the bytes begin with the header of a TLS record (RFC 8446 §5.1) or with an SSLv2 hello (RFC 5246
/// appendix E.2). `None` when there are too few to tell.
pub fn begins_like_tls(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [] => None,
        [0x16, rest @ ..] => record(rest, |len| (4..=MAX_FRAGMENT).contains(&len), |&first| first <= 25),
        // An alert in clear has two bytes; an encrypted one is longer, but nothing is encrypted at the beginning.
        [0x15, rest @ ..] => record(rest, |len| len == 2, |&level| level == 1 || level == 2),
        [first, rest @ ..] if first & 0x80 != 0 => sslv2_hello(*first, rest),
        _ => Some(false),
    }
}

/// Whether the bytes begin with the first record of a ClientHello: enough of it to be sure wherever it stands.
pub fn begins_like_client_hello(bytes: &[u8]) -> bool {
    let &[0x16, 3, minor, high, low, 1, 0, len_high, len_low, 3, hello_minor, ..] = bytes else {
        return false;
    };
    let record = usize::from(u16::from_be_bytes([high, low]));
    let message = usize::from(u16::from_be_bytes([len_high, len_low])) + 4;
    minor <= 4
        && hello_minor <= 4
        && (4..=MAX_FRAGMENT).contains(&record)
        && message >= record
        && message >= 41
}

/// Whether the bytes begin with a whole header of a ServerHello's or an alert's record.
pub(super) fn begins_like_answer(bytes: &[u8]) -> bool {
    matches!(bytes, [0x16 | 0x15, ..]) && begins_like_tls(bytes) == Some(true)
}

/// RFC 8446 §5.1 and §5.2: the longest fragment of a record.
const MAX_FRAGMENT: usize = 16_384 + 2_048;

fn record(
    rest: &[u8],
    length_fits: impl Fn(usize) -> bool,
    first_fits: impl Fn(&u8) -> bool,
) -> Option<bool> {
    let major = rest.first()?;
    if *major != 3 {
        return Some(false);
    }
    if *rest.get(1)? > 4 {
        return Some(false);
    }
    let length = u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]);
    if !length_fits(usize::from(length)) {
        return Some(false);
    }
    rest.get(4).map(first_fits)
}

/// Two bytes of length with the high bit set, message type 1, version 0x0002 or 0x03xx.
fn sslv2_hello(first: u8, rest: &[u8]) -> Option<bool> {
    let length = u16::from_be_bytes([first & 0x7f, *rest.first()?]);
    if !(28..=1024).contains(&length) {
        return Some(false);
    }
    if *rest.get(1)? != 1 {
        return Some(false);
    }
    let version = (*rest.get(2)?, *rest.get(3)?);
    // The cipher specs are three bytes each.
    let specs = u16::from_be_bytes([*rest.get(4)?, *rest.get(5)?]);
    Some(matches!(version, (0, 2) | (3, 0..=4)) && specs > 0 && specs % 3 == 0 && specs < length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_header_is_known_from_six_bytes() {
        let hello = [0x16, 3, 1, 0, 200, 1];
        assert_eq!(begins_like_tls(&hello), Some(true));
        for cut in 0..hello.len() {
            assert_eq!(begins_like_tls(&hello[..cut]), None, "{cut}");
        }
        assert_eq!(begins_like_tls(&[0x15, 3, 3, 0, 2, 2, 40]), Some(true));
    }

    #[test]
    fn text_and_wrong_lengths_are_not_tls() {
        assert_eq!(begins_like_tls(b"STARTTLS"), Some(false));
        assert_eq!(begins_like_tls(&[0x16, 3, 1, 0xff, 0xff, 1]), Some(false));
        assert_eq!(begins_like_tls(&[0x15, 3, 1, 0, 3, 1]), Some(false));
        assert_eq!(begins_like_tls(&[0x16, 4]), Some(false));
    }

    #[test]
    fn an_sslv2_hello_is_tls() {
        assert_eq!(begins_like_tls(&[0x80, 46, 1, 3, 1, 0, 21, 0, 0]), Some(true));
        assert_eq!(begins_like_tls(&[0x80, 46, 4, 3, 1]), Some(false));
    }

    #[test]
    fn a_client_hello_needs_lengths_that_agree() {
        let mut hello = vec![0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 9, 9];
        assert!(begins_like_client_hello(&hello));
        hello[8] = 10;
        assert!(!begins_like_client_hello(&hello));
        assert!(!begins_like_client_hello(&[0x16, 3, 1, 0]));
    }
}
