//! The PROXY protocol header, versions 1 and 2: one side says whom it speaks for, then the real protocol begins.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::identify::sample;
use super::step::Step;

/// Reads the header at the front of a direction.
#[derive(Debug, Default)]
pub(super) struct ProxyHeader {
    target: Option<String>,
}

const VERSION_1: &[u8] = b"PROXY ";
const VERSION_2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1, its line end included.
const LONGEST_LINE: usize = 107;
/// Signature, command, family and length of version 2.
const FIXED: usize = 16;

impl ProxyHeader {
    /// Whether the bytes begin a header.
    pub(super) fn begins(bytes: &[u8]) -> Option<bool> {
        for magic in [VERSION_1, VERSION_2] {
            if bytes.starts_with(magic) {
                return Some(true);
            }
            if magic.starts_with(bytes) {
                return None;
            }
        }
        Some(false)
    }

    /// The destination that the header names.
    pub(super) fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    pub(super) fn step(&mut self, bytes: &[u8]) -> Step {
        let step = if bytes.starts_with(VERSION_1) { self.line(bytes) } else { self.binary(bytes) };
        step.unwrap_or(Step::Wait)
    }

    fn line(&mut self, bytes: &[u8]) -> Option<Step> {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            return (bytes.len() > LONGEST_LINE).then_some(Step::Unknown);
        };
        let words: Vec<&[u8]> = bytes.get(..end)?.trim_ascii().split(|&byte| byte == b' ').collect();
        if let [_, family, _, to, _, port] = words[..] {
            let (to, port) = (sample(to), sample(port));
            self.target =
                Some(if family == b"TCP6" { format!("[{to}]:{port}") } else { format!("{to}:{port}") });
        }
        Some(Step::Opens(end + 1))
    }

    fn binary(&mut self, bytes: &[u8]) -> Option<Step> {
        let &[family, high, low] = bytes.get(13..FIXED)? else { return None };
        let used = FIXED + usize::from(u16::from_be_bytes([high, low]));
        let addresses = bytes.get(FIXED..used.min(FIXED + 36))?;
        self.target = match family >> 4 {
            1 => destination(addresses.get(4..8), addresses.get(10..12), |ip: [u8; 4]| {
                Ipv4Addr::from(ip).to_string()
            }),
            2 => destination(addresses.get(16..32), addresses.get(34..36), |ip: [u8; 16]| {
                format!("[{}]", Ipv6Addr::from(ip))
            }),
            _ => None,
        };
        Some(Step::Opens(used))
    }
}

fn destination<const N: usize>(
    ip: Option<&[u8]>,
    port: Option<&[u8]>,
    show: impl Fn([u8; N]) -> String,
) -> Option<String> {
    let ip = <[u8; N]>::try_from(ip?).ok()?;
    let port = u16::from_be_bytes(<[u8; 2]>::try_from(port?).ok()?);
    Some(format!("{}:{port}", show(ip)))
}

#[cfg(test)]
mod tests {
    use super::super::script::{a, assert_begins, b};

    #[test]
    fn version_1_names_the_destination() {
        assert_begins(
            &[a("PROXY TCP4 192.0.2.7 192.0.2.1 51000 443\r\n")],
            "proxy-protocol",
            Some("192.0.2.1:443"),
        );
        assert_begins(
            &[a("PROXY TCP6 2001:db8::7 2001:db8::1 5 443\r\n")],
            "proxy-protocol",
            Some("[2001:db8::1]:443"),
        );
        assert_begins(&[a("PROXY UNKNOWN\r\n")], "proxy-protocol", None);
    }

    #[test]
    fn version_2_names_the_destination_and_may_hold_more() {
        let fixed = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10";
        let rest = [192, 0, 2, 7, 192, 0, 2, 1, 0xc7, 0x38, 1, 0xbb, 4, 0, 1, 0];
        assert_begins(&[a([&fixed[..], &rest].concat())], "proxy-protocol", Some("192.0.2.1:443"));
    }

    #[test]
    fn a_local_connection_has_no_destination() {
        assert_begins(&[a(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")], "proxy-protocol", None);
    }

    #[test]
    fn mail_behind_a_header_begins_with_starttls() {
        let turns = [
            a("PROXY TCP4 192.0.2.7 192.0.2.1 5 25\r\n"),
            b("220 x ESMTP\r\n"),
            a("STARTTLS\r\n"),
            b("220 go\r\n"),
        ];
        assert_begins(&turns, "starttls-smtp", Some("192.0.2.1:25"));
    }
}
