//! Puts drawn connections in order and gives them their numbers; what does not fit in memory waits in a temporary file.
//!
//! Connections end nearly in the order of their streams. So those with the lowest numbers go to the file first, and what comes too
//! late for that begins another run; in the end the runs are merged (replacement selection). Memory does not grow with the number
//! of connections, but for a few bytes a run.

mod spill;

use std::fmt::Write as _;
use std::path::PathBuf;

use tlspcap::error::{Error, Result};
use tlspcap::render::Fragment;

use spill::Spill;

/// Where a connection stands in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Bytes of its text.
    len: u32,
    number_at: u16,
    place: Place,
    shown: bool,
}

/// One in memory.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    kept: Kept,
    /// To which run it will be written.
    run: u32,
    /// Where its text begins.
    at: u32,
}

/// Drawn connections.
pub(crate) struct Shelf {
    /// In the order in which they ended, those behind the last spill.
    waiting: Vec<Waiting>,
    memory: Vec<u8>,
    /// Bytes that `memory` may have.
    room: usize,
    spill: Option<Spill>,
}

/// Bytes kept in memory before a temporary file takes the lower half.
const MEMORY: usize = 128 << 10;
/// Runs after which twice as many bytes are kept, so that there are fewer of the next ones: each takes a buffer in the end.
const RUNS: usize = 128;

impl Default for Shelf {
    fn default() -> Self {
        Self { waiting: Vec::new(), memory: Vec::new(), room: MEMORY, spill: None }
    }
}

impl Shelf {
    /// Keeps a drawn connection. `shown` is false for one that only counts.
    pub(crate) fn put(&mut self, stream: u64, place: Place, fragment: &Fragment, shown: bool) -> Result<()> {
        let text = if shown { fragment.text.as_bytes() } else { &[] };
        let len =
            u32::try_from(text.len()).map_err(|_| temporary(std::io::ErrorKind::FileTooLarge.into()))?;
        let is_full =
            self.memory.len() + text.len() > self.room || self.waiting.len() >= self.room / SMALLEST;
        if is_full && !self.waiting.is_empty() {
            self.spill((self.room / 2).min(self.room.saturating_sub(text.len()))).map_err(temporary)?;
        }
        let number_at = u16::try_from(fragment.number_at).unwrap_or(u16::MAX);
        let run = self.spill.as_ref().map_or(0, |spill| spill.run_of(stream));
        let kept = Kept { stream, len, number_at, place, shown };
        self.waiting.push(Waiting { kept, run, at: self.memory.len() as u32 });
        if self.memory.capacity() < MEMORY {
            // All at once: a list that moves as it grows leaves holes.
            self.memory.reserve_exact(MEMORY);
        }
        self.memory.extend_from_slice(text);
        Ok(())
    }

    /// In the order in which they are written. Streams may share a number; those keep the order in which they ended.
    fn sort(&mut self) {
        self.waiting.sort_by_key(|one| (one.run, one.kept.stream));
    }

    /// Hands those with the lowest numbers to the temporary file, until `keep` bytes are left and half as many connections.
    fn spill(&mut self, keep: usize) -> std::io::Result<()> {
        self.sort();
        let spill = match &mut self.spill {
            Some(spill) => spill,
            None => self.spill.insert(Spill::new()?),
        };
        let most = self.waiting.len() / 2;
        let mut left = self.memory.len();
        let mut written = 0;
        for one in &self.waiting {
            if left <= keep && self.waiting.len() - written <= most {
                break;
            }
            spill.write(one, text_of(&self.memory, one))?;
            left -= one.kept.len as usize;
            written += 1;
        }
        self.waiting.drain(..written);
        // What is left moves together, in the order in which it ended.
        self.waiting.sort_by_key(|one| one.at);
        let mut end = 0;
        for one in &mut self.waiting {
            let (start, len) = (one.at as usize, one.kept.len as usize);
            self.memory.copy_within(start..start + len, end);
            one.at = end as u32;
            end += len;
        }
        self.memory.truncate(end);
        self.room = MEMORY << (spill.ends.len() / RUNS).min(6);
        Ok(())
    }

