//! What the stream table lends as the past of a direction, and when it hands a stream over.

use std::net::Ipv4Addr;

use super::*;
use crate::capture::Timestamp;
use crate::decode::{Endpoint, IcmpError, IcmpProblem, Segment, TcpFlags};
use crate::error::Warning;
use crate::limits::Limits;

/// Keeps what is delivered of the opener's direction, by offset, and holds the past against it.
#[derive(Default)]
struct Keeper {
    /// The handler has no more need of the past from this offset on.
    needs: Option<u64>,
    reached: u64,
    delivered: Vec<u8>,
    /// Length of the past at each delivery and at the end.
    lent: Vec<usize>,
    /// Streams that were handed over.
    ended: usize,
    /// Of each ICMP error, whether it is about a SYN.
    of_start: Vec<bool>,
}

impl Keeper {
    fn check(&mut self, past: &[u8]) {
        assert!(self.delivered.starts_with(past), "the past is what was delivered from offset 0 on");
        self.lent.push(past.len());
    }
}

impl StreamHandler for Keeper {
    type State = ();

    fn segment(&mut self, _: &mut Option<()>, _: &StreamInfo, _: &SegmentNote) {}

    fn data(&mut self, _: &mut Option<()>, _: &StreamInfo, delivery: Delivery<'_>) {
        // Nothing is kept behind a hole: there the past ends.
        if delivery.offset == self.delivered.len() as u64 {
            self.delivered.extend_from_slice(delivery.bytes);
        }
        self.reached = delivery.offset + delivery.bytes.len() as u64;
        self.check(delivery.past);
    }

    fn gap(&mut self, _: &mut Option<()>, _: &StreamInfo, hole: Hole<'_>) {
        self.check(hole.past);
    }

    fn needs_past(&self, _: &Option<()>) -> bool {
        self.needs.is_none_or(|end| self.reached < end)
    }

    fn icmp(&mut self, _: &mut Option<()>, _: &StreamInfo, note: &IcmpNote) {
        self.of_start.push(note.is_of_start);
    }

    fn warning(&mut self, _: &mut Option<()>, _: &StreamInfo, _: Warning) {}

    fn closed(&mut self, _: &mut Option<()>, _: &StreamInfo, ending: Ending<'_>) {
        self.check(ending.past[0]);
        self.ended += 1;
    }
}

/// A client's SYN from a port.
fn syn(port: u16) -> Segment<'static> {
    let end = |last, port| Endpoint { addr: Ipv4Addr::new(192, 0, 2, last).into(), port };
    Segment {
        source: end(1, port),
        destination: end(2, 443),
        seq: 1_000,
        ack: 0,
        flags: TcpFlags(TcpFlags::SYN),
        window: 64_000,
        ttl: 64,
        ip_id: None,
        payload: &[],
        payload_len: 0,
    }
}

/// Sends pieces of a long stream, each by where it begins and how long it is, behind a SYN when `from_start`.
fn send(pieces: &[(u32, u32)], from_start: bool, needs: Option<u64>) -> Keeper {
    let stream: Vec<u8> = (0..200_000u32).map(|n| (n * 7 / 5) as u8).collect();
    let mut table = StreamTable::new(Keeper { needs, ..Keeper::default() }, &Limits::default());
    let base = syn(40_000);
    if from_start {
        table.push(1, Timestamp::new(0, 6), &base);
    }
    for (&(at, len), packet) in pieces.iter().zip(2u64..) {
        let payload = &stream[at as usize..(at + len) as usize];
        let flags = TcpFlags(TcpFlags::ACK | TcpFlags::PSH);
        let segment = Segment { seq: 1_001 + at, flags, payload, payload_len: len, ..base };
        table.push(packet, Timestamp::new(packet.cast_signed() * 1_000_000, 6), &segment);
    }
    table.finish().0
}

#[test]
fn the_past_is_all_that_came_whatever_the_order() {
    assert_eq!(send(&[(0, 100), (100, 1_400), (1_500, 10)], true, None).lent, [100, 1_500, 1_510, 1_510]);
    assert_eq!(send(&[(100, 50), (0, 100), (150, 5), (20, 40)], true, None).lent, [100, 150, 155, 155]);
}

#[test]
fn the_past_ends_at_a_hole_and_is_unknown_in_the_middle_of_a_stream() {
    // The hole is given up at the end.
    let kept = send(&[(0, 100), (300, 50)], true, None);
    assert_eq!((kept.lent, kept.reached), (vec![100, 100, 100, 100], 350));
    assert_eq!(send(&[(5_000, 100), (5_100, 100)], false, None).lent, [0, 0, 0]);
}

#[test]
fn the_past_is_bounded_and_forgotten_when_no_record_can_reach_back_into_it() {
    let pieces: Vec<(u32, u32)> = (0..100).map(|n| (n * 1_000, 1_000)).collect();
    let lent = |needs| {
        let lent = send(&pieces, true, needs).lent;
        (lent.iter().copied().max(), lent.iter().filter(|len| **len > 0).count(), lent.last().copied())
    };
    assert_eq!(lent(None), (Some(16 << 10), 37, Some(0)));
    // A segment of an offloading card may hold the end of a record, and much behind it.
    assert_eq!(send(&[(0, 1_000), (1_000, 60_000)], true, None).lent, [1_000, 16 << 10, 16 << 10]);
    // Less is remembered of data.
    assert_eq!(lent(Some(2_000)), (Some(8 << 10), 29, Some(0)));
    // A handshake that was longer than that is still there.
    assert_eq!(lent(Some(12_000)), (Some(12_000), 33, Some(0)));
}

