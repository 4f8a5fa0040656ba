//! What a keystore API answers about a store: names, dates and serial numbers in JSON, without the certificates.
//!
//! The shapes are an object with `certsInfo.certInfo[]`, a bare `certInfo[]`, a list of aliases, and lines
//! `"subject": …, "issuer": …` cut out of any of these.

use jiff::Timestamp;
use num_bigint::BigUint;
use serde_json::Value;

use super::{Reading, dn};
use crate::trust::NamedEntry;

/// Bytes of JSON that are read; such answers have some kilobytes.
const MAX_JSON: usize = 16 << 20;
/// Longest serial number in characters that is read; RFC 5280 §4.1.2.2 allows 20 octets.
const MAX_SERIAL: usize = 128;

const SUBJECT: &[&str] = &["subject", "subjectdn", "subjectname"];
const ISSUER: &[&str] = &["issuer", "issuerdn", "issuername"];
const SERIAL: &[&str] = &["serialnumber", "serial"];
const NOT_AFTER: &[&str] = &["expirydate", "notafter", "validto", "expiresat"];
const ALIAS: &[&str] = &["alias", "aliasname", "certname", "name"];

/// Reads the answer; `None` when the text is neither JSON with names nor a fragment of it.
pub(super) fn read(text: &str) -> Option<Reading> {
    if text.len() > MAX_JSON || !text.contains('"') {
        return None;
    }
    let mut reading = Reading::new("keystore API");
    match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            walk(&value, None, &mut reading);
            if reading.entries.is_empty() {
                reading.other(aliases_only(&value)?);
            }
        }
        Err(_) => fragments(text, &mut reading),
    }
    (!reading.entries.is_empty() || !reading.others.is_empty()).then_some(reading)
}

/// Every object with a subject or an issuer is an entry. The depth is bounded by the JSON parser.
fn walk(value: &Value, alias: Option<&str>, reading: &mut Reading) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, alias, reading)),
        Value::Object(fields) => {
            let mut draft = Draft::default();
            let mut own_alias = alias;
            for (key, value) in fields {
                draft.set(key, value);
                if is(key, ALIAS) && value.is_string() {
                    own_alias = value.as_str().or(own_alias);
                }
            }
            draft.finish(own_alias, reading);
            fields.values().for_each(|value| walk(value, own_alias, reading));
        }
        _ => {}
    }
}

/// The list of names alone: `["a", "b"]`, or the store with `certs` and `aliases` of strings.
fn aliases_only(value: &Value) -> Option<String> {
    let list = match value {
        Value::Array(items) => items,
        Value::Object(fields) => ["aliases", "certs"]
            .iter()
            .filter_map(|key| fields.get(*key)?.as_array())
            .find(|list| !list.is_empty())?,
        _ => return None,
    };
    let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
    let shown = names.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    let more = if names.len() > 3 { ", …" } else { "" };
    (!names.is_empty() && names.len() == list.len()).then(|| {
        format!(
            "a list of {} alias names ({shown}{more}): ask the API for each alias, or for its certificate",
            names.len()
        )
    })
}

/// Reads `"key": value` pairs wherever they stand. A key that comes again begins the next entry.
fn fragments(text: &str, reading: &mut Reading) {
    let mut draft = Draft::default();
    let mut alias: Option<String> = None;
    let mut rest = text;
    while let Some((key, after)) = next_string(rest) {
        rest = after;
        let Some(after_colon) = after.trim_start().strip_prefix(':') else { continue };
        let Some((value, after)) = next_scalar(after_colon.trim_start()) else { continue };
        rest = after;
        if is(&key, ALIAS) {
            alias = value.as_str().map(str::to_owned);
        } else if draft.has(&key) {
            std::mem::take(&mut draft).finish(alias.as_deref(), reading);
        }
        draft.set(&key, &value);
    }
    draft.finish(alias.as_deref(), reading);
}

