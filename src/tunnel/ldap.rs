//! StartTLS in LDAP (RFC 4511 §4.14): an extended request of a fixed OID, in BER.

use super::identify::sample;
use super::step::{Peer, Step};

/// Follows LDAPMessages of both sides.
#[derive(Debug, Default)]
pub(super) struct Ldap {
    asked: Option<Peer>,
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const ENUMERATED: u8 = 0x0a;
const EXTENDED_REQUEST: u8 = 0x77;
const EXTENDED_RESPONSE: u8 = 0x78;
const REQUEST_NAME: u8 = 0x80;
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
/// Messages that matter are far shorter; a longer one is skipped by its length.
const MESSAGE_BYTES: usize = 2048;

impl Ldap {
    /// Whether the bytes begin an LDAPMessage: a sequence that begins with a message number.
    pub(super) fn begins(bytes: &[u8]) -> Option<bool> {
        if *bytes.first()? != SEQUENCE {
            return Some(false);
        }
        let (_, header) = match length(bytes)? {
            Ok(length) => length,
            Err(()) => return Some(false),
        };
        let &[tag, len] = bytes.get(header..header + 2)? else { return None };
        Some(tag == INTEGER && (1..=4).contains(&len))
    }

    pub(super) fn step(&mut self, from: Peer, bytes: &[u8]) -> Step {
        if self.asked == Some(from) {
            return Step::Wait;
        }
        if bytes.first() != Some(&SEQUENCE) {
            return Step::Unknown;
        }
        let (len, header) = match length(bytes) {
            None => return Step::Wait,
            Some(Err(())) => return Step::Unknown,
            Some(Ok(length)) => length,
        };
        let used = header + len;
        if used > MESSAGE_BYTES {
            return Step::Used(used);
        }
        let Some(message) = bytes.get(header..used) else {
            return Step::Wait;
        };
        self.message(from, message, used)
    }

    fn message(&mut self, from: Peer, message: &[u8], used: usize) -> Step {
        let Some((operation, body)) = operation(message) else {
            return Step::Unknown;
        };
        match (operation, self.asked) {
            (EXTENDED_REQUEST, None) if asks_for_tls(body) => {
                self.asked = Some(from);
                Step::Asks(used)
            }
            (EXTENDED_RESPONSE, Some(_)) => match result(body) {
                Some((0, _)) => Step::Begins(used),
                Some((code, text)) => {
                    self.asked = None;
                    Step::Refuses(used, result_text(code, text))
                }
                None => Step::Unknown,
            },
            _ => Step::Used(used),
        }
    }
}

/// Length of the contents and of the header before them; `Err` where the form is not one that LDAP allows.
fn length(bytes: &[u8]) -> Option<Result<(usize, usize), ()>> {
    let first = *bytes.get(1)?;
    if first < 0x80 {
        return Some(Ok((usize::from(first), 2)));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return Some(Err(()));
    }
    let len = bytes.get(2..2 + count)?.iter().fold(0usize, |len, &byte| len << 8 | usize::from(byte));
    Some(if len > 0x0fff_ffff { Err(()) } else { Ok((len, 2 + count)) })
}

/// The first element: tag, contents, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (len, header) = length(bytes)?.ok()?;
    Some((*bytes.first()?, bytes.get(header..header + len)?, bytes.get(header + len..)?))
}

/// The operation after the message number.
fn operation(message: &[u8]) -> Option<(u8, &[u8])> {
    let (tag, _, rest) = element(message)?;
    if tag != INTEGER {
        return None;
    }
    element(rest).map(|(tag, body, _)| (tag, body))
}

fn asks_for_tls(body: &[u8]) -> bool {
    element(body).is_some_and(|(tag, oid, _)| tag == REQUEST_NAME && oid == START_TLS)
}

/// The result code and the diagnostic message of a response.
fn result(body: &[u8]) -> Option<(u8, &[u8])> {
    let (tag, code, rest) = element(body)?;
    let (_, _, rest) = element(rest)?;
    let (_, text, _) = element(rest)?;
    if tag == ENUMERATED { Some((*code.first()?, text)) } else { None }
}

