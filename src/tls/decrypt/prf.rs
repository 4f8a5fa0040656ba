//! Key derivation: the PRFs of TLS 1.0 to 1.2 (RFC 2246 §5, RFC 5246 §5), SSL 3.0's (RFC 6101 §6.2.2), and
//! HKDF-Expand-Label (RFC 8446 §7.1).

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384};

use super::suite::{HashKind, MacKind};

/// A MAC of up to 48 bytes.
#[derive(Clone, Copy)]
pub(super) struct MacValue {
    bytes: [u8; 48],
    len: usize,
}

impl MacValue {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn of(output: &[u8]) -> Self {
        let mut bytes = [0; 48];
        bytes.iter_mut().zip(output).for_each(|(to, from)| *to = *from);
        Self { bytes, len: output.len().min(48) }
    }
}

/// HMAC over the parts, in order.
pub(super) fn hmac(kind: MacKind, key: &[u8], parts: &[&[u8]]) -> MacValue {
    match kind {
        MacKind::Md5 => hmac_with::<Hmac<Md5>>(key, parts),
        MacKind::Sha1 => hmac_with::<Hmac<Sha1>>(key, parts),
        MacKind::Sha256 => hmac_with::<Hmac<Sha256>>(key, parts),
        MacKind::Sha384 => hmac_with::<Hmac<Sha384>>(key, parts),
    }
}

fn hmac_with<M: KeyInit + Mac>(key: &[u8], parts: &[&[u8]]) -> MacValue {
    // HMAC takes keys of any length, so there is always a value.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else {
        return MacValue::of(&[]);
    };
    parts.iter().for_each(|part| mac.update(part));
    MacValue::of(&mac.finalize().into_bytes())
}

/// The MAC of SSL 3.0 (RFC 6101 §5.2.3.1), which is not quite an HMAC.
pub(super) fn ssl3_mac(kind: MacKind, key: &[u8], parts: &[&[u8]]) -> MacValue {
    match kind {
        MacKind::Md5 => ssl3_mac_with::<Md5>(key, 48, parts),
        _ => ssl3_mac_with::<Sha1>(key, 40, parts),
    }
}

fn ssl3_mac_with<D: Digest>(key: &[u8], pad: usize, parts: &[&[u8]]) -> MacValue {
    let (pad1, pad2) = ([0x36_u8; 48], [0x5c_u8; 48]);
    let mut inner = D::new_with_prefix(key);
    inner.update(pad1.get(..pad).unwrap_or_default());
    parts.iter().for_each(|part| inner.update(part));
    let mut outer = D::new_with_prefix(key);
    outer.update(pad2.get(..pad).unwrap_or_default());
    outer.update(inner.finalize());
    MacValue::of(&outer.finalize())
}

/// Fills `out` from the PRF of TLS 1.0 to 1.2; `seed` without the label.
pub(super) fn prf(hash: HashKind, secret: &[u8], label: &[u8], seed: &[u8], out: &mut [u8]) {
    out.fill(0);
    match hash {
        HashKind::Md5Sha1 => {
            // The halves share the middle byte of an odd secret.
            let half = secret.len().div_ceil(2);
            xor_p_hash(MacKind::Md5, secret.get(..half).unwrap_or_default(), label, seed, out);
            xor_p_hash(
                MacKind::Sha1,
                secret.get(secret.len() - half..).unwrap_or_default(),
                label,
                seed,
                out,
            );
        }
        HashKind::Sha256 => xor_p_hash(MacKind::Sha256, secret, label, seed, out),
        HashKind::Sha384 => xor_p_hash(MacKind::Sha384, secret, label, seed, out),
    }
}

fn xor_p_hash(kind: MacKind, secret: &[u8], label: &[u8], seed: &[u8], out: &mut [u8]) {
    let mut a = hmac(kind, secret, &[label, seed]);
    for chunk in out.chunks_mut(kind.len()) {
        let block = hmac(kind, secret, &[a.as_bytes(), label, seed]);
        chunk.iter_mut().zip(block.as_bytes()).for_each(|(to, from)| *to ^= from);
        a = hmac(kind, secret, &[a.as_bytes()]);
    }
}

