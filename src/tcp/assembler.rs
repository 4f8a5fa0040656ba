//! One direction of a stream: where the next byte belongs, what came too early, what is a repeat (RFC 9293 §3.4, §3.10.7).

use crate::capture::Timestamp;
use crate::limits::Limits;

/// Bytes that arrived before those in front of them.
#[derive(Debug)]
struct Early {
    offset: u64,
    bytes: Vec<u8>,
    /// Bytes after `bytes` that were sent and not captured.
    cut: u32,
    packet: u64,
    time: Timestamp,
    /// A few zero bytes in a bare ACK: padding, unless nothing else comes to this place.
    weak: bool,
}

/// What can be handed up: bytes in order, or a hole.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes that were held.
    Bytes { offset: u64, bytes: Vec<u8>, packet: u64, time: Timestamp },
    /// Bytes that the capture lacks, with the packets around them.
    Hole { offset: u64, len: u64, before: Option<u64>, after: Option<u64> },
}

/// What a payload is, seen from the bytes that were there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It begins at or before the next byte and has new ones: those from `skip` on are in order.
    InOrder { skip: usize },
    /// It lies ahead; it is held.
    Early,
    /// All of it was seen.
    Old { differs: bool },
    /// A few zero bytes in a bare ACK; held until it shows whether they are padding.
    Padding,
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    /// The sequence number of the next byte; `None` before anything is known.
    next: Option<u32>,
    /// Its offset.
    pub(super) offset: u64,
    /// Sequence number of the SYN, or of the first packet.
    pub(super) base: u32,
    /// The number after another SYN,ACK than the first.
    other_start: Option<u32>,
    /// The last packet whose bytes were in order.
    last_packet: Option<u64>,
    early: Vec<Early>,
    held: usize,
    /// The first bytes delivered: repeats are compared with them, and who reads them need not keep them.
    start: Vec<u8>,
    /// Offset of the FIN.
    pub(super) fin: Option<u64>,
    /// Highest offset that the peer acknowledged.
    pub(super) acked: u64,
    /// When and at which packet of the stream a hole was first met.
    pub(super) waiting: Option<(Timestamp, u64)>,
}

/// Bytes that are remembered of the start of a direction: a handshake lies there.
const COMPARED: usize = 16 << 10;
/// Bytes that are remembered of it when what comes now is needed for nothing but to compare repeats.
const COMPARED_DATA: usize = 8 << 10;
/// Bytes for which room is made at a time.
const START_STEP: usize = 512;
/// Room that is made behind a segment of [`FULL`] bytes or more: many chains of certificates fit.
const FLIGHT: usize = 4 << 10;
/// Bytes of a segment that more will follow.
const FULL: usize = 1 << 10;
/// So many bytes behind those that are remembered, they are forgotten: the longest record that begins in them has ended.
const FORGET: u64 = 20 << 10;
/// A mid-stream capture gives its first byte this offset, so that an earlier one can still be placed.
const MIDDLE: u64 = 1 << 20;

impl Assembler {
    /// Whether the place of the next byte is known.
    pub(super) const fn is_anchored(&self) -> bool {
        self.next.is_some()
    }

    /// Nothing was delivered or held yet.
    const fn is_fresh(&self) -> bool {
        self.start.is_empty() && self.early.is_empty() && (self.offset == 0 || self.offset == MIDDLE)
    }

    /// A SYN was sent with `seq`: the byte after it has offset 0.
    pub(super) fn syn(&mut self, seq: u32) {
        let first = seq.wrapping_add(1);
        match self.next {
            None => {
                self.base = seq;
                self.next = Some(first);
                self.offset = 0;
            }
            Some(_) if self.offset == MIDDLE && self.is_fresh() => {
                // What was seen before was of another connection on the same ports.
                *self = Self { base: seq, next: Some(first), ..Self::default() };
            }
            Some(_) if self.base != seq && self.offset == 0 && self.is_fresh() => {
                self.other_start = Some(first);
            }
            Some(_) => {}
        }
    }

    /// The capture begins in the middle: `seq` is the first number seen.
    pub(super) fn anchor(&mut self, seq: u32) {
        self.base = seq;
        self.next = Some(seq);
        self.offset = MIDDLE;
    }

    /// The offset of a sequence number, as far as the anchor tells.
    pub(super) fn offset_of(&self, seq: u32) -> Option<u64> {
        let ahead = seq.wrapping_sub(self.next?).cast_signed();
        self.offset.checked_add_signed(i64::from(ahead))
    }

