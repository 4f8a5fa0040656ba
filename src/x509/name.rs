//! Distinguished names in the three forms in which tools print them (RFC 4514, OpenSSL old and new).

use x509_parser::prelude::FromDer;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// One attribute of a distinguished name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Dotted object identifier of its type.
    pub oid: String,
    /// Its value as text; a value that cannot be decoded is `#` and its DER in hex.
    pub value: String,
}

/// A distinguished name (RFC 5280 §4.1.2.4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// Its DER as encoded: equal bytes are equal names.
    pub raw: Vec<u8>,
    /// Its relative distinguished names in encoded order, each with one or more attributes.
    pub rdns: Vec<Vec<Attribute>>,
}

impl Name {
    /// Reads a DER-encoded name; what cannot be read leaves the bytes and no attributes.
    pub fn from_der(der: &[u8]) -> Self {
        match X509Name::from_der(der) {
            Ok((_, name)) => Self::of(&name),
            Err(_) => Self { raw: der.to_vec(), rdns: Vec::new() },
        }
    }

    pub(crate) fn of(name: &X509Name<'_>) -> Self {
        let rdns = name.iter_rdn().map(|rdn| rdn.iter().map(attribute).collect()).collect();
        Self { raw: name.as_raw().to_vec(), rdns }
    }

    /// As RFC 4514 writes it: last attribute first, special characters escaped.
    pub fn rfc4514(&self) -> String {
        let rdns: Vec<String> = self
            .rdns
            .iter()
            .rev()
            .map(|rdn| rdn.iter().map(Attribute::rfc4514).collect::<Vec<_>>().join("+"))
            .collect();
        rdns.join(",")
    }

    /// As older OpenSSL prints it: `/C=US/O=…/CN=…`.
    pub fn oneline(&self) -> String {
        self.rdns
            .iter()
            .flatten()
            .map(|attribute| format!("/{}={}", attribute.short(), attribute.value))
            .collect()
    }

    /// As OpenSSL 3 prints it: `C = US, O = …, CN = …`.
    pub fn openssl(&self) -> String {
        let rdns: Vec<String> = self
            .rdns
            .iter()
            .map(|rdn| {
                let parts: Vec<_> =
                    rdn.iter().map(|a| format!("{} = {}", a.short(), quoted(&a.value))).collect();
                parts.join(" + ")
            })
            .collect();
        rdns.join(", ")
    }

    /// As the JDK prints it: last attribute first, values with special characters in quotes.
    pub fn java(&self) -> String {
        let rdns: Vec<String> = self
            .rdns
            .iter()
            .rev()
            .map(|rdn| {
                let parts: Vec<_> =
                    rdn.iter().map(|a| format!("{}={}", a.java_keyword(), quoted(&a.value))).collect();
                parts.join(" + ")
            })
            .collect();
        rdns.join(", ")
    }

    /// The last common name.
    pub fn common_name(&self) -> Option<&str> {
        self.last(COMMON_NAME)
    }

    /// The last organization.
    pub fn organization(&self) -> Option<&str> {
        self.last(ORGANIZATION)
    }

    fn last(&self, oid: &str) -> Option<&str> {
        self.rdns
            .iter()
            .flatten()
            .filter(|attribute| attribute.oid == oid)
            .map(|a| a.value.as_str())
            .next_back()
    }

    /// Whether both are the same name (RFC 5280 §7.1): equal bytes, or equal values without regard to case, string type and
    /// inner spaces.
    pub fn matches(&self, other: &Self) -> bool {
        if self.raw == other.raw {
            return true;
        }
        !self.rdns.is_empty()
            && self.rdns.len() == other.rdns.len()
            && self.normalized() == other.normalized()
    }

    /// A form in which equal names are equal.
    pub fn normalized(&self) -> Vec<Vec<(String, String)>> {
        let fold = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        self.rdns
            .iter()
            .map(|rdn| {
                let mut set: Vec<_> = rdn.iter().map(|a| (a.oid.clone(), fold(&a.value))).collect();
                set.sort();
                set
            })
            .collect()
    }
}

