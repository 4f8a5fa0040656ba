//! HTTP CONNECT (RFC 9110 §9.3.6) in HTTP/1.

use super::identify::sample;
use super::step::{Peer, Step};

/// Follows requests and responses until a CONNECT is answered with 2xx.
#[derive(Debug, Default)]
pub(super) struct Connect {
    request: Request,
    /// Host and port asked for.
    target: Option<String>,
    response: Option<Response>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Request {
    #[default]
    Line,
    Fields(Peer),
    Sent(Peer),
}

#[derive(Debug)]
struct Response {
    status: u16,
    line: String,
    content_length: usize,
}

/// Tickets and tokens of proxies that authenticate make long fields.
const LINE_BYTES: usize = 8_000;

impl Connect {
    pub(super) fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    pub(super) fn step(&mut self, from: Peer, bytes: &[u8]) -> Step {
        if self.request == Request::Sent(from) {
            return Step::Wait;
        }
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            return if bytes.len() > LINE_BYTES { Step::Unknown } else { Step::Wait };
        };
        let line = bytes.get(..end).unwrap_or_default().trim_ascii();
        let used = end + 1;
        match self.request {
            Request::Line if line.starts_with(b"HTTP/") => Step::Wait,
            Request::Line => self.request_line(from, line, used),
            Request::Fields(asker) if asker == from => self.request_field(from, line, used),
            Request::Fields(_) => Step::Wait,
            Request::Sent(_) => self.response_line(line, used),
        }
    }

    fn request_line(&mut self, from: Peer, line: &[u8], used: usize) -> Step {
        let Some(rest) = line.strip_prefix(b"CONNECT ") else {
            // What is left of the body of a refusal is skipped; a request of another kind ends the matter.
            return if super::identify::http(line).is_some() {
                Step::Plain("HTTP request")
            } else {
                Step::Used(used)
            };
        };
        let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        self.target = Some(sample(rest.get(..end).unwrap_or_default()));
        self.request = Request::Fields(from);
        Step::Used(used)
    }

    fn request_field(&mut self, from: Peer, line: &[u8], used: usize) -> Step {
        if !line.is_empty() {
            return Step::Used(used);
        }
        self.request = Request::Sent(from);
        Step::Asks(used)
    }

    fn response_line(&mut self, line: &[u8], used: usize) -> Step {
        let Some(response) = &mut self.response else {
            self.response = status_line(line);
            return Step::Used(used);
        };
        if !line.is_empty() {
            response.content_length = content_length(line).unwrap_or(response.content_length);
            return Step::Used(used);
        }
        let Some(response) = self.response.take() else {
            return Step::Used(used);
        };
        match response.status {
            100..=199 => Step::Used(used),
            200..=299 => Step::Opens(used),
            _ => {
                self.request = Request::Line;
                Step::Refuses(used.saturating_add(response.content_length), response.line)
            }
        }
    }
}

/// Lines that are no status line, such as those of a body of unknown length, are passed over.
fn status_line(line: &[u8]) -> Option<Response> {
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let code = rest.get(2..5)?;
    let status = std::str::from_utf8(code).ok()?.parse().ok()?;
    Some(Response { status, line: sample(line), content_length: 0 })
}

fn content_length(field: &[u8]) -> Option<usize> {
    let at = memchr::memchr(b':', field)?;
    let (name, value) = field.split_at_checked(at)?;
    if !name.eq_ignore_ascii_case(b"content-length") {
        return None;
    }
    std::str::from_utf8(value.get(1..)?.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::script::{a, assert_begins, assert_refused, b, play};

    const CONNECT: &str = "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n";

    #[test]
    fn a_200_opens_the_tunnel() {
        let turns = [a(CONNECT), b("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")];
        assert_begins(&turns, "http-connect", Some("api.example:443"));
    }

    #[test]
    fn another_status_refuses() {
        for line in [
            "HTTP/1.1 403 Forbidden",
            "HTTP/1.0 502 Bad Gateway",
            "HTTP/1.1 407 Proxy Authentication Required",
        ] {
            let answer = format!("{line}\r\nContent-Length: 5\r\n\r\nsorry");
            let passed = assert_refused(&[a(CONNECT), b(answer)], "http-connect", line);
            assert_eq!(passed.target.as_deref(), Some("api.example:443"));
        }
    }

    #[test]
    fn a_client_that_authenticates_may_ask_again() {
        let turns = [
            a(CONNECT),
            b("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 7\r\n\r\nHTTP/1."),
            a("CONNECT api.example:443 HTTP/1.1\r\nProxy-Authorization: Basic x\r\n\r\n"),
            b("HTTP/1.1 200 OK\r\n\r\n"),
        ];
        assert_begins(&turns, "http-connect", Some("api.example:443"));
    }

    #[test]
    fn a_body_in_chunks_is_passed_over() {
        let turns = [
            a(CONNECT),
            b("HTTP/1.1 407 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
            a(CONNECT),
            b("HTTP/1.1 200 OK\r\n\r\n"),
        ];
        assert_begins(&turns, "http-connect", Some("api.example:443"));
    }

    #[test]
    fn any_other_request_is_plain_at_once() {
        assert_eq!(play(&[a("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]).plain, Some("HTTP request"));
    }

    #[test]
    fn mail_through_a_proxy_begins_tls_inside_the_tunnel() {
        let turns = [
            a("CONNECT mail.example:25 HTTP/1.1\r\n\r\n"),
            b("HTTP/1.1 200 OK\r\n\r\n"),
            b("220 mail.example ESMTP\r\n"),
            a("EHLO c\r\n"),
            b("250-mail.example\r\n250 STARTTLS\r\n"),
            a("STARTTLS\r\n"),
            b("220 go\r\n"),
        ];
        assert_begins(&turns, "starttls-smtp", Some("mail.example:25"));
    }

    #[test]
    fn an_answer_that_never_came_leaves_the_target() {
        let passed = play(&[a(CONNECT)]).summary.unwrap();
        assert_eq!(
            (passed.target.as_deref(), passed.granted, passed.refusal),
            (Some("api.example:443"), false, None)
        );
    }
}
