//! What a cipher suite protects records with: cipher, MAC and hash (IANA TLS Cipher Suites).

use tls_parser::TlsCipherSuite;

/// The hash of the handshake transcript and of the key derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashKind {
    /// MD5 followed by SHA-1 (TLS 1.1 and below).
    Md5Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
}

impl HashKind {
    /// Bytes of its output.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Md5Sha1 => 36,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// The hash of the HMAC that protects CBC, RC4 and NULL records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MacKind {
    Md5,
    Sha1,
    Sha256,
    Sha384,
}

impl MacKind {
    /// Bytes of the MAC and of its key.
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// A block cipher in CBC mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    Des,
    TripleDes,
    Aes128,
    Aes256,
    Camellia128,
    Camellia256,
    Aria128,
    Aria256,
}

impl BlockKind {
    pub(super) const fn key_len(self) -> usize {
        match self {
            Self::Des => 8,
            Self::Aes128 | Self::Camellia128 | Self::Aria128 => 16,
            Self::TripleDes => 24,
            Self::Aes256 | Self::Camellia256 | Self::Aria256 => 32,
        }
    }

    pub(super) const fn block_len(self) -> usize {
        match self {
            Self::Des | Self::TripleDes => 8,
            _ => 16,
        }
    }
}

/// An AEAD cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AeadKind {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    ChaCha20Poly1305,
    Camellia128Gcm,
    Camellia256Gcm,
    Aria128Gcm,
    Aria256Gcm,
}

impl AeadKind {
    pub(super) const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm
            | Self::Aes128Ccm
            | Self::Aes128Ccm8
            | Self::Camellia128Gcm
            | Self::Aria128Gcm => 16,
            _ => 32,
        }
    }

    pub(super) const fn tag_len(self) -> usize {
        match self {
            Self::Aes128Ccm8 | Self::Aes256Ccm8 => 8,
            _ => 16,
        }
    }

    /// Bytes of the nonce that each TLS 1.2 record carries (RFC 5288 §3, RFC 6655 §3, RFC 7905 §2).
    pub(super) const fn explicit_len(self) -> usize {
        match self {
            Self::ChaCha20Poly1305 => 0,
            _ => 8,
        }
    }
}

/// How the records of a suite are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bulk {
    Null(MacKind),
    Rc4(MacKind),
    Cbc(BlockKind, MacKind),
    Aead(AeadKind),
}

/// A cipher suite that can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suite {
    /// Its IANA name.
    pub(super) name: &'static str,
    pub(super) bulk: Bulk,
    /// Of the TLS 1.2 PRF or the TLS 1.3 key schedule.
    pub(super) hash: HashKind,
    /// Whether it is one of TLS 1.3, whose names have no key exchange.
    pub(super) modern: bool,
}

impl Suite {
    /// The suite with this number, when its cipher is supported. Its parameters are read from its registered name,
    /// `TLS_<key exchange>_WITH_<cipher>_<hash>`, or `TLS_<cipher>_<hash>` in TLS 1.3 (RFC 8446 §B.4).
    pub(super) fn find(number: u16) -> Option<Self> {
        let name = TlsCipherSuite::from_id(number)?.name;
        let (exchange, protection) = match name.split_once("_WITH_") {
            Some((exchange, protection)) => (Some(exchange), protection),
            None => (None, name.strip_prefix("TLS_")?),
        };
        // Export suites shorten their keys, and the null suite is the state before any key.
        if exchange.is_some_and(|exchange| exchange.contains("EXPORT") || exchange == "TLS_NULL") {
            return None;
        }
        let bulk = bulk(protection)?;
        let hash = if protection.ends_with("_SHA384") { HashKind::Sha384 } else { HashKind::Sha256 };
        Some(Self { name, bulk, hash, modern: exchange.is_none() })
    }
}

fn bulk(protection: &str) -> Option<Bulk> {
    if let Some(aead) = aead(protection) {
        return Some(Bulk::Aead(aead));
    }
    let (cipher, mac) = protection.rsplit_once('_')?;
    let mac = match mac {
        "MD5" => MacKind::Md5,
        "SHA" => MacKind::Sha1,
        "SHA256" => MacKind::Sha256,
        "SHA384" => MacKind::Sha384,
        _ => return None,
    };
    let block = match cipher {
        "NULL" => return Some(Bulk::Null(mac)),
        "RC4_128" => return Some(Bulk::Rc4(mac)),
        "DES_CBC" => BlockKind::Des,
        "3DES_EDE_CBC" => BlockKind::TripleDes,
        "AES_128_CBC" => BlockKind::Aes128,
        "AES_256_CBC" => BlockKind::Aes256,
        "CAMELLIA_128_CBC" => BlockKind::Camellia128,
        "CAMELLIA_256_CBC" => BlockKind::Camellia256,
        "ARIA_128_CBC" => BlockKind::Aria128,
        "ARIA_256_CBC" => BlockKind::Aria256,
        _ => return None,
    };
    Some(Bulk::Cbc(block, mac))
}