/// The operation of a message in words: `StartTLS request`, `BindResponse: invalidCredentials (49)`.
pub(super) fn told(bytes: &[u8]) -> Option<String> {
    let (tag, message, _) = element(bytes)?;
    let (operation, body) = operation(message).filter(|_| tag == SEQUENCE)?;
    if operation == EXTENDED_REQUEST && asks_for_tls(body) {
        return Some("StartTLS request (extended operation 1.3.6.1.4.1.1466.20037)".to_owned());
    }
    let name = OPERATIONS.iter().find(|(tag, _)| *tag == operation).map(|(_, name)| *name)?;
    let answer = result(body).filter(|_| name.ends_with("Response") || name.ends_with("Done"));
    Some(match answer {
        Some((code, text)) => format!("{name}: {}", result_text(code, text)),
        None => name.to_owned(),
    })
}

/// A result code with its name, and what the server says of it: `protocolError (2): unsupported extended operation`.
fn result_text(code: u8, text: &[u8]) -> String {
    let name = RESULTS.iter().find(|(known, _)| *known == code).map_or("resultCode", |(_, name)| *name);
    let said = sample(text);
    if said.is_empty() { format!("{name} ({code})") } else { format!("{name} ({code}): {said}") }
}

/// Tags of the operations (RFC 4511 §4.2 and the sections after it).
const OPERATIONS: [(u8, &str); 10] = [
    (0x60, "BindRequest"),
    (0x61, "BindResponse"),
    (0x42, "UnbindRequest"),
    (0x63, "SearchRequest"),
    (0x64, "SearchResultEntry"),
    (0x65, "SearchResultDone"),
    (0x50, "AbandonRequest"),
    (0x77, "ExtendedRequest"),
    (0x78, "ExtendedResponse"),
    (0x79, "IntermediateResponse"),
];

/// Result codes that a StartTLS or a bind ends with (RFC 4511 appendix A.1).
const RESULTS: [(u8, &str); 14] = [
    (0, "success"),
    (1, "operationsError"),
    (2, "protocolError"),
    (7, "authMethodNotSupported"),
    (8, "strongerAuthRequired"),
    (10, "referral"),
    (12, "unavailableCriticalExtension"),
    (13, "confidentialityRequired"),
    (49, "invalidCredentials"),
    (50, "insufficientAccessRights"),
    (51, "busy"),
    (52, "unavailable"),
    (53, "unwillingToPerform"),
    (80, "other"),
];

#[cfg(test)]
mod tests {
    use super::super::script::{a, assert_begins, assert_refused, b, play};

    fn request() -> Vec<u8> {
        [&[0x30, 0x1d, 2, 1, 1, 0x77, 0x18, 0x80, 0x16], super::START_TLS].concat()
    }

    fn response(code: u8, text: &str) -> Vec<u8> {
        let text_len = u8::try_from(text.len()).unwrap();
        let body = [&[0x0a, 1, code, 4, 0, 4, text_len], text.as_bytes()].concat();
        let body_len = u8::try_from(body.len()).unwrap();
        [&[0x30, body_len + 5, 2, 1, 1, 0x78, body_len], &body[..]].concat()
    }

    #[test]
    fn success_lets_tls_begin() {
        assert_begins(&[a(request()), b(response(0, ""))], "starttls-ldap", None);
    }

    #[test]
    fn lengths_may_be_written_long() {
        let mut answer = response(0, "");
        answer.splice(1..2, [0x84, 0, 0, 0, 12]);
        assert_begins(&[a(request()), b(answer)], "starttls-ldap", None);
    }

    #[test]
    fn another_result_code_refuses() {
        let turns = [a(request()), b(response(52, "come back later"))];
        assert_refused(&turns, "starttls-ldap", "unavailable (52): come back later");
    }

    #[test]
    fn a_bind_before_it_is_passed_over() {
        let bind = [0x30, 0x0c, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0];
        let bound = [0x30, 0x0c, 2, 1, 1, 0x61, 7, 0x0a, 1, 0, 4, 0, 4, 0];
        assert_begins(&[a(bind), b(bound), a(request()), b(response(0, ""))], "starttls-ldap", None);
    }

    #[test]
    fn a_length_that_makes_no_sense_ends_it() {
        let end = play(&[a([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 1])]);
        assert_eq!((end.a, end.summary), (None, None));
    }
}
