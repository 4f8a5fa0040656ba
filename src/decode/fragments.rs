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
        if !piece.more {
            datagram.total.get_or_insert(end);
        }
        let total = datagram
            .total
            .filter(|total| datagram.ranges.first().is_some_and(|first| covers(*first, *total)))?;
        datagram.done = true;
        datagram.bytes.truncate(total);
        Some(Whole { net: piece.net, protocol: datagram.protocol, bytes: datagram.bytes.clone() })
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

/// How long after its first fragment a datagram takes others: what RFC 8200 gives a receiver.
const LIFETIME_NANOS: i64 = 60_000_000_000;

#[cfg(test)]
mod tests {
    use super::super::samples::{brief, join, packet, tcp, v4, v4_fragment, v6};
    use super::super::{Decoded, Decoder};
    use super::*;
    use crate::capture::{Packet, Timestamp};

    /// TCP with 60 bytes of payload, in pieces of `size` bytes, as IPv4 packets of one identification.
    fn pieces(size: usize, id: u16) -> Vec<Vec<u8>> {
        let whole = tcp(&[b'x'; 60]);
        let count = whole.len().div_ceil(size);
        whole
            .chunks(size)
            .enumerate()
            .map(|(at, chunk)| {
                let more = if at + 1 < count { 0x2000 } else { 0 };
                v4_fragment(6, id, more | (at * size / 8) as u16, chunk)
            })
            .collect()
    }

    /// Decodes IPv4 packets one after the other; gives what each is.
    fn run(decoder: &mut Decoder, packets: &[Vec<u8>]) -> Vec<String> {
        let numbered = packets.iter().zip(1..);
        numbered.map(|(data, number)| brief(&decoder.decode(&packet(101, number, data)))).collect()
    }

    fn decoder() -> Decoder {
        Decoder::new(&Limits::default())
    }

    fn complete() -> String {
        format!("tcp {}", "x".repeat(60))
    }

    #[test]
    fn the_fragment_that_completes_a_datagram_gives_its_segment() {
        for size in [8, 16, 24, 80] {
            let forward = pieces(size, 1);
            let mut backward = forward.clone();
            backward.reverse();
            for order in [forward, backward] {
                let results = run(&mut decoder(), &order);
                let (last, before) = results.split_last().expect("pieces");
                assert_eq!(*last, complete(), "size {size}");
                assert!(before.iter().all(|result| result == "fragment"));
            }
        }
    }

    #[test]
    fn fragments_of_ipv6_are_told_apart_by_their_identification() {
        let whole = tcp(&[b'x'; 60]);
        let piece = |id: u8, offset: u8, more: u8, bytes: &[u8]| {
            v6(44, &join(&[&[6, 0, 0, offset | more, 0, 0, 0, id], bytes]))
        };
        let mut packets = Vec::new();
        for id in [1, 2] {
            packets.push(piece(id, 0, 1, &whole[..40]));
        }
        for id in [1, 2] {
            packets.push(piece(id, 40, 0, &whole[40..]));
        }
        assert_eq!(run(&mut decoder(), &packets), ["fragment", "fragment", &complete(), &complete()]);
    }

    #[test]
    fn copies_of_fragments_change_nothing() {
        let mut packets: Vec<_> =
            pieces(24, 1).into_iter().flat_map(|piece| [piece.clone(), piece]).collect();
        packets.extend(pieces(24, 1));
        let mut decoder = decoder();
        let results = run(&mut decoder, &packets);
        assert_eq!(results.iter().filter(|result| **result == complete()).count(), 1);
        assert_eq!(decoder.take_warnings(), []);
    }

    #[test]
    fn bytes_that_came_first_stay() {
        let mut overlapping = pieces(24, 1);
        let forged = v4_fragment(6, 1, 0x2000 | 4, &[b'F'; 16]);
        overlapping.insert(2, forged.clone());
        assert_eq!(run(&mut decoder(), &overlapping).last(), Some(&complete()));
        let mut early = pieces(24, 1);
        early.insert(0, forged);
        let results = run(&mut decoder(), &early);
        assert!(results.last().is_some_and(|last| last.matches('F').count() == 16), "{results:?}");
    }

    #[test]
    fn an_identification_used_again_begins_a_new_datagram() {
        let mut decoder = decoder();
        let other: Vec<_> = tcp(&[b'y'; 60]).chunks(48).map(<[u8]>::to_vec).collect();
        let mut packets = pieces(48, 1);
        packets.push(v4_fragment(6, 1, 0x2000, &other[0]));
        packets.push(v4_fragment(6, 1, 6, &other[1]));
        let results = run(&mut decoder, &packets);
        assert_eq!(results[1], complete());
        assert_eq!(results.last(), Some(&format!("tcp {}", "y".repeat(60))));
    }

    #[test]
    fn a_datagram_waits_a_minute_and_no_longer() {
        let mut decoder = decoder();
        let pieces = pieces(48, 1);
        let at = |nanos, data| Packet { time: Timestamp::new(nanos, 9), ..packet(101, 1, data) };
        assert!(matches!(decoder.decode(&at(0, &pieces[0])), Decoded::Fragment));
        assert!(matches!(decoder.decode(&at(61_000_000_000, &pieces[1])), Decoded::Fragment));
        let warnings = decoder.take_warnings();
        assert_eq!((warnings.len(), warnings[0].code), (1, "fragments-lost"));
        assert!(warnings[0].text.starts_with("2 IP datagrams"));
    }

    #[test]
    fn memory_stays_within_the_limits() {
        let limits = Limits { fragmented_datagrams: 4, datagram_bytes: 1_000, ..Limits::default() };
        let mut decoder = Decoder::new(&limits);
        for id in 0..100 {
            decoder.decode(&packet(101, 1, &pieces(48, id)[0]));
        }
        assert_eq!(decoder.decode(&packet(101, 2, &v4_fragment(6, 1, 200, b"beyond"))).brief(), "fragment");
        let warnings = decoder.take_warnings();
        assert!(warnings[0].text.starts_with("101 IP datagrams"), "{warnings:?}");
    }

    #[test]
    fn a_fragment_that_the_snap_length_cut_loses_its_datagram() {
        let mut decoder = decoder();
        let pieces = pieces(48, 1);
        let cut = Packet { original_len: 68, ..packet(101, 9, &pieces[0][..60]) };
        assert!(matches!(decoder.decode(&cut), Decoded::Fragment));
        assert_eq!(
            decoder.take_warnings().iter().map(|warning| warning.code).collect::<Vec<_>>(),
            ["packets-cut", "fragments-lost"]
        );
    }

    #[test]
    fn fragments_in_a_fragmented_tunnel_are_put_together() {
        let mut packets = Vec::new();
        for (id, inner) in pieces(48, 1).iter().enumerate() {
            let (first, second) = inner.split_at(24);
            packets.push(v4_fragment(4, 100 + id as u16, 0x2000, first));
            packets.push(v4_fragment(4, 100 + id as u16, 3, second));
        }
        assert_eq!(run(&mut decoder(), &packets).last(), Some(&complete()));
        assert_eq!(run(&mut decoder(), &[v4(4, &v4(4, &pieces(84, 1)[0]))]), [complete()]);
    }

    impl Decoded<'_> {
        fn brief(&self) -> String {
            brief(self)
        }
    }
}
