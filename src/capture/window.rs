//! A bounded window over the input: the bytes read and not yet used.

use std::io::{self, ErrorKind, Read};

/// Buffers the input, so that each header and packet lies in one piece.
///
/// It starts small, as most captures of a collection are, takes [`WORKING_BYTES`] once the input is seen to be
/// larger, and more only as long as one block needs it.
pub(super) struct Window<'a> {
    source: Box<dyn Read + Send + 'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
    trouble: Option<io::Error>,
}

impl<'a> Window<'a> {
    /// A window over `source` with nothing read yet.
    pub(super) fn new(source: Box<dyn Read + Send + 'a>) -> Self {
        let buffer = vec![0; FIRST_BYTES];
        Self { source, buffer, start: 0, end: 0, offset: 0, ended: false, trouble: None }
    }

    /// The bytes at hand.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// How many bytes are at hand.
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Where the bytes at hand begin, counted from the start of the (expanded) input.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The error that ended the reading, once.
    pub(super) fn take_trouble(&mut self) -> Option<io::Error> {
        self.trouble.take()
    }

    /// Reads until `need` bytes are at hand; false when the input ends before. The caller bounds `need`; the
    /// buffer grows with the bytes that really come.
    #[inline]
    pub(super) fn fill(&mut self, need: usize) -> bool {
        self.len() >= need || self.read_until(need)
    }

    #[cold]
    fn read_until(&mut self, need: usize) -> bool {
        while self.len() < need {
            if self.ended {
                return false;
            }
            self.make_room(need);
            self.read_once();
        }
        true
    }

    /// Drops `count` bytes from the front, or all that are at hand.
    #[inline]
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.len());
        self.start += count;
        self.offset += count as u64;
    }

    /// Drops `count` bytes from the front, reading on when they are not at hand yet; false when the input ends
    /// before.
    pub(super) fn skip(&mut self, mut count: u64) -> bool {
        loop {
            let step = usize::try_from(count).unwrap_or(usize::MAX).min(self.len());
            self.consume(step);
            count -= step as u64;
            if count == 0 {
                return true;
            }
            if !self.fill(1) {
                return false;
            }
        }
    }

    /// Gives the input back, with the bytes that were already read in front: for a decompressor.
    pub(super) fn into_source(self) -> impl Read + Send + use<'a> {
        let read = self.bytes().to_vec();
        io::Cursor::new(read).chain(self.source)
    }

    fn make_room(&mut self, need: usize) {
        if self.end < self.buffer.len() && self.start + need <= self.buffer.len() {
            return;
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.len());
        if need <= WORKING_BYTES && self.end < WORKING_BYTES {
            if self.buffer.len() != WORKING_BYTES {
                self.buffer.resize(WORKING_BYTES, 0);
                self.buffer.shrink_to(WORKING_BYTES);
            }
        } else if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
    }

    fn read_once(&mut self) {
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.source.read(room) {
            Ok(0) => self.ended = true,
            Ok(count) => self.end += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                self.ended = true;
                self.trouble = Some(error);
            }
        }
    }
}

/// The buffer of a new window, in bytes.
const FIRST_BYTES: usize = 32 << 10;

/// The buffer while blocks are of ordinary size, in bytes: with it, reading is as fast as it gets, since what
/// was read is still in the processor's cache when it is used.
const WORKING_BYTES: usize = 128 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands over one byte at a time, with an interruption before each.
    struct Drip(Vec<u8>, bool);

    impl Read for Drip {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(ErrorKind::Interrupted.into());
            }
            match (self.0.pop(), to.first_mut()) {
                (Some(byte), Some(place)) => {
                    *place = byte;
                    Ok(1)
                }
                _ => Ok(0),
            }
        }
    }

    #[test]
    fn bytes_that_come_one_at_a_time_are_gathered() {
        let mut window = Window::new(Box::new(Drip(vec![5, 4, 3, 2, 1], false)));
        assert!(window.fill(3));
        assert_eq!(window.bytes(), [1, 2, 3]);
        window.consume(2);
        assert_eq!((window.offset(), window.fill(4), window.bytes()), (2, false, &[3, 4, 5][..]));
    }

    #[test]
    fn the_buffer_grows_for_a_large_block_and_shrinks_after_it() {
        let data: Vec<u8> = (0..4_000_000_u32).map(|n| (n / 7) as u8).collect();
        let mut window = Window::new(Box::new(io::Cursor::new(data.clone())));
        assert!(window.fill(1_000_000));
        assert_eq!(window.bytes().get(..1_000_000), data.get(..1_000_000));
        assert!(window.skip(3_000_000) && window.fill(1));
        while window.fill(1_000) {
            window.consume(1_000);
        }
        assert_eq!((window.offset(), window.buffer.len()), (4_000_000, WORKING_BYTES));
    }

    #[test]
    fn a_length_that_lies_costs_no_more_than_the_bytes_that_are_there() {
        let mut window = Window::new(Box::new(io::Cursor::new(vec![0; 100_000])));
        assert!(!window.fill(1 << 30));
        assert!(window.buffer.len() <= WORKING_BYTES);
    }
}
