//! RSA (RFC 8017) and DSA (FIPS 186-4 §4.7) signatures of any size, by plain arithmetic: everything in it is public.
//!
//! Libraries refuse RSA keys below 2048 bits and unusual salts; whether such a signature is right has to be known all
//! the same, so that a weak key is not reported as a bad signature.

use num_bigint::BigUint;

use crate::trust::SignatureState;
use crate::trust::signature::state;
use crate::trust::signature_scheme::Hash;
use crate::x509::PublicKey;
use crate::x509::der::{self, Der};

/// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2): the whole encoded message is made again and compared, not picked apart.
pub(super) fn verify_pkcs1(key: &[u8], hash: Hash, digest: &[u8], signature: &[u8]) -> SignatureState {
    let recovered = match recover(key, signature) {
        Ok(recovered) => recovered,
        Err(answer) => return answer,
    };
    let info = [prefix(hash), digest].concat();
    let Some(padding) = recovered.len().checked_sub(info.len() + 3).filter(|&length| length >= 8) else {
        return SignatureState::Bad;
    };
    let mut expected = Vec::with_capacity(recovered.len());
    expected.extend([0x00, 0x01]);
    expected.resize(2 + padding, 0xff);
    expected.push(0x00);
    expected.extend(info);
    state(recovered == expected)
}

/// RSASSA-PSS (RFC 8017 §9.1.2) with the salt length that the parameters say.
pub(super) fn verify_pss(
    key: &[u8],
    hash: Hash,
    mask: Hash,
    salt: usize,
    digest: &[u8],
    signature: &[u8],
) -> SignatureState {
    let recovered = match recover(key, signature) {
        Ok(recovered) => recovered,
        Err(answer) => return answer,
    };
    let bits = modulus_bits(key).saturating_sub(1);
    state(pss_matches(&recovered, bits, hash, mask, salt, digest).is_some())
}

/// `Some` when the encoded message is consistent.
fn pss_matches(
    recovered: &[u8],
    bits: usize,
    hash: Hash,
    mask: Hash,
    salt: usize,
    digest: &[u8],
) -> Option<()> {
    let length = bits.div_ceil(8);
    let (surplus, message) = recovered.split_at_checked(recovered.len().checked_sub(length)?)?;
    let (trailer, message) = message.split_last()?;
    let (masked, fingerprint) = message.split_at_checked(message.len().checked_sub(digest.len())?)?;
    let sound = surplus.iter().all(|&byte| byte == 0) && *trailer == 0xbc;
    let unused = u8::try_from(length * 8 - bits).ok()?;
    let top = 0xff_u8.checked_shr(u32::from(unused))?;
    let mut block: Vec<u8> =
        masked.iter().zip(stretch(mask, fingerprint, masked.len())).map(|(a, b)| a ^ b).collect();
    let first = block.first_mut()?;
    let clear = masked.first()? & !top == 0;
    *first &= top;
    let (padding, salt) = block.split_at_checked(block.len().checked_sub(salt)?)?;
    let (one, zeros) = padding.split_last()?;
    let marked = *one == 0x01 && zeros.iter().all(|&byte| byte == 0);
    let again = hash.digest(&[&[0; 8], digest, salt]);
    (sound && clear && marked && again == fingerprint).then_some(())
}

/// MGF1 (RFC 8017 appendix B.2.1).
fn stretch(hash: Hash, seed: &[u8], length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(length + 64);
    let mut counter: u32 = 0;
    while out.len() < length {
        out.extend(hash.digest(&[seed, &counter.to_be_bytes()]));
        counter += 1;
    }
    out.truncate(length);
    out
}

/// RSAVP1 (RFC 8017 §5.2.2), as many bytes as the modulus has.
fn recover(key: &[u8], signature: &[u8]) -> Result<Vec<u8>, SignatureState> {
    let unreadable = || SignatureState::CannotCheck("the RSA key cannot be read".to_owned());
    let mut fields = Der::new(key).sequence().ok_or_else(unreadable)?;
    let modulus = der::magnitude(fields.expect(der::INTEGER).ok_or_else(unreadable)?);
    let exponent = der::magnitude(fields.expect(der::INTEGER).ok_or_else(unreadable)?);
    if modulus.len() > MAX_BYTES || exponent.len() > MAX_EXPONENT_BYTES {
        return Err(SignatureState::CannotCheck("the RSA key is too large to check".to_owned()));
    }
    let number = BigUint::from_bytes_be(signature);
    let power = exponent.iter().fold(0, |power: u64, digit| power << 8 | u64::from(*digit));
    let whole = BigUint::from_bytes_be(modulus);
    if signature.len() > modulus.len() || number >= whole {
        return Err(SignatureState::Bad);
    }
    let digits = raised(&number, power, &whole).to_bytes_be();
    let mut out = vec![0; modulus.len().saturating_sub(digits.len())];
    out.extend(digits);
    Ok(out)
}

/// `number` to a short `exponent`, by squaring. Of a public exponent of 17 bits the general method of the library makes 64, and
/// a table that is never used.
fn raised(number: &BigUint, exponent: u64, modulus: &BigUint) -> BigUint {
    let bits = u64::BITS - exponent.leading_zeros();
    let mut power = BigUint::from(1u8) % modulus;
    for bit in (0..bits).rev() {
        power = &power * &power % modulus;
        if exponent >> bit & 1 == 1 {
            power = power * number % modulus;
        }
    }
    power
}

