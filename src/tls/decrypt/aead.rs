//! AEAD records of TLS 1.2 (RFC 5246 §6.2.3.3): GCM (RFC 5288), CCM (RFC 6655), ChaCha20-Poly1305 (RFC 7905).

use super::DecryptError;
use super::cipher::{self, Opener};
use super::sequence::Sequence;
use super::suite::AeadKind;

/// One direction under an AEAD suite.
pub(super) struct AeadKeys {
    kind: AeadKind,
    cipher: Box<dyn Opener>,
    /// The 4 implicit bytes of the nonce, or all 12 that ChaCha20-Poly1305 combines with the number.
    iv: [u8; 12],
    /// The explicit nonce of the last record opened, with its number.
    last: Option<(u64, u64)>,
}

impl AeadKeys {
    pub(super) fn new(kind: AeadKind, key: &[u8], fixed: &[u8]) -> Option<Self> {
        let mut iv = [0; 12];
        iv.get_mut(..fixed.len())?.copy_from_slice(fixed);
        Some(Self { kind, cipher: cipher::aead(kind, key)?, iv, last: None })
    }

    pub(super) fn open(
        &mut self,
        sequence: &mut Sequence,
        header: [u8; 5],
        fragment: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        let explicit_len = self.kind.explicit_len();
        let (explicit, rest) = fragment.split_at_checked(explicit_len).ok_or(DecryptError::Malformed)?;
        let text_len = rest.len().checked_sub(self.kind.tag_len()).ok_or(DecryptError::Malformed)?;
        let (text, tag) = rest.split_at_checked(text_len).ok_or(DecryptError::Malformed)?;
        let explicit = explicit.try_into().ok().map(u64::from_be_bytes);
        let start = out.len();
        let guess = self.guess(sequence, explicit);
        for number in guess.into_iter().chain(sequence.candidates()) {
            out.truncate(start);
            out.extend_from_slice(text);
            let aad = aad(number, header, text_len);
            let buffer = out.get_mut(start..).unwrap_or_default();
            if self.cipher.open(&self.nonce(number, explicit), &aad, buffer, tag) {
                sequence.hit(number);
                self.last = explicit.map(|explicit| (number, explicit));
                return Ok(());
            }
        }
        sequence.miss();
        Err(DecryptError::BadRecord)
    }

    fn nonce(&self, number: u64, explicit: Option<u64>) -> [u8; 12] {
        match explicit {
            Some(explicit) => {
                let mut nonce = self.iv;
                nonce.iter_mut().skip(4).zip(explicit.to_be_bytes()).for_each(|(to, from)| *to = from);
                nonce
            }
            None => numbered_nonce(self.iv, number),
        }
    }

    /// After a gap: nearly every stack counts its explicit nonce up by one, so that it tells the number.
    fn guess(&self, sequence: &Sequence, explicit: Option<u64>) -> Option<u64> {
        let (number, before) = self.last.filter(|_| sequence.is_searching())?;
        let number = number.checked_add(explicit?.checked_sub(before)?)?;
        (number >= sequence.next()).then_some(number)
    }
}

/// A nonce that is the IV combined with the record's number (RFC 7905 §2, RFC 8446 §5.3).
pub(super) fn numbered_nonce(iv: [u8; 12], number: u64) -> [u8; 12] {
    let mut nonce = iv;
    nonce.iter_mut().skip(4).zip(number.to_be_bytes()).for_each(|(to, from)| *to ^= from);
    nonce
}

/// Number, type, version and length of the plaintext (RFC 5246 §6.2.3.3).
fn aad(number: u64, header: [u8; 5], text_len: usize) -> [u8; 13] {
    let [kind, major, minor, ..] = header;
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    let [high, low] = u16::try_from(text_len).unwrap_or(u16::MAX).to_be_bytes();
    [a, b, c, d, e, f, g, h, kind, major, minor, high, low]
}

#[cfg(test)]
mod tests {
    use aes_gcm::aead::{Aead, Payload};
    use aes_gcm::{Aes128Gcm, KeyInit};

    use super::*;

    const HEADER: [u8; 5] = [23, 3, 3, 0, 29];

    /// A record of five bytes, whose explicit nonce is `number` plus 1000.
    fn sealed(number: u64) -> Vec<u8> {
        let explicit = (number + 1000).to_be_bytes();
        let nonce: [u8; 12] = [&[7; 4][..], &explicit].concat().try_into().unwrap();
        let payload = Payload { msg: b"hello", aad: &aad(number, HEADER, 5) };
        let text = Aes128Gcm::new(&[1; 16].into()).encrypt(&nonce.into(), payload).unwrap();
        [&explicit[..], &text].concat()
    }

    #[test]
    fn a_counted_nonce_tells_the_number_however_long_the_gap() {
        let mut keys = AeadKeys::new(AeadKind::Aes128Gcm, &[1; 16], &[7; 4]).unwrap();
        let mut sequence = Sequence::default();
        let mut open = |sequence: &mut Sequence, number| {
            let mut out = Vec::new();
            keys.open(sequence, HEADER, &sealed(number), &mut out).map(|()| out)
        };
        assert_eq!(open(&mut sequence, 0).unwrap(), b"hello");
        assert_eq!(open(&mut sequence, 1).unwrap(), b"hello");
        assert_eq!(open(&mut sequence, 700), Err(DecryptError::BadRecord));
        sequence.lost();
        assert_eq!(open(&mut sequence, 800).unwrap(), b"hello");
        assert_eq!(open(&mut sequence, 801).unwrap(), b"hello");
        assert_eq!(open(&mut sequence, 800), Err(DecryptError::BadRecord), "no record opens twice");
    }
}
