//! Distinguished names (RFC 5280 §4.1.2.4) and when two of them are the same (§7.1).

use std::char::{REPLACEMENT_CHARACTER, decode_utf16};

use crate::x509::Part;
use crate::x509::der::{self, Der, Oid};

/// One attribute of a distinguished name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Dotted object identifier of its type.
    pub oid: Oid,
    /// Its value as text; a value that cannot be decoded is `#` and its DER in hex.
    pub value: String,
}

/// A distinguished name (RFC 5280 §4.1.2.4).
///
/// Two names are equal when their bytes are, or when they say the same but for letter case, spaces and string type
/// (RFC 5280 §7.1).
#[derive(Clone, Eq, Default)]
pub struct Name {
    /// Its DER as encoded: equal bytes are equal names.
    pub raw: Part,
    /// Its relative distinguished names in encoded order, each with one or more attributes.
    pub rdns: Vec<Vec<Attribute>>,
    /// What is compared: a name is held against every root of a store.
    folded: String,
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Name").field("raw", &self.raw).field("rdns", &self.rdns).finish()
    }
}

impl Name {
    /// A name of these parts in encoded order; `raw` is its DER, empty where there is none.
    pub fn new(raw: Part, rdns: Vec<Vec<Attribute>>) -> Self {
        let mut folded: String = rdns.iter().map(|rdn| folded_rdn(rdn)).collect();
        folded.shrink_to_fit();
        Self { raw, rdns, folded }
    }

    /// Reads a name from its DER. `None` when it is no sequence of sets of attributes.
    pub fn from_der(raw: &[u8]) -> Option<Self> {
        Self::from_part(raw.to_vec().into())
    }

    /// Reads a name that stands in a certificate.
    pub(super) fn from_part(raw: Part) -> Option<Self> {
        let mut sets = Der::new(&raw).sequence()?;
        let mut rdns = Vec::new();
        while !sets.is_empty() {
            let mut set = Der::new(sets.expect(der::SET)?);
            let mut attributes = Vec::with_capacity(1);
            while !set.is_empty() {
                let mut pair = set.sequence()?;
                let oid = der::oid(pair.expect(der::OID)?)?;
                attributes.push(Attribute { oid, value: text(pair.read()?) });
            }
            rdns.push(attributes);
        }
        rdns.shrink_to_fit();
        Some(Self::new(raw, rdns))
    }

    /// Whether the name has no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.rdns.iter().all(Vec::is_empty)
    }

    /// The most specific `commonName`, which is the last one encoded.
    pub fn common_name(&self) -> Option<&str> {
        self.last_value(COMMON_NAME)
    }

    /// The most specific `organizationName`.
    pub fn organization(&self) -> Option<&str> {
        self.last_value("2.5.4.10")
    }

    /// The values of all attributes of one type, given by its dotted object identifier, in encoded order.
    pub fn values<'a>(&'a self, oid: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        self.rdns
            .iter()
            .flatten()
            .filter(move |attribute| attribute.oid == oid)
            .map(|attribute| &*attribute.value)
    }

    /// Whether the other name is a leading part of this one, or all of it: a directory subtree (RFC 5280 §4.2.1.10).
    pub fn starts_with(&self, other: &Self) -> bool {
        self.folded.starts_with(&other.folded)
    }

    fn last_value(&self, oid: &str) -> Option<&str> {
        self.rdns.iter().flatten().rev().find(|attribute| attribute.oid == oid).map(|found| &*found.value)
    }
}

/// The attributes of a relative distinguished name so that the same text is the same name. Lengths stand before the parts: no
/// value can pass for another, and the beginning of a name is the beginning of its text.
fn folded_rdn(attributes: &[Attribute]) -> String {
    let mut text = String::with_capacity(64);
    let push_len = |text: &mut String, len: usize| {
        der::push_decimal(text, len as u64);
        text.push(':');
    };
    push_len(&mut text, attributes.len());
    for Attribute { oid, value } in attributes {
        let value = folded(value);
        for part in [&**oid, &*value] {
            push_len(&mut text, part.len());
            text.push_str(part);
        }
    }
    text
}

/// Letters in lower case, runs of white space as one space, none at the ends (RFC 4518 §2, in short).
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        match word.is_ascii() {
            true => {
                let start = folded.len();
                folded.push_str(word);
                folded[start..].make_ascii_lowercase();
            }
            false => folded.extend(word.chars().flat_map(char::to_lowercase)),
        }
    }
    folded
}

