//! Datagrams put together in any order, with copies, overlaps and bounds.

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
    let mut packets: Vec<_> = pieces(24, 1).into_iter().flat_map(|piece| [piece.clone(), piece]).collect();
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
