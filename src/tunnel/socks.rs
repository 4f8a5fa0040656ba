//! SOCKS 4, 4a and 5 (RFC 1928, RFC 1929).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::identify::sample;
use super::step::{Peer, Step};

/// Follows the client's requests and the proxy's answers.
#[derive(Debug, Default)]
pub(super) struct Socks {
    client: Option<Peer>,
    awaited: Awaited,
    target: Option<String>,
}

/// Whose turn it is, and for which message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Awaited {
    #[default]
    Greeting,
    Method,
    Login,
    LoginStatus,
    Request,
    Reply5,
    Reply4,
}

const CONNECT: u8 = 1;

impl Socks {
    /// Whether the bytes begin a client's greeting (version 5) or request (version 4).
    pub(super) fn begins(bytes: &[u8]) -> Option<bool> {
        match *bytes {
            [] | [5 | 4] => None,
            // The methods that RFC 1928 and IANA know are 0 to 9, and those for private use.
            [5, count, ref methods @ ..] if (1..=16).contains(&count) => {
                let all_known =
                    methods.iter().take(usize::from(count)).all(|method| *method <= 9 || *method >= 0x80);
                if !all_known { Some(false) } else { (methods.len() >= usize::from(count)).then_some(true) }
            }
            [4, CONNECT | 2, ref rest @ ..] => (rest.len() >= 7).then_some(true),
            _ => Some(false),
        }
    }

    pub(super) fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    pub(super) fn step(&mut self, from: Peer, bytes: &[u8]) -> Step {
        let client = *self.client.get_or_insert(from);
        let clients_turn = matches!(self.awaited, Awaited::Greeting | Awaited::Login | Awaited::Request);
        if clients_turn != (client == from) {
            return Step::Wait;
        }
        let step = match self.awaited {
            Awaited::Greeting => self.greeting(bytes),
            Awaited::Method => self.method(bytes),
            Awaited::Login => self.login(bytes),
            Awaited::LoginStatus => self.login_status(bytes),
            Awaited::Request => self.request5(bytes),
            Awaited::Reply5 => reply5(bytes),
            Awaited::Reply4 => reply4(bytes),
        };
        step.unwrap_or(Step::Wait)
    }

    fn greeting(&mut self, bytes: &[u8]) -> Option<Step> {
        if *bytes.first()? == 4 {
            return self.request4(bytes);
        }
        let used = 2 + usize::from(*bytes.get(1)?);
        bytes.get(..used)?;
        self.awaited = Awaited::Method;
        Some(Step::Asks(used))
    }

    fn method(&mut self, bytes: &[u8]) -> Option<Step> {
        let &[version, method] = bytes.get(..2)? else { return None };
        self.awaited = match (version, method) {
            (5, 0) => Awaited::Request,
            (5, 2) => Awaited::Login,
            (5, 0xff) => return Some(Step::Refuses(2, "no acceptable method (0xff)".to_owned())),
            // GSSAPI wraps all that follows.
            _ => return Some(Step::Unknown),
        };
        Some(Step::Used(2))
    }

    /// RFC 1929 §2: version 1, name, password. Neither is kept.
    fn login(&mut self, bytes: &[u8]) -> Option<Step> {
        let name = usize::from(*bytes.get(1)?);
        let used = 3 + name + usize::from(*bytes.get(2 + name)?);
        bytes.get(..used)?;
        self.awaited = Awaited::LoginStatus;
        Some(Step::Used(used))
    }

    fn login_status(&mut self, bytes: &[u8]) -> Option<Step> {
        let status = *bytes.get(1)?;
        if status != 0 {
            return Some(Step::Refuses(2, format!("login refused (status {status})")));
        }
        self.awaited = Awaited::Request;
        Some(Step::Used(2))
    }

    fn request5(&mut self, bytes: &[u8]) -> Option<Step> {
        let &[5, command, _, _] = bytes.get(..4)? else { return Some(Step::Unknown) };
        if command != CONNECT {
            return Some(Step::Plain("SOCKS"));
        }
        let (target, used) = match address5(bytes)? {
            Ok(address) => address,
            Err(()) => return Some(Step::Unknown),
        };
        self.target = Some(target);
        self.awaited = Awaited::Reply5;
        Some(Step::Used(used))
    }

    /// Version, command, port, address, user, zero; version 4a has a name after it when the address is 0.0.0.x.
    fn request4(&mut self, bytes: &[u8]) -> Option<Step> {
        let &[_, command, high, low, a, b, c, d] = bytes.get(..8)? else { return None };
        if command != CONNECT {
            return Some(Step::Plain("SOCKS"));
        }
        let port = u16::from_be_bytes([high, low]);
        let mut used = 8 + memchr::memchr(0, bytes.get(8..)?)? + 1;
        let mut host = Ipv4Addr::new(a, b, c, d).to_string();
        if [a, b, c] == [0, 0, 0] && d != 0 {
            let rest = bytes.get(used..)?;
            let end = memchr::memchr(0, rest)?;
            host = sample(rest.get(..end)?);
            used += end + 1;
        }
        self.target = Some(format!("{host}:{port}"));
        self.awaited = Awaited::Reply4;
        Some(Step::Asks(used))
    }
}

