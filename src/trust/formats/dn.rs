//! Distinguished names as tools print them, read back: RFC 4514, Java, both styles of OpenSSL.

use crate::x509::{Attribute, Name, Part};

use super::tlv;

/// Attribute types by dotted object identifier, the keyword of RFC 4514 or else OpenSSL first, then the other spellings.
const TYPES: &[(&str, &[&str])] = &[
    ("2.5.4.3", &["CN", "commonName"]),
    ("2.5.4.4", &["SN", "surname"]),
    ("2.5.4.5", &["serialNumber"]),
    ("2.5.4.6", &["C", "countryName"]),
    ("2.5.4.7", &["L", "localityName"]),
    ("2.5.4.8", &["ST", "S", "stateOrProvinceName"]),
    ("2.5.4.9", &["street", "streetAddress"]),
    ("2.5.4.10", &["O", "organizationName"]),
    ("2.5.4.11", &["OU", "organizationalUnitName"]),
    ("2.5.4.12", &["title", "T"]),
    ("2.5.4.15", &["businessCategory"]),
    ("2.5.4.17", &["postalCode"]),
    ("2.5.4.41", &["name"]),
    ("2.5.4.42", &["GN", "givenName"]),
    ("2.5.4.43", &["initials"]),
    ("2.5.4.44", &["generationQualifier", "generation"]),
    ("2.5.4.46", &["dnQualifier", "DNQ"]),
    ("2.5.4.65", &["pseudonym"]),
    ("2.5.4.97", &["organizationIdentifier"]),
    ("0.9.2342.19200300.100.1.1", &["UID", "userId"]),
    ("0.9.2342.19200300.100.1.25", &["DC", "domainComponent"]),
    ("1.2.840.113549.1.9.1", &["emailAddress", "E", "Email"]),
    ("1.2.840.113549.1.9.2", &["unstructuredName"]),
    ("1.3.6.1.4.1.311.60.2.1.1", &["jurisdictionL", "jurisdictionLocalityName"]),
    ("1.3.6.1.4.1.311.60.2.1.2", &["jurisdictionST", "jurisdictionStateOrProvinceName"]),
    ("1.3.6.1.4.1.311.60.2.1.3", &["jurisdictionC", "jurisdictionCountryName"]),
];

/// Types from the general to the particular: the order in which nearly every certificate encodes them.
const GENERAL_FIRST: &[&str] =
    &["2.5.4.6", "0.9.2342.19200300.100.1.25", "2.5.4.8", "2.5.4.7", "2.5.4.10", "2.5.4.11", "2.5.4.3"];

/// Longest text that is read as a name, in bytes.
const MAX_TEXT: usize = 8192;

/// Reads a name as RFC 4514 or Java, `openssl` 1.0 (`/C=US/O=…`) or `openssl` 3 (`C = US, O = …`) print it,
/// and gives it in the RFC 4514 form of [`Name::rfc4514`]. `None` when it is no such name.
///
/// RFC 4514 prints the encoded order backwards and OpenSSL forwards. Which it was is told by the style or, where
/// that does not say, by the order of country, organisation and common name.
pub fn parse_dn(text: &str) -> Option<String> {
    parse_name(text).map(|name| name.rfc4514())
}

/// The same as a [`Name`] in encoded order, without its DER.
pub(crate) fn parse_name(text: &str) -> Option<Name> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_TEXT {
        return None;
    }
    let (mut rdns, forwards) = match text.strip_prefix('/') {
        Some(rest) => (split_oneline(rest)?, true),
        None => {
            let rdns = split_commas(text)?;
            let spaced =
                text.split_once('=').is_some_and(|(key, value)| key.ends_with(' ') && value.starts_with(' '));
            let forwards = spaced || runs_forwards(&rdns);
            (rdns, forwards)
        }
    };
    if !forwards {
        rdns.reverse();
    }
    Some(Name::new(Part::default(), rdns))
}