/// The next text in quotes, and what follows it.
fn next_string(text: &str) -> Option<(String, &str)> {
    let start = text.find('"')?;
    let quoted = text.get(start + 1..)?;
    let mut escaped = false;
    let end = quoted.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })?;
    let whole = text.get(start..start + end + 2)?;
    let value =
        serde_json::from_str(whole).unwrap_or_else(|_| quoted.get(..end).unwrap_or_default().to_owned());
    Some((value, quoted.get(end + 1..)?))
}

/// A text or a number at the start of `text`.
fn next_scalar(text: &str) -> Option<(Value, &str)> {
    if text.starts_with('"') {
        return next_string(text).map(|(value, rest)| (Value::String(value), rest));
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number = text.get(..end).filter(|digits| !digits.is_empty())?;
    Some((serde_json::from_str(number).ok()?, text.get(end..)?))
}

fn is(key: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(key))
}

/// An entry while its fields are gathered.
#[derive(Default)]
struct Draft {
    subject: Option<String>,
    issuer: Option<String>,
    serial: Option<String>,
    not_after: Option<i64>,
}

impl Draft {
    fn set(&mut self, key: &str, value: &Value) {
        if is(key, SUBJECT) {
            self.subject = value.as_str().map(name);
        } else if is(key, ISSUER) {
            self.issuer = value.as_str().map(name);
        } else if is(key, SERIAL) {
            self.serial = serial(value);
        } else if is(key, NOT_AFTER) {
            self.not_after = date(value);
        }
    }

    fn has(&self, key: &str) -> bool {
        (is(key, SUBJECT) && self.subject.is_some()) || (is(key, ISSUER) && self.issuer.is_some())
    }

    fn finish(self, alias: Option<&str>, reading: &mut Reading) {
        let (subject, issuer) = (self.subject.unwrap_or_default(), self.issuer.unwrap_or_default());
        if !subject.is_empty() || !issuer.is_empty() {
            let entry = NamedEntry { subject, issuer, serial: self.serial, not_after: self.not_after };
            reading.named(alias.map(str::to_owned), entry);
        }
    }
}

fn name(text: &str) -> String {
    dn::parse_dn(text).unwrap_or_else(|| text.trim().to_owned())
}

/// Hex with or without colons, or decimal. Few digits without a letter could be either and are left out.
fn serial(value: &Value) -> Option<String> {
    if let Value::Number(number) = value {
        return number.as_u64().map(|number| format!("{number:x}"));
    }
    let text = value.as_str()?.trim();
    if text.len() > MAX_SERIAL {
        return None;
    }
    let bare = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let digits: String = bare.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    let hex = digits.bytes().all(|b| b.is_ascii_hexdigit()) && !digits.is_empty();
    let marked = digits.len() < text.len() || digits.bytes().any(|b| b.is_ascii_alphabetic());
    if hex && (marked || digits.len() == 1) {
        let trimmed = digits.trim_start_matches('0').to_ascii_lowercase();
        return Some(if trimmed.is_empty() { "0".into() } else { trimmed });
    }
    let decimal = hex && digits.len() >= 20;
    decimal.then(|| BigUint::parse_bytes(digits.as_bytes(), 10).map(|number| number.to_str_radix(16)))?
}

