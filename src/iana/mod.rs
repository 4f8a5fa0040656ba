//! Open registries: a value that nobody has named survives and is shown as a number.

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
