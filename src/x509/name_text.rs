//! The forms in which tools print a distinguished name: RFC 4514, OpenSSL old and new, JDK.

use std::fmt::Write;

use crate::x509::{Attribute, Name, Part};

impl Name {
    /// As RFC 4514 §2 has it, most specific first: `CN=a.example,O=Example\, Inc.,C=US`.
    pub fn rfc4514(&self) -> String {
        self.join(true, ",", "+", |attribute, out| {
            out.push_str(short_name(&attribute.oid).unwrap_or(&attribute.oid));
            out.push('=');
            escape(&attribute.value, out);
        })
    }

    /// As OpenSSL 1.0 and `X509_NAME_oneline` print it: `/C=US/O=Example, Inc./CN=a.example`.
    pub fn oneline(&self) -> String {
        let mut out = String::new();
        for attribute in self.rdns.iter().flatten() {
            let _ = write!(out, "/{}=", short_name(&attribute.oid).unwrap_or(&attribute.oid));
            for byte in attribute.value.bytes() {
                match byte {
                    b' '..=b'~' => out.push(char::from(byte)),
                    _ => drop(write!(out, "\\x{byte:02X}")),
                }
            }
        }
        out
    }

    /// As OpenSSL 3 prints it: `C = US, O = "Example, Inc.", CN = a.example`.
    pub fn openssl(&self) -> String {
        self.join(false, ", ", " + ", |attribute, out| {
            out.push_str(short_name(&attribute.oid).unwrap_or(&attribute.oid));
            out.push_str(" = ");
            quote_openssl(&attribute.value, out);
        })
    }

    /// As the JDK prints it: `CN=a.example, O="Example, Inc.", C=US`.
    pub fn java(&self) -> String {
        self.join(true, ", ", " + ", |attribute, out| {
            match java_keyword(&attribute.oid) {
                Some(keyword) => out.push_str(keyword),
                None => drop(write!(out, "OID.{}", attribute.oid)),
            }
            out.push('=');
            quote_java(&attribute.value, out);
        })
    }

    /// Whether a text names the same: any of the forms above, in either order, letter case and spaces aside.
    pub fn matches_text(&self, text: &str) -> bool {
        let wanted = squeezed(text);
        let reversed = Self::new(Part::default(), self.rdns.iter().rev().cloned().collect());
        !wanted.is_empty()
            && [self, &reversed].iter().any(|name| {
                [name.rfc4514(), name.java(), name.openssl(), name.oneline()]
                    .iter()
                    .any(|form| squeezed(form) == wanted)
            })
    }

    fn join(
        &self,
        specific_first: bool,
        between: &str,
        within: &str,
        mut put: impl FnMut(&Attribute, &mut String),
    ) -> String {
        let mut out = String::new();
        let mut put_rdn = |rdn: &Vec<Attribute>| {
            for (index, attribute) in rdn.iter().enumerate() {
                match index {
                    0 if out.is_empty() => {}
                    0 => out.push_str(between),
                    _ => out.push_str(within),
                }
                put(attribute, &mut out);
            }
        };
        match specific_first {
            true => self.rdns.iter().rev().for_each(&mut put_rdn),
            false => self.rdns.iter().for_each(&mut put_rdn),
        }
        out
    }
}

/// Escapes as RFC 4514 §2.4 asks; a control character as its bytes in hex. A `#hex` value is already in its form.
fn escape(value: &str, out: &mut String) {
    if is_hex_form(value) {
        out.push_str(value);
        return;
    }
    let last = value.chars().count().saturating_sub(1);
    for (index, letter) in value.chars().enumerate() {
        match letter {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => out.extend(['\\', letter]),
            '#' if index == 0 => out.push_str("\\#"),
            ' ' if index == 0 || index == last => out.push_str("\\ "),
            _ if letter.is_ascii_control() => drop(write!(out, "\\{:02X}", u32::from(letter))),
            _ => out.push(letter),
        }
    }
}

fn quote_openssl(value: &str, out: &mut String) {
    let special = value.contains([',', '+', '<', '>', ';'])
        || value.starts_with([' ', '#']) && !is_hex_form(value)
        || value.ends_with(' ');
    if special {
        out.push('"');
    }
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => drop(write!(out, "\\{byte:02X}")),
        }
    }
    if special {
        out.push('"');
    }
}

