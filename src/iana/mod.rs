//! Open registries: a value that nobody has named survives and is shown as a number.

mod alert;
mod cipher_suite;
mod extension;
mod group;
mod handshake_type;
mod signature_scheme;
mod version;

pub use handshake_type::HandshakeType;

/// A TLS protocol version as it stands on the wire (RFC 8446 §4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Version(pub u16);
/// A cipher suite (IANA TLS Cipher Suites).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct CipherSuite(pub u16);
/// An extension number (IANA TLS ExtensionType Values).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ExtensionType(pub u16);
/// A key exchange group (IANA TLS Supported Groups).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct NamedGroup(pub u16);
/// A signature scheme (IANA TLS SignatureScheme).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SignatureScheme(pub u16);
/// An alert description (RFC 8446 §6.2, IANA TLS Alerts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct AlertDescription(pub u8);

/// A value of RFC 8701: both bytes are equal and end in `a`.
const fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

/// The name of a number in a sorted table.
fn lookup(names: &[(u16, &'static str)], value: u16) -> Option<&'static str> {
    let at = names.binary_search_by_key(&value, |(number, _)| *number).ok()?;
    names.get(at).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unnamed_value_is_shown_as_its_number() {
        assert_eq!(CipherSuite(0xc02f).to_string(), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assert_eq!(CipherSuite(0x1301).to_string(), "TLS_AES_128_GCM_SHA256");
        assert_eq!(CipherSuite(0xeeee).to_string(), "0xeeee");
        assert_eq!(NamedGroup(0x11ec).to_string(), "X25519MLKEM768");
        assert_eq!(ExtensionType(0xfe0d).to_string(), "encrypted_client_hello");
        assert_eq!(SignatureScheme(0x0905).to_string(), "mldsa65");
        assert_eq!(AlertDescription(48).to_string(), "unknown_ca");
        assert_eq!(AlertDescription(200).to_string(), "alert 200");
        assert_eq!(Version(0x7f12).to_string(), "TLS 1.3 (draft 18)");
    }

    #[test]
    fn grease_is_told_by_the_whole_value() {
        assert!(CipherSuite(0x1a1a).is_grease());
        assert!(!CipherSuite(0x1a2a).is_grease());
        assert_eq!(NamedGroup(0xfafa).to_string(), "GREASE");
    }
}