fn modulus_bits(key: &[u8]) -> usize {
    let modulus = Der::new(key).sequence().and_then(|mut fields| fields.expect(der::INTEGER));
    modulus.map_or(0, |digits| usize::try_from(der::bit_length(digits)).unwrap_or(0))
}

/// DSA with the parameters of the key itself (RFC 3279 §2.3.2).
pub(super) fn verify_dsa(key: &PublicKey, digest: &[u8], signature: &[u8]) -> SignatureState {
    match dsa(key, digest, signature) {
        Some(good) => state(good),
        None => SignatureState::CannotCheck("the DSA key or its parameters cannot be read".to_owned()),
    }
}

fn dsa(key: &PublicKey, digest: &[u8], signature: &[u8]) -> Option<bool> {
    let mut identifier = Der::new(&key.spki).sequence()?.sequence()?;
    identifier.expect(der::OID)?;
    let mut parameters = identifier.sequence()?;
    let [prime, order, base] =
        [integer(&mut parameters)?, integer(&mut parameters)?, integer(&mut parameters)?];
    let public = integer(&mut Der::new(&key.key))?;
    let zero = BigUint::ZERO;
    if prime == zero || order == zero {
        return None;
    }
    let mut pair = match Der::new(signature).sequence() {
        Some(pair) => pair,
        None => return Some(false),
    };
    let (Some(r), Some(s)) = (integer(&mut pair), integer(&mut pair)) else { return Some(false) };
    if r == zero || s == zero || r >= order || s >= order {
        return Some(false);
    }
    let width = usize::try_from(order.bits().div_ceil(8)).ok()?;
    let digest = BigUint::from_bytes_be(digest.get(..width).unwrap_or(digest));
    let Some(inverse) = s.modinv(&order) else { return Some(false) };
    let u1 = digest * &inverse % &order;
    let u2 = &r * inverse % &order;
    let value = base.modpow(&u1, &prime) * public.modpow(&u2, &prime) % &prime % &order;
    Some(value == r)
}

fn integer(fields: &mut Der<'_>) -> Option<BigUint> {
    let digits = der::magnitude(fields.expect(der::INTEGER)?);
    (digits.len() <= MAX_DSA_BYTES).then(|| BigUint::from_bytes_be(digits))
}

/// The start of the DER `DigestInfo` of each hash (RFC 8017 §9.2, note 1).
fn prefix(hash: Hash) -> &'static [u8] {
    const SHA224: [u8; 19] = sha2_prefix(0x2d, 4, 0x1c);
    const SHA256: [u8; 19] = sha2_prefix(0x31, 1, 0x20);
    const SHA384: [u8; 19] = sha2_prefix(0x41, 2, 0x30);
    const SHA512: [u8; 19] = sha2_prefix(0x51, 3, 0x40);
    match hash {
        Hash::Md5AndSha1 => &[],
        Hash::Md5 => b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10",
        Hash::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
        Hash::Sha224 => &SHA224,
        Hash::Sha256 => &SHA256,
        Hash::Sha384 => &SHA384,
        Hash::Sha512 => &SHA512,
    }
}

const fn sha2_prefix(whole: u8, arc: u8, digest: u8) -> [u8; 19] {
    [0x30, whole, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 2, arc, 5, 0, 4, digest]
}

/// RSA keys up to 16384 bits are checked: the largest that any TLS library takes.
const MAX_BYTES: usize = 16_384 / 8;

/// OpenSSL takes no larger exponent for keys of more than 3072 bits; the work grows with it.
const MAX_EXPONENT_BYTES: usize = 8;

const MAX_DSA_BYTES: usize = 8_192 / 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_absurd_size_is_not_worked_on() {
        let mut key = vec![0x30, 0x82, 0x08, 0x0c, 0x02, 0x82, 0x08, 0x01];
        key.resize(key.len() + MAX_BYTES + 1, 0xff);
        key.extend([0x02, 0x05, 1, 0, 1, 0, 1]);
        let answer = verify_pkcs1(&key, Hash::Sha256, &[0; 32], &[1; 32]);
        assert!(matches!(answer, SignatureState::CannotCheck(_)), "{answer:?}");
    }

    #[test]
    fn a_short_exponent_gives_what_the_general_method_gives() {
        let modulus = BigUint::from_bytes_be(&[0xd3; 256]);
        let number = BigUint::from_bytes_be(&[0x9b; 255]);
        for exponent in [0, 1, 2, 3, 17, 257, 65_537, 65_539, u64::MAX] {
            let general = number.modpow(&BigUint::from(exponent), &modulus);
            assert_eq!(raised(&number, exponent, &modulus), general, "{exponent}");
        }
        assert_eq!(raised(&number, 0, &BigUint::from(1u8)), BigUint::ZERO);
    }

    #[test]
    fn a_modulus_of_zero_or_one_is_no_panic() {
        for modulus in [0, 1] {
            let key = [0x30, 0x06, 0x02, 0x01, modulus, 0x02, 0x01, 0x03];
            assert_eq!(verify_pkcs1(&key, Hash::Sha256, &[0; 32], &[]), SignatureState::Bad);
            assert_eq!(verify_pss(&key, Hash::Sha256, Hash::Sha256, 32, &[0; 32], &[]), SignatureState::Bad);
        }
    }
}
