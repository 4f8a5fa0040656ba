//! One direction of a connection before TLS begins in it.

/// Bytes of one direction that are held at most between two calls.
pub(super) const HELD_BYTES: usize = 8 << 10;

/// One direction: what was not yet understood of it.
#[derive(Debug, Default)]
pub(super) struct Direction {
    /// Offset of the first byte that is held.
    pub(super) start: u64,
    buffer: Vec<u8>,
    /// Bytes at the front of `buffer` that are done with; moving the rest for each message would cost its square.
    done: usize,
    /// Bytes of a message that is being skipped; nothing is held meanwhile.
    pub(super) skip: u64,
    pub(super) segments: u32,
    /// Where TLS begins.
    pub(super) tls: Option<u64>,
}

impl Direction {
    /// The bytes that were not yet understood, or those from the beginning of TLS on.
    pub(super) fn held(&self) -> &[u8] {
        self.buffer.get(self.done..).unwrap_or_default()
    }

    /// Appends bytes, less those that are being skipped.
    pub(super) fn hold(&mut self, bytes: &[u8]) {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip -= skipped as u64;
        self.start = self.start.saturating_add(skipped as u64);
        self.buffer.extend_from_slice(bytes.get(skipped..).unwrap_or_default());
    }

    /// Begins anew where a segment does: what was held before belongs to something that never ended.
    pub(super) fn begin_at_segment(&mut self, bytes: &[u8]) {
        self.lose(0);
        self.buffer.extend_from_slice(bytes);
    }

    /// Drops what is held, and so many bytes after it that never came.
    pub(super) fn lose(&mut self, len: u64) {
        self.start = self.start.saturating_add(self.held().len() as u64).saturating_add(len);
        self.buffer.clear();
        self.done = 0;
        self.skip = self.skip.saturating_sub(len);
    }

    /// Drops a message from the front; what of it is not there yet is skipped when it comes.
    pub(super) fn used(&mut self, len: usize) {
        let here = len.min(self.held().len());
        self.done += here;
        self.start = self.start.saturating_add(here as u64);
        self.skip = self.skip.saturating_add((len - here) as u64);
    }

    /// Takes what is held away.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.trim();
        std::mem::take(&mut self.buffer)
    }

    /// Gives back the memory of what is done with.
    pub(super) fn trim(&mut self) {
        self.buffer.drain(..self.done);
        self.done = 0;
        if self.tls.is_none() && self.buffer.capacity() > 2 * HELD_BYTES {
            self.buffer.shrink_to(HELD_BYTES.max(self.buffer.len()));
        }
    }

    /// Bytes of memory that the buffer has.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }
}
