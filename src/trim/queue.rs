//! Packets that are to be written, in their order: those behind an IP fragment wait until it shows what the fragment is of.

use std::collections::VecDeque;

use crate::capture::{InterfaceDescription, Timestamp};

/// A packet on its way out.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) number: u64,
    pub(super) time: Timestamp,
    pub(super) original_len: u32,
    pub(super) interface: InterfaceDescription,
    pub(super) data: Vec<u8>,
    /// Whether it is of a chosen connection, once that is known.
    pub(super) wanted: Option<bool>,
}

/// The packets that wait, within bounds.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

impl Queue {
    /// Puts a packet behind the others.
    pub(super) fn push(&mut self, packet: Waiting) {
        self.bytes += packet.data.len();
        self.waiting.push_back(packet);
    }

    /// Says of the fragments in these packets whether they are wanted.
    pub(super) fn decide(&mut self, numbers: &[u64], wanted: bool) {
        if numbers.is_empty() {
            return;
        }
        for packet in self.waiting.iter_mut().filter(|packet| packet.wanted.is_none()) {
            if numbers.contains(&packet.number) {
                packet.wanted = Some(wanted);
            }
        }
    }

    /// The next packet that can be written. A fragment that waited too long is dropped; at the `end`, all of them.
    pub(super) fn pop(&mut self, end: bool) -> Option<Waiting> {
        loop {
            let is_over = end || self.bytes > MAX_BYTES || self.waiting.len() > MAX_PACKETS;
            match self.waiting.front()?.wanted {
                None if !is_over => return None,
                wanted => {
                    let packet = self.waiting.pop_front()?;
                    self.bytes -= packet.data.len();
                    if wanted == Some(true) {
                        return Some(packet);
                    }
                }
            }
        }
    }
}

/// Bytes that wait at most.
const MAX_BYTES: usize = 8 << 20;
/// Packets that wait at most.
const MAX_PACKETS: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::LinkType;

    fn packet(number: u64, wanted: Option<bool>) -> Waiting {
        let interface =
            InterfaceDescription { number: 0, link_type: LinkType(1), digits: 6, offset: 0, name: None };
        let time = Timestamp::new(0, 6);
        Waiting { number, time, original_len: 60, interface, data: vec![0; 60], wanted }
    }

    #[test]
    fn packets_behind_an_undecided_fragment_wait_and_keep_their_order() {
        let mut queue = Queue::default();
        queue.push(packet(1, None));
        queue.push(packet(2, Some(true)));
        queue.push(packet(3, None));
        assert!(queue.pop(false).is_none());
        queue.decide(&[1, 3], true);
        let order: Vec<u64> = std::iter::from_fn(|| queue.pop(false)).map(|packet| packet.number).collect();
        assert_eq!(order, [1, 2, 3]);
    }

    #[test]
    fn a_fragment_of_nothing_is_dropped_when_too_much_waits_and_at_the_end() {
        let mut queue = Queue::default();
        queue.push(packet(1, None));
        for number in 2..=MAX_PACKETS as u64 + 1 {
            queue.push(packet(number, Some(true)));
        }
        assert_eq!(queue.pop(false).map(|packet| packet.number), Some(2));
        let mut queue = Queue::default();
        queue.push(packet(1, None));
        assert!(queue.pop(true).is_none() && queue.waiting.is_empty());
    }
}
