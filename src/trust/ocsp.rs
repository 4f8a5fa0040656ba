//! Reads a stapled OCSP response (RFC 6960 §4.2.1) for what it says about the leaf. Its own signature is not checked.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::trust::OcspState;
use crate::x509::Fields;
use crate::x509::der::{self, Der};

/// What a stapled response says about a leaf at a time (seconds since 1970).
pub fn read(response: &[u8], leaf: &Fields, at: i64) -> OcspState {
    let answers = match answers(response) {
        Ok(answers) => answers,
        Err(reason) => return OcspState::Unusable(reason),
    };
    let Some(answer) = answers.iter().find(|answer| same_serial(&answer.serial, &leaf.serial)) else {
        return OcspState::Unusable("it is about another certificate".to_owned());
    };
    match answer.status {
        // A revocation stays one, however old the answer is.
        Status::Revoked(time) => OcspState::Revoked(time),
        _ if at < answer.this_update || answer.next_update.is_some_and(|next| next < at) => {
            OcspState::Stale { this_update: answer.this_update, next_update: answer.next_update }
        }
        Status::Good => OcspState::Good,
        Status::Unknown => OcspState::Unknown,
    }
}

/// The seconds since 1970 at which what a response says may change: where an answer begins to hold, and the first second
/// at which it holds no more.
pub fn dates(response: &[u8]) -> Vec<i64> {
    let answers = answers(response).unwrap_or_default();
    let ends = answers.iter().filter_map(|answer| answer.next_update).map(|next| next.saturating_add(1));
    answers.iter().map(|answer| answer.this_update).chain(ends).collect()
}

enum Status {
    Good,
    Revoked(i64),
    Unknown,
}

/// One `SingleResponse`.
struct Answer {
    serial: Vec<u8>,
    status: Status,
    this_update: i64,
    next_update: Option<i64>,
}

fn answers(response: &[u8]) -> Result<Vec<Answer>, String> {
    let malformed = || "it is malformed".to_owned();
    let mut outer = Der::new(response).sequence().ok_or_else(malformed)?;
    let status = outer.expect(der::ENUMERATED).ok_or_else(malformed)?;
    if let Some(reason) = refusal(status) {
        return Err(format!("the responder said {reason}"));
    }
    basic(outer).ok_or_else(malformed)
}

/// `OCSPResponseStatus` when it is not successful.
fn refusal(status: &[u8]) -> Option<&'static str> {
    Some(match status {
        [0] => return None,
        [1] => "malformedRequest",
        [2] => "internalError",
        [3] => "tryLater",
        [5] => "sigRequired",
        [6] => "unauthorized",
        _ => "an unknown status",
    })
}

/// `ResponseBytes` with a `BasicOCSPResponse`.
fn basic(mut outer: Der<'_>) -> Option<Vec<Answer>> {
    let mut bytes = Der::new(outer.expect(0xa0)?).sequence()?;
    let kind = der::oid(bytes.expect(der::OID)?)?;
    if kind != "1.3.6.1.5.5.7.48.1.1" {
        return None;
    }
    let mut data = Der::new(bytes.expect(der::OCTET_STRING)?).sequence()?.sequence()?;
    let _version = data.optional(0xa0);
    let _responder = data.read()?;
    let _produced = data.expect(der::GENERALIZED_TIME)?;
    let mut list = data.sequence()?;
    let mut answers = Vec::new();
    while !list.is_empty() && answers.len() < MAX_ANSWERS {
        answers.push(answer(list.sequence()?)?);
    }
    Some(answers)
}

fn answer(mut fields: Der<'_>) -> Option<Answer> {
    let mut id = fields.sequence()?;
    let (_hash, _name, _key) = (id.sequence()?, id.read()?, id.read()?);
    let serial = id.expect(der::INTEGER)?.to_vec();
    let status = fields.read()?;
    let status = match status.tag & 0x1f {
        0 => Status::Good,
        1 => Status::Revoked(time(Der::new(status.content).expect(der::GENERALIZED_TIME)?)?),
        _ => Status::Unknown,
    };
    let this_update = time(fields.expect(der::GENERALIZED_TIME)?)?;
    let next_update = match fields.optional(0xa0) {
        Some(next) => Some(time(Der::new(next).expect(der::GENERALIZED_TIME)?)?),
        None => None,
    };
    Some(Answer { serial, status, this_update, next_update })
}