/// Address and port of a request or reply, and the bytes up to its end; `Err` for an address type that nobody knows.
fn address5(bytes: &[u8]) -> Option<Result<(String, usize), ()>> {
    let kind = *bytes.get(3)?;
    let (start, len) = match kind {
        1 => (4, 4),
        3 => (5, usize::from(*bytes.get(4)?)),
        4 => (4, 16),
        _ => return Some(Err(())),
    };
    let end = start + len;
    let address = bytes.get(start..end)?;
    let &[high, low] = bytes.get(end..end + 2)? else { return None };
    let host = match kind {
        1 => Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?).to_string(),
        4 => format!("[{}]", Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?)),
        _ => sample(address),
    };
    Some(Ok((format!("{host}:{}", u16::from_be_bytes([high, low])), end + 2)))
}

fn reply5(bytes: &[u8]) -> Option<Step> {
    let &[version, reply] = bytes.get(..2)? else { return None };
    if version != 5 {
        return Some(Step::Unknown);
    }
    // Some proxies send a refusal without the address.
    if reply != 0 {
        let used = match address5(bytes) {
            Some(Ok((_, used))) => used,
            _ => bytes.len(),
        };
        return Some(Step::Refuses(used, format!("reply {reply} ({})", reply5_name(reply))));
    }
    Some(match address5(bytes)? {
        Ok((_, used)) => Step::Opens(used),
        Err(()) => Step::Unknown,
    })
}

/// RFC 1928 §6.
fn reply5_name(reply: u8) -> &'static str {
    match reply {
        1 => "general failure",
        2 => "not allowed by the rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unassigned",
    }
}

fn reply4(bytes: &[u8]) -> Option<Step> {
    let &[0, reply, ..] = bytes.get(..8)? else { return Some(Step::Unknown) };
    let name = match reply {
        90 => return Some(Step::Opens(8)),
        91 => "rejected or failed",
        92 => "no identd on the client",
        93 => "user differs from identd's",
        _ => return Some(Step::Unknown),
    };
    Some(Step::Refuses(8, format!("reply {reply} ({name})")))
}

#[cfg(test)]
mod tests {
    use super::super::script::{a, assert_begins, assert_refused, b, play};

    const REQUEST: &[u8] = b"\x05\x01\0\x03\x0bapi.example\x01\xbb";

    fn reply(code: u8) -> Vec<u8> {
        vec![5, code, 0, 1, 0, 0, 0, 0, 0, 0]
    }

    #[test]
    fn version_5_opens_with_reply_0() {
        let turns = [a([5, 1, 0]), b([5, 0]), a(REQUEST), b(reply(0))];
        assert_begins(&turns, "socks", Some("api.example:443"));
    }

    #[test]
    fn version_5_with_a_password_opens() {
        let turns = [a([5, 2, 0, 2]), b([5, 2]), a(b"\x01\x03joe\x02pw"), b([1, 0]), a(REQUEST), b(reply(0))];
        assert_begins(&turns, "socks", Some("api.example:443"));
    }

    #[test]
    fn version_5_refuses_at_every_stage() {
        let none = [a([5, 1, 0]), b([5, 0xff])];
        assert_refused(&none, "socks", "no acceptable method (0xff)");
        let login = [a([5, 1, 2]), b([5, 2]), a(b"\x01\x03joe\x02pw"), b([1, 1])];
        assert_refused(&login, "socks", "login refused (status 1)");
        let passed = assert_refused(
            &[a([5, 1, 0]), b([5, 0]), a(REQUEST), b(reply(5))],
            "socks",
            "reply 5 (connection refused)",
        );
        assert_eq!(passed.target.as_deref(), Some("api.example:443"));
    }

    #[test]
    fn version_4_and_4a_open_with_reply_90() {
        let answer = b([0, 90, 0, 0, 0, 0, 0, 0]);
        let four = a(b"\x04\x01\x01\xbb\xc0\0\x02\x01user\0");
        assert_begins(&[four, answer.clone()], "socks", Some("192.0.2.1:443"));
        let four_a = a(b"\x04\x01\x01\xbb\0\0\0\x01\0api.example\0");
        assert_begins(&[four_a, answer], "socks", Some("api.example:443"));
    }

    #[test]
    fn version_4_refuses_with_91() {
        let turns = [a(b"\x04\x01\x01\xbb\xc0\0\x02\x01\0"), b([0, 91, 0, 0, 0, 0, 0, 0])];
        assert_refused(&turns, "socks", "reply 91 (rejected or failed)");
    }

    #[test]
    fn a_proxy_inside_a_proxy_is_followed() {
        let turns = [
            a([5, 1, 0]),
            b([5, 0]),
            a(REQUEST),
            b(reply(0)),
            a("CONNECT inner.example:443 HTTP/1.1\r\n\r\n"),
            b("HTTP/1.1 200 OK\r\n\r\n"),
        ];
        assert_begins(&turns, "http-connect", Some("inner.example:443"));
    }

    #[test]
    fn a_bind_request_is_plain() {
        assert_eq!(play(&[a([5, 1, 0]), b([5, 0]), a([5, 2, 0, 1, 1, 2, 3, 4, 0, 80])]).plain, Some("SOCKS"));
    }
}
