//! Puts drawn connections in order and gives them their numbers; what does not fit in memory waits in a temporary file.

use std::fmt::Write as _;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use tlspcap::error::{Error, Result};
use tlspcap::render::Fragment;

/// Where a connection stands in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// In full, at the top.
    Story,
    /// A line, below.
    Line,
}

/// A drawn connection that waits for its number.
#[derive(Debug, Clone, Copy)]
struct Kept {
    stream: u64,
    offset: u64,
    len: u32,
    number_at: u16,
    place: Place,
    shown: bool,
}

/// Drawn connections.
#[derive(Default)]
pub(crate) struct Shelf {
    /// In the order in which they ended; a long capture has millions, so that a list never moves to a larger place.
    ended: Vec<Vec<Kept>>,
    memory: Vec<u8>,
    spilled: u64,
    file: Option<Spill>,
    /// Their places in `ended` in order of their streams, once they were asked for.
    order: Vec<u32>,
}

/// Connections of one list.
const LIST: usize = 1024;
/// Bytes kept in memory before a temporary file takes them.
const MEMORY: usize = 256 << 10;

impl Shelf {
    /// Keeps a drawn connection. `shown` is false for one that only counts.
    pub(crate) fn put(&mut self, stream: u64, place: Place, fragment: &Fragment, shown: bool) -> Result<()> {
        let text = if shown { fragment.text.as_bytes() } else { &[] };
        if !self.memory.is_empty() && self.memory.len() + text.len() > MEMORY {
            self.spill()?;
        }
        let offset = self.spilled + self.memory.len() as u64;
        self.memory.extend_from_slice(text);
        let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let number_at = u16::try_from(fragment.number_at).unwrap_or(u16::MAX);
        let kept = Kept { stream, place, offset, len, number_at, shown };
        match self.ended.last_mut().filter(|list| list.len() < LIST) {
            Some(list) => list.push(kept),
            None => {
                let mut list = Vec::with_capacity(LIST);
                list.push(kept);
                self.ended.push(list);
            }
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(Spill::new().map_err(temporary)?),
        };
        file.file.write_all(&self.memory).map_err(temporary)?;
        self.spilled += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }

    /// Numbers the connections in order of their streams and hands those of one place to `write`, first to last.
    /// `wanted` chooses by number.
    pub(crate) fn take(
        &mut self,
        place: Place,
        wanted: impl Fn(u64) -> bool,
        mut write: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let kept = |at: u32| self.ended[at as usize / LIST][at as usize % LIST];
        let count: usize = self.ended.iter().map(Vec::len).sum();
        if self.order.len() != count {
            self.order = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
            // Streams may share a number; those keep the order in which they ended.
            self.order.sort_unstable_by_key(|&at| (kept(at).stream, at));
        }
        let (mut text, mut digits) = (Vec::new(), String::new());
        for (&at, number) in self.order.iter().zip(1u64..) {
            let kept = kept(at);
            if kept.place != place || !kept.shown || !wanted(number) {
                continue;
            }
            text.clear();
            match (&mut self.file, kept.offset.checked_sub(self.spilled)) {
                (_, Some(start)) => {
                    let start = start as usize;
                    let there = self.memory.get(start..start + kept.len as usize);
                    text.extend_from_slice(there.unwrap_or_default());
                }
                (Some(file), None) => file.read(kept.offset, kept.len, &mut text).map_err(temporary)?,
                (None, None) => {}
            }
            let at = (kept.number_at as usize).min(text.len());
            digits.clear();
            // Writing to a string cannot fail.
            let _ = write!(digits, "{number}");
            text.splice(at..at, digits.bytes());
            write(&text)?;
        }
        Ok(())
    }
}

/// What does not fit in memory, in a temporary file. It is read in the order of streams, which is nearly that of the file, so that
/// a few pages serve many.
struct Spill {
    file: std::fs::File,
    pages: [Page; PAGES],
}