    /// The peer acknowledged `ack`: it tells which of several SYN,ACKs counts.
    pub(super) fn acknowledged(&mut self, ack: u32) {
        if let Some(other) = self.other_start
            && self.start.is_empty()
            && self.early.is_empty()
        {
            if ack == other {
                self.base = other.wrapping_sub(1);
                self.next = Some(other);
            }
            if self.next == Some(ack) {
                self.other_start = None;
            }
        }
        if let Some(offset) = self.offset_of(ack) {
            self.acked = self.acked.max(offset.min(self.offset.saturating_add(1 << 30)));
        }
    }

    /// Places a payload. What is early is copied; what is in order is left to the caller, who must call [`advance`](Self::advance).
    #[expect(clippy::too_many_arguments, reason = "the parts of one packet")]
    pub(super) fn place(
        &mut self,
        seq: u32,
        bytes: &[u8],
        sent: u32,
        bare_ack: bool,
        packet: u64,
        time: Timestamp,
        limits: &Limits,
    ) -> Arrival {
        let Some(offset) = self.offset_of(seq) else {
            // Before the first byte of all: a repeat of something from before the capture.
            return Arrival::Old { differs: false };
        };
        let end = offset + u64::from(sent);
        if end <= self.offset {
            return Arrival::Old { differs: self.differs(offset, bytes) };
        }
        if bare_ack && sent <= PADDING && bytes.iter().all(|byte| *byte == 0) && offset >= self.offset {
            self.hold(offset, bytes, sent, packet, time, true, limits);
            return Arrival::Padding;
        }
        if offset > self.offset {
            let known = self.early.iter().any(|early| {
                !early.weak && early.offset <= offset && early.offset + early.bytes.len() as u64 >= end
            });
            if known {
                return Arrival::Old { differs: false };
            }
            self.hold(offset, bytes, sent, packet, time, false, limits);
            return Arrival::Early;
        }
        Arrival::InOrder {
            skip: usize::try_from(self.offset - offset).unwrap_or(usize::MAX).min(bytes.len()),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one packet")]
    fn hold(
        &mut self,
        offset: u64,
        bytes: &[u8],
        sent: u32,
        packet: u64,
        time: Timestamp,
        weak: bool,
        limits: &Limits,
    ) {
        if offset - self.offset > limits.out_of_order_bytes as u64 * 1024 {
            // So far ahead that it belongs to another time: not held.
            return;
        }
        let cut = sent.saturating_sub(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let at = self.early.partition_point(|early| early.offset <= offset);
        self.held += bytes.len();
        self.early.insert(at, Early { offset, bytes: bytes.to_vec(), cut, packet, time, weak });
    }

    /// The next bytes were delivered, by `packet`. They are remembered as long as they are among the first; `needed` says that somebody
    /// goes back to them.
    pub(super) fn advance(&mut self, bytes: &[u8], packet: u64, needed: bool) {
        // By where these bytes begin: they may be the long rest of a record that begins in what is remembered.
        if !self.start.is_empty() && self.offset % MIDDLE > self.start.len() as u64 + FORGET {
            self.start = Vec::new();
        }
        let most = if needed { COMPARED } else { COMPARED_DATA };
        if self.start.len() < most {
            let room = most - self.start.len();
            // After a hole the remembered start ends: offsets would no longer fit.
            if self.offset == self.start.len() as u64 || (self.start.is_empty() && self.offset == MIDDLE) {
                let part = &bytes[..bytes.len().min(room)];
                if self.start.capacity() - self.start.len() < part.len() {
                    // Doubling would leave much of it empty, and there are thousands; behind a full segment comes a flight.
                    let step = if part.len() < FULL { START_STEP } else { FLIGHT };
                    self.start.reserve_exact(part.len().next_multiple_of(step));
                }
                self.start.extend_from_slice(part);
            }
        }
        self.step(bytes.len() as u64);
        self.last_packet = Some(packet);
    }

    fn step(&mut self, len: u64) {
        self.offset += len;
        self.next = self.next.map(|next| next.wrapping_add(len as u32));
    }

    /// Skips bytes that were sent and not captured.
    pub(super) fn skip(&mut self, len: u64, after: Option<u64>) -> Option<Piece> {
        if len == 0 {
            return None;
        }
        let hole = Piece::Hole { offset: self.offset, len, before: self.last_packet, after };
        self.step(len);
        Some(hole)
    }

    /// The next piece that is in order now.
    pub(super) fn ready(&mut self, needed: bool) -> Option<Piece> {
        loop {
            let first = self.early.first()?;
            if first.offset > self.offset {
                return None;
            }
            // Padding gives way to real bytes at its place.
            if first.weak && first.offset == self.offset && !self.weak_is_real() {
                return None;
            }
            let mut early = self.early.remove(0);
            self.held -= early.bytes.len();
            let end = early.offset + early.bytes.len() as u64 + u64::from(early.cut);
            if end <= self.offset || (early.weak && early.offset < self.offset) {
                continue;
            }
            let skip =
                usize::try_from(self.offset - early.offset).unwrap_or(usize::MAX).min(early.bytes.len());
            early.bytes.drain(..skip);
            if early.bytes.is_empty() {
                let len = end - self.offset;
                return self.skip(len, None);
            }
            let offset = self.offset;
            self.advance(&early.bytes, early.packet, needed);
            if early.cut > 0 {
                // What was cut comes as a hole in the next turn.
                self.early.insert(
                    0,
                    Early {
                        offset: self.offset,
                        bytes: Vec::new(),
                        cut: early.cut,
                        packet: early.packet,
                        time: early.time,
                        weak: false,
                    },
                );
            }
            return Some(Piece::Bytes { offset, bytes: early.bytes, packet: early.packet, time: early.time });
        }
    }

    /// What looked like padding is data when what follows continues after it.
    fn weak_is_real(&self) -> bool {
        let Some(first) = self.early.first() else { return false };
        let end = first.offset + first.bytes.len() as u64;
        self.early.get(1).is_some_and(|next| next.offset >= end)
    }

    /// Whether bytes wait behind a hole.
    pub(super) fn has_hole(&self) -> bool {
        self.early.iter().any(|early| !early.weak)
    }

    /// Whether more is held than one direction may.
    pub(super) fn is_over(&self, limits: &Limits) -> bool {
        self.held > limits.out_of_order_bytes || self.early.len() > limits.out_of_order_segments
    }

    /// Gives back what is held, but for a little room that the next direction will need.
    pub(super) fn give_back(&mut self) {
        self.early = Vec::new();
        self.held = 0;
        match self.start.capacity() <= FLIGHT {
            true => self.start.clear(),
            false => self.start = Vec::new(),
        }
    }

    /// Begins anew, with the room that is there.
    pub(super) fn renew(&mut self) {
        *self = Self { start: std::mem::take(&mut self.start), ..Self::default() };
        self.start.clear();
    }

    /// Bytes were delivered.
    pub(super) const fn has_data(&self) -> bool {
        self.last_packet.is_some()
    }

    /// All bytes up to the FIN were delivered, and the peer acknowledged them and the FIN.
    pub(super) fn is_done(&self) -> bool {
        self.fin.is_some_and(|fin| self.offset == fin && self.acked > fin)
    }

    /// Bytes held.
    pub(super) const fn held(&self) -> usize {
        self.held
    }

    /// The peer acknowledged bytes that the capture does not have.
    pub(super) const fn is_acked_beyond(&self) -> bool {
        self.acked > self.offset
    }

    /// Gives the first hole up: the bytes in front of what is held are lost.
    pub(super) fn give_up_hole(&mut self) -> Option<Piece> {
        self.early.retain(|early| !early.weak);
        self.held = self.early.iter().map(|early| early.bytes.len()).sum();
        let (offset, packet) = self.early.first().map(|early| (early.offset, early.packet))?;
        self.skip(offset.saturating_sub(self.offset), Some(packet))
    }

    /// At the end: a FIN or an acknowledgment shows that more was sent than was captured.
    pub(super) fn missing_tail(&mut self) -> Option<Piece> {
        let sent = self.fin.unwrap_or(0).max(if self.fin.is_some() { 0 } else { self.acked });
        let len = sent.saturating_sub(self.offset);
        // A FIN takes a number of its own, which an acknowledgment counts.
        let len = if self.fin.is_none() && len == 1 { 0 } else { len };
        if len > 1 << 30 { None } else { self.skip(len, None) }
    }

    fn differs(&self, offset: u64, bytes: &[u8]) -> bool {
        let Ok(at) = usize::try_from(offset) else { return false };
        let Some(known) = self.start.get(at..) else { return false };
        let len = known.len().min(bytes.len());
        known[..len] != bytes[..len]
    }

    /// What was delivered so far, from offset 0 on, as far as it is remembered.
    pub(super) fn past(&self) -> &[u8] {
        // In the middle of a stream offset 0 is not known.
        if self.offset < MIDDLE { &self.start } else { &[] }
    }

    /// Whether the part of an overlapping payload that was seen before differs.
    pub(super) fn overlap_differs(&self, seq: u32, bytes: &[u8], skip: usize) -> bool {
        self.offset_of(seq).is_some_and(|offset| self.differs(offset, &bytes[..skip.min(bytes.len())]))
    }
}

/// Zero bytes of a bare ACK up to this many may be padding of a short frame.
const PADDING: u32 = 6;
