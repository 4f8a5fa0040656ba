//! The bytes of an input, from a file or from memory: read at any place, by several readers at a time.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

/// A reader with a place of its own; a clone reads on from the same place without moving this one.
#[derive(Debug, Clone)]
pub struct Source {
    bytes: Bytes,
    len: u64,
    at: u64,
}

#[derive(Debug, Clone)]
enum Bytes {
    File(Arc<File>),
    #[cfg_attr(not(feature = "cloud"), allow(dead_code, reason = "what was fetched from an object store"))]
    Memory(Arc<[u8]>),
}

impl Source {
    /// Opens a regular file; `None` for anything else, which could block or never end.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        // Looking first keeps devices from being opened, which can have effects; what is opened is looked at again.
        if !std::fs::metadata(path)?.is_file() {
            return Ok(None);
        }
        let file = without_waiting().open(path)?;
        let metadata = file.metadata()?;
        Ok(metadata.is_file().then(|| Self::of_file(file, metadata.len())))
    }

    /// A file that is open and `len` bytes long.
    pub fn of_file(file: File, len: u64) -> Self {
        Self { bytes: Bytes::File(Arc::new(file)), len, at: 0 }
    }

    /// Bytes at hand.
    #[cfg_attr(not(feature = "cloud"), allow(dead_code, reason = "what was fetched from an object store"))]
    pub fn of_memory(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { len: bytes.len() as u64, bytes: Bytes::Memory(bytes), at: 0 }
    }

    /// Bytes as stored when it was opened.
    pub fn len(&self) -> u64 {
        self.len
    }
}

/// Opening a FIFO that took a file's place does not wait for a writer.
fn without_waiting() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options
}

impl Read for Source {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = match &self.bytes {
            Bytes::File(file) => read_at(file, to, self.at)?,
            Bytes::Memory(bytes) => {
                let at = usize::try_from(self.at).unwrap_or(usize::MAX).min(bytes.len());
                bytes.get(at..).unwrap_or_default().read(to)?
            }
        };
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(unix)]
fn read_at(file: &File, to: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, to, at)
}

#[cfg(windows)]
fn read_at(file: &File, to: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, to, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_read_from_places_of_their_own() {
        let mut first = Source::of_memory(*b"0123456789");
        let mut two = [0; 2];
        first.read_exact(&mut two).unwrap();
        let mut second = first.clone();
        second.seek(SeekFrom::End(-1)).unwrap();
        let mut rest = String::new();
        second.read_to_string(&mut rest).unwrap();
        first.read_exact(&mut two).unwrap();
        assert_eq!((rest.as_str(), &two), ("9", b"23"));
        assert!(first.seek(SeekFrom::Current(-5)).is_err());
    }

    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Source::open(folder.path()).unwrap().is_none());
        assert!(Source::open(&folder.path().join("none")).is_err());
        let path = folder.path().join("file");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(Source::open(&path).unwrap().map(|source| source.len()), Some(3));
    }
}
