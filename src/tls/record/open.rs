//! A record whose body comes in pieces: held, or left in the past that the caller remembers.

use super::{Header, Keep};

/// Bytes of a record for which room is made before they come.
const RECORD_STEP: usize = 4 << 10;
/// Bytes kept of a record of which only the end is wanted: a block of 16 bytes, and a MAC of 20 behind it.
pub(in crate::tls) const TAIL: usize = 36;

/// The last bytes of what passed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    bytes: [u8; TAIL],
    len: usize,
}

impl Tail {
    pub(super) const EMPTY: Self = Self { bytes: [0; TAIL], len: 0 };

    pub(super) fn push(&mut self, part: &[u8]) {
        let part = &part[part.len().saturating_sub(TAIL)..];
        let stay = self.len.min(TAIL - part.len());
        self.bytes.copy_within(self.len - stay..self.len, 0);
        self.bytes[stay..stay + part.len()].copy_from_slice(part);
        self.len = stay + part.len();
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// A record that is being read.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) header: Header,
    pub(super) start: u64,
    pub(super) left: usize,
    pub(super) keep: Keep,
    /// What came of the body, where it is wanted as a whole and is not all in the past that the caller remembers.
    pub(super) body: Vec<u8>,
    /// What came of the body is in that past.
    pub(super) remembered: bool,
    /// Its last bytes, where they are wanted and it came in pieces.
    pub(super) tail: Option<Box<Tail>>,
    pub(super) damage: Option<usize>,
    pub(super) missing: u64,
}

impl Open {
    /// Offset of the body's first byte.
    pub(super) const fn begin(&self) -> u64 {
        self.start + 5
    }

    /// Takes the next bytes of a body that is wanted as a whole; they end at `end`.
    pub(super) fn take(&mut self, part: &[u8], end: u64, past: &[u8]) {
        let before = end - part.len() as u64;
        let reaches = past.len() as u64 >= end;
        if before == self.begin() && self.damage.is_none() {
            self.remembered = reaches;
        } else if self.remembered && !reaches {
            self.hold(before, past);
        }
        if self.remembered {
            debug_assert!(range(past, before, end) == Some(part), "the past is what was delivered");
            return;
        }
        if self.body.is_empty() {
            self.body.reserve_exact(part.len() + self.left.min(RECORD_STEP));
        }
        self.body.extend_from_slice(part);
    }

    /// Keeps what was only remembered so far: the bytes up to `end`.
    pub(super) fn hold(&mut self, end: u64, past: &[u8]) {
        if !std::mem::replace(&mut self.remembered, false) {
            return;
        }
        match range(past, self.begin(), end) {
            Some(bytes) => self.body.extend_from_slice(bytes),
            None => {
                // The caller has forgotten them.
                self.missing += end - self.begin();
                self.body.resize((end - self.begin()) as usize, 0);
                self.damage = Some(0);
            }
        }
    }

    /// What is there of the body from its start to the first missing byte, when it came as far as `end`.
    pub(super) fn intact<'a>(&'a self, end: u64, past: &'a [u8]) -> &'a [u8] {
        match (self.remembered, self.damage) {
            (true, _) => range(past, self.begin(), end).unwrap_or_default(),
            (false, Some(at)) => &self.body[..at],
            (false, None) => &self.body,
        }
    }

    /// Offset behind what came of the body.
    pub(super) fn reached(&self) -> u64 {
        self.begin() + (self.header.len() - self.left) as u64
    }
}

/// The bytes of the past between two offsets.
pub(super) fn range(past: &[u8], from: u64, to: u64) -> Option<&[u8]> {
    past.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
}
