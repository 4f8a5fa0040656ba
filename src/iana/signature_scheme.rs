//! Signature schemes (IANA TLS SignatureScheme).

use std::fmt;

use super::{SignatureScheme, lookup};

impl SignatureScheme {
    /// Its name in the registry, when it has one.
    pub fn name(self) -> Option<&'static str> {
        lookup(NAMES, self.0)
    }

    /// A value that is sent to keep peers tolerant (RFC 8701).
    pub const fn is_grease(self) -> bool {
        super::is_grease(self.0)
    }
}

impl fmt::Display for SignatureScheme {
    /// Its name, `GREASE`, or its number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None if super::is_grease(self.0) => f.write_str("GREASE"),
            None => write!(f, "0x{:04x}", self.0),
        }
    }
}

/// TLS SignatureScheme, sorted by number.
const NAMES: &[(u16, &str)] = &[
    (0x0201, "rsa_pkcs1_sha1"),
    (0x0203, "ecdsa_sha1"),
    (0x0401, "rsa_pkcs1_sha256"),
    (0x0403, "ecdsa_secp256r1_sha256"),
    (0x0501, "rsa_pkcs1_sha384"),
    (0x0503, "ecdsa_secp384r1_sha384"),
    (0x0601, "rsa_pkcs1_sha512"),
    (0x0603, "ecdsa_secp521r1_sha512"),
    (0x0708, "sm2sig_sm3"),
    (0x0804, "rsa_pss_rsae_sha256"),
    (0x0805, "rsa_pss_rsae_sha384"),
    (0x0806, "rsa_pss_rsae_sha512"),
    (0x0807, "ed25519"),
    (0x0808, "ed448"),
    (0x0809, "rsa_pss_pss_sha256"),
    (0x080a, "rsa_pss_pss_sha384"),
    (0x080b, "rsa_pss_pss_sha512"),
    (0x0904, "mldsa44"),
    (0x0905, "mldsa65"),
    (0x0906, "mldsa87"),
    (0xfe0b, "falcon512"),
    (0xfe0c, "p256_falcon512"),
    (0xfe0d, "rsa3072_falcon512"),
    (0xfe0e, "falcon1024"),
    (0xfe0f, "p521_falcon1024"),
    (0xfe1b, "picnic3l1"),
    (0xfe1c, "p256_picnic3l1"),
    (0xfe1d, "rsa3072_picnic3l1"),
    (0xfe27, "rainbowIclassic"),
    (0xfe28, "p256_rainbowIclassic"),
    (0xfe29, "rsa3072_rainbowIclassic"),
    (0xfe3c, "rainbowVclassic"),
    (0xfe3d, "p521_rainbowVclassic"),
    (0xfe42, "sphincsharaka128frobust"),
    (0xfe43, "p256_sphincsharaka128frobust"),
    (0xfe44, "rsa3072_sphincsharaka128frobust"),
    (0xfe5e, "sphincssha256128frobust"),
    (0xfe5f, "p256_sphincssha256128frobust"),
    (0xfe60, "rsa3072_sphincssha256128frobust"),
    (0xfe7a, "sphincsshake256128frobust"),
    (0xfe7b, "p256_sphincsshake256128frobust"),
    (0xfe7c, "rsa3072_sphincsshake256128frobust"),
    (0xfe96, "picnicl1full"),
    (0xfe97, "p256_picnicl1full"),
    (0xfe98, "rsa3072_picnicl1full"),
    (0xfea0, "dilithium2"),
    (0xfea1, "p256_dilithium2"),
    (0xfea2, "rsa3072_dilithium2"),
    (0xfea3, "dilithium3"),
    (0xfea4, "p384_dilithium3"),
    (0xfea5, "dilithium5"),
    (0xfea6, "p521_dilithium5"),
    (0xfea7, "dilithium2_aes"),
    (0xfea8, "p256_dilithium2_aes"),
    (0xfea9, "rsa3072_dilithium2_aes"),
    (0xfeaa, "dilithium3_aes"),
    (0xfeab, "p384_dilithium3_aes"),
    (0xfeac, "dilithium5_aes"),
    (0xfead, "p521_dilithium5_aes"),
];
