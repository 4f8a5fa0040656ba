//! Whether a signature verifies: of certificates (RFC 5280 §4.1.1.3) and of TLS messages (RFC 8446 §4.2.3, RFC 5246 §7.4.1.4.1).
//!
//! A weak algorithm verifies like any other: that it is weak is another matter than that it is wrong.

use crate::trust::SignatureState;
use crate::trust::big_number;
use crate::trust::signature_scheme::{Hash, Scheme};
use crate::x509::{Certificate, KeyAlgorithm, PublicKey, SignatureAlgorithm};

/// Checks a signature over `message` that says how it was made by an algorithm identifier, as in certificates.
pub fn verify(
    key: &PublicKey,
    algorithm: &SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> SignatureState {
    match Scheme::of_identifier(algorithm) {
        Ok(scheme) => scheme.verify(key, message, signature),
        Err(reason) => SignatureState::CannotCheck(reason),
    }
}

/// Checks that `issuer` signed `child`. What cannot be parsed cannot be checked.
pub fn verify_certificate(child: &Certificate, issuer: &PublicKey) -> SignatureState {
    let signed = child.parsed().and_then(|fields| Some((fields, child.der.get(fields.tbs.clone())?)));
    match signed {
        Some((fields, tbs)) => verify(issuer, &fields.signature_algorithm, tbs, &fields.signature),
        None => SignatureState::CannotCheck("the certificate cannot be parsed".to_owned()),
    }
}

/// Whether a certificate is issued by its own subject and signed with its own key.
pub fn is_self_signed(certificate: &Certificate) -> bool {
    certificate.parsed().is_some_and(|fields| {
        fields.is_self_issued() && verify_certificate(certificate, &fields.key) == SignatureState::Good
    })
}

/// Checks the signature of a `CertificateVerify` or `ServerKeyExchange`.
///
/// `scheme` is the IANA SignatureScheme number; `None` is TLS 1.1 and older, where the key alone says how it is made
/// (RFC 4346 §7.4.3: MD5 and SHA-1 together for RSA, SHA-1 for ECDSA and DSA).
pub fn verify_tls(key: &PublicKey, scheme: Option<u16>, message: &[u8], signature: &[u8]) -> SignatureState {
    match Scheme::of_tls(scheme, key) {
        Some(scheme) => scheme.verify(key, message, signature),
        None => SignatureState::CannotCheck(match scheme {
            Some(number) => format!("signature scheme 0x{number:04x} is not supported"),
            None => format!("a signature by an {} key is not supported", key.algorithm),
        }),
    }
}

/// A hash function for which a signature is called weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeakHash {
    /// MD2 or MD5: forged certificates exist (RFC 6151).
    Md5,
    /// SHA-1: collisions have been made (RFC 9155 for TLS).
    Sha1,
}

impl WeakHash {
    /// Its name as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
        }
    }
}

/// The weak hash of a signature algorithm, when it has one.
pub fn weakness(algorithm: &SignatureAlgorithm) -> Option<WeakHash> {
    if algorithm.oid == "1.2.840.113549.1.1.2" {
        return Some(WeakHash::Md5);
    }
    match Scheme::of_identifier(algorithm).ok()? {
        Scheme::Pkcs1(hash) | Scheme::Pss { hash, .. } | Scheme::Ecdsa(hash) | Scheme::Dsa(hash) => {
            match hash {
                Hash::Md5 | Hash::Md5AndSha1 => Some(WeakHash::Md5),
                Hash::Sha1 => Some(WeakHash::Sha1),
                _ => None,
            }
        }
        Scheme::Ed25519 | Scheme::MlDsa => None,
    }
}

/// RSASSA-PSS with one hash throughout and a salt of its length (RFC 8446 §4.2.3), or anything else than PSS.
pub(super) fn is_usual(algorithm: &SignatureAlgorithm) -> bool {
    match Scheme::of_identifier(algorithm) {
        Ok(Scheme::Pss { hash, mask, salt }) => hash == mask && salt == hash.digest(&[]).len(),
        _ => true,
    }
}

