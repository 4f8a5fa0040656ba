//! Public keys (RFC 5280 §4.1.2.7) and signature algorithms, told apart by object identifier, never by length.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::x509::Part;
use crate::x509::der::{self, Der, Oid};

/// The kind of a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA, also with an `id-RSASSA-PSS` key.
    Rsa,
    /// An elliptic curve key, with the curve's name: `P-256`, `P-384`, `P-521`, another name as OpenSSL has it, or the
    /// dotted OID.
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

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa => out.write_str("RSA"),
            Self::Ec(curve) => write!(out, "EC {curve}"),
            Self::Ed25519 => out.write_str("Ed25519"),
            Self::Ed448 => out.write_str("Ed448"),
            Self::Dsa => out.write_str("DSA"),
            Self::MlDsa(set) => write!(out, "ML-DSA-{set}"),
            Self::Other(oid) => out.write_str(oid),
        }
    }
}

/// A subject's public key (RFC 5280 §4.1.2.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its kind.
    pub algorithm: KeyAlgorithm,
    /// Its size in bits, as people name it: 2048, 256, 521; 0 when it is unknown.
    pub bits: u32,
    /// The `subjectPublicKeyInfo`, DER.
    pub spki: Part,
    /// SHA-256 of the `subjectPublicKeyInfo`, as pins have it (RFC 7469 §2.4).
    pub spki_sha256: [u8; 32],
    /// The content of the `subjectPublicKey` bit string.
    pub key: Part,
}

impl PublicKey {
    /// Reads a `subjectPublicKeyInfo`. `None` when it is no such structure.
    pub fn from_spki(spki: &[u8]) -> Option<Self> {
        let whole = Arc::from(spki);
        Self::from_part(&whole, &whole)
    }

    /// Reads the key that stands in a certificate.
    pub(super) fn from_part(whole: &Arc<[u8]>, spki: &[u8]) -> Option<Self> {
        let mut fields = Der::new(spki).sequence()?;
        let mut identifier = fields.sequence()?;
        let oid = der::oid(identifier.expect(der::OID)?)?;
        let parameters = identifier.read();
        let key = fields.expect(der::BIT_STRING)?.get(1..)?;
        let (algorithm, bits) = match &*oid {
            "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => (KeyAlgorithm::Rsa, first_integer_bits(key)),
            "1.2.840.10045.2.1" => curve(parameters, key),
            "1.3.101.112" => (KeyAlgorithm::Ed25519, 256),
            "1.3.101.113" => (KeyAlgorithm::Ed448, 456),
            "1.2.840.10040.4.1" => {
                (KeyAlgorithm::Dsa, parameters.map_or(0, |parameters| first_integer_bits(parameters.whole)))
            }
            "2.16.840.1.101.3.4.3.17" => (KeyAlgorithm::MlDsa(44), bits(key.len())),
            "2.16.840.1.101.3.4.3.18" => (KeyAlgorithm::MlDsa(65), bits(key.len())),
            "2.16.840.1.101.3.4.3.19" => (KeyAlgorithm::MlDsa(87), bits(key.len())),
            _ => (KeyAlgorithm::Other(oid.into_owned()), 0),
        };
        let spki_sha256 = Sha256::digest(spki).into();
        Some(Self { algorithm, bits, spki: Part::of(whole, spki), spki_sha256, key: Part::of(whole, key) })
    }
}

/// The bits of the first INTEGER of a SEQUENCE: an RSA modulus, a DSA prime.
fn first_integer_bits(sequence: &[u8]) -> u32 {
    Der::new(sequence)
        .sequence()
        .and_then(|mut fields| fields.expect(der::INTEGER))
        .map_or(0, der::bit_length)
}