fn text(value: der::Element<'_>) -> String {
    let bytes = value.content;
    let decoded = match value.tag {
        UTF8_STRING | NUMERIC_STRING | PRINTABLE_STRING | IA5_STRING | VISIBLE_STRING => {
            std::str::from_utf8(bytes).ok().map(str::to_owned)
        }
        // What real certificates put in a TeletexString is Latin-1.
        TELETEX_STRING => Some(bytes.iter().map(|&byte| char::from(byte)).collect()),
        BMP_STRING if bytes.len().is_multiple_of(2) => {
            let units = bytes.as_chunks().0.iter().copied().map(u16::from_be_bytes);
            Some(decode_utf16(units).map(|unit| unit.unwrap_or(REPLACEMENT_CHARACTER)).collect())
        }
        UNIVERSAL_STRING if bytes.len().is_multiple_of(4) => {
            let units = bytes.as_chunks().0.iter().copied().map(u32::from_be_bytes);
            Some(units.map(|unit| char::from_u32(unit).unwrap_or(REPLACEMENT_CHARACTER)).collect())
        }
        _ => None,
    };
    decoded.unwrap_or_else(|| format!("#{}", data_encoding::HEXLOWER.encode(value.whole)))
}

/// Object identifier of `commonName`.
const COMMON_NAME: &str = "2.5.4.3";

const UTF8_STRING: u8 = 0x0c;
const NUMERIC_STRING: u8 = 0x12;
const PRINTABLE_STRING: u8 = 0x13;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const VISIBLE_STRING: u8 = 0x1a;
const UNIVERSAL_STRING: u8 = 0x1c;
const BMP_STRING: u8 = 0x1e;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A name of UTF8Strings, one attribute to an RDN.
    pub(crate) fn name(attributes: &[(&str, &str)]) -> Name {
        let rdns = attributes
            .iter()
            .map(|&(oid, value)| vec![Attribute { oid: oid.to_owned().into(), value: value.to_owned() }])
            .collect();
        let raw: Vec<u8> = attributes.iter().flat_map(|pair| format!("{pair:?}").into_bytes()).collect();
        Name::new(raw.into(), rdns)
    }

    fn encoded(tag: u8, value: &[u8]) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        let attribute = [&[0x06, 3, 0x55, 4, 3, tag, length], value].concat();
        let pair = [&[0x30, attribute.len() as u8], &*attribute].concat();
        let set = [&[0x31, pair.len() as u8], &*pair].concat();
        [&[0x30, set.len() as u8], &*set].concat()
    }

    #[test]
    fn case_spaces_and_string_type_do_not_make_names_differ() {
        let utf8 = Name::from_der(&encoded(UTF8_STRING, b"Test  CA")).unwrap();
        let printable = Name::from_der(&encoded(PRINTABLE_STRING, b" test ca ")).unwrap();
        let other = Name::from_der(&encoded(PRINTABLE_STRING, b"testca")).unwrap();
        assert_eq!(utf8, printable);
        assert_ne!(utf8, other);
    }

    #[test]
    fn each_string_type_is_decoded() {
        let value =
            |tag, bytes: &[u8]| Name::from_der(&encoded(tag, bytes)).unwrap().rdns[0][0].value.clone();
        assert_eq!(value(BMP_STRING, b"\0K\0\xf6\0l\0n"), "Köln");
        assert_eq!(value(UNIVERSAL_STRING, b"\0\0\0K"), "K");
        assert_eq!(value(TELETEX_STRING, b"K\xf6ln"), "Köln");
        assert_eq!(value(UTF8_STRING, b"K\xf6ln"), "#0c044bf66c6e");
        assert_eq!(value(BMP_STRING, b"\0"), "#1e0100");
        assert_eq!(value(der::OCTET_STRING, b"\x01"), "#040101");
    }

    #[test]
    fn the_common_name_is_the_last_one() {
        let both = name(&[("2.5.4.3", "first"), ("2.5.4.10", "Org"), ("2.5.4.3", "second")]);
        assert_eq!(both.common_name(), Some("second"));
        assert_eq!(both.organization(), Some("Org"));
    }

    #[test]
    fn a_subtree_is_a_leading_part() {
        let whole = name(&[("2.5.4.6", "DE"), ("2.5.4.10", "Org"), ("2.5.4.3", "a")]);
        assert!(whole.starts_with(&name(&[("2.5.4.6", "de"), ("2.5.4.10", "ORG")])));
        assert!(!whole.starts_with(&name(&[("2.5.4.10", "Org")])));
    }

    #[test]
    fn broken_names_are_refused() {
        assert!(Name::from_der(&[]).is_none());
        assert!(Name::from_der(&[0x30, 2, 0x31, 9]).is_none());
        assert!(Name::from_der(&[0x30, 0]).unwrap().is_empty());
    }
}
