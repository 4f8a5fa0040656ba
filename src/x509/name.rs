//! Distinguished names in the three forms in which tools print them (RFC 4514, OpenSSL old and new).

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
