//! SHA-256 of an input while it is read.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// Hashes what is read through it.
pub(super) struct Hashing<'a> {
    inner: &'a mut (dyn Read + Send),
    hash: Option<Sha256>,
}

impl<'a> Hashing<'a> {
    /// A reader of `inner`, which hashes only when `wanted`.
    pub(super) fn new(inner: &'a mut (dyn Read + Send), wanted: bool) -> Self {
        Self { inner, hash: wanted.then(Sha256::new) }
    }

    /// Reads what nobody read and gives the hash of the whole; `None` when that was not asked for, or cannot be read
    /// to its end.
    pub(super) fn finish(mut self, is_over: &mut dyn FnMut() -> bool) -> Option<String> {
        self.hash.as_ref()?;
        let mut buffer = vec![0; 256 << 10];
        loop {
            match self.read(&mut buffer) {
                Ok(0) => break,
                Ok(_) if is_over() => return None,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        Some(data_encoding::HEXLOWER.encode(&self.hash?.finalize()))
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        if let Some(hash) = &mut self.hash {
            hash.update(buffer.get(..len).unwrap_or_default());
        }
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_is_hashed_also_when_only_its_start_was_read() {
        let mut input: &[u8] = b"abc";
        let mut hashing = Hashing::new(&mut input, true);
        hashing.read_exact(&mut [0]).unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hashing.finish(&mut || false).as_deref(), Some(expected));
        assert_eq!(Hashing::new(&mut &b"abc"[..], false).finish(&mut || false), None);
        assert_eq!(Hashing::new(&mut &b"abc"[..], true).finish(&mut || true), None);
    }
}
