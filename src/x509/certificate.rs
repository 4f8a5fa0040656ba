//! One X.509 certificate with every field that a check or a report needs (RFC 5280 §4).

use std::net::IpAddr;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use crate::x509::Name;
use crate::x509::extensions::extensions;

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

impl Certificate {
    /// Reads a certificate; what cannot be read keeps its bytes and says why.
    pub fn from_der(der: &[u8]) -> Self {
        Self::from_shared(Arc::from(der))
    }

    /// As [`from_der`](Self::from_der), without a copy of the bytes.
    pub fn from_shared(der: Arc<[u8]>) -> Self {
        let sha256 = Sha256::digest(&der).into();
        let fields = read(&der).map(Box::new);
        Self { der, sha256, fields }
    }

    /// SHA-256 of the DER, lower-case hex.
    pub fn fingerprint(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.sha256)
    }
}

impl Fields {
    /// The serial number in hex, as sent.
    pub fn serial_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.serial)
    }

    /// Subject and issuer are the same name.
    pub fn is_self_issued(&self) -> bool {
        self.subject.matches(&self.issuer)
    }

    /// basicConstraints says CA, or it is a version 1 certificate that its owner may have meant as one.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints.is_some_and(|constraints| constraints.ca)
    }
}

fn read(der: &[u8]) -> Result<Fields, String> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|error| reason(&error))?;
    let tbs = &certificate.tbs_certificate;
    let start = offset_in(der, tbs.as_ref()).ok_or("its signed part cannot be placed")?;
    let mut fields = Fields {
        version: u8::try_from(tbs.version.0).unwrap_or(u8::MAX).saturating_add(1),
        serial: tbs.raw_serial().to_vec(),
        subject: Name::of(&tbs.subject),
        issuer: Name::of(&tbs.issuer),
        not_before: tbs.validity.not_before.timestamp(),
        not_after: tbs.validity.not_after.timestamp(),
        san: Vec::new(),
        key: public_key(&tbs.subject_pki),
        signature_algorithm: signature_algorithm(&certificate.signature_algorithm),
        signature: certificate.signature_value.data.to_vec(),
        tbs: start..start + tbs.as_ref().len(),
        basic_constraints: None,
        key_usage: None,
        extended_key_usage: None,
        name_constraints: None,
        ski: None,
        aki: None,
        ca_issuers: Vec::new(),
        ocsp: Vec::new(),
        crl: Vec::new(),
        must_staple: false,
        unknown_critical: Vec::new(),
        oddities: Vec::new(),
    };
    if !rest.is_empty() {
        fields.oddities.push(format!("{} bytes follow the certificate", rest.len()));
    }
    if certificate.signature_algorithm != tbs.signature {
        fields.oddities.push("the signature algorithm inside and outside the signed part differ".to_owned());
    }
    extensions(&mut fields, tbs.extensions());
    Ok(fields)
}

/// Why a certificate could not be read, in words.
fn reason(error: &nom_error::Error) -> String {
    let text = match error {
        nom_error::Error::Incomplete(_) => "it is cut short".to_owned(),
        nom_error::Error::Error(inner) | nom_error::Error::Failure(inner) => inner.to_string(),
    };
    text.chars().take(120).collect()
}

mod nom_error {
    /// What the parser returns.
    pub(super) type Error = x509_parser::nom::Err<x509_parser::error::X509Error>;
}

/// Where `part`, which is a piece of `whole`, begins in it.
fn offset_in(whole: &[u8], part: &[u8]) -> Option<usize> {
    let offset = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    (offset + part.len() <= whole.len()).then_some(offset)
}

fn public_key(spki: &SubjectPublicKeyInfo<'_>) -> PublicKey {
    let oid = spki.algorithm.algorithm.to_id_string();
    let parameters = spki.algorithm.parameters.as_ref().filter(|parameters| parameters.tag().0 == 6);
    let named = || parameters.and_then(|parameters| parameters.as_oid().ok()).map(|oid| oid.to_id_string());
    let key = spki.subject_public_key.data.to_vec();
    let (algorithm, bits) = match oid.as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => (KeyAlgorithm::Rsa, rsa_bits(spki)),
        "1.2.840.10045.2.1" => {
            named().map_or((KeyAlgorithm::Ec("explicit parameters".to_owned()), 0), curve_of)
        }
        "1.3.101.112" => (KeyAlgorithm::Ed25519, 256),
        "1.3.101.113" => (KeyAlgorithm::Ed448, 456),
        "1.2.840.10040.4.1" => (KeyAlgorithm::Dsa, 0),
        "2.16.840.1.101.3.4.3.17" => (KeyAlgorithm::MlDsa(44), key_bits(&key)),
        "2.16.840.1.101.3.4.3.18" => (KeyAlgorithm::MlDsa(65), key_bits(&key)),
        "2.16.840.1.101.3.4.3.19" => (KeyAlgorithm::MlDsa(87), key_bits(&key)),
        _ => (KeyAlgorithm::Other(oid), key_bits(&key)),
    };
    PublicKey { algorithm, bits, spki: spki.raw.to_vec(), key }
}

fn key_bits(key: &[u8]) -> u32 {
    u32::try_from(key.len().saturating_mul(8)).unwrap_or(u32::MAX)
}

fn rsa_bits(spki: &SubjectPublicKeyInfo<'_>) -> u32 {
    let Ok(x509_parser::public_key::PublicKey::RSA(key)) = spki.parsed() else { return 0 };
    let modulus = &key.modulus[key.modulus.iter().take_while(|byte| **byte == 0).count()..];
    modulus.first().map_or(0, |first| key_bits(modulus) - first.leading_zeros())
}

fn curve_of(oid: String) -> (KeyAlgorithm, u32) {
    let (name, bits) = match oid.as_str() {
        "1.2.840.10045.3.1.7" => ("P-256", 256),
        "1.3.132.0.34" => ("P-384", 384),
        "1.3.132.0.35" => ("P-521", 521),
        "1.3.132.0.10" => ("secp256k1", 256),
        "1.3.132.0.33" => ("P-224", 224),
        "1.2.840.10045.3.1.1" => ("P-192", 192),
        "1.3.36.3.3.2.8.1.1.7" => ("brainpoolP256r1", 256),
        "1.3.36.3.3.2.8.1.1.11" => ("brainpoolP384r1", 384),
        "1.3.36.3.3.2.8.1.1.13" => ("brainpoolP512r1", 512),
        _ => return (KeyAlgorithm::Ec(oid), 0),
    };
    (KeyAlgorithm::Ec(name.to_owned()), bits)
}

fn signature_algorithm(algorithm: &AlgorithmIdentifier<'_>) -> SignatureAlgorithm {
    let oid = algorithm.algorithm.to_id_string();
    let name = match oid.as_str() {
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "rsassaPss",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.2.840.10040.4.3" => "dsaWithSHA1",
        "2.16.840.1.101.3.4.3.2" => "dsa_with_SHA256",
        "1.3.101.112" => "ED25519",
        "1.3.101.113" => "ED448",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        other => other,
    };
    let parameters = algorithm.parameters.as_ref().map(|any| any.as_bytes().to_vec()).unwrap_or_default();
    SignatureAlgorithm { name: name.to_owned(), parameters, oid }
}
