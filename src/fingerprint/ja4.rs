//! JA4 of a TLS client over TCP (the BSD-licensed method of that name).

use sha2::{Digest, Sha256};

use super::ja3::is_grease;
use crate::tls::message::ClientHello;

/// JA4 of a ClientHello, such as `t13d1516h2_8daaf6152771_02713d6af862`.
pub fn ja4(hello: &ClientHello) -> String {
    let mut suites: Vec<u16> = without_grease(hello.cipher_suites.iter().map(|suite| suite.0));
    let kinds = || without_grease(hello.extensions.iter().flatten().map(|extension| extension.kind.0));
    let has_name = kinds().contains(&SERVER_NAME);
    let head = format!(
        "t{}{}{:02}{:02}{}",
        version_letters(highest_version(hello)),
        if has_name { 'd' } else { 'i' },
        suites.len().min(99),
        kinds().len().min(99),
        alpn_letters(hello)
    );
    suites.sort_unstable();
    let mut extensions = kinds();
    extensions.retain(|&kind| kind != SERVER_NAME && kind != ALPN);
    extensions.sort_unstable();
    let mut tail = hex_list(&extensions);
    let schemes = without_grease(hello.signature_schemes.iter().map(|scheme| scheme.0));
    if !schemes.is_empty() {
        tail.push('_');
        tail.push_str(&hex_list(&schemes));
    }
    format!("{head}_{}_{}", short_hash(&hex_list(&suites)), short_hash(&tail))
}

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

fn without_grease(values: impl Iterator<Item = u16>) -> Vec<u16> {
    values.filter(|&value| !is_grease(value)).collect()
}

fn highest_version(hello: &ClientHello) -> u16 {
    without_grease(hello.supported_versions.iter().map(|version| version.0))
        .into_iter()
        .max()
        .unwrap_or(hello.version.0)
}

fn version_letters(version: u16) -> &'static str {
    match version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    }
}

/// First and last character of the first protocol; where one of them is no letter or digit, the first and last digit
/// of the protocol's name in hexadecimal.
fn alpn_letters(hello: &ClientHello) -> String {
    let Some((first, last)) = first_protocol(hello).and_then(|name| Some((*name.first()?, *name.last()?)))
    else {
        return "00".to_owned();
    };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(first), char::from(last)].iter().collect();
    }
    let (first, last) = (format!("{first:02x}"), format!("{last:02x}"));
    first.chars().take(1).chain(last.chars().skip(1)).collect()
}

/// The first protocol name as sent: the extension's list has a length of two bytes, each name one of a byte
/// (RFC 7301 §3.1).
fn first_protocol(hello: &ClientHello) -> Option<&[u8]> {
    let body = hello.extensions.as_ref()?.find(ALPN)?.body;
    let (&len, names) = body.get(2..)?.split_first()?;
    names.get(..usize::from(len))
}

fn hex_list(values: &[u16]) -> String {
    values.iter().map(|value| format!("{value:04x}")).collect::<Vec<_>>().join(",")
}

fn short_hash(text: &str) -> String {
    if text.is_empty() {
        return "000000000000".to_owned();
    }
    let mut hash = data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
    hash.truncate(12);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iana::{CipherSuite, SignatureScheme, Version};

    /// The hello of the method's own description.
    fn example() -> ClientHello {
        let suites = [
            0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
            0x009c, 0x009d, 0x002f, 0x0035,
        ];
        let kinds = [
            0x4a4a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012,
            0x002b, 0xff01, 0x000b, 0x000a, 0x0015, 0x5a5a,
        ];
        let schemes = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
        ClientHello {
            version: Version(0x0303),
            cipher_suites: suites.map(CipherSuite).to_vec(),
            extensions: Some(kinds.into_iter().map(|kind| extension(kind, b"")).collect()),
            supported_versions: [0x2a2a, 0x0304, 0x0303].map(Version).into_iter().collect(),
            signature_schemes: schemes.map(SignatureScheme).to_vec(),
            ..ClientHello::default()
        }
    }

    fn extension(kind: u16, alpn: &[u8]) -> (u16, Vec<u8>) {
        let mut body = Vec::new();
        if kind == ALPN && !alpn.is_empty() {
            body.extend([0, u8::try_from(alpn.len()).unwrap() + 1, u8::try_from(alpn.len()).unwrap()]);
            body.extend(alpn);
        }
        (kind, body)
    }

    fn with_protocol(name: &[u8]) -> ClientHello {
        ClientHello {
            extensions: Some([extension(ALPN, name)].into_iter().collect()),
            ..ClientHello::default()
        }
    }

    #[test]
    fn the_published_example_has_its_published_value() {
        let bare = example();
        let extensions = bare.extensions.iter().flatten().map(|each| extension(each.kind.0, b"h2")).collect();
        let hello = ClientHello { extensions: Some(extensions), ..bare };
        assert_eq!(ja4(&hello), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn the_order_of_suites_and_extensions_does_not_matter() {
        let mut turned = example();
        turned.cipher_suites.reverse();
        let mut kinds: Vec<u16> = turned.extensions.iter().flatten().map(|each| each.kind.0).collect();
        kinds.reverse();
        turned.extensions = Some(kinds.into_iter().map(|kind| (kind, [])).collect());
        assert_eq!(ja4(&turned), ja4(&example()));
        turned.signature_schemes.reverse();
        assert_ne!(ja4(&turned), ja4(&example()));
    }

    #[test]
    fn a_hello_without_anything_has_zeros() {
        let hello = ClientHello { version: Version(0x0301), ..ClientHello::default() };
        assert_eq!(ja4(&hello), "t10i000000_000000000000_000000000000");
    }

    #[test]
    fn a_protocol_with_other_characters_is_shown_in_hexadecimal() {
        let letters = |name: &[u8]| ja4(&with_protocol(name))[8..10].to_owned();
        assert_eq!(letters(b"http/1.1"), "h1");
        assert_eq!(letters(b"h"), "hh");
        assert_eq!(letters(&[0xab]), "ab");
        assert_eq!(letters(&[0x30, 0xab]), "3b");
        assert_eq!(letters(b""), "00");
    }

    #[test]
    fn counts_stop_at_ninety_nine() {
        let hello =
            ClientHello { cipher_suites: (0..300).map(CipherSuite).collect(), ..ClientHello::default() };
        assert_eq!(&ja4(&hello)[4..6], "99");
    }

    #[test]
    fn a_draft_version_has_no_letters() {
        let hello = ClientHello {
            supported_versions: [Version(0x7f1c)].into_iter().collect(),
            ..ClientHello::default()
        };
        assert_eq!(&ja4(&hello)[1..3], "00");
    }
}