/// A part of the file at hand.
#[derive(Default)]
struct Page {
    /// Its place in the file, in pages, from 1 on; 0 before it was read.
    number: u64,
    bytes: Vec<u8>,
}

/// Bytes of a page.
const PAGE: u64 = 16 << 10;
/// Pages at hand.
const PAGES: usize = 32;

impl Spill {
    fn new() -> std::io::Result<Self> {
        Ok(Self { file: tempfile::tempfile()?, pages: Default::default() })
    }

    /// Adds `len` bytes from `offset` on to `text`. Nothing may be written behind the first call.
    fn read(&mut self, mut offset: u64, len: u32, text: &mut Vec<u8>) -> std::io::Result<()> {
        let end = offset + u64::from(len);
        while offset < end {
            let (number, at) = (offset / PAGE + 1, (offset % PAGE) as usize);
            let page = &mut self.pages[(number % PAGES as u64) as usize];
            if page.number != number {
                page.bytes.clear();
                self.file.seek(SeekFrom::Start((number - 1) * PAGE))?;
                (&self.file).take(PAGE).read_to_end(&mut page.bytes)?;
                page.number = number;
            }
            let there = page.bytes.get(at..).unwrap_or_default();
            let part = &there[..there.len().min((end - offset) as usize)];
            if part.is_empty() {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            text.extend_from_slice(part);
            offset += part.len() as u64;
        }
        Ok(())
    }
}

fn temporary(source: std::io::Error) -> Error {
    Error::Output { path: PathBuf::from("a temporary file"), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(text: &str) -> Fragment {
        Fragment { text: text.to_owned(), number_at: 1 }
    }

    #[test]
    fn connections_are_numbered_by_stream_whatever_the_order_in_which_they_end() {
        let mut shelf = Shelf::default();
        shelf.put(7, Place::Story, &fragment("# seven"), true).unwrap();
        shelf.put(2, Place::Line, &fragment("# two"), true).unwrap();
        shelf.put(3, Place::Story, &fragment("# three"), true).unwrap();
        let mut out = Vec::new();
        shelf
            .take(
                Place::Story,
                |_| true,
                |text| {
                    out.extend_from_slice(text);
                    Ok(())
                },
            )
            .unwrap();
        shelf
            .take(
                Place::Line,
                |_| true,
                |text| {
                    out.extend_from_slice(text);
                    Ok(())
                },
            )
            .unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "#2 three#3 seven#1 two");
    }

    #[test]
    fn what_was_spilled_comes_back() {
        let mut shelf = Shelf::default();
        let long = format!("#{}", "x".repeat(MEMORY));
        shelf.put(0, Place::Line, &fragment(&long), true).unwrap();
        shelf.put(1, Place::Line, &fragment("# y"), true).unwrap();
        let mut sizes = Vec::new();
        shelf
            .take(
                Place::Line,
                |_| true,
                |text| {
                    sizes.push(text.len());
                    Ok(())
                },
            )
            .unwrap();
        assert_eq!(sizes, [MEMORY + 2, 4]);
    }

    #[test]
    fn what_was_spilled_comes_back_as_it_was_from_every_page() {
        let mut shelf = Shelf::default();
        let text = |n: u64| format!("# {n} {}", "y".repeat((n * 37 % 1_000) as usize));
        // As connections end: about in order, and more of them than the pages at hand hold.
        for n in (0..8_000u64).map(|n| n ^ 5) {
            shelf.put(n, Place::Line, &fragment(&text(n)), true).unwrap();
        }
        let mut number = 0;
        shelf
            .take(
                Place::Line,
                |_| true,
                |line| {
                    let expected = text(number).replacen('#', &format!("#{}", number + 1), 1);
                    assert_eq!(std::str::from_utf8(line), Ok(&*expected));
                    number += 1;
                    Ok(())
                },
            )
            .unwrap();
        assert_eq!(number, 8_000);
    }
}