/// A key that is the same for a name in any order, case and spacing (RFC 5280 §7.1, and the doubt about the order).
pub(crate) fn name_key(name: &Name) -> String {
    let mut rdns: Vec<String> = name
        .rdns
        .iter()
        .map(|rdn| {
            let mut parts: Vec<String> = rdn
                .iter()
                .map(|attribute| format!("{}={}", attribute.oid, folded(&attribute.value)))
                .collect();
            parts.sort_unstable();
            parts.join("+")
        })
        .collect();
    rdns.sort_unstable();
    rdns.join("\n")
}

/// The key of a name that is known as text only.
pub(crate) fn text_key(text: &str) -> String {
    parse_name(text).map_or_else(|| folded(text), |name| name_key(&name))
}

fn folded(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn oid_of(keyword: &str) -> Option<String> {
    let keyword = keyword.trim();
    let dotted = keyword.strip_prefix("OID.").or_else(|| keyword.strip_prefix("oid.")).unwrap_or(keyword);
    if dotted.contains('.')
        && dotted.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()))
    {
        return Some(dotted.to_owned());
    }
    let known = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(keyword));
    TYPES.iter().find(|(_, names)| known(names)).map(|(oid, _)| (*oid).to_owned())
}

fn runs_forwards(rdns: &[Vec<Attribute>]) -> bool {
    let rank = |rdn: &Vec<Attribute>| {
        let oid = &rdn.first()?.oid;
        GENERAL_FIRST.iter().position(|general| general == oid)
    };
    let ranks: Vec<usize> = rdns.iter().filter_map(rank).collect();
    let rising = ranks.windows(2).filter(|pair| pair[0] < pair[1]).count();
    let falling = ranks.windows(2).filter(|pair| pair[0] > pair[1]).count();
    rising > falling
}

/// `C=US/O=a/CN=b`: a slash that no keyword follows belongs to the value.
fn split_oneline(text: &str) -> Option<Vec<Vec<Attribute>>> {
    let mut rdns: Vec<Vec<Attribute>> = Vec::new();
    for part in text.split('/') {
        match part.split_once('=').and_then(|(keyword, value)| Some((oid_of(keyword)?, value))) {
            Some((oid, value)) => rdns.push(vec![Attribute { oid: oid.into(), value: value.to_owned() }]),
            None => {
                let value = &mut rdns.last_mut()?.last_mut()?.value;
                value.push('/');
                value.push_str(part);
            }
        }
    }
    for attribute in rdns.iter_mut().flatten() {
        attribute.value = unescaped(&attribute.value.replace("\\x", "\\"));
    }
    Some(rdns)
}

/// `CN=a, O="b, c"+OU=d`: a comma that no keyword follows belongs to the value, as some tools do not quote it.
fn split_commas(text: &str) -> Option<Vec<Vec<Attribute>>> {
    let mut rdns: Vec<Vec<Attribute>> = Vec::new();
    for (separator, part) in parts(text) {
        match part.split_once('=').and_then(|(keyword, value)| Some((oid_of(keyword)?, value))) {
            Some((oid, value)) => {
                let attribute = Attribute { oid: oid.into(), value: value_of(value.trim()) };
                match (separator, rdns.last_mut()) {
                    ('+', Some(rdn)) => rdn.push(attribute),
                    _ => rdns.push(vec![attribute]),
                }
            }
            None => {
                let value = &mut rdns.last_mut()?.last_mut()?.value;
                value.push(separator);
                value.push_str(&unescaped(part.trim_end()));
            }
        }
    }
    (!rdns.is_empty()).then_some(rdns)
}

/// The pieces between separators that are neither quoted nor escaped, each with the separator before it.
fn parts(text: &str) -> Vec<(char, &str)> {
    let mut found = Vec::new();
    let (mut start, mut before, mut quoted, mut escaped) = (0, ',', false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' | ';' | '+' if !quoted => {
                found.push((before, text.get(start..at).unwrap_or_default()));
                (start, before) = (at + c.len_utf8(), c);
            }
            _ => {}
        }
    }
    found.push((before, text.get(start..).unwrap_or_default()));
    found
}

fn value_of(text: &str) -> String {
    if let Some(value) = text.strip_prefix('#').and_then(decode_hex_string) {
        return value;
    }
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => unescaped(inner),
        None => unescaped(text),
    }
}

