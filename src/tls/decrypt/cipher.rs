//! The ciphers behind two small traits, so that a direction holds one whatever the suite is.

use aes::{Aes128, Aes256};
use aes_gcm::AesGcm;
use aes_gcm::aead::consts::{U8, U12, U16};
use aes_gcm::aead::{AeadCore, AeadInOut};
use aria::{Aria128, Aria256};
use camellia::{Camellia128, Camellia256};
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, InOutBuf, InnerIvInit, KeyInit};
use ccm::Ccm;
use chacha20poly1305::ChaCha20Poly1305;
use des::{Des, TdesEde3};

use super::suite::{AeadKind, BlockKind};

/// An AEAD cipher with its key. All those of TLS take nonces of 12 bytes.
pub(super) trait Opener: Send + Sync {
    /// Decrypts `buffer` in place; false, with `buffer` unspecified, when the tag does not fit.
    fn open(&self, nonce: &[u8; 12], aad: &[u8], buffer: &mut [u8], tag: &[u8]) -> bool;
}

impl<C: AeadInOut + AeadCore<NonceSize = U12> + Send + Sync> Opener for C {
    fn open(&self, nonce: &[u8; 12], aad: &[u8], buffer: &mut [u8], tag: &[u8]) -> bool {
        tag.try_into()
            .is_ok_and(|tag| self.decrypt_inout_detached(nonce.into(), aad, buffer.into(), tag).is_ok())
    }
}

/// The cipher; `None` when the key has another length than [`AeadKind::key_len`].
pub(super) fn aead(kind: AeadKind, key: &[u8]) -> Option<Box<dyn Opener>> {
    match kind {
        AeadKind::Aes128Gcm => keyed::<AesGcm<Aes128, U12>>(key),
        AeadKind::Aes256Gcm => keyed::<AesGcm<Aes256, U12>>(key),
        AeadKind::Aes128Ccm => keyed::<Ccm<Aes128, U16, U12>>(key),
        AeadKind::Aes256Ccm => keyed::<Ccm<Aes256, U16, U12>>(key),
        AeadKind::Aes128Ccm8 => keyed::<Ccm<Aes128, U8, U12>>(key),
        AeadKind::Aes256Ccm8 => keyed::<Ccm<Aes256, U8, U12>>(key),
        AeadKind::ChaCha20Poly1305 => keyed::<ChaCha20Poly1305>(key),
        AeadKind::Camellia128Gcm => keyed::<AesGcm<Camellia128, U12>>(key),
        AeadKind::Camellia256Gcm => keyed::<AesGcm<Camellia256, U12>>(key),
        AeadKind::Aria128Gcm => keyed::<AesGcm<Aria128, U12>>(key),
        AeadKind::Aria256Gcm => keyed::<AesGcm<Aria256, U12>>(key),
    }
}

fn keyed<C: Opener + KeyInit + 'static>(key: &[u8]) -> Option<Box<dyn Opener>> {
    Some(Box::new(C::new_from_slice(key).ok()?))
}

/// A block cipher with its key, in CBC mode.
pub(super) trait CbcDecrypter: Send + Sync {
    /// Bytes of one block.
    fn block_len(&self) -> usize;

    /// Decrypts whole blocks in place; false when `iv` is not one block or `buffer` not whole blocks.
    fn decrypt(&self, iv: &[u8], buffer: &mut [u8]) -> bool;
}

impl<C: BlockCipherDecrypt + Clone + Send + Sync> CbcDecrypter for C {
    fn block_len(&self) -> usize {
        C::block_size()
    }

    fn decrypt(&self, iv: &[u8], buffer: &mut [u8]) -> bool {
        let Ok(mut cbc) = cbc::Decryptor::<C>::inner_iv_slice_init(self.clone(), iv) else {
            return false;
        };
        let (blocks, rest) = InOutBuf::from(buffer).into_chunks();
        cbc.decrypt_blocks_inout(blocks);
        rest.is_empty()
    }
}

/// The cipher; `None` when the key has another length than [`BlockKind::key_len`].
pub(super) fn cbc(kind: BlockKind, key: &[u8]) -> Option<Box<dyn CbcDecrypter>> {
    match kind {
        BlockKind::Des => block::<Des>(key),
        BlockKind::TripleDes => block::<TdesEde3>(key),
        BlockKind::Aes128 => block::<Aes128>(key),
        BlockKind::Aes256 => block::<Aes256>(key),
        BlockKind::Camellia128 => block::<Camellia128>(key),
        BlockKind::Camellia256 => block::<Camellia256>(key),
        BlockKind::Aria128 => block::<Aria128>(key),
        BlockKind::Aria256 => block::<Aria256>(key),
    }
}

fn block<C: CbcDecrypter + KeyInit + 'static>(key: &[u8]) -> Option<Box<dyn CbcDecrypter>> {
    Some(Box::new(C::new_from_slice(key).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decrypts one block with a zero IV.
    fn block(kind: BlockKind, key: &[u8], mut block: Vec<u8>) -> Vec<u8> {
        let cipher = cbc(kind, key).unwrap();
        assert!(cipher.decrypt(&[0; 16][..cipher.block_len()], &mut block));
        block
    }

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn ciphers_without_a_peer_to_capture_give_their_published_vectors() {
        // FIPS 81 for DES, which 3DES with one key repeated is too; RFC 5794 appendix A for ARIA.
        let key = hex("0123456789abcdef");
        assert_eq!(block(BlockKind::Des, &key, hex("3fa40e8a984d4815")), b"Now is t");
        assert_eq!(block(BlockKind::TripleDes, &key.repeat(3), hex("3fa40e8a984d4815")), b"Now is t");
        let key: Vec<u8> = (0..32).collect();
        let plain = hex("00112233445566778899aabbccddeeff");
        assert_eq!(block(BlockKind::Aria128, &key[..16], hex("d718fbd6ab644c739da95f3be6451778")), plain);
        assert_eq!(block(BlockKind::Aria256, &key, hex("f92bd7c79fb72e2f2b8f80c1972d24fc")), plain);
    }

    #[test]
    fn keys_and_blocks_of_another_length_are_refused() {
        assert!(cbc(BlockKind::Aes128, &[0; 17]).is_none());
        assert!(aead(AeadKind::Aes256Gcm, &[0; 16]).is_none());
        let cipher = cbc(BlockKind::Aes128, &[0; 16]).unwrap();
        assert!(!cipher.decrypt(&[0; 8], &mut [0; 16]));
        assert!(!cipher.decrypt(&[0; 16], &mut [0; 17]));
    }
}