impl Scheme {
    fn verify(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> SignatureState {
        match (self, &key.algorithm) {
            (Self::Pkcs1(hash), KeyAlgorithm::Rsa) => {
                big_number::verify_pkcs1(&key.key, hash, &hash.digest(&[message]), signature)
            }
            (Self::Pss { hash, mask, salt }, KeyAlgorithm::Rsa) => {
                let digest = hash.digest(&[message]);
                big_number::verify_pss(&key.key, hash, mask, salt, &digest, signature)
            }
            (Self::Dsa(hash), KeyAlgorithm::Dsa) => {
                big_number::verify_dsa(key, &hash.digest(&[message]), signature)
            }
            (Self::Ecdsa(hash), KeyAlgorithm::Ec(curve)) => {
                ecdsa(curve, &key.key, &hash.digest(&[message]), signature)
            }
            (Self::Ed25519, KeyAlgorithm::Ed25519) => ed25519(&key.key, message, signature),
            (Self::MlDsa, KeyAlgorithm::MlDsa(set)) => ml_dsa(*set, &key.key, message, signature),
            (_, KeyAlgorithm::Other(oid)) => {
                SignatureState::CannotCheck(format!("a key of type {oid} is not supported"))
            }
            (_, KeyAlgorithm::Ed448) => SignatureState::CannotCheck("Ed448 is not supported".to_owned()),
            // A signature of one kind is no signature by a key of another.
            _ => SignatureState::Bad,
        }
    }
}

pub(super) fn state(good: bool) -> SignatureState {
    if good { SignatureState::Good } else { SignatureState::Bad }
}

macro_rules! ecdsa_with {
    ($curve:ident, $width:literal, $key:expr, $digest:expr, $signature:expr) => {{
        use $curve::ecdsa::signature::hazmat::PrehashVerifier;
        let verified = $curve::ecdsa::VerifyingKey::from_sec1_bytes($key)
            .ok()
            .zip($curve::ecdsa::Signature::from_der($signature).ok())
            .is_some_and(|(key, signature)| {
                key.verify_prehash(&widened($digest, $width), &signature).is_ok()
            });
        state(verified)
    }};
}

fn ecdsa(curve: &str, key: &[u8], digest: &[u8], signature: &[u8]) -> SignatureState {
    match curve {
        "P-256" => ecdsa_with!(p256, 32, key, digest, signature),
        "P-384" => ecdsa_with!(p384, 48, key, digest, signature),
        "P-521" => ecdsa_with!(p521, 66, key, digest, signature),
        _ => SignatureState::CannotCheck(format!("the curve {curve} is not supported")),
    }
}

/// A digest shorter than the curve's field as the same number in its full width: the curve crates refuse short ones.
fn widened(digest: &[u8], width: usize) -> Vec<u8> {
    let mut out = vec![0; width.saturating_sub(digest.len())];
    out.extend_from_slice(digest);
    out
}

fn ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> SignatureState {
    use ed25519_dalek::Verifier;
    let key =
        <[u8; 32]>::try_from(key).ok().and_then(|key| ed25519_dalek::VerifyingKey::from_bytes(&key).ok());
    let signature =
        <[u8; 64]>::try_from(signature).map(|bytes| ed25519_dalek::Signature::from_bytes(&bytes)).ok();
    state(key.zip(signature).is_some_and(|(key, signature)| key.verify(message, &signature).is_ok()))
}

fn ml_dsa(set: u8, key: &[u8], message: &[u8], signature: &[u8]) -> SignatureState {
    fn run<P: ml_dsa::MlDsaParams>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        use ml_dsa::signature::Verifier;
        let key = ml_dsa::EncodedVerifyingKey::<P>::try_from(key).ok();
        let signature = ml_dsa::Signature::<P>::try_from(signature).ok();
        key.zip(signature).is_some_and(|(key, signature)| {
            ml_dsa::VerifyingKey::decode(&key).verify(message, &signature).is_ok()
        })
    }
    match set {
        44 => state(run::<ml_dsa::MlDsa44>(key, message, signature)),
        65 => state(run::<ml_dsa::MlDsa65>(key, message, signature)),
        87 => state(run::<ml_dsa::MlDsa87>(key, message, signature)),
        _ => SignatureState::CannotCheck(format!("ML-DSA-{set} is not supported")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use data_encoding::BASE64;

    use super::*;

    /// Self-signed certificates made with OpenSSL 3.0, named for how they are signed.
    fn samples() -> Vec<Certificate> {
        include_str!("../../tests/fixtures/signatures.pem")
            .split("-----BEGIN CERTIFICATE-----")
            .skip(1)
            .map(|block| {
                let text: String = block.lines().take_while(|line| !line.starts_with("-----")).collect();
                Certificate::from_der(Arc::from(BASE64.decode(text.as_bytes()).unwrap()))
            })
            .collect()
    }

    #[test]
    fn each_kind_of_signature_verifies_and_a_changed_one_does_not() {
        let mut checked = 0;
        for certificate in samples() {
            let fields = certificate.parsed().unwrap();
            let name = fields.subject.common_name().unwrap();
            let state = verify_certificate(&certificate, &fields.key);
            if matches!(name, "ed448" | "p224-sha256") {
                assert!(matches!(state, SignatureState::CannotCheck(_)), "{name}: {state:?}");
                continue;
            }
            assert_eq!(state, SignatureState::Good, "{name}");
            let tbs = &certificate.der[fields.tbs.clone()];
            let mut changed = tbs.to_vec();
            *changed.last_mut().unwrap() ^= 1;
            let algorithm = &fields.signature_algorithm;
            assert_eq!(
                verify(&fields.key, algorithm, &changed, &fields.signature),
                SignatureState::Bad,
                "{name}"
            );
            for place in [1, fields.signature.len() / 2, fields.signature.len() - 1] {
                let mut signature = fields.signature.to_vec();
                signature[place] ^= 0x10;
                assert_eq!(verify(&fields.key, algorithm, tbs, &signature), SignatureState::Bad, "{name}");
            }
            checked += 1;
        }
        assert_eq!(checked, 15);
    }

    #[test]
    fn a_key_of_another_kind_did_not_sign_it() {
        let samples = samples();
        let find = |name| {
            samples
                .iter()
                .find(|sample| sample.parsed().unwrap().subject.common_name() == Some(name))
                .unwrap()
        };
        let elliptic = &find("p256-sha512").parsed().unwrap().key;
        assert_eq!(verify_certificate(find("rsa2048-sha1"), elliptic), SignatureState::Bad);
        assert_eq!(verify_certificate(find("ed25519"), elliptic), SignatureState::Bad);
        let other = &find("rsa2048-sha224").parsed().unwrap().key;
        assert_eq!(verify_certificate(find("rsa2048-sha1"), other), SignatureState::Bad);
    }

    #[test]
    fn md5_and_sha1_are_weak_also_inside_pss() {
        for certificate in samples() {
            let fields = certificate.parsed().unwrap();
            let name = fields.subject.common_name().unwrap();
            let expected = match name {
                _ if name.contains("md5") => Some(WeakHash::Md5),
                _ if name.contains("sha1") => Some(WeakHash::Sha1),
                _ => None,
            };
            assert_eq!(weakness(&fields.signature_algorithm), expected, "{name}");
        }
    }

    #[test]
    fn a_tls_signature_follows_its_scheme_and_without_one_the_key() {
        let key = rcgen::KeyPair::generate().unwrap();
        let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
        let public = PublicKey::from_spki(&spki).unwrap();
        let signature = rcgen::SigningKey::sign(&key, b"message").unwrap();
        assert_eq!(verify_tls(&public, Some(0x0403), b"message", &signature), SignatureState::Good);
        assert_eq!(verify_tls(&public, Some(0x0403), b"massage", &signature), SignatureState::Bad);
        assert_eq!(verify_tls(&public, Some(0x0503), b"message", &signature), SignatureState::Bad);
        assert_eq!(verify_tls(&public, Some(0x0804), b"message", &signature), SignatureState::Bad);
        assert_eq!(verify_tls(&public, None, b"message", &signature), SignatureState::Bad);
        assert!(matches!(
            verify_tls(&public, Some(0x0808), b"message", &signature),
            SignatureState::CannotCheck(_)
        ));
    }

    #[test]
    fn post_quantum_signatures_verify() {
        use ml_dsa::signature::{Keypair, Signer};
        let signer = ml_dsa::SigningKey::<ml_dsa::MlDsa44>::from_seed(&[7; 32].into());
        let signature = signer.sign(b"message").encode();
        let key = signer.verifying_key().encode();
        assert_eq!(ml_dsa(44, &key, b"message", &signature), SignatureState::Good);
        assert_eq!(ml_dsa(44, &key, b"massage", &signature), SignatureState::Bad);
        assert_eq!(ml_dsa(65, &key, b"message", &signature), SignatureState::Bad);
    }
}