/// Fills `out` with the key block of SSL 3.0; `seed` is server random, then client random.
pub(super) fn ssl3_key_block(secret: &[u8], seed: &[u8], out: &mut [u8]) {
    for (chunk, (letter, count)) in out.chunks_mut(16).zip((b'A'..=b'Z').zip(1..)) {
        let mut inner = Sha1::new();
        inner.update([letter; 26].get(..count).unwrap_or_default());
        inner.update(secret);
        inner.update(seed);
        let mut outer = Md5::new_with_prefix(secret);
        outer.update(inner.finalize());
        chunk.iter_mut().zip(outer.finalize()).for_each(|(to, from)| *to = from);
    }
}

/// Fills `out` from HKDF-Expand-Label with an empty context. `prefix` is `tls13 `, or that of an early draft.
/// False when the secret is shorter than the hash.
pub(super) fn expand_label(
    hash: HashKind,
    secret: &[u8],
    prefix: &[u8],
    label: &[u8],
    out: &mut [u8],
) -> bool {
    let len = u16::try_from(out.len()).unwrap_or(u16::MAX).to_be_bytes();
    let label_len = [u8::try_from(prefix.len() + label.len()).unwrap_or(u8::MAX)];
    let info: [&[u8]; 5] = [&len, &label_len, prefix, label, &[0]];
    match hash {
        HashKind::Sha384 => {
            Hkdf::<Sha384>::from_prk(secret).is_ok_and(|hkdf| hkdf.expand_multi_info(&info, out).is_ok())
        }
        _ => Hkdf::<Sha256>::from_prk(secret).is_ok_and(|hkdf| hkdf.expand_multi_info(&info, out).is_ok()),
    }
}

/// Whether two MACs are the same, in a time that does not depend on where they differ.
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |sum, (l, r)| sum | (l ^ r)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER_PERMISSIVE.decode(text.replace(char::is_whitespace, "").as_bytes()).unwrap()
    }

    /// The vectors that were posted to the IETF TLS list for the PRF of TLS 1.2.
    #[test]
    fn the_prf_of_tls_1_2_gives_the_published_vectors() {
        let mut out = [0; 100];
        let secret = hex("9bbe436ba940f017b17652849a71db35");
        let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
        prf(HashKind::Sha256, &secret, b"test label", &seed, &mut out);
        let expected = hex("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a
             6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab
             4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701
             87347b66");
        assert_eq!(out.as_slice(), expected);

        let mut out = [0; 148];
        let secret = hex("b80b733d6ceefcdc71566ea48e5567df");
        let seed = hex("cd665cf6a8447dd6ff8b27555edb7465");
        prf(HashKind::Sha384, &secret, b"test label", &seed, &mut out);
        let expected = hex("7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd
             e9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd
             8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425
             9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee6
             91c8f3a26854308d5eaa3be85e0990703d73e56f");
        assert_eq!(out.as_slice(), expected);
    }

    /// RFC 8448 §3: the server's handshake traffic secret and its write key.
    #[test]
    fn expand_label_gives_the_keys_of_rfc_8448() {
        let secret = hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
        let (mut key, mut iv) = ([0; 16], [0; 12]);
        assert!(expand_label(HashKind::Sha256, &secret, b"tls13 ", b"key", &mut key));
        assert!(expand_label(HashKind::Sha256, &secret, b"tls13 ", b"iv", &mut iv));
        assert_eq!(key.as_slice(), hex("3fce516009c21727d0f2e4e86ee403bc"));
        assert_eq!(iv.as_slice(), hex("5d313eb2671276ee13000b30"));
        assert!(!expand_label(HashKind::Sha384, &secret, b"tls13 ", b"key", &mut key));
    }

    #[test]
    fn macs_are_the_same_only_when_all_bytes_are() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd"));
        assert!(!same(b"abc", b"ab"));
    }
}