    /// Numbers the connections in order of their streams and hands those of one place to `write`, first to last.
    /// `wanted` chooses by number. Nothing may be put behind the first call.
    pub(crate) fn take(
        &mut self,
        place: Place,
        wanted: impl Fn(u64) -> bool,
        mut write: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let (mut text, mut digits, mut number) = (Vec::new(), String::new(), 0u64);
        let mut hand_on = |kept: &Kept, drawn: &[u8]| {
            number += 1;
            if kept.place != place || !kept.shown || !wanted(number) {
                return Ok(());
            }
            digits.clear();
            // Writing to a string cannot fail.
            let _ = write!(digits, "{number}");
            let (before, after) = drawn.split_at((kept.number_at as usize).min(drawn.len()));
            text.clear();
            text.extend_from_slice(before);
            text.extend_from_slice(digits.as_bytes());
            text.extend_from_slice(after);
            write(&text)
        };
        self.sort();
        let Some(spill) = &mut self.spill else {
            return self.waiting.iter().try_for_each(|one| hand_on(&one.kept, text_of(&self.memory, one)));
        };
        for one in self.waiting.drain(..) {
            spill.write(&one, text_of(&self.memory, &one)).map_err(temporary)?;
        }
        let mut merge = spill.merge().map_err(temporary)?;
        while let Some((kept, drawn)) = merge.next().map_err(temporary)? {
            hand_on(&kept, drawn)?;
        }
        Ok(())
    }
}

/// Bytes of the smallest text that is drawn, about: connections of which none is shown are held to a number, too.
const SMALLEST: usize = 64;

fn text_of<'m>(memory: &'m [u8], one: &Waiting) -> &'m [u8] {
    let start = one.at as usize;
    memory.get(start..start + one.kept.len as usize).unwrap_or_default()
}

fn temporary(source: std::io::Error) -> Error {
    let folder = std::env::temp_dir();
    Error::Output { path: PathBuf::from(format!("a temporary file in {}", folder.display())), source }
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

    /// Puts lines of these streams and holds what comes back against what was put.
    fn put_and_take(streams: &[u64]) -> Shelf {
        let mut shelf = Shelf::default();
        let text = |n: u64| format!("# {n} {}", "y".repeat((n * 37 % 1_000) as usize));
        for &n in streams {
            shelf.put(n, Place::Line, &fragment(&text(n)), true).unwrap();
        }
        let mut sorted = streams.to_vec();
        sorted.sort_unstable();
        let mut number = 0;
        shelf
            .take(
                Place::Line,
                |_| true,
                |line| {
                    let expected = text(sorted[number]).replacen('#', &format!("#{}", number + 1), 1);
                    assert_eq!(std::str::from_utf8(line), Ok(&*expected));
                    number += 1;
                    Ok(())
                },
            )
            .unwrap();
        assert_eq!(number, streams.len());
        shelf
    }

    #[test]
    fn what_ends_about_in_order_is_one_run() {
        let streams: Vec<u64> = (0..8_000).map(|n| n ^ 5).collect();
        assert_eq!(put_and_take(&streams).spill.unwrap().ends.len(), 0);
    }

    #[test]
    fn connections_that_last_long_find_their_place() {
        let mut streams: Vec<u64> = (0..8_000).collect();
        streams.sort_by_key(|n| n + if n % 5 == 0 { 3_000 } else { n * 37 % 200 });
        assert!(put_and_take(&streams).spill.unwrap().ends.len() > 1);
        streams.reverse();
        assert!(put_and_take(&streams).spill.unwrap().ends.len() > 8);
    }

    #[test]
    fn connections_that_share_a_number_keep_the_order_in_which_they_ended() {
        let mut shelf = Shelf::default();
        let long = "x".repeat(MEMORY / 3);
        for turn in 0..12 {
            shelf.put(turn % 2, Place::Line, &fragment(&format!("#{turn} {long}")), true).unwrap();
        }
        let mut turns = Vec::new();
        shelf
            .take(
                Place::Line,
                |_| true,
                |line| {
                    let line = std::str::from_utf8(line).unwrap();
                    let number = turns.len() + 1;
                    let rest = line.strip_prefix(&format!("#{number}")).unwrap();
                    turns.push(rest.split(' ').next().unwrap().parse::<u64>().unwrap());
                    Ok(())
                },
            )
            .unwrap();
        assert_eq!(turns, [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
    }

    #[test]
    fn connections_that_are_not_shown_count_and_take_little_memory() {
        let mut shelf = Shelf::default();
        for n in 0..100_000 {
            shelf.put(n, Place::Line, &fragment("#"), n == 99_999).unwrap();
            assert!(shelf.waiting.len() <= MEMORY / SMALLEST);
        }
        let mut lines = Vec::new();
        shelf
            .take(
                Place::Line,
                |_| true,
                |line| {
                    lines.push(line.to_vec());
                    Ok(())
                },
            )
            .unwrap();
        assert_eq!(lines, [b"#100000"]);
    }
}
