//! One X.509 certificate with every field that a check or a report needs (RFC 5280 §4).

use std::net::IpAddr;
use std::sync::Arc;

use crate::x509::Name;

/// A certificate as it was sent or stored. One that cannot be parsed keeps its DER and its hash.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The bytes, by the length that TLS or the file gives.
    pub der: Arc<[u8]>,
    /// SHA-256 of `der`.
    pub sha256: [u8; 32],
    /// What it says, or why it could not be parsed.
    pub fields: Result<Box<Fields>, String>,
}

/// What a certificate says.
#[derive(Debug, Clone)]
pub struct Fields {
    /// 1, 2 or 3.
    pub version: u8,
    /// The serial number, its DER integer bytes.
    pub serial: Vec<u8>,
    /// Whom it is for.
    pub subject: Name,
    /// Who signed it.
    pub issuer: Name,
    /// First second of validity, seconds since 1970.
    pub not_before: i64,
    /// Last second of validity, seconds since 1970.
    pub not_after: i64,
    /// `subjectAltName` in encoded order.
    pub san: Vec<GeneralName>,
    /// The subject's key.
    pub key: PublicKey,
    /// With what the issuer signed.
    pub signature_algorithm: SignatureAlgorithm,
    /// The signature's bits.
    pub signature: Vec<u8>,
    /// Where the signed part (`tbsCertificate`) lies in `der`.
    pub tbs: std::ops::Range<usize>,
    /// `basicConstraints`, when present.
    pub basic_constraints: Option<BasicConstraints>,
    /// `keyUsage` bits when present: bit 0 is digitalSignature … bit 5 keyCertSign, bit 6 cRLSign (RFC 5280 §4.2.1.3).
    pub key_usage: Option<u16>,
    /// `extKeyUsage` as dotted object identifiers, when present.
    pub extended_key_usage: Option<Vec<String>>,
    /// `nameConstraints`, when present.
    pub name_constraints: Option<NameConstraints>,
    /// `subjectKeyIdentifier`.
    pub ski: Option<Vec<u8>>,
    /// `keyIdentifier` of the `authorityKeyIdentifier`.
    pub aki: Option<Vec<u8>>,
    /// `caIssuers` URLs of the authority information access.
    pub ca_issuers: Vec<String>,
    /// OCSP URLs of the authority information access.
    pub ocsp: Vec<String>,
    /// URLs of the CRL distribution points.
    pub crl: Vec<String>,
    /// The TLS feature extension asks for a stapled response (RFC 7633).
    pub must_staple: bool,
    /// Critical extensions that nobody here understands, as dotted object identifiers.
    pub unknown_critical: Vec<String>,
    /// What is odd about the encoding: trailing bytes, duplicate extensions, bad dates. One sentence each.
    pub oddities: Vec<String>,
}

/// A name in `subjectAltName` or in a name constraint (RFC 5280 §4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeneralName {
    /// A DNS name, as encoded.
    Dns(String),
    /// An IP address.
    Ip(IpAddr),
    /// A network, in a name constraint: address and mask as encoded.
    Network(Vec<u8>),
    /// A mail address.
    Email(String),
    /// A URI.
    Uri(String),
    /// A directory name.
    Directory(Name),
    /// Anything else, or one that is malformed: shown, never matched.
    Other(String),
}

/// `basicConstraints` (RFC 5280 §4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    /// The subject is a CA.
    pub ca: bool,
    /// How many intermediate CAs may follow it.
    pub path_len: Option<u32>,
}

/// `nameConstraints` (RFC 5280 §4.2.1.10).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameConstraints {
    /// Permitted subtrees.
    pub permitted: Vec<GeneralName>,
    /// Excluded subtrees.
    pub excluded: Vec<GeneralName>,
}

/// The kind of a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA, also with an `id-RSASSA-PSS` key.
    Rsa,
    /// An elliptic curve key, with the curve's name as OpenSSL has it: `P-256`, `P-384`, `P-521`, or the dotted OID.
    Ec(String),
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// DSA.
    Dsa,
    /// ML-DSA with its parameter set: 44, 65 or 87.
    MlDsa(u8),
    /// Any other, by dotted object identifier.
    Other(String),
}

/// A subject's public key (RFC 5280 §4.1.2.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its kind.
    pub algorithm: KeyAlgorithm,
    /// Its size in bits, as people name it: 2048, 256, 521.
    pub bits: u32,
    /// The `subjectPublicKeyInfo`, DER.
    pub spki: Vec<u8>,
    /// The content of the `subjectPublicKey` bit string.
    pub key: Vec<u8>,
}

/// A signature algorithm identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    /// Dotted object identifier.
    pub oid: String,
    /// Its name as OpenSSL prints it, `sha256WithRSAEncryption`; the dotted identifier where it has none.
    pub name: String,
    /// Its parameters, DER; empty when absent.
    pub parameters: Vec<u8>,
}
