//! Records of SSL 3.0 to TLS 1.2 under each kind of cipher (RFC 5246 §6.2.3).

use rc4::{KeyInit, Rc4, StreamCipher};

use super::DecryptError;
use super::cbc::CbcKeys;
use super::cipher::{self, Opener};
use super::prf;
use super::sequence::Sequence;
use super::suite::{AeadKind, MacKind};

/// One direction: the keys in force, and those that its next ChangeCipherSpec brings.
pub(super) struct Direction {
    current: Option<Keys>,
    pending: Option<Keys>,
    gap: bool,
}

impl Direction {
    /// Nothing is protected until the ChangeCipherSpec brings `keys`.
    pub(super) fn awaiting(keys: Keys) -> Self {
        Self { current: None, pending: Some(keys), gap: false }
    }

    /// The next ChangeCipherSpec brings the keys that `other` waits for.
    pub(super) fn prepare_from(&mut self, other: Self) {
        self.pending = other.pending;
    }

    pub(super) fn change_cipher_spec(&mut self) {
        self.current = self.pending.take();
    }

    pub(super) fn skip(&mut self) {
        if let Some(keys) = &mut self.current {
            keys.skip();
        }
    }

    pub(super) fn lost(&mut self) {
        self.gap = true;
        self.current.iter_mut().chain(&mut self.pending).for_each(Keys::lost);
    }

    /// Opens one record. After a gap the ChangeCipherSpec may be missing, so the pending keys are tried too.
    pub(super) fn open(
        &mut self,
        header: [u8; 5],
        fragment: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<u8, DecryptError> {
        let start = out.len();
        let opened = match &mut self.current {
            Some(keys) => keys.open(header, fragment, out),
            None => Err(DecryptError::NoKey),
        };
        if opened.is_ok() {
            self.gap = false;
            return opened;
        }
        out.truncate(start);
        let Some(keys) = self.pending.as_mut().filter(|_| self.gap) else {
            return opened;
        };
        let later = keys.open(header, fragment, out);
        if later.is_ok() {
            self.gap = false;
            self.current = self.pending.take();
        } else if self.current.is_some() {
            return opened;
        }
        later
    }
}

/// One direction between two ChangeCipherSpecs.
pub(super) struct Keys {
    protection: Protection,
    sequence: Sequence,
}

impl From<Protection> for Keys {
    fn from(protection: Protection) -> Self {
        Self { protection, sequence: Sequence::default() }
    }
}

pub(super) enum Protection {
    Null(RecordMac),
    Rc4(Box<Rc4Keys>),
    Cbc(CbcKeys),
    Aead(AeadKeys),
}

impl Keys {
    pub(super) fn open(
        &mut self,
        header: [u8; 5],
        fragment: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<u8, DecryptError> {
        let Self { protection, sequence } = self;
        match protection {
            Protection::Null(mac) => {
                let start = out.len();
                out.extend_from_slice(fragment);
                mac.strip(sequence, header, out, start)?;
            }
            Protection::Rc4(keys) => keys.open(sequence, header, fragment, out)?,
            Protection::Cbc(keys) => keys.open(sequence, header, fragment, out)?,
            Protection::Aead(keys) => keys.open(sequence, header, fragment, out)?,
        }
        Ok(header[0])
    }

    pub(super) fn skip(&mut self) {
        self.sequence.skip();
        self.break_chain();
    }

    pub(super) fn lost(&mut self) {
        self.sequence.lost();
        self.break_chain();
    }

    fn break_chain(&mut self) {
        match &mut self.protection {
            Protection::Rc4(keys) => keys.cipher = None,
            Protection::Cbc(keys) => keys.break_chain(),
            Protection::Null(_) | Protection::Aead(_) => {}
        }
    }
}

/// One direction under RC4.
pub(super) struct Rc4Keys {
    /// `None` once a record was missed: nothing tells how far the key stream went.
    cipher: Option<Rc4>,
    mac: RecordMac,
}

impl Rc4Keys {
    pub(super) fn new(key: &[u8], mac: RecordMac) -> Option<Self> {
        Some(Self { cipher: Some(Rc4::new_from_slice(key).ok()?), mac })
    }

    fn open(
        &mut self,
        sequence: &mut Sequence,
        header: [u8; 5],
        fragment: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        let start = out.len();
        out.extend_from_slice(fragment);
        let plain = out.get_mut(start..).unwrap_or_default();
        self.cipher.as_mut().ok_or(DecryptError::NoKey)?.apply_keystream(plain);
        self.mac.strip(sequence, header, out, start)
    }
}

/// The MAC of a record with its key.
pub(super) struct RecordMac {
    pub(super) kind: MacKind,
    /// `None` when it is not known; every MAC then fits.
    pub(super) key: Option<Vec<u8>>,
    /// Bytes of the MAC in a record.
    pub(super) len: usize,
    /// SSL 3.0 computes it in its own way.
    pub(super) ssl3: bool,
}

impl RecordMac {
    /// Whether `tag` fits `content` under one of the sequence's candidates, which then is the record's number.
    pub(super) fn fits(
        &self,
        sequence: &mut Sequence,
        header: [u8; 5],
        content: [&[u8]; 2],
        tag: &[u8],
    ) -> bool {
        let Some(key) = &self.key else {
            return true;
        };
        let len = u16::try_from(content.iter().map(|part| part.len()).sum::<usize>()).unwrap_or(u16::MAX);
        let [kind, major, minor, ..] = header;
        let version = [major, minor];
        let version = if self.ssl3 { &[][..] } else { &version[..] };
        for number in sequence.candidates() {
            let parts: [&[u8]; 6] =
                [&number.to_be_bytes(), &[kind], version, &len.to_be_bytes(), content[0], content[1]];
            let mac = if self.ssl3 { prf::ssl3_mac } else { prf::hmac }(self.kind, key, &parts);
            if mac.as_bytes().get(..self.len).is_some_and(|mac| prf::same(mac, tag)) {
                sequence.hit(number);
                return true;
            }
        }
        sequence.miss();
        false
    }

    /// Checks and removes the MAC at the end of `out`, where the record's content begins at `start`.
    pub(super) fn strip(
        &self,
        sequence: &mut Sequence,
        header: [u8; 5],
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), DecryptError> {
        let record = out.get(start..).unwrap_or_default();
        let (content, tag) = record
            .len()
            .checked_sub(self.len)
            .and_then(|len| record.split_at_checked(len))
            .ok_or(DecryptError::Malformed)?;
        if !self.fits(sequence, header, [content, &[]], tag) {
            return Err(DecryptError::BadRecord);
        }
        out.truncate(out.len() - self.len);
        Ok(())
    }
}

/// An AEAD direction (RFC 5246 §6.2.3.3).
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

    fn open(
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
