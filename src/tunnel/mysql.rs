//! TLS in MySQL and MariaDB: the client's first packet has the SSL flag and is cut short before the user's name.

use super::identify::sample;
use super::step::{Peer, Step};

/// Follows the server's greeting and the client's answer.
#[derive(Debug, Default)]
pub(super) struct MySql {
    server: Option<Peer>,
}

/// Three bytes of length, little endian, and the packet's number.
const HEADER: usize = 4;
const PROTOCOL_10: u8 = 10;
const CLIENT_SSL: u8 = 0x08;
/// A greeting up to its flags: a version of some length, and the fields behind it.
const GREETING_BYTES: usize = 128;
/// Flags, packet size, character set and filler; without the user's name that a login has.
const SSL_REQUEST: usize = 32;

impl MySql {
    /// Whether the bytes begin a server's greeting.
    pub(super) fn begins(bytes: &[u8]) -> Option<bool> {
        match bytes {
            [_, _, 0, 0, PROTOCOL_10, digit, ..] => Some(digit.is_ascii_digit()),
            [_, _, 0, 0, PROTOCOL_10] | [_, _, 0, 0] | [_, _, 0] | [_, _] | [_] | [] => None,
            _ => Some(false),
        }
    }

    pub(super) fn step(&mut self, from: Peer, bytes: &[u8]) -> Step {
        let &[low, middle, high, number, ..] = bytes else {
            return Step::Wait;
        };
        let used = HEADER + (usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16);
        match self.server {
            None if number == 0 => {
                if bytes.len() < used.min(GREETING_BYTES) {
                    return Step::Wait;
                }
                self.server = Some(from);
                match bytes.get(HEADER..).and_then(offers_tls) {
                    Some(false) => {
                        Step::Withholds(used, "the greeting does not offer TLS (no CLIENT_SSL)".into())
                    }
                    _ => Step::Used(used),
                }
            }
            None => Step::Wait,
            Some(server) if server == from => Step::Used(used),
            Some(_) => match bytes.get(HEADER + 1) {
                None => Step::Wait,
                Some(flags) if flags & CLIENT_SSL != 0 && used <= HEADER + SSL_REQUEST => Step::Begins(used),
                Some(_) => Step::Plain("MySQL"),
            },
        }
    }
}

/// A packet of the beginning in words; `None` for any other.
pub(super) fn told(bytes: &[u8], from_server: bool) -> Option<String> {
    let number = *bytes.get(3)?;
    let body = bytes.get(HEADER..)?;
    match (from_server, number) {
        (true, 0) if body.first() == Some(&PROTOCOL_10) => greeting(body),
        (true, _) if body.first() == Some(&0xff) => Some(format!("error: {}", sample(body.get(3..)?))),
        (false, 1) => Some(match body.get(1)? & CLIENT_SSL != 0 {
            true if body.len() <= SSL_REQUEST => "SSLRequest (CLIENT_SSL is set)".to_owned(),
            _ => "login in plain text (CLIENT_SSL is not set)".to_owned(),
        }),
        _ => None,
    }
}

/// Version, thread (4 bytes), challenge (8), filler (1), and the lower capability flags, whose second byte has CLIENT_SSL.
fn offers_tls(body: &[u8]) -> Option<bool> {
    let version = body.get(1..)?;
    let end = memchr::memchr(0, version)?;
    Some(*version.get(end + 1 + 4 + 8 + 1 + 1)? & CLIENT_SSL != 0)
}

fn greeting(body: &[u8]) -> Option<String> {
    let version = body.get(1..)?;
    let end = memchr::memchr(0, version)?;
    let offer = match offers_tls(body)? {
        true => "TLS is offered (CLIENT_SSL)",
        false => "TLS is not offered (no CLIENT_SSL)",
    };
    Some(format!("greeting of {}: {offer}", sample(version.get(..end)?)))
}

#[cfg(test)]
mod tests {
    use super::super::script::{a, assert_begins, b, play};

    fn greeting() -> Vec<u8> {
        let body = [&[10][..], b"8.0.36\0", &[0; 13], &[0, 0x08], &[0; 45]].concat();
        [&[u8::try_from(body.len()).unwrap(), 0, 0, 0], &body[..]].concat()
    }

    #[test]
    fn a_first_packet_with_the_ssl_flag_is_followed_by_tls() {
        let request = [&[32, 0, 0, 1, 0x05, 0xae, 0xff, 0x19][..], &[0; 28]].concat();
        assert_begins(&[b(greeting()), a(request)], "starttls-mysql", None);
    }

    #[test]
    fn a_greeting_without_the_flag_withholds_tls_until_a_login_shows_that_none_is_wanted() {
        let body = [&[10][..], b"8.0.36\0", &[0; 60]].concat();
        let plain = [&[u8::try_from(body.len()).unwrap(), 0, 0, 0], &body[..]].concat();
        let end = play(&[b(&plain)]);
        let passed = end.summary.unwrap();
        assert_eq!((passed.kind, passed.granted, end.refused), ("starttls-mysql", false, false));
        assert!(passed.withheld.unwrap().contains("CLIENT_SSL"));
        let login = [&[60, 0, 0, 1, 0x05, 0xa6, 0xff, 0x19][..], &[0; 56]].concat();
        let end = play(&[b(plain), a(login)]);
        assert_eq!((end.plain, end.summary), (Some("MySQL"), None));
    }

    #[test]
    fn a_login_without_it_is_plain() {
        let login = [&[60, 0, 0, 1, 0x05, 0xa6, 0xff, 0x19][..], &[0; 56]].concat();
        let end = play(&[b(greeting()), a(login)]);
        assert_eq!((end.plain, end.summary), (Some("MySQL"), None));
    }
}
