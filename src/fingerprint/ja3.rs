//! JA3 and JA3S: the MD5 of a hello's values in the order sent, as Wireshark computes them.

use std::fmt::Write as _;

use md5::{Digest, Md5};

use crate::tls::message::{ClientHello, ServerHello};

/// JA3 of a ClientHello: 32 hexadecimal digits. `None` for a hello in SSLv2 framing, for which JA3 is not defined.
pub fn ja3(hello: &ClientHello) -> Option<String> {
    ja3_text(hello).map(|text| md5_hex(&text))
}

/// The text that [`ja3`] hashes: version, cipher suites, extensions, groups and point formats in decimal, without
/// GREASE (RFC 8701). `None` for a hello in SSLv2 framing.
pub fn ja3_text(hello: &ClientHello) -> Option<String> {
    if hello.sslv2 {
        return None;
    }
    let mut text = hello.version.0.to_string();
    push_list(&mut text, hello.cipher_suites.iter().map(|suite| suite.0));
    push_list(&mut text, hello.extensions.iter().flatten().map(|extension| extension.kind.0));
    push_list(&mut text, hello.groups.iter().map(|group| group.0));
    push_list(&mut text, hello.point_formats.iter().map(|&format| u16::from(format)));
    Some(text)
}

/// JA3S of a ServerHello: 32 hexadecimal digits.
pub fn ja3s(hello: &ServerHello) -> String {
    md5_hex(&ja3s_text(hello))
}

/// The text that [`ja3s`] hashes: version, cipher suite and extensions in decimal.
pub fn ja3s_text(hello: &ServerHello) -> String {
    let mut text = format!("{},{}", hello.version.0, hello.cipher_suite.0);
    push_list(&mut text, hello.extensions.iter().flatten().map(|extension| extension.kind.0));
    text
}

/// Whether a 16-bit value is one of the sixteen that RFC 8701 reserves to keep peers from depending on known values.
pub const fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

fn push_list(text: &mut String, values: impl Iterator<Item = u16>) {
    text.push(',');
    for (place, value) in values.filter(|&value| !is_grease(value)).enumerate() {
        let dash = if place == 0 { "" } else { "-" };
        let _ = write!(text, "{dash}{value}");
    }
}

fn md5_hex(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Md5::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iana::{CipherSuite, NamedGroup, Version};
    use crate::tls::message::Extensions;

    fn extensions(kinds: &[u16]) -> Option<Extensions> {
        Some(kinds.iter().map(|kind| (*kind, [])).collect())
    }

    #[test]
    fn the_text_leaves_out_grease_and_keeps_the_order_sent() {
        let hello = ClientHello {
            version: Version(0x0303),
            cipher_suites: [0x3a3a, 0x1301, 0xc02b].map(CipherSuite).to_vec(),
            extensions: extensions(&[0x4a4a, 0, 10, 11, 43]),
            groups: [0x5a5a, 29, 23].map(NamedGroup).into_iter().collect(),
            point_formats: [0].into_iter().collect(),
            ..ClientHello::default()
        };
        assert_eq!(ja3_text(&hello).unwrap(), "771,4865-49195,0-10-11-43,29-23,0");
    }

    #[test]
    fn the_published_example_has_its_published_hash() {
        let suites = [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99];
        let hello = ClientHello {
            version: Version(0x0301),
            cipher_suites: suites.map(CipherSuite).to_vec(),
            ..ClientHello::default()
        };
        assert_eq!(ja3_text(&hello).unwrap(), "769,4-5-10-9-100-98-3-6-19-18-99,,,");
        assert_eq!(ja3(&hello).unwrap(), "de350869b8c85de67a350c8d186f11e6");
    }

    #[test]
    fn a_hello_in_sslv2_framing_has_none() {
        assert_eq!(ja3(&ClientHello { sslv2: true, ..ClientHello::default() }), None);
    }

    #[test]
    fn a_server_is_described_by_version_suite_and_extensions() {
        let hello = ServerHello {
            version: Version(0x0301),
            cipher_suite: CipherSuite(47),
            extensions: extensions(&[0xff01]),
            ..ServerHello::default()
        };
        assert_eq!(ja3s_text(&hello), "769,47,65281");
        assert_eq!(ja3s(&hello).len(), 32);
        let bare = ServerHello { extensions: None, ..hello };
        assert_eq!(ja3s_text(&bare), "769,47,");
    }

    #[test]
    fn only_the_sixteen_reserved_values_are_grease() {
        let count = (0..=u16::MAX).filter(|&value| is_grease(value)).count();
        assert_eq!(count, 16);
        assert!(is_grease(0x0a0a) && is_grease(0xfafa) && !is_grease(0x0a1a));
    }
}
