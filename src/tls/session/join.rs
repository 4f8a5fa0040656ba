//! Joins handshake messages over records (RFC 8446 §5.1).

/// The handshake bytes of one direction that are not yet a whole message.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    bytes: Vec<u8>,
    /// Offset of the record in which the first of them lies.
    start: u64,
    /// Offset of the record that came last.
    last: u64,
    /// From here on bytes are missing (they are zeros), and how many.
    damage: Option<(usize, u64)>,
    /// Bytes of a message that is too long to be kept.
    skipping: usize,
}

/// A whole message with its header.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
    pub(super) start: u64,
    /// Bytes of it that the capture lacks.
    pub(super) missing: u64,
    /// Bytes from its start that are as sent.
    pub(super) intact: usize,
    pub(super) too_long: bool,
}

/// What was there of a message that will not become whole.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) kind: Option<u8>,
    pub(super) bytes: Vec<u8>,
    pub(super) start: u64,
    pub(super) missing: u64,
}

/// The first message of a record's body with its header, when it lies whole in it, and what follows it.
pub(super) fn whole(body: &[u8], limit: usize) -> Option<(&[u8], &[u8])> {
    let total = 4 + length(body.first_chunk()?);
    body.split_at_checked(total).filter(|_| total <= limit)
}

/// Bytes of a message behind its header (RFC 8446 §4).
fn length([_, a, b, c]: &[u8; 4]) -> usize {
    usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)
}

impl Joiner {
    /// No message is begun, so that the next record begins one.
    pub(super) fn is_clear(&self) -> bool {
        self.bytes.is_empty() && self.skipping == 0 && self.damage.is_none()
    }

    /// In the record that is pushed next bytes are missing from `at` on.
    pub(super) fn damage(&mut self, at: usize, missing: u64) {
        let (first, sum) = self.damage.unwrap_or((self.bytes.len() + at, 0));
        self.damage = Some((first, sum + missing));
    }

    /// Adds the body of a record that begins at `start`.
    pub(super) fn push(&mut self, start: u64, body: &[u8]) {
        let skipped = self.skipping.min(body.len());
        self.skipping -= skipped;
        let body = &body[skipped..];
        if self.bytes.is_empty() {
            self.start = start;
        }
        self.last = start;
        self.bytes.extend_from_slice(body);
    }

    /// The next message that is whole.
    pub(super) fn next(&mut self, limit: usize) -> Option<Message> {
        let total = 4 + length(self.bytes.first_chunk()?);
        if total > limit {
            let bytes = std::mem::take(&mut self.bytes);
            self.skipping = total.saturating_sub(bytes.len());
            let intact = bytes.len();
            return Some(Message { bytes, start: self.start, missing: 0, intact, too_long: true });
        }
        if self.bytes.len() < total {
            return None;
        }
        let rest = self.bytes.split_off(total);
        let bytes = std::mem::replace(&mut self.bytes, rest);
        let start = std::mem::replace(&mut self.start, self.last);
        let (missing, intact) = match self.damage {
            Some((at, missing)) if at < total => {
                self.damage = None;
                (missing, at)
            }
            Some((at, missing)) => {
                self.damage = Some((at - total, missing));
                (0, total)
            }
            None => (0, total),
        };
        if self.bytes.is_empty() {
            self.damage = None;
        }
        Some(Message { bytes, start, missing, intact, too_long: false })
    }

    /// Offset of the record in which the message in hand begins; `None` when there is none.
    pub(super) fn begun(&self) -> Option<u64> {
        (!self.bytes.is_empty()).then_some(self.start)
    }

    /// Gives up what is there.
    pub(super) fn give_up(&mut self) -> Option<Partial> {
        self.skipping = 0;
        let damage = self.damage.take();
        let mut bytes = std::mem::take(&mut self.bytes);
        if bytes.is_empty() {
            return None;
        }
        let total = bytes.first_chunk().map(|header| 4 + length(header));
        let mut missing = total.map_or(0, |total| total.saturating_sub(bytes.len()) as u64);
        if let Some((at, more)) = damage {
            bytes.truncate(at);
            missing += more;
        }
        Some(Partial { kind: bytes.first().copied(), bytes, start: self.start, missing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_joined_over_records_and_several_come_out_of_one() {
        let mut joiner = Joiner::default();
        joiner.push(0, &[1, 0, 0, 3, 7]);
        assert!(joiner.next(100).is_none());
        joiner.push(10, &[8, 9, 14, 0, 0, 0]);
        let first = joiner.next(100).unwrap();
        assert_eq!((first.bytes.as_slice(), first.start), (&[1, 0, 0, 3, 7, 8, 9][..], 0));
        let second = joiner.next(100).unwrap();
        assert_eq!((second.bytes.as_slice(), second.start), (&[14, 0, 0, 0][..], 10));
        assert!(joiner.next(100).is_none());
    }

    #[test]
    fn a_message_with_a_hole_is_told_apart_and_the_next_one_is_whole() {
        let mut joiner = Joiner::default();
        joiner.damage(6, 2);
        joiner.push(0, &[11, 0, 0, 4, 1, 2, 0, 0, 14, 0, 0, 0]);
        let first = joiner.next(100).unwrap();
        assert_eq!((first.missing, first.intact), (2, 6));
        assert_eq!(joiner.next(100).unwrap().missing, 0);
    }

    #[test]
    fn a_message_longer_than_the_limit_is_passed_over() {
        let mut joiner = Joiner::default();
        joiner.push(0, &[11, 0, 1, 0, 1, 2]);
        assert!(joiner.next(100).unwrap().too_long);
        joiner.push(6, &[0; 254]);
        joiner.push(260, &[14, 0, 0, 0]);
        assert_eq!(joiner.next(100).unwrap().bytes, [14, 0, 0, 0]);
    }
}
