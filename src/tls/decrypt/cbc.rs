//! CBC records, with the MAC inside (RFC 5246 §6.2.3.2) or outside (RFC 7366 §3) the encryption.

use super::DecryptError;
use super::cipher::CbcDecrypter;
use super::sequence::Sequence;
use super::tls12::RecordMac;

/// One direction under a CBC suite.
pub(super) struct CbcKeys {
    cipher: Box<dyn CbcDecrypter>,
    mac: RecordMac,
    iv: Iv,
    encrypt_then_mac: bool,
}

/// Where the IV of a record is.
enum Iv {
    /// At the start of each record (TLS 1.1 and up).
    Explicit,
    /// The last ciphertext block before (TLS 1.0 and below).
    Chained([u8; MAX_BLOCK]),
    /// Chained, but the record before was not seen.
    Broken,
}

impl Iv {
    fn chained(block: &[u8]) -> Self {
        Self::Chained(padded(block))
    }
}

impl CbcKeys {
    pub(super) fn new(
        cipher: Box<dyn CbcDecrypter>,
        mac: RecordMac,
        first_iv: Option<&[u8]>,
        encrypt_then_mac: bool,
    ) -> Self {
        let iv = first_iv.map_or(Iv::Explicit, Iv::chained);
        Self { cipher, mac, iv, encrypt_then_mac }
    }

    /// A record was missed. With a chained IV the next one cannot be opened, only the one after it.
    pub(super) fn break_chain(&mut self) {
        if let Iv::Chained(_) = self.iv {
            self.iv = Iv::Broken;
        }
    }

    /// A record passed of which only the last bytes are known, or none of them.
    pub(super) fn skip(&mut self, tail: &[u8]) {
        if matches!(self.iv, Iv::Explicit) {
            return;
        }
        let sealed = if self.encrypt_then_mac {
            tail.len().checked_sub(self.mac.len).and_then(|end| tail.get(..end))
        } else {
            Some(tail)
        };
        let block =
            sealed.and_then(|sealed| sealed.get(sealed.len().checked_sub(self.cipher.block_len())?..));
        self.iv = block.map_or(Iv::Broken, Iv::chained);
    }

    /// Opens one record and appends its content to `out`; what `out` holds after an error is unspecified.
    pub(super) fn open(
        &mut self,
        sequence: &mut Sequence,
        header: [u8; 5],
        fragment: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        let (sealed, outer_mac) = self.split_outer_mac(fragment)?;
        let block_len = self.cipher.block_len();
        let (iv, text) = self.split_iv(sealed)?;
        if !matches!(self.iv, Iv::Explicit) {
            let block = sealed.len().checked_sub(block_len).and_then(|at| sealed.get(at..));
            self.iv = Iv::chained(block.ok_or(DecryptError::Malformed)?);
        }
        let Some(iv) = iv else {
            sequence.skip();
            return Err(DecryptError::NoKey);
        };
        if let Some(mac) = outer_mac
            && !self.mac.fits(sequence, header, [sealed, &[]], mac)
        {
            return Err(DecryptError::BadRecord);
        }
        let start = out.len();
        out.extend_from_slice(text);
        let buffer = out.get_mut(start..).unwrap_or_default();
        if buffer.is_empty() || !self.cipher.decrypt(iv.get(..block_len).unwrap_or_default(), buffer) {
            return Err(DecryptError::Malformed);
        }
        match self.unpad(out.get(start..).unwrap_or_default()) {
            Some(len) => out.truncate(start + len),
            // A wrong key shows as bad padding before the MAC can tell.
            None => {
                sequence.miss();
                return Err(DecryptError::BadRecord);
            }
        }
        if outer_mac.is_none() {
            self.mac.strip(sequence, header, out, start)?;
        }
        Ok(())
    }

    fn split_outer_mac<'a>(&self, fragment: &'a [u8]) -> Result<(&'a [u8], Option<&'a [u8]>), DecryptError> {
        if !self.encrypt_then_mac {
            return Ok((fragment, None));
        }
        let at = fragment.len().checked_sub(self.mac.len).ok_or(DecryptError::Malformed)?;
        let (sealed, mac) = fragment.split_at_checked(at).ok_or(DecryptError::Malformed)?;
        Ok((sealed, Some(mac)))
    }

    /// The IV, when it is known, and the ciphertext after it.
    fn split_iv<'a>(&self, sealed: &'a [u8]) -> Result<(Option<[u8; MAX_BLOCK]>, &'a [u8]), DecryptError> {
        Ok(match &self.iv {
            Iv::Broken => (None, sealed),
            Iv::Chained(iv) => (Some(*iv), sealed),
            Iv::Explicit => {
                let (iv, text) =
                    sealed.split_at_checked(self.cipher.block_len()).ok_or(DecryptError::Malformed)?;
                (Some(padded(iv)), text)
            }
        })
    }

    /// Bytes before the padding; `None` when it is not well formed. In SSL 3.0 only its last byte means something.
    fn unpad(&self, plain: &[u8]) -> Option<usize> {
        let (&count, rest) = plain.split_last()?;
        let len = rest.len().checked_sub(usize::from(count))?;
        let padding = rest.get(len..)?;
        (self.mac.ssl3 || padding.iter().all(|byte| *byte == count)).then_some(len)
    }
}

/// A block at the start of the longest one.
fn padded(block: &[u8]) -> [u8; MAX_BLOCK] {
    let mut bytes = [0; MAX_BLOCK];
    bytes.iter_mut().zip(block).for_each(|(to, from)| *to = *from);
    bytes
}

/// Bytes of the longest block.
const MAX_BLOCK: usize = 16;
