//! TLS in RDP: the negotiation inside the X.224 connection request and its confirm ([MS-RDPBCGR] §2.2.1.1, §2.2.1.2).

use super::step::{Peer, Step};

/// Follows the request and its confirm, each in one TPKT (RFC 1006 §6).
#[derive(Debug, Default)]
pub(super) struct Rdp {
    asked: Option<Peer>,
}

/// TPKT header of four bytes, then length, code, two references and class of X.224.
const FIXED: usize = 11;
const LONGEST: usize = 1024;
const NEGOTIATION_REQUEST: u8 = 1;
const NEGOTIATION_RESPONSE: u8 = 2;
const NEGOTIATION_FAILURE: u8 = 3;

impl Rdp {
    /// Whether the bytes begin a TPKT with a connection request or confirm.
    pub(super) fn begins(bytes: &[u8]) -> Option<bool> {
        match bytes {
            [3, 0, _, _, _, code, ..] => Some(matches!(code, 0xe0 | 0xd0)),
            [3, 0, ..] | [3] | [] => None,
            _ => Some(false),
        }
    }

    pub(super) fn step(&mut self, from: Peer, bytes: &[u8]) -> Step {
        if self.asked == Some(from) {
            return Step::Wait;
        }
        let &[3, _, high, low, ..] = bytes else {
            return if bytes.len() < 4 { Step::Wait } else { Step::Plain("RDP") };
        };
        let used = usize::from(u16::from_be_bytes([high, low]));
        if !(FIXED..=LONGEST).contains(&used) {
            return Step::Plain("RDP");
        }
        let Some(unit) = bytes.get(..used) else {
            return Step::Wait;
        };
        match (unit.get(5), self.asked) {
            (Some(0xe0), None) => self.request(from, unit),
            (Some(0xd0), Some(_)) => self.confirm(unit),
            _ => Step::Plain("RDP"),
        }
    }

    fn request(&mut self, from: Peer, unit: &[u8]) -> Step {
        match negotiation(after_cookie(unit.get(FIXED..).unwrap_or_default())) {
            Some((NEGOTIATION_REQUEST, protocols)) if protocols != 0 => {
                self.asked = Some(from);
                Step::Asks(unit.len())
            }
            _ => Step::Plain("RDP"),
        }
    }

    fn confirm(&mut self, unit: &[u8]) -> Step {
        let refusal = match negotiation(unit.get(FIXED..).unwrap_or_default()) {
            Some((NEGOTIATION_RESPONSE, chosen)) if chosen != 0 => return Step::Begins(unit.len()),
            Some((NEGOTIATION_FAILURE, code)) => failure(code),
            _ => "standard RDP security chosen".to_owned(),
        };
        self.asked = None;
        Step::Refuses(unit.len(), refusal)
    }
}

/// A cookie or routing token is a line of its own.
fn after_cookie(variable: &[u8]) -> &[u8] {
    let end = variable.windows(2).position(|pair| pair == b"\r\n").map_or(0, |at| at + 2);
    variable.get(end..).unwrap_or_default()
}

/// Type and value of a negotiation structure: type, flags, length 8, value; little endian.
fn negotiation(bytes: &[u8]) -> Option<(u8, u32)> {
    let &[kind, _, 8, 0, a, b, c, d, ..] = bytes else {
        return None;
    };
    Some((kind, u32::from_le_bytes([a, b, c, d])))
}

fn failure(code: u32) -> String {
    let name = match code {
        1 => "SSL_REQUIRED_BY_SERVER",
        2 => "SSL_NOT_ALLOWED_BY_SERVER",
        3 => "SSL_CERT_NOT_ON_SERVER",
        4 => "INCONSISTENT_FLAGS",
        5 => "HYBRID_REQUIRED_BY_SERVER",
        6 => "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
        _ => return format!("failure code {code}"),
    };
    format!("failure code {code} ({name})")
}

#[cfg(test)]
mod tests {
    use super::super::script::{a, assert_begins, assert_refused, b, play};

    fn unit(code: u8, variable: &[u8]) -> Vec<u8> {
        let len = u8::try_from(11 + variable.len()).unwrap();
        [&[3, 0, 0, len, len - 5, code, 0, 0, 0, 0, 0], variable].concat()
    }

    fn request() -> Vec<u8> {
        unit(0xe0, b"Cookie: mstshash=alice\r\n\x01\0\x08\0\x03\0\0\0")
    }

    #[test]
    fn a_chosen_protocol_lets_tls_begin() {
        assert_begins(&[a(request()), b(unit(0xd0, &[2, 0, 8, 0, 2, 0, 0, 0]))], "starttls-rdp", None);
    }

    #[test]
    fn a_failure_refuses_and_so_does_old_security() {
        let failed = [a(request()), b(unit(0xd0, &[3, 0, 8, 0, 2, 0, 0, 0]))];
        assert_refused(&failed, "starttls-rdp", "failure code 2 (SSL_NOT_ALLOWED_BY_SERVER)");
        assert_refused(&[a(request()), b(unit(0xd0, &[]))], "starttls-rdp", "standard RDP security chosen");
    }

    #[test]
    fn a_request_without_negotiation_is_plain() {
        assert_eq!(play(&[a(unit(0xe0, b"Cookie: mstshash=alice\r\n"))]).plain, Some("RDP"));
    }
}
