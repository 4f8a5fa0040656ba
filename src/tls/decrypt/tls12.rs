//! Records of SSL 3.0 to TLS 1.2 under each kind of cipher (RFC 5246 §6.2.3).

use rc4::{KeyInit, Rc4, StreamCipher};

use super::DecryptError;
use super::aead::AeadKeys;
use super::cbc::CbcKeys;
use super::prf;
use super::sequence::Sequence;
use super::suite::MacKind;

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

    pub(super) fn skip(&mut self, len: usize, tail: &[u8]) {
        if let Some(keys) = &mut self.current {
            keys.skip(len, tail);
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

    pub(super) fn skip(&mut self, len: usize, tail: &[u8]) {
        self.sequence.skip();
        match &mut self.protection {
            Protection::Rc4(keys) => keys.advance(len),
            Protection::Cbc(keys) => keys.skip(tail),
            Protection::Null(_) | Protection::Aead(_) => {}
        }
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

    /// Runs the key stream over `len` bytes that are not there.
    fn advance(&mut self, len: usize) {
        let Some(cipher) = &mut self.cipher else { return };
        let mut scratch = [0; 256];
        for at in (0..len).step_by(scratch.len()) {
            let part = scratch.len().min(len - at);
            cipher.apply_keystream(scratch.get_mut(..part).unwrap_or_default());
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_mac_is_compared_in_its_ten_bytes() {
        let mac = RecordMac { kind: MacKind::Sha1, key: Some(vec![3; 20]), len: 10, ssl3: false };
        let whole = prf::hmac(MacKind::Sha1, &[3; 20], &[&[0; 8], &[23, 3, 1, 0, 5], b"hello"]);
        let mut record = [b"hello", &whole.as_bytes()[..10]].concat();
        let mut keys = Keys::from(Protection::Null(mac));
        let mut out = Vec::new();
        assert_eq!(keys.open([23, 3, 1, 0, 15], &record, &mut out), Ok(23));
        assert_eq!(out, b"hello");
        record[14] ^= 1;
        assert_eq!(keys.open([23, 3, 1, 0, 15], &record, &mut out), Err(DecryptError::BadRecord));
    }
}