#[test]
fn an_icmp_error_belongs_to_the_stream_of_its_segment_or_is_a_stream_as_wireshark_counts() {
    let mut table = StreamTable::new(Keeper::default(), &Limits::default());
    let time = Timestamp::new(0, 6);
    table.push(1, time, &syn(40_000));
    let about = |port: u16, is_whole: bool| {
        let Segment { source, destination, seq, .. } = syn(port);
        let (from, problem) = (destination.addr, IcmpProblem::Unreachable(3));
        IcmpError { from, problem, source, destination, seq, is_whole, has_payload: false }
    };
    assert_eq!(table.icmp(2, time, &about(40_000, false)), Some(0));
    assert_eq!(table.icmp(3, time, &about(40_001, false)), None, "eight bytes are not enough for a new one");
    assert_eq!(table.icmp(4, time, &about(40_002, true)), Some(1));
    assert_eq!(table.icmp(5, time, &about(40_002, true)), Some(1));
    let ack = TcpFlags(TcpFlags::ACK);
    assert_eq!(table.push(6, time, &Segment { flags: ack, ..syn(40_003) }).stream, 2);
    assert_eq!(table.icmp(7, time, &about(40_003, true)), Some(2));
    // What follows of one that was only quoted is read, under its number.
    let data = Segment { flags: ack, payload: b"data", payload_len: 4, ..syn(40_002) };
    let placed = table.push(8, time, &data);
    assert!(placed.stream == 1 && placed.offset.is_some());
    let (keeper, stats) = table.finish();
    assert_eq!(keeper.of_start, [true, false], "the first packet in the middle of a stream is no SYN");
    assert_eq!(stats.streams, 3);
}

/// Of 100 connections that close within a second, how many are handed over at once. In each the client closes, the server sends its
/// flags, then the client its own with `client_ack`.
fn handed_over(server: u8, client: u8, client_ack: u32) -> usize {
    closed(server, client, client_ack).handler().ended
}

/// A table with those connections.
fn closed(server: u8, client: u8, client_ack: u32) -> StreamTable<Keeper> {
    let mut table = StreamTable::new(Keeper::default(), &Limits::default());
    for (packet, port) in (1u64..).step_by(5).zip(40_000..40_100) {
        let open = syn(port);
        let back = Segment { source: open.destination, destination: open.source, seq: 7_000, ..open };
        let fin = TcpFlags(TcpFlags::FIN | TcpFlags::ACK);
        let segments = [
            open,
            Segment { flags: TcpFlags(TcpFlags::SYN | TcpFlags::ACK), ack: 1_001, ..back },
            Segment { flags: fin, seq: 1_001, ack: 7_001, ..open },
            Segment { flags: TcpFlags(server), seq: 7_001, ack: 1_002, ..back },
            Segment { flags: TcpFlags(client), seq: 1_002, ack: client_ack, ..open },
        ];
        for (packet, segment) in (packet..).zip(&segments) {
            table.push(packet, Timestamp::new(packet.cast_signed() * 1_000, 6), segment);
        }
    }
    table
}

#[test]
fn what_comes_when_a_stream_is_over_counts_to_it_but_for_a_syn_with_another_number() {
    let (fin, ack) = (TcpFlags::FIN | TcpFlags::ACK, TcpFlags::ACK);
    let mut table = closed(fin, ack, 7_002);
    let mut number = |segment: &Segment<'_>| table.push(501, Timestamp::new(501_000, 6), segment).stream;
    let open = syn(40_003);
    let back = Segment { source: open.destination, destination: open.source, seq: 7_001, ..open };
    assert_eq!(number(&Segment { flags: TcpFlags(fin), ..back }), 3, "a late FIN");
    assert_eq!(number(&open), 3, "the same SYN once more");
    assert_eq!(number(&Segment { seq: 9_000, ..syn(40_004) }), 100, "another connection on the same ports");
    assert_eq!(number(&Segment { flags: TcpFlags(ack), ..syn(40_004) }), 100);
    assert_eq!(number(&syn(40_100)), 101);
    let (keeper, stats) = table.finish();
    assert_eq!((keeper.ended, stats.streams), (103, 102), "one of them goes on, and is told twice");
}

#[test]
fn a_stream_that_both_sides_closed_is_soon_handed_over_and_others_wait_for_late_packets() {
    let (fin, ack, rst) = (TcpFlags::FIN | TcpFlags::ACK, TcpFlags::ACK, TcpFlags::RST);
    assert_eq!(handed_over(fin, ack, 7_002), 100 - 32);
    assert_eq!(handed_over(fin, ack, 7_001), 0, "the client has not acknowledged the FIN");
    assert_eq!(handed_over(rst, ack, 7_001), 0);
}