/// `#0c0361…`: the DER of a string (RFC 4514 §2.4).
fn decode_hex_string(hex: &str) -> Option<String> {
    let der = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?;
    let (value, rest) = tlv::read(&der)?;
    let is_text = matches!(value.tag, 0x0c | 0x12 | 0x13 | 0x16) && rest.is_empty();
    is_text.then(|| String::from_utf8(value.content.to_vec()).ok())?
}

/// Resolves `\,` and `\C3\BC` (RFC 4514 §2.4).
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
        } else if let Some((octet, after)) = hex_pair(after) {
            bytes.push(octet);
            rest = after;
        } else if let Some((&next, after)) = after.split_first() {
            bytes.push(next);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_pair(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (pair, rest) = bytes.split_first_chunk::<2>()?;
    let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()))?;
    Some((u8::from_str_radix(pair, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        let name = parse_name(text).unwrap_or_else(|| panic!("{text} is no name"));
        name.rdns
            .iter()
            .map(|rdn| rdn.iter().map(|a| a.value.as_str()).collect::<Vec<_>>().join("+"))
            .collect()
    }

    #[test]
    fn every_style_gives_the_encoded_order() {
        for text in [
            "CN=GTS Root R1,O=Google Trust Services LLC,C=US",
            "CN=GTS Root R1, O=Google Trust Services LLC, C=US",
            "C = US, O = Google Trust Services LLC, CN = GTS Root R1",
            "C=US, O=Google Trust Services LLC, CN=GTS Root R1",
            "/C=US/O=Google Trust Services LLC/CN=GTS Root R1",
            "cn=GTS Root R1;o=Google Trust Services LLC;c=US",
            "2.5.4.3=GTS Root R1, OID.2.5.4.10=\"Google Trust Services LLC\", C=#13025553",
        ] {
            assert_eq!(values(text), ["US", "Google Trust Services LLC", "GTS Root R1"], "{text}");
            assert_eq!(parse_dn(text), parse_dn("CN=GTS Root R1,O=Google Trust Services LLC,C=US"), "{text}");
        }
    }

    #[test]
    fn commas_in_a_value_are_kept_however_they_are_written() {
        for text in [
            "CN=Test Root, O=\"Test Org, Inc.\", C=US",
            "CN=Test Root,O=Test Org\\, Inc.,C=US",
            "CN=Test Root,O=Test Org\\2C Inc.,C=US",
            "C = US, O = \"Test Org, Inc.\", CN = Test Root",
            "C=US, O=Test Org, Inc., CN=Test Root",
            "/C=US/O=Test Org, Inc./CN=Test Root",
        ] {
            assert_eq!(values(text), ["US", "Test Org, Inc.", "Test Root"], "{text}");
        }
    }

    #[test]
    fn letters_beyond_ascii_are_read_from_their_escapes() {
        assert_eq!(values("O=M\\C3\\BCller,C=DE"), ["DE", "Müller"]);
        assert_eq!(values("/C=DE/O=M\\xC3\\xBCller/CN=a/b"), ["DE", "Müller", "a/b"]);
    }

    #[test]
    fn several_values_of_one_level_stay_together() {
        assert_eq!(values("CN=a+OU=b, O=c"), ["c", "a+b"]);
        assert_eq!(values("O = c, OU = b + CN = a"), ["c", "b+a"]);
    }

    #[test]
    fn what_is_no_name_is_none() {
        for text in [
            "",
            "  ",
            "*.example.org",
            "no name=x",
            "/var/lib/ca.pem",
            "=",
            "\\",
            "\"",
            &"CN=a,".repeat(4000),
        ] {
            assert_eq!(parse_dn(text), None, "{text}");
        }
    }

    #[test]
    fn the_key_of_a_name_knows_no_order_and_no_case() {
        assert_eq!(text_key("C=US, O=Digital  Trust"), text_key("O=digital trust,C=us"));
        assert_ne!(text_key("CN=a,O=b"), text_key("CN=b,O=a"));
        assert_eq!(text_key("some  ALIAS"), "some alias");
    }
}