/// Milliseconds since 1970 as a number or as text, or RFC 3339; in seconds.
fn date(value: &Value) -> Option<i64> {
    // Numbers below are seconds: as milliseconds they would lie in 1973.
    const SMALLEST_MS: i64 = 100_000_000_000;
    let number = match value {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) => match text.trim().parse() {
            Ok(number) => number,
            Err(_) => return text.trim().parse::<Timestamp>().ok().map(Timestamp::as_second),
        },
        _ => return None,
    };
    Some(if number.unsigned_abs() < SMALLEST_MS.unsigned_abs() { number } else { number.div_euclid(1000) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::EntryKind;

    fn entries(text: &str) -> Vec<(Option<String>, NamedEntry)> {
        let reading = read(text).unwrap_or_else(|| panic!("nothing in {text}"));
        let named = |kind| match kind {
            EntryKind::Named(named) => named,
            EntryKind::Certificate(_) => panic!("a certificate"),
        };
        reading.entries.into_iter().map(|entry| (entry.alias, named(entry.kind))).collect()
    }

    #[test]
    fn an_alias_with_its_chain_is_read() {
        let text = r#"{"alias": "trust1", "certsInfo": {"certInfo": [
            {"basicConstraints": "CA:TRUE", "expiryDate": 1798859045000, "isValid": "Yes",
             "issuer": "CN=Example Root, O=\"Example, Inc.\", C=US", "serialNumber": "00:C0:0a",
             "subject": "CN=Example CA, O=\"Example, Inc.\", C=US", "subjectAlternativeNames": [], "version": 3},
            {"expiryDate": "1798859045000", "subject": "CN=Example Root, O=\"Example, Inc.\", C=US",
             "issuer": "CN=Example Root, O=\"Example, Inc.\", C=US", "serialNumber": "12345678901234567890123"}]}}"#;
        let entries = entries(text);
        assert_eq!(entries.len(), 2);
        let (alias, first) = &entries[0];
        assert_eq!(alias.as_deref(), Some("trust1"));
        assert_eq!(
            Some(first.subject.clone()),
            dn::parse_dn("C = US, O = \"Example, Inc.\", CN = Example CA")
        );
        assert_eq!((first.serial.as_deref(), first.not_after), (Some("c00a"), Some(1_798_859_045)));
        let second = &entries[1].1;
        assert_eq!(second.not_after, Some(1_798_859_045));
        assert_eq!(second.serial.as_deref(), Some("29d42b64e76714244cb"));
    }

    #[test]
    fn loose_lines_are_read_as_entries() {
        let text = "the store has\n  \"subject\": \"CN=a, O=x\",\n  \"issuer\": \"CN=b, O=x\",\n\n\"subject\" : \
                    \"CN=b, O=x\", \"issuer\" : \"CN=c\\u002c O=x\", \"expiryDate\": 1798859045000, …";
        let entries = entries(text);
        assert_eq!(entries.len(), 2);
        assert_eq!(Some(entries[0].1.issuer.clone()), dn::parse_dn("CN=b,O=x"));
        assert_eq!(Some(entries[1].1.issuer.clone()), dn::parse_dn("CN=c,O=x"));
        assert_eq!((entries[0].1.not_after, entries[1].1.not_after), (None, Some(1_798_859_045)));
    }

    #[test]
    fn a_list_of_alias_names_is_said_to_be_one() {
        for text in [r#"["a", "b"]"#, r#"{"name": "store", "certs": ["a", "b"], "keys": []}"#] {
            let reading = read(text).unwrap();
            assert!(reading.others[0].starts_with("a list of 2 alias names (a, b)"), "{:?}", reading.others);
        }
        assert!(read(r#"{"error": {"code": 404}}"#).is_none());
    }

    #[test]
    fn a_serial_that_could_be_hex_or_decimal_is_left_out() {
        let of = |text: &str| serial(&Value::String(text.into()));
        assert_eq!(of("1234"), None);
        assert_eq!(of("12:34").as_deref(), Some("1234"));
        assert_eq!(of("0x00").as_deref(), Some("0"));
        assert_eq!(of("7").as_deref(), Some("7"));
        assert_eq!(serial(&Value::from(255)).as_deref(), Some("ff"));
        assert_eq!(of("not one"), None);
        assert_eq!(of(&"9".repeat(500)), None);
    }

    #[test]
    fn dates_are_read_in_every_spelling() {
        for value in [Value::from(1_798_859_045_000_i64), "1798859045".into(), "2027-01-02T03:04:05Z".into()]
        {
            assert_eq!(date(&value), Some(1_798_859_045), "{value}");
        }
        assert_eq!(date(&Value::from("Yes")), None);
        assert_eq!(date(&Value::Null), None);
    }
}