const COMMON_NAME: &str = "2.5.4.3";
const ORGANIZATION: &str = "2.5.4.10";

impl Attribute {
    /// The keyword that OpenSSL prints; the dotted identifier where it has none.
    pub fn short(&self) -> &str {
        match self.oid.as_str() {
            "2.5.4.3" => "CN",
            "2.5.4.4" => "SN",
            "2.5.4.5" => "serialNumber",
            "2.5.4.6" => "C",
            "2.5.4.7" => "L",
            "2.5.4.8" => "ST",
            "2.5.4.9" => "street",
            "2.5.4.10" => "O",
            "2.5.4.11" => "OU",
            "2.5.4.12" => "title",
            "2.5.4.13" => "description",
            "2.5.4.15" => "businessCategory",
            "2.5.4.17" => "postalCode",
            "2.5.4.41" => "name",
            "2.5.4.42" => "GN",
            "2.5.4.43" => "initials",
            "2.5.4.46" => "dnQualifier",
            "2.5.4.65" => "pseudonym",
            "2.5.4.97" => "organizationIdentifier",
            "0.9.2342.19200300.100.1.1" => "UID",
            "0.9.2342.19200300.100.1.25" => "DC",
            "1.2.840.113549.1.9.1" => "emailAddress",
            "1.2.840.113549.1.9.2" => "unstructuredName",
            "1.3.6.1.4.1.311.60.2.1.1" => "jurisdictionL",
            "1.3.6.1.4.1.311.60.2.1.2" => "jurisdictionST",
            "1.3.6.1.4.1.311.60.2.1.3" => "jurisdictionC",
            other => other,
        }
    }

    fn java_keyword(&self) -> &str {
        match self.oid.as_str() {
            "1.2.840.113549.1.9.1" => "EMAILADDRESS",
            "2.5.4.5" => "SERIALNUMBER",
            "2.5.4.9" => "STREET",
            "2.5.4.42" => "GIVENNAME",
            "2.5.4.4" => "SURNAME",
            _ => self.short(),
        }
    }

    /// `type=value` with the escapes of RFC 4514 §2.4.
    fn rfc4514(&self) -> String {
        let mut text = format!("{}=", self.short());
        let last = self.value.chars().count().saturating_sub(1);
        for (at, c) in self.value.chars().enumerate() {
            match c {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', c]),
                '#' if at == 0 && !self.is_hex() => text.push_str("\\#"),
                ' ' if at == 0 || at == last => text.push_str("\\ "),
                '\0' => text.push_str("\\00"),
                other => text.push(other),
            }
        }
        text
    }

    /// The value is the DER in hex.
    fn is_hex(&self) -> bool {
        self.value.len() > 1 && self.value[1..].bytes().all(|b| b.is_ascii_hexdigit())
    }
}

/// A value with special characters in quotes.
fn quoted(value: &str) -> String {
    let special = value.contains([',', '+', '"', '\\', '<', '>', ';', '=', '\n'])
        || value.starts_with(['#', ' '])
        || value.ends_with(' ');
    if special {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        value.to_owned()
    }
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> Attribute {
    let value = attribute.attr_value();
    let text = match value.tag().0 {
        // BMPString and UniversalString are not among those that the parser decodes.
        30 => utf16(value.data),
        20 => Some(value.data.iter().map(|byte| char::from(*byte)).collect()),
        _ => {
            attribute.as_str().ok().map(str::to_owned).or_else(|| String::from_utf8(value.data.to_vec()).ok())
        }
    };
    Attribute {
        oid: attribute.attr_type().to_id_string(),
        value: text.unwrap_or_else(|| format!("#{}", data_encoding::HEXLOWER.encode(value.data))),
    }
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}