fn curve(parameters: Option<der::Element<'_>>, key: &[u8]) -> (KeyAlgorithm, u32) {
    let oid = parameters.filter(|named| named.tag == der::OID).and_then(|named| der::oid(named.content));
    let Some(oid) = oid else {
        return (KeyAlgorithm::Ec("explicit parameters".to_owned()), bits(key.len().saturating_sub(1) / 2));
    };
    match CURVES.iter().find(|(dotted, ..)| *dotted == oid) {
        Some(&(_, name, size)) => (KeyAlgorithm::Ec(name.to_owned()), size),
        None => (KeyAlgorithm::Ec(oid.into_owned()), bits(key.len().saturating_sub(1) / 2)),
    }
}

fn bits(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX).saturating_mul(8)
}

const CURVES: &[(&str, &str, u32)] = &[
    ("1.2.840.10045.3.1.7", "P-256", 256),
    ("1.3.132.0.34", "P-384", 384),
    ("1.3.132.0.35", "P-521", 521),
    ("1.3.132.0.33", "P-224", 224),
    ("1.2.840.10045.3.1.1", "P-192", 192),
    ("1.3.132.0.10", "secp256k1", 256),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512),
    ("1.2.156.10197.1.301", "SM2", 256),
];

/// A signature algorithm identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    /// Dotted object identifier.
    pub oid: Oid,
    /// Its name as OpenSSL prints it, `sha256WithRSAEncryption`; the dotted identifier where it has none.
    pub name: Oid,
    /// Its parameters, DER; empty when absent.
    pub parameters: Vec<u8>,
}

impl SignatureAlgorithm {
    /// Reads an `AlgorithmIdentifier` (RFC 5280 §4.1.1.2) from its DER. `None` when it is no such structure.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let mut fields = Der::new(der).sequence()?;
        let oid = der::oid(fields.expect(der::OID)?)?;
        let parameters = fields.read().map(|any| any.whole.to_vec()).unwrap_or_default();
        let known = SIGNATURES.iter().find(|(dotted, _)| *dotted == oid);
        let name = known.map_or_else(|| oid.clone(), |(_, name)| Oid::Borrowed(name));
        Some(Self { oid, name, parameters })
    }
}

const SIGNATURES: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption"),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.3.14.3.2.29", "sha1WithRSA"),
    ("1.2.840.113549.1.1.10", "rsassaPss"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.2.840.10040.4.3", "dsaWithSHA1"),
    ("2.16.840.1.101.3.4.3.1", "dsa_with_SHA224"),
    ("2.16.840.1.101.3.4.3.2", "dsa_with_SHA256"),
    ("1.3.101.112", "ED25519"),
    ("1.3.101.113", "ED448"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("1.2.156.10197.1.501", "SM2-with-SM3"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_p521_key_has_521_bits() {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
        let read = PublicKey::from_spki(&spki).unwrap();
        assert_eq!((read.algorithm, read.bits), (KeyAlgorithm::Ed25519, 256));

        // id-ecPublicKey, secp521r1, an uncompressed point of zeros.
        let mut key = vec![0x00, 0x04];
        key.resize(134, 0);
        let identifier = [
            &[0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05][..],
            &[0x2b, 0x81, 0x04, 0x00, 0x23],
        ]
        .concat();
        let body = [&*identifier, &[0x03, 0x81, 134], &*key].concat();
        let spki = [&[0x30, 0x81, body.len() as u8], &*body].concat();
        let read = PublicKey::from_spki(&spki).unwrap();
        assert_eq!((read.algorithm, read.bits), (KeyAlgorithm::Ec("P-521".to_owned()), 521));
    }

    #[test]
    fn an_unknown_signature_algorithm_keeps_its_identifier() {
        let algorithm = SignatureAlgorithm::from_der(&[0x30, 0x05, 0x06, 0x03, 0x2a, 0x03, 0x04]).unwrap();
        assert_eq!((&*algorithm.oid, &*algorithm.name), ("1.2.3.4", "1.2.3.4"));
        assert!(algorithm.parameters.is_empty());
    }
}
