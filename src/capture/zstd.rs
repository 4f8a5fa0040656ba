//! Zstandard frames in a row, skippable ones included (RFC 8878 §3), as one stream.

use std::io::{self, BufRead, ErrorKind, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Expands all frames of `source`. When one is cut or damaged, what was decoded of it comes before the error.
pub(super) struct ZstdReader<R> {
    source: R,
    decoder: FrameDecoder,
    in_frame: bool,
    failure: Option<io::Error>,
}

impl<R: BufRead> ZstdReader<R> {
    /// A reader at the beginning of a frame.
    pub(super) fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), in_frame: false, failure: None }
    }

    fn begin_frame(&mut self) -> io::Result<()> {
        match self.decoder.reset(&mut self.source) {
            Ok(()) => self.in_frame = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => self.skip(u64::from(length))?,
            Err(error) => return Err(self.explain(error)),
        }
        Ok(())
    }

    fn decode_block(&mut self) {
        let result = self.decoder.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1));
        if let Err(error) = result {
            self.failure = Some(self.explain(error));
            // The decoder holds back a window's worth of bytes until the frame is over: end it with an empty block.
            if self.decoder.decode_blocks(LAST_BLOCK, BlockDecodingStrategy::UptoBlocks(1)).is_err() {
                self.in_frame = false;
            }
        }
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.source.by_ref().take(length), &mut io::sink())?;
        if skipped < length { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// The decoder's own errors do not tell the end of the input from damage.
    fn explain(&mut self, error: FrameDecoderError) -> io::Error {
        match self.source.fill_buf() {
            Ok([]) => ErrorKind::UnexpectedEof.into(),
            Ok(_) => io::Error::new(ErrorKind::InvalidData, error.to_string()),
            Err(error) => error,
        }
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        loop {
            if self.in_frame && self.decoder.can_collect() > 0 {
                return self.decoder.read(to);
            }
            if let Some(failure) = self.failure.take() {
                self.in_frame = false;
                return Err(failure);
            }
            if self.in_frame && self.decoder.is_finished() {
                self.in_frame = false;
            } else if self.in_frame {
                self.decode_block();
            } else if self.source.fill_buf()?.is_empty() {
                return Ok(0);
            } else {
                self.begin_frame()?;
            }
        }
    }
}

/// A last, raw block of no bytes, and room for a checksum, which nobody compares.
const LAST_BLOCK: &[u8] = &[1, 0, 0, 0, 0, 0, 0];

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn packed(data: &[u8]) -> Vec<u8> {
        compress_to_vec(data, CompressionLevel::Fastest)
    }

    #[test]
    fn frames_in_a_row_with_a_skippable_one_between_are_one_stream() {
        let mut stream = packed(b"first ");
        stream.extend([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9]);
        stream.extend(packed(b"second"));
        let mut text = String::new();
        ZstdReader::new(&stream[..]).read_to_string(&mut text).expect("readable");
        assert_eq!(text, "first second");
    }

    #[test]
    fn a_cut_frame_gives_its_whole_blocks_and_then_the_error() {
        let data: Vec<u8> = (0..600_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let stream = packed(&data);
        let mut out = Vec::new();
        let error = ZstdReader::new(&stream[..stream.len() - 10]).read_to_end(&mut out).expect_err("cut");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert!(out.len() >= 400_000 && data.starts_with(&out));
    }
}
