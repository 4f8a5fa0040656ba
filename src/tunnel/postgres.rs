//! TLS in PostgreSQL: an SSLRequest that the server answers with one letter.

use super::identify::sample;
use super::step::{Peer, Step};

/// Follows the requests that come before a session starts.
#[derive(Debug, Default)]
pub(super) struct Postgres {
    asked: Option<(Peer, Request)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Ssl,
    /// Encryption by GSSAPI; clients ask for TLS when the server does not have it.
    Gss,
}

const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
const GSS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];

impl Postgres {
    /// Whether the bytes are one of the two requests.
    pub(super) fn begins(bytes: &[u8]) -> Option<bool> {
        match bytes.get(..SSL_REQUEST.len()) {
            Some(start) => Some(start == SSL_REQUEST || start == GSS_REQUEST),
            None if SSL_REQUEST.starts_with(bytes) || GSS_REQUEST.starts_with(bytes) => None,
            None => Some(false),
        }
    }

    pub(super) fn step(&mut self, from: Peer, bytes: &[u8]) -> Step {
        match self.asked {
            Some((asker, request)) if asker != from => self.answer(request, bytes),
            Some(_) => Step::Wait,
            None => self.request(from, bytes),
        }
    }

    fn request(&mut self, from: Peer, bytes: &[u8]) -> Step {
        let Some(start) = bytes.get(..SSL_REQUEST.len()) else {
            return Step::Wait;
        };
        if start == SSL_REQUEST {
            self.asked = Some((from, Request::Ssl));
            return Step::Asks(SSL_REQUEST.len());
        }
        if start == GSS_REQUEST {
            self.asked = Some((from, Request::Gss));
            return Step::Used(GSS_REQUEST.len());
        }
        // A session that starts in plain text.
        Step::Plain("PostgreSQL")
    }

    fn answer(&mut self, request: Request, bytes: &[u8]) -> Step {
        match (request, bytes.first()) {
            (_, None) => Step::Wait,
            (Request::Ssl, Some(b'S')) => Step::Begins(1),
            (Request::Ssl, Some(b'N')) => {
                self.asked = None;
                Step::Refuses(1, "N".to_owned())
            }
            // Servers older than the request say that they do not know it.
            (Request::Ssl, Some(b'E')) => self.error(bytes),
            (Request::Gss, Some(b'N')) => {
                self.asked = None;
                Step::Used(1)
            }
            _ => Step::Unknown,
        }
    }

    fn error(&mut self, bytes: &[u8]) -> Step {
        let Some(&[a, b, c, d]) = bytes.get(1..5) else {
            return Step::Wait;
        };
        let len = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if len > 2048 {
            return Step::Unknown;
        }
        let Some(body) = bytes.get(5..1 + len.max(4)) else {
            return Step::Wait;
        };
        self.asked = None;
        Step::Refuses(1 + len.max(4), sample(body))
    }
}

/// A message in words; `None` for what has no name here.
pub(super) fn told(bytes: &[u8], from_server: bool) -> Option<String> {
    let words = match (bytes, from_server) {
        (b"S", true) => "S: TLS may begin",
        (b"N", true) => "N: no TLS",
        ([b'E', ..], true) => return Some(format!("ErrorResponse: {}", sample(bytes.get(5..)?))),
        (_, false) if bytes.starts_with(&SSL_REQUEST) => "SSLRequest",
        (_, false) if bytes.starts_with(&GSS_REQUEST) => "GSSENCRequest",
        ([_, _, _, _, 0, 3, 0, 0, ..], false) => "StartupMessage, in plain text",
        _ => return None,
    };
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::script::{a, assert_begins, assert_refused, b, play};
    use super::{GSS_REQUEST, SSL_REQUEST};

    #[test]
    fn s_lets_tls_begin() {
        assert_begins(&[a(SSL_REQUEST), b("S")], "starttls-postgres", None);
    }

    #[test]
    fn tls_is_asked_for_after_gssapi() {
        assert_begins(&[a(GSS_REQUEST), b("N"), a(SSL_REQUEST), b("S")], "starttls-postgres", None);
    }

    #[test]
    fn n_refuses_and_so_does_an_error() {
        assert_refused(&[a(SSL_REQUEST), b("N")], "starttls-postgres", "N");
        let error = b"E\0\0\0\x0cSFATAL\0\0";
        assert_refused(&[a(SSL_REQUEST), b(error)], "starttls-postgres", "SFATAL\\x00\\x00");
    }

    #[test]
    fn a_session_without_tls_is_plain() {
        let end = play(&[a(SSL_REQUEST), b("N"), a(b"\0\0\0\x15\0\x03\0\0user\0alice\0\0\0")]);
        assert_eq!(end.plain, Some("PostgreSQL"));
        assert_eq!(play(&[a(b"\0\0\0\x15\0\x03\0\0user\0alice\0\0\0")]).plain, Some("PostgreSQL"));
    }
}
