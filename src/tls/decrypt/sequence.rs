//! The number of the next record, which every tag and MAC covers but no record states (RFC 8446 §5.3).

use std::ops::Range;

/// Counts the records under one key, and searches for the number after a gap.
#[derive(Debug, Default, Clone)]
pub(super) struct Sequence {
    next: u64,
    searching: bool,
    misses: u32,
}

impl Sequence {
    /// The numbers to try for the next record: one, or a window when records may be missing.
    pub(super) fn candidates(&self) -> Range<u64> {
        let count = if self.searching { WINDOW + u64::from(self.misses) } else { 1 };
        self.next..self.next.saturating_add(count)
    }

    /// The number expected next when no record is missing.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn is_searching(&self) -> bool {
        self.searching
    }

    /// The record had this number.
    pub(super) fn hit(&mut self, number: u64) {
        *self = Self { next: number.saturating_add(1), searching: false, misses: 0 };
    }

    /// No candidate fitted. The next records are searched for too, but not for ever: with a wrong secret each would
    /// cost a whole window.
    pub(super) fn miss(&mut self) {
        self.misses = self.misses.saturating_add(1);
        self.searching = self.misses < PATIENCE;
    }

    /// An unknown number of records is missing.
    pub(super) fn lost(&mut self) {
        self.searching = true;
        self.misses = 0;
    }

    /// One record passed unopened.
    pub(super) fn skip(&mut self) {
        self.next = self.next.saturating_add(1);
    }
}

/// Numbers tried for the first record after a gap.
const WINDOW: u64 = 16;
/// Records in a row for which a window is tried.
const PATIENCE: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_tried_after_a_gap_until_a_record_fits() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.candidates(), 0..1);
        sequence.hit(0);
        sequence.lost();
        assert_eq!(sequence.candidates(), 1..17);
        sequence.miss();
        assert_eq!(sequence.candidates(), 1..18);
        sequence.hit(9);
        assert_eq!(sequence.candidates(), 10..11);
    }

    #[test]
    fn the_search_ends_when_nothing_ever_fits() {
        let mut sequence = Sequence::default();
        for _ in 0..100 {
            sequence.miss();
        }
        assert_eq!(sequence.candidates(), 0..1);
    }
}