fn quote_java(value: &str, out: &mut String) {
    let special = value.contains([',', '+', '=', '\n', '<', '>', '#', ';', '\\', '"'])
        || value.starts_with(' ')
        || value.ends_with(' ')
        || value.contains("  ");
    if !special || is_hex_form(value) {
        out.push_str(value);
        return;
    }
    out.push('"');
    for letter in value.chars() {
        if matches!(letter, '"' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
}

fn is_hex_form(value: &str) -> bool {
    value
        .strip_prefix('#')
        .is_some_and(|hex| hex.len() > 2 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Lower case, without quotes and without spaces next to a separator.
fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for letter in
        text.trim().chars().flat_map(char::to_lowercase).filter(|letter| *letter != '"' && *letter != '\\')
    {
        match letter {
            ' ' => space = true,
            ',' | '=' | '+' | '/' => {
                space = false;
                out.push(letter);
            }
            _ => {
                if space && !out.ends_with([',', '=', '+', '/']) && !out.is_empty() {
                    out.push(' ');
                }
                space = false;
                out.push(letter);
            }
        }
    }
    out
}

/// The short name that RFC 4514 and OpenSSL give an attribute type.
fn short_name(oid: &str) -> Option<&'static str> {
    SHORT_NAMES.iter().find(|(dotted, ..)| *dotted == oid).map(|(_, short, _)| *short)
}

fn java_keyword(oid: &str) -> Option<&'static str> {
    SHORT_NAMES.iter().find(|(dotted, ..)| *dotted == oid).and_then(|(.., keyword)| *keyword)
}

/// Object identifier, OpenSSL's short name, and the JDK's keyword where it has one.
const SHORT_NAMES: &[(&str, &str, Option<&str>)] = &[
    ("2.5.4.3", "CN", Some("CN")),
    ("2.5.4.4", "SN", Some("SURNAME")),
    ("2.5.4.5", "serialNumber", Some("SERIALNUMBER")),
    ("2.5.4.6", "C", Some("C")),
    ("2.5.4.7", "L", Some("L")),
    ("2.5.4.8", "ST", Some("ST")),
    ("2.5.4.9", "street", Some("STREET")),
    ("2.5.4.10", "O", Some("O")),
    ("2.5.4.11", "OU", Some("OU")),
    ("2.5.4.12", "title", Some("T")),
    ("2.5.4.13", "description", None),
    ("2.5.4.15", "businessCategory", None),
    ("2.5.4.16", "postalAddress", None),
    ("2.5.4.17", "postalCode", None),
    ("2.5.4.18", "postOfficeBox", None),
    ("2.5.4.20", "telephoneNumber", None),
    ("2.5.4.41", "name", None),
    ("2.5.4.42", "GN", Some("GIVENNAME")),
    ("2.5.4.43", "initials", Some("INITIALS")),
    ("2.5.4.44", "generationQualifier", Some("GENERATION")),
    ("2.5.4.46", "dnQualifier", Some("DNQ")),
    ("2.5.4.65", "pseudonym", None),
    ("2.5.4.97", "organizationIdentifier", None),
    ("2.5.29.17", "subjectAltName", None),
    ("0.9.2342.19200300.100.1.1", "UID", Some("UID")),
    ("0.9.2342.19200300.100.1.25", "DC", Some("DC")),
    ("1.2.840.113549.1.9.1", "emailAddress", Some("EMAILADDRESS")),
    ("1.2.840.113549.1.9.2", "unstructuredName", None),
    ("1.2.840.113549.1.9.8", "unstructuredAddress", None),
    ("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL", None),
    ("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST", None),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC", None),
];

#[cfg(test)]
mod tests {
    use crate::x509::name::tests::name;

    #[test]
    fn each_form_orders_and_quotes_in_its_own_way() {
        let name = name(&[("2.5.4.6", "US"), ("2.5.4.10", "Test Org, Inc."), ("2.5.4.3", "Test Root")]);
        assert_eq!(name.rfc4514(), "CN=Test Root,O=Test Org\\, Inc.,C=US");
        assert_eq!(name.oneline(), "/C=US/O=Test Org, Inc./CN=Test Root");
        assert_eq!(name.openssl(), "C = US, O = \"Test Org, Inc.\", CN = Test Root");
        assert_eq!(name.java(), "CN=Test Root, O=\"Test Org, Inc.\", C=US");
    }

    #[test]
    fn letters_beyond_ascii_survive_where_the_tool_keeps_them() {
        let name = name(&[("2.5.4.7", "Köln")]);
        assert_eq!(name.rfc4514(), "L=Köln");
        assert_eq!(name.oneline(), "/L=K\\xC3\\xB6ln");
        assert_eq!(name.openssl(), "L = K\\C3\\B6ln");
        assert_eq!(name.java(), "L=Köln");
    }

    #[test]
    fn an_unknown_type_prints_as_its_identifier() {
        let name = name(&[("1.2.3.4", "#040101")]);
        assert_eq!(name.rfc4514(), "1.2.3.4=#040101");
        assert_eq!(name.java(), "OID.1.2.3.4=#040101");
    }

    #[test]
    fn spaces_at_the_ends_and_controls_are_escaped() {
        let name = name(&[("2.5.4.3", " a\n ")]);
        assert_eq!(name.rfc4514(), "CN=\\ a\\0A\\ ");
        assert_eq!(name.openssl(), "CN = \" a\\0A \"");
    }

    #[test]
    fn a_listed_name_is_recognised_in_any_form() {
        let name = name(&[("2.5.4.6", "US"), ("2.5.4.10", "Test Org, Inc."), ("2.5.4.3", "Root")]);
        for text in [
            "CN=Root, O=\"Test Org, Inc.\", C=US",
            "cn=root,o=test org\\, inc.,c=us",
            "C = US, O = \"Test Org, Inc.\", CN = Root",
            "/C=US/O=Test Org, Inc./CN=Root",
            "C=US, O=Test Org, Inc., CN=Root",
        ] {
            assert!(name.matches_text(text), "{text}");
        }
        assert!(!name.matches_text("CN=Root"));
        assert!(!name.matches_text(""));
    }
}
