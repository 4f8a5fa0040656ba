//! The compressions around a capture, found by their first bytes and expanded as a stream.

use std::io::{self, BufReader, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;

use super::zstd::ZstdReader;

/// What is wrapped around a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames.
    Zstd,
    /// The .xz format, any number of streams.
    Xz,
}

impl Compression {
    /// Finds it by the magic bytes.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            // A skippable frame may come first.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    /// Its usual name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
        }
    }

    /// Expands `source`, up to `limit` bytes.
    pub(super) fn expand<'a>(self, source: impl Read + Send + 'a, limit: u64) -> Box<dyn Read + Send + 'a> {
        let source = BufReader::with_capacity(INPUT_BYTES, source);
        match self {
            Self::Gzip => Box::new(Limited::new(MultiGzDecoder::new(source), limit)),
            Self::Zstd => Box::new(Limited::new(ZstdReader::new(source), limit)),
            Self::Xz => Box::new(Limited::new(Sips(XzReader::new_mem_limit(source, true, XZ_KIB)), limit)),
        }
    }
}

/// Stops with [`ErrorKind::FileTooLarge`] after a number of bytes: an input of a few kilobytes can expand to
/// terabytes.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R> Limited<R> {
    fn new(inner: R, left: u64) -> Self {
        Self { inner, left }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let more = self.inner.read(&mut [0])?;
            return if more == 0 { Ok(0) } else { Err(ErrorKind::FileTooLarge.into()) };
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(to.len());
        let count = self.inner.read(to.get_mut(..room).unwrap_or_default())?;
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

/// Asks for a little at a time: when the xz reader fails, what it expanded in that call is lost.
struct Sips<R>(R);

impl<R: Read> Read for Sips<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let len = to.len().min(SIP_BYTES);
        self.0.read(to.get_mut(..len).unwrap_or_default())
    }
}

/// Counts what is read of the input as it is stored, before any expansion.
pub(super) struct Counted<'a> {
    inner: Box<dyn Read + Send + 'a>,
    count: Arc<AtomicU64>,
}

impl<'a> Counted<'a> {
    /// A reader and the number that it keeps.
    pub(super) fn new(inner: Box<dyn Read + Send + 'a>) -> (Self, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        (Self { inner, count: Arc::clone(&count) }, count)
    }
}

impl Read for Counted<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Compressed bytes read at a time.
const INPUT_BYTES: usize = 64 << 10;

/// Expanded bytes asked of the xz reader at a time.
const SIP_BYTES: usize = 4 << 10;

/// Memory for an xz dictionary in KiB; `xz -9` asks for 64 MiB.
const XZ_KIB: u32 = 256 << 10;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_compression_is_known_by_its_magic_bytes() {
        assert_eq!(Compression::of(&[0x1f, 0x8b, 8, 0]), Some(Compression::Gzip));
        assert_eq!(Compression::of(b"\xfd7zXZ\0\0"), Some(Compression::Xz));
        assert_eq!(Compression::of(&[0x53, 0x2a, 0x4d, 0x18]), Some(Compression::Zstd));
        assert_eq!(Compression::of(&[0xd4, 0xc3, 0xb2, 0xa1]), None);
    }

    #[test]
    fn a_stream_that_expands_beyond_the_limit_stops_there() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&[7; 100_000]).expect("in memory");
        let packed = encoder.finish().expect("in memory");
        let mut out = Vec::new();
        let mut reader = Compression::Gzip.expand(io::Cursor::new(packed.clone()), 1_000);
        let error = reader.read_to_end(&mut out).expect_err("limited");
        assert_eq!((error.kind(), out.len()), (ErrorKind::FileTooLarge, 1_000));
        out.clear();
        Compression::Gzip.expand(io::Cursor::new(packed), 100_000).read_to_end(&mut out).expect("just fits");
        assert_eq!(out.len(), 100_000);
    }
}