/// `GeneralizedTime` as RFC 5280 §4.1.2.5.2 allows it: `YYYYMMDDHHMMSSZ`.
fn time(content: &[u8]) -> Option<i64> {
    let digits = content.strip_suffix(b"Z")?;
    let number = |from: usize, to: usize| std::str::from_utf8(digits.get(from..to)?).ok()?.parse::<i8>().ok();
    if digits.len() != 14 {
        return None;
    }
    let year = i16::from(number(0, 2)?) * 100 + i16::from(number(2, 4)?);
    let [month, day, hour, minute, second] =
        [number(4, 6)?, number(6, 8)?, number(8, 10)?, number(10, 12)?, number(12, 14)?];
    let civil = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_second())
}

fn same_serial(ours: &[u8], theirs: &[u8]) -> bool {
    der::magnitude(ours) == der::magnitude(theirs)
}

/// Certificates that one response is read for.
const MAX_ANSWERS: usize = 64;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{CertificateParams, KeyPair, SerialNumber};

    use super::*;
    use crate::x509::Certificate;

    /// Within the validity of the fixtures, which OpenSSL made: 2026-11-25.
    const AT: i64 = 1_795_564_800;
    const GOOD: &[u8] = include_bytes!("../../tests/fixtures/ocsp/good.der");
    const REVOKED: &[u8] = include_bytes!("../../tests/fixtures/ocsp/revoked.der");

    fn leaf(serial: &[u8]) -> Certificate {
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from_slice(serial));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Certificate::from_der(Arc::from(certificate.der().to_vec()))
    }

    fn outcome(response: &[u8], serial: &[u8], at: i64) -> OcspState {
        read(response, leaf(serial).parsed().unwrap(), at)
    }

    #[test]
    fn a_response_is_good_or_revoked_for_its_own_serial_number() {
        assert_eq!(outcome(GOOD, &[0x12, 0x34], AT), OcspState::Good);
        assert_eq!(outcome(REVOKED, &[0xab, 0xcd], AT), OcspState::Revoked(1_767_268_800));
        assert!(matches!(outcome(GOOD, &[0x12, 0x35], AT), OcspState::Unusable(_)));
    }

    #[test]
    fn a_response_of_another_time_is_stale_unless_it_revokes() {
        let (before, after) = (AT - 86_400 * 30, AT + 86_400 * 30);
        assert!(matches!(outcome(GOOD, &[0x12, 0x34], before), OcspState::Stale { .. }));
        let OcspState::Stale { this_update, next_update } = outcome(GOOD, &[0x12, 0x34], after) else {
            panic!("a month after nextUpdate");
        };
        assert_eq!(next_update, Some(this_update + 7 * 86_400));
        assert!(matches!(outcome(REVOKED, &[0xab, 0xcd], after), OcspState::Revoked(_)));
    }

    #[test]
    fn every_cut_of_a_response_ends_in_an_answer() {
        let certificate = leaf(&[0x12, 0x34]);
        let fields = certificate.parsed().unwrap();
        // What follows the list of answers, the signature among it, is not read.
        for length in 0..100 {
            assert!(matches!(read(&GOOD[..length], fields, AT), OcspState::Unusable(_)), "{length}");
        }
        for place in 0..GOOD.len() {
            let mut changed = GOOD.to_vec();
            changed[place] ^= 0xff;
            let _ = read(&changed, fields, AT);
        }
    }

    #[test]
    fn times_are_read_as_utc() {
        assert_eq!(time(b"20260115080000Z"), Some(1_768_464_000));
        assert_eq!(time(b"20261315080000Z"), None);
        assert_eq!(time(b"2026011508000Z"), None);
        assert_eq!(time(b"20260115080000+0100"), None);
    }

    #[test]
    fn a_responder_that_refuses_is_named() {
        assert_eq!(answers(&[0x30, 3, 0x0a, 1, 3]).err().as_deref(), Some("the responder said tryLater"));
        assert_eq!(answers(&[0x30, 3, 0x0a, 1, 0]).err().as_deref(), Some("it is malformed"));
        assert_eq!(answers(b"").err().as_deref(), Some("it is malformed"));
    }
}
