//! The temporary file of the shelf.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use super::{Kept, Place, Waiting};

/// What does not fit in memory, in a temporary file: runs of connections, each run in order of the streams.
pub(super) struct Spill {
    file: BufWriter<File>,
    /// Where each run ends, but the last.
    pub(super) ends: Vec<u64>,
    /// Bytes written.
    len: u64,
    /// The stream that was written last.
    last: u64,
}

/// Bytes in front of each text.
const HEAD: usize = 16;
/// Bytes at hand of each run.
const PAGE: usize = 8 << 10;

impl Spill {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile()?), ends: Vec::new(), len: 0, last: 0 })
    }

    /// The run to which a stream can still be written.
    pub(super) fn run_of(&self, stream: u64) -> u32 {
        self.ends.len() as u32 + u32::from(stream < self.last)
    }

    pub(super) fn write(&mut self, one: &Waiting, text: &[u8]) -> std::io::Result<()> {
        if one.run as usize > self.ends.len() {
            self.ends.push(self.len);
        }
        self.last = one.kept.stream;
        self.len += (HEAD + text.len()) as u64;
        self.file.write_all(&one.kept.to_bytes())?;
        self.file.write_all(text)
    }

    /// All that was written, in order.
    pub(super) fn merge(&mut self) -> std::io::Result<Merge<'_>> {
        self.file.flush()?;
        let mut runs = Vec::with_capacity(self.ends.len() + 1);
        let mut at = 0;
        for end in self.ends.iter().copied().chain([self.len]) {
            runs.push(BufReader::with_capacity(PAGE, Run { file: self.file.get_ref(), at, end }));
            at = end;
        }
        let mut merge = Merge { next: BinaryHeap::with_capacity(runs.len()), runs, text: Vec::new() };
        (0..merge.runs.len()).try_for_each(|run| merge.head(run))?;
        Ok(merge)
    }
}

impl Kept {
    fn to_bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(&self.stream.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.len.to_le_bytes());
        bytes[12..14].copy_from_slice(&self.number_at.to_le_bytes());
        bytes[14] = u8::from(self.place == Place::Story);
        bytes[15] = u8::from(self.shown);
        bytes
    }

    fn from_bytes(bytes: [u8; HEAD]) -> Self {
        let [s0, s1, s2, s3, s4, s5, s6, s7, l0, l1, l2, l3, n0, n1, story, shown] = bytes;
        Self {
            stream: u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]),
            len: u32::from_le_bytes([l0, l1, l2, l3]),
            number_at: u16::from_le_bytes([n0, n1]),
            place: if story == 1 { Place::Story } else { Place::Line },
            shown: shown == 1,
        }
    }
}

/// A part of the temporary file.
struct Run<'f> {
    file: &'f File,
    at: u64,
    end: u64,
}

impl Read for Run<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        self.file.seek(SeekFrom::Start(self.at))?;
        let read = self.file.read(&mut buffer[..left])?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The runs, read side by side.
pub(super) struct Merge<'f> {
    runs: Vec<BufReader<Run<'f>>>,
    /// The first connection of each run that has not been handed out. What shares a number and ended later is in a later run.
    next: BinaryHeap<Reverse<(u64, usize, [u8; HEAD])>>,
    text: Vec<u8>,
}

impl Merge<'_> {
    /// Reads what the next connection of a run is.
    fn head(&mut self, run: usize) -> std::io::Result<()> {
        let reader = &mut self.runs[run];
        if reader.buffer().is_empty() && reader.get_ref().at == reader.get_ref().end {
            return Ok(());
        }
        let mut bytes = [0; HEAD];
        reader.read_exact(&mut bytes)?;
        self.next.push(Reverse((Kept::from_bytes(bytes).stream, run, bytes)));
        Ok(())
    }

    pub(super) fn next(&mut self) -> std::io::Result<Option<(Kept, &[u8])>> {
        let Some(Reverse((_, run, bytes))) = self.next.pop() else { return Ok(None) };
        let kept = Kept::from_bytes(bytes);
        self.text.resize(kept.len as usize, 0);
        self.runs[run].read_exact(&mut self.text)?;
        self.head(run)?;
        Ok(Some((kept, &self.text)))
    }
}
