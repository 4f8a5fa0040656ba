//! How signatures are made: by the algorithm identifiers of certificates (RFC 3279, RFC 4055, RFC 5758) and by TLS
//! SignatureScheme numbers (RFC 8446 §4.2.3).

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::x509::der::{self, Der};
use crate::x509::{KeyAlgorithm, PublicKey, SignatureAlgorithm};

/// The hash functions that signatures are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    /// RSA in TLS 1.1 and older: both digests one after the other, without a DigestInfo.
    Md5AndSha1,
}

impl Hash {
    pub(super) fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        fn run<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            let mut digest = D::new();
            for part in parts {
                digest.update(part);
            }
            digest.finalize().to_vec()
        }
        match self {
            Self::Md5 => run::<Md5>(parts),
            Self::Sha1 => run::<Sha1>(parts),
            Self::Sha224 => run::<Sha224>(parts),
            Self::Sha256 => run::<Sha256>(parts),
            Self::Sha384 => run::<Sha384>(parts),
            Self::Sha512 => run::<Sha512>(parts),
            Self::Md5AndSha1 => [run::<Md5>(parts), run::<Sha1>(parts)].concat(),
        }
    }

    fn of_identifier(oid: &str) -> Option<Self> {
        Some(match oid {
            "1.2.840.113549.2.5" => Self::Md5,
            "1.3.14.3.2.26" => Self::Sha1,
            "2.16.840.1.101.3.4.2.4" => Self::Sha224,
            "2.16.840.1.101.3.4.2.1" => Self::Sha256,
            "2.16.840.1.101.3.4.2.2" => Self::Sha384,
            "2.16.840.1.101.3.4.2.3" => Self::Sha512,
            _ => return None,
        })
    }
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Pkcs1(Hash),
    Pss { hash: Hash, mask: Hash, salt: usize },
    Ecdsa(Hash),
    Dsa(Hash),
    Ed25519,
    MlDsa,
}

impl Scheme {
    /// From the algorithm identifier of a certificate; an error is one phrase.
    pub(super) fn of_identifier(algorithm: &SignatureAlgorithm) -> Result<Self, String> {
        Ok(match &*algorithm.oid {
            "1.2.840.113549.1.1.4" => Self::Pkcs1(Hash::Md5),
            "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => Self::Pkcs1(Hash::Sha1),
            "1.2.840.113549.1.1.14" => Self::Pkcs1(Hash::Sha224),
            "1.2.840.113549.1.1.11" => Self::Pkcs1(Hash::Sha256),
            "1.2.840.113549.1.1.12" => Self::Pkcs1(Hash::Sha384),
            "1.2.840.113549.1.1.13" => Self::Pkcs1(Hash::Sha512),
            "1.2.840.113549.1.1.10" => {
                pss(&algorithm.parameters).ok_or("the parameters of rsassaPss cannot be read")?
            }
            "1.2.840.10045.4.1" => Self::Ecdsa(Hash::Sha1),
            "1.2.840.10045.4.3.1" => Self::Ecdsa(Hash::Sha224),
            "1.2.840.10045.4.3.2" => Self::Ecdsa(Hash::Sha256),
            "1.2.840.10045.4.3.3" => Self::Ecdsa(Hash::Sha384),
            "1.2.840.10045.4.3.4" => Self::Ecdsa(Hash::Sha512),
            "1.2.840.10040.4.3" => Self::Dsa(Hash::Sha1),
            "2.16.840.1.101.3.4.3.1" => Self::Dsa(Hash::Sha224),
            "2.16.840.1.101.3.4.3.2" => Self::Dsa(Hash::Sha256),
            "1.3.101.112" => Self::Ed25519,
            "2.16.840.1.101.3.4.3.17" | "2.16.840.1.101.3.4.3.18" | "2.16.840.1.101.3.4.3.19" => Self::MlDsa,
            _ => return Err(format!("signature algorithm {} is not supported", algorithm.name)),
        })
    }

    /// From a SignatureScheme number, or, in TLS 1.1 and older, from the key.
    pub(super) fn of_tls(scheme: Option<u16>, key: &PublicKey) -> Option<Self> {
        let Some(number) = scheme else {
            return match key.algorithm {
                KeyAlgorithm::Rsa => Some(Self::Pkcs1(Hash::Md5AndSha1)),
                KeyAlgorithm::Ec(_) => Some(Self::Ecdsa(Hash::Sha1)),
                KeyAlgorithm::Dsa => Some(Self::Dsa(Hash::Sha1)),
                _ => None,
            };
        };
        let pss = |hash, salt| Self::Pss { hash, mask: hash, salt };
        match number {
            0x0804 | 0x0809 => return Some(pss(Hash::Sha256, 32)),
            0x0805 | 0x080a => return Some(pss(Hash::Sha384, 48)),
            0x0806 | 0x080b => return Some(pss(Hash::Sha512, 64)),
            0x0807 => return Some(Self::Ed25519),
            0x0904..=0x0906 => return Some(Self::MlDsa),
            _ => {}
        }
        // Below 0x0700 it is TLS 1.2's pair of hash and signature (RFC 5246 §7.4.1.4.1).
        let hash = match number >> 8 {
            1 => Hash::Md5,
            2 => Hash::Sha1,
            3 => Hash::Sha224,
            4 => Hash::Sha256,
            5 => Hash::Sha384,
            6 => Hash::Sha512,
            _ => return None,
        };
        match number & 0xff {
            1 => Some(Self::Pkcs1(hash)),
            2 => Some(Self::Dsa(hash)),
            3 => Some(Self::Ecdsa(hash)),
            _ => None,
        }
    }
}

/// `RSASSA-PSS-params` (RFC 4055 §3.1), whose absent fields mean SHA-1 and a salt of 20 bytes.
fn pss(parameters: &[u8]) -> Option<Scheme> {
    let mut fields = Der::new(parameters).sequence()?;
    let mut hash = Hash::Sha1;
    let mut mask = Hash::Sha1;
    let mut salt = 20;
    if let Some(identifier) = fields.optional(0xa0) {
        hash = hash_identifier(Der::new(identifier))?;
    }
    if let Some(identifier) = fields.optional(0xa1) {
        let mut mask_function = Der::new(identifier).sequence()?;
        (der::oid(mask_function.expect(der::OID)?)? == "1.2.840.113549.1.1.8").then_some(())?;
        mask = hash_identifier(mask_function)?;
    }
    if let Some(length) = fields.optional(0xa2) {
        let digits = der::magnitude(Der::new(length).expect(der::INTEGER)?);
        salt = match *digits {
            [] => 0,
            [low] => usize::from(low),
            [high, low] => usize::from(u16::from_be_bytes([high, low])),
            _ => return None,
        };
    }
    Some(Scheme::Pss { hash, mask, salt })
}

fn hash_identifier(mut around: Der<'_>) -> Option<Hash> {
    let mut identifier = around.sequence()?;
    Hash::of_identifier(&der::oid(identifier.expect(der::OID)?)?)
}