/// CCM suites of TLS 1.2 leave their hash unnamed; it is SHA-256 (RFC 6655 §3).
fn aead(protection: &str) -> Option<AeadKind> {
    let cipher = protection.trim_end_matches("_SHA256").trim_end_matches("_SHA384");
    Some(match cipher {
        "AES_128_GCM" => AeadKind::Aes128Gcm,
        "AES_256_GCM" => AeadKind::Aes256Gcm,
        "AES_128_CCM" => AeadKind::Aes128Ccm,
        "AES_256_CCM" => AeadKind::Aes256Ccm,
        "AES_128_CCM_8" => AeadKind::Aes128Ccm8,
        "AES_256_CCM_8" => AeadKind::Aes256Ccm8,
        "CHACHA20_POLY1305" => AeadKind::ChaCha20Poly1305,
        "CAMELLIA_128_GCM" => AeadKind::Camellia128Gcm,
        "CAMELLIA_256_GCM" => AeadKind::Camellia256Gcm,
        "ARIA_128_GCM" => AeadKind::Aria128Gcm,
        "ARIA_256_GCM" => AeadKind::Aria256Gcm,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_what_its_registered_name_says() {
        let is = |number| Suite::find(number).map(|suite| (suite.bulk, suite.hash, suite.modern));
        let (sha256, sha384) = (HashKind::Sha256, HashKind::Sha384);
        assert_eq!(is(0x1301), Some((Bulk::Aead(AeadKind::Aes128Gcm), sha256, true)));
        assert_eq!(is(0x1302), Some((Bulk::Aead(AeadKind::Aes256Gcm), sha384, true)));
        assert_eq!(is(0x1303), Some((Bulk::Aead(AeadKind::ChaCha20Poly1305), sha256, true)));
        assert_eq!(is(0x1304), Some((Bulk::Aead(AeadKind::Aes128Ccm), sha256, true)));
        assert_eq!(is(0x1305), Some((Bulk::Aead(AeadKind::Aes128Ccm8), sha256, true)));
        assert_eq!(is(0xc02f), Some((Bulk::Aead(AeadKind::Aes128Gcm), sha256, false)));
        assert_eq!(is(0xc0a1), Some((Bulk::Aead(AeadKind::Aes256Ccm8), sha256, false)));
        assert_eq!(is(0x0035), Some((Bulk::Cbc(BlockKind::Aes256, MacKind::Sha1), sha256, false)));
        assert_eq!(is(0xc028), Some((Bulk::Cbc(BlockKind::Aes256, MacKind::Sha384), sha384, false)));
        assert_eq!(is(0x000a), Some((Bulk::Cbc(BlockKind::TripleDes, MacKind::Sha1), sha256, false)));
        assert_eq!(is(0x0004), Some((Bulk::Rc4(MacKind::Md5), sha256, false)));
        assert_eq!(is(0x003b), Some((Bulk::Null(MacKind::Sha256), sha256, false)));
    }

    #[test]
    fn export_idea_gost_signalling_and_unknown_suites_are_not_supported() {
        for number in [0x0000, 0x0003, 0x0007, 0x0008, 0x00ff, 0x5600, 0x0a0a, 0xc100, 0x00c6] {
            assert_eq!(Suite::find(number), None, "{number:04x}");
        }
    }

    #[test]
    fn every_suite_of_the_registry_with_other_ciphers_is_supported() {
        let foreign = [
            "EXPORT",
            "IDEA",
            "SEED",
            "SM4",
            "AEGIS",
            "TLS_NULL",
            "SCSV",
            "DES_CBC_40",
            "RC2",
            "RC4_40",
            "TLS_SHA",
        ];
        for known in (0..=u16::MAX).filter_map(TlsCipherSuite::from_id) {
            // Kerberos suites with MD5 and single DES are among those that are.
            let supported = !foreign.iter().any(|word| known.name.contains(word));
            assert_eq!(Suite::find(known.id.0).is_some(), supported, "{}", known.name);
        }
    }
}
