//! One direction of a connection before TLS begins in it.

/// Bytes of one direction that are held at most between two calls.
pub(super) const HELD_BYTES: usize = 8 << 10;

/// One direction: what was not yet understood of it.
#[derive(Debug, Default)]
pub(super) struct Direction {
    /// Offset of the first byte of `held`.
    pub(super) start: u64,
    pub(super) held: Vec<u8>,
    /// Bytes of a message that is being skipped; `held` is empty meanwhile.
    pub(super) skip: u64,
    pub(super) segments: u32,
    /// Where TLS begins.
    pub(super) tls: Option<u64>,
}

impl Direction {
    /// Appends bytes, less those that are being skipped.
    pub(super) fn hold(&mut self, mut bytes: &[u8]) {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip -= skipped as u64;
        self.start = self.start.saturating_add(skipped as u64);
        bytes = bytes.get(skipped..).unwrap_or_default();
        self.held.extend_from_slice(bytes);
    }

    /// Begins anew where a segment does: what was held before belongs to something that never ended.
    pub(super) fn begin_at_segment(&mut self, bytes: &[u8]) {
        self.start = self.start.saturating_add(self.held.len() as u64);
        self.held.clear();
        self.held.extend_from_slice(bytes);
    }

    /// Drops a message from the front; what of it is not there yet is skipped when it comes.
    pub(super) fn used(&mut self, len: usize) {
        let here = len.min(self.held.len());
        self.held.drain(..here);
        self.start = self.start.saturating_add(here as u64);
        self.skip = self.skip.saturating_add((len - here) as u64);
    }

    /// Gives back the memory of a large segment.
    pub(super) fn trim(&mut self) {
        if self.tls.is_none() && self.held.capacity() > 2 * HELD_BYTES {
            self.held.shrink_to(HELD_BYTES.max(self.held.len()));
        }
    }
}
