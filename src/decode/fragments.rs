//! IP datagrams put together from their fragments (RFC 791 §3.2, RFC 8200 §4.5), with bounds.

use super::walk::{Net, Rest};
use crate::limits::Limits;

/// One fragment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    /// What its IP header says.
    pub(super) net: Net,
    /// The protocol of the whole.
    pub(super) protocol: u8,
    /// The identification that all fragments share.
    pub(super) id: u32,
    /// Where its bytes belong.
    pub(super) offset: u32,
    /// Whether others come after it.
    pub(super) more: bool,
    /// Its bytes.
    pub(super) rest: Rest<'a>,
}

/// A datagram whose fragments are all there.
#[derive(Debug)]
pub(super) struct Whole {
    /// What the IP header of its last fragment to arrive says.
    pub(super) net: Net,
    /// What its bytes are.
    pub(super) protocol: u8,
    /// Its payload.
    pub(super) bytes: Vec<u8>,
    /// The packets that held its fragments.
    pub(super) packets: Vec<u64>,
}

/// The datagrams of which fragments are held, oldest first.
#[derive(Debug)]
pub(super) struct Fragments {
    held: Vec<Datagram>,
    max_held: usize,
    max_bytes: usize,
    /// Datagrams given up, and the first packet of the first of them.
    pub(super) lost: u64,
    pub(super) first_lost: Option<u64>,
}

#[derive(Debug)]
struct Datagram {
    net: Net,
    protocol: u8,
    id: u32,
    packet: u64,
    /// The packets of the fragments that were taken.
    packets: Vec<u64>,
    started: i64,
    bytes: Vec<u8>,
    /// What is there, as ranges in order that do not touch.
    ranges: Vec<(usize, usize)>,
    total: Option<usize>,
    /// It was handed out, and is kept to know copies of its fragments.
    done: bool,
}

impl Fragments {
    /// Nothing held yet.
    pub(super) fn new(limits: &Limits) -> Self {
        let (max_held, max_bytes) = (limits.fragmented_datagrams.max(1), limits.datagram_bytes);
        Self { held: Vec::new(), max_held, max_bytes, lost: 0, first_lost: None }
    }

    /// Takes a fragment of packet number `packet`, captured at `nanos`; gives the datagram when it is complete.
    ///
    /// Bytes that came first stay. A fragment that the snap length cut, or that lies beyond the bound, is
    /// counted and dropped.
    pub(super) fn push(&mut self, piece: &Piece<'_>, packet: u64, nanos: i64) -> Option<Whole> {
        let start = piece.offset as usize;
        let end = start + piece.rest.bytes.len();
        if piece.rest.missing > 0 || end > self.max_bytes {
            self.lose(packet);
            return None;
        }
        let at = self.find(piece, packet, nanos);
        let datagram = self.held.get_mut(at)?;
        if datagram.done {
            return None;
        }
        datagram.add(piece.rest.bytes, start, end);
        if datagram.packets.len() < MAX_PIECES {
            datagram.packets.push(packet);
        }
        if !piece.more {
            datagram.total.get_or_insert(end);
        }
        let total = datagram
            .total
            .filter(|total| datagram.ranges.first().is_some_and(|first| covers(*first, *total)))?;
        datagram.done = true;
        datagram.bytes.truncate(total);
        Some(Whole {
            net: piece.net,
            protocol: datagram.protocol,
            bytes: datagram.bytes.clone(),
            packets: std::mem::take(&mut datagram.packets),
        })
    }

    /// Counts what is still incomplete as lost, at the end of the capture.
    pub(super) fn finish(&mut self) {
        for datagram in std::mem::take(&mut self.held) {
            if !datagram.done {
                self.lose(datagram.packet);
            }
        }
    }

    fn lose(&mut self, packet: u64) {
        self.lost += 1;
        self.first_lost = Some(self.first_lost.map_or(packet, |first| first.min(packet)));
    }

    /// The place of the fragment's datagram, a new one when there is none.
    fn find(&mut self, piece: &Piece<'_>, packet: u64, nanos: i64) -> usize {
        if let Some(at) = self.held.iter().position(|datagram| datagram.is_of(piece)) {
            if self.held.get(at).is_some_and(|datagram| datagram.takes(piece, nanos)) {
                return at;
            }
            // The identification is used again.
            self.give_up(at);
        }
        if self.held.len() >= self.max_held {
            let at = self.held.iter().position(|datagram| datagram.done).unwrap_or(0);
            self.give_up(at);
        }
        self.held.push(Datagram::new(piece, packet, nanos));
        self.held.len() - 1
    }

    fn give_up(&mut self, at: usize) {
        let datagram = self.held.remove(at);
        if !datagram.done {
            self.lose(datagram.packet);
        }
    }
}

impl Datagram {
    fn new(piece: &Piece<'_>, packet: u64, nanos: i64) -> Self {
        Self {
            net: piece.net,
            protocol: piece.protocol,
            id: piece.id,
            packet,
            packets: Vec::new(),
            started: nanos,
            bytes: Vec::new(),
            ranges: Vec::new(),
            total: None,
            done: false,
        }
    }

    fn is_of(&self, piece: &Piece<'_>) -> bool {
        let same_ends = self.net.source == piece.net.source && self.net.destination == piece.net.destination;
        // IPv6 fragments are told apart by addresses and identification alone (RFC 8200 §4.5).
        let same_protocol = self.protocol == piece.protocol || self.net.source.is_ipv6();
        self.id == piece.id && same_ends && same_protocol
    }

    /// Whether a fragment with this identification can be one of this datagram: it comes in time, and when the
    /// datagram is complete, it is a copy of a part of it.
    fn takes(&self, piece: &Piece<'_>, nanos: i64) -> bool {
        if nanos.saturating_sub(self.started).saturating_abs() > LIFETIME_NANOS {
            return false;
        }
        let own = self.bytes.get(piece.offset as usize..).and_then(|own| own.get(..piece.rest.bytes.len()));
        !self.done || own == Some(piece.rest.bytes)
    }

    /// Puts bytes in their place where nothing is yet.
    fn add(&mut self, bytes: &[u8], start: usize, end: usize) {
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        let mut from = start;
        let first = self.ranges.partition_point(|range| range.1 < start);
        let mut merged = (start, end);
        let mut last = first;
        while let Some(&(low, high)) = self.ranges.get(last).filter(|range| range.0 <= end) {
            self.copy(bytes, start, from, low.min(end));
            from = from.max(high);
            merged = (merged.0.min(low), merged.1.max(high));
            last += 1;
        }
        self.copy(bytes, start, from, end);
        self.ranges.splice(first..last, [merged]);
    }

    /// Copies the part `from..to` of the datagram out of `bytes`, which begin at `start`.
    fn copy(&mut self, bytes: &[u8], start: usize, from: usize, to: usize) {
        if let (Some(to), Some(from)) = (
            self.bytes.get_mut(from..to),
            from.checked_sub(start).and_then(|at| bytes.get(at..to.checked_sub(start)?)),
        ) {
            to.copy_from_slice(from);
        }
    }
}

fn covers(range: (usize, usize), total: usize) -> bool {
    range.0 == 0 && range.1 >= total
}

/// Packets remembered of one datagram; the smallest fragments that carry anything are 8 bytes of 65,535.
const MAX_PIECES: usize = 8192;

/// How long after its first fragment a datagram takes others: what RFC 8200 gives a receiver.
const LIFETIME_NANOS: i64 = 60_000_000_000;

#[cfg(test)]
mod tests;
