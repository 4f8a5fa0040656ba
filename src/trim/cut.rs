//! Which bytes of a direction are cut, and what that means for one packet.

use std::ops::Range;

use crate::connection::{Connection, MappedRecord, RecordKind, RecordMap};
use crate::tls::message::Side;

/// What is cut of one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cuts {
    /// Bytes of these offsets, in order and apart.
    Ranges {
        /// The bytes; the last range may have no end.
        cut: Vec<Range<u64>>,
        /// Where the reading found a record's start again: packets with one of these stay whole, so that it is found once more.
        resumes: Vec<u64>,
        /// Nothing is shortened: what is cut becomes zeros, as the bytes behind it count.
        zeros: bool,
    },
    /// What follows after the first bytes of a direction that does not speak TLS.
    AfterStart,
}

/// What becomes of the payload of one packet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Payload {
    /// Bytes of it that stay, from the beginning.
    pub(super) keep: usize,
    /// Parts of these that become zeros.
    pub(super) blank: Vec<Range<usize>>,
}

impl Cuts {
    /// What is cut of one direction of a connection.
    pub(super) fn of(connection: &Connection, side: Side) -> Self {
        let map = &connection.maps[side as usize];
        if map.records().is_empty() && !connection.speaks_tls[side as usize] {
            return Self::AfterStart;
        }
        let finished =
            connection.maps[Side::Client as usize].records().iter().find(|record| is_hidden(record));
        let mut cuts = match side {
            Side::Client => of_map(map, client_handshake()),
            Side::Server => of_map(map, |record| finished.is_none_or(|first| record.packet <= first.packet)),
        };
        if connection.decrypted && is_chained(connection) {
            cuts.spare_tails(map);
        }
        cuts
    }

    /// Leaves the end of each record, from which the cipher of the next one goes on.
    fn spare_tails(&mut self, map: &RecordMap) {
        let Self::Ranges { cut, zeros, .. } = self else { return };
        *zeros = true;
        let whole = std::mem::take(cut);
        for range in whole {
            let mut start = range.start;
            let inside = |record: &&MappedRecord| record.end > range.start && record.end <= range.end;
            for record in map.records().iter().filter(inside) {
                let end = record.end.saturating_sub(CHAIN);
                if start < end {
                    cut.push(start..end);
                }
                start = record.end;
            }
            if start < range.end {
                cut.push(start..range.end);
            }
        }
    }

    /// What stays of `len` captured payload bytes from `offset` on; `first` is the offset of the direction's first byte.
    pub(super) fn payload(&self, offset: u64, len: usize, first: u64) -> Payload {
        let end = offset.saturating_add(len as u64);
        let whole = Payload { keep: len, blank: Vec::new() };
        let (cut, resumes, zeros) = match self {
            Self::Ranges { cut, resumes, zeros } => (cut.as_slice(), resumes.as_slice(), *zeros),
            Self::AfterStart => {
                let left = first.saturating_add(START).saturating_sub(offset);
                return Payload { keep: len.min(usize::try_from(left).unwrap_or(len)), ..whole };
            }
        };
        let resume = resumes.partition_point(|at| *at < offset);
        if resumes.get(resume).is_some_and(|at| *at < end) {
            return whole;
        }
        let from = cut.partition_point(|range| range.end <= offset);
        let mut payload = whole;
        for range in cut.get(from..).unwrap_or_default() {
            if range.start >= end {
                break;
            }
            let start = range.start.saturating_sub(offset) as usize;
            if range.end >= end && !zeros {
                payload.keep = start;
            } else {
                payload.blank.push(start..(range.end.min(end) - offset) as usize);
            }
        }
        payload
    }
}

/// The ranges to cut of a direction; `is_handshake` says of a hidden record whether it is still of the handshake.
fn of_map(map: &RecordMap, mut is_handshake: impl FnMut(&MappedRecord) -> bool) -> Cuts {
    let (mut cut, mut resumes) = (Vec::new(), Vec::new());
    let mut known: Option<u64> = None;
    for record in map.records() {
        let data = match record.kind {
            RecordKind::Data => true,
            RecordKind::Hidden => !is_handshake(record) && body_len(record) > ALERT,
            RecordKind::Other => false,
        };
        if let Some(end) = known.filter(|_| record.resumes) {
            push(&mut cut, end..record.start);
        }
        if record.resumes {
            resumes.push(record.start);
        }
        if data {
            push(&mut cut, record.start.saturating_add(HEADER)..record.end);
        }
        if data || known.is_some() {
            known = Some(record.end);
        }
    }
    if let Some(end) = known {
        // What was not understood after data is taken for data.
        push(&mut cut, end..u64::MAX);
    }
    Cuts::Ranges { cut, resumes, zeros: false }
}

/// The cipher goes on from record to record, so that what was sent before is needed to read an alert (RFC 2246 §6.2.3.2).
fn is_chained(connection: &Connection) -> bool {
    let old = connection.version().is_some_and(|version| version.0 <= 0x0301);
    let suite = connection.server_hello.as_ref().map(|hello| hello.value.cipher_suite);
    old && suite.is_some_and(|suite| suite.to_string().contains("_CBC_"))
}

fn push(cut: &mut Vec<Range<u64>>, range: Range<u64>) {
    match cut.last_mut() {
        Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
        _ if range.is_empty() => {}
        _ => cut.push(range),
    }
}

/// Whether a hidden record of the client, in order, is of its handshake: up to the first that is as long as a Finished alone.
fn client_handshake() -> impl FnMut(&MappedRecord) -> bool {
    let (mut records, mut finished) = (0, false);
    move |record| {
        let of_handshake = !finished && records < CLIENT_RECORDS;
        records += 1;
        finished |= FINISHED.contains(&body_len(record));
        of_handshake
    }
}

fn is_hidden(record: &MappedRecord) -> bool {
    record.kind == RecordKind::Hidden
}

fn body_len(record: &MappedRecord) -> u64 {
    record.end.saturating_sub(record.start).saturating_sub(HEADER)
}

/// Bytes at the end of a record from which a chained cipher goes on: a block of 16 bytes, and a MAC of 20 behind it.
const CHAIN: u64 = 36;

/// Bytes of a record's header.
const HEADER: u64 = 5;
/// Protected records up to this length may be an alert: 2 bytes, the type, the tag, and the padding that JSSE adds.
const ALERT: u64 = 35;
/// Lengths of a protected Finished alone: 36 or 52 bytes, the type, and a tag of 16 or 8 bytes; JSSE pads by 16.
const FINISHED: [u64; 5] = [45, 53, 61, 69, 85];
/// Hidden records of a client that may be its Certificate, CertificateVerify and Finished.
const CLIENT_RECORDS: usize = 6;
/// Bytes that stay of a direction that does not speak TLS: what it is shows in its first lines.
const START: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn map(records: &[(u64, u64, RecordKind)]) -> RecordMap {
        let mut map = RecordMap::new(64);
        let before = records.first().map_or(0, |record| record.0);
        map.add(0, before, 1, RecordKind::Other);
        for (packet, (start, end, kind)) in (1..).zip(records) {
            map.add(*start, *end, packet, *kind);
        }
        map
    }

    fn ranges(cuts: &Cuts) -> &[Range<u64>] {
        match cuts {
            Cuts::Ranges { cut, .. } => cut,
            Cuts::AfterStart => &[],
        }
    }

    #[test]
    fn bodies_are_cut_and_headers_and_alerts_stay() {
        use RecordKind::{Data, Other};
        let cuts = of_map(&map(&[(100, 205, Data), (205, 310, Data), (310, 341, Other)]), |_| true);
        assert_eq!(ranges(&cuts), [105..205, 210..310, 341..u64::MAX]);
        // One packet with all three: the bodies before the alert become zeros.
        let payload = cuts.payload(100, 241, 0);
        assert_eq!((payload.keep, payload.blank), (241, vec![5..105, 110..210]));
        // A packet that ends in a body is cut after the header.
        assert_eq!(cuts.payload(90, 115, 0), Payload { keep: 15, blank: vec![] });
        assert_eq!(cuts.payload(110, 50, 0), Payload::default());
        assert_eq!(cuts.payload(0, 100, 0).keep, 100);
        assert_eq!(cuts.payload(341, 50, 0).keep, 0);
    }

    #[test]
    fn a_packet_in_which_the_place_was_found_again_stays_whole() {
        use RecordKind::Data;
        let cuts = of_map(&map(&[(0, 100, Data), (400, 600, Data)]), |_| true);
        assert_eq!(ranges(&cuts), [5..400, 405..u64::MAX]);
        assert_eq!(cuts.payload(350, 300, 0), Payload { keep: 300, blank: vec![] });
        assert_eq!(cuts.payload(100, 250, 0).keep, 0);
    }

    #[test]
    fn the_client_flight_of_tls13_stays_up_to_its_finished() {
        use RecordKind::Hidden;
        let records = [(0, 1500, Hidden), (1500, 1558, Hidden), (1558, 1800, Hidden), (1800, 1824, Hidden)];
        let cuts = of_map(&map(&records), client_handshake());
        // What is as short as an alert stays too.
        assert_eq!(ranges(&cuts), [1563..1800, 1824..u64::MAX]);
    }

    #[test]
    fn what_is_no_tls_keeps_its_first_bytes() {
        assert_eq!(Cuts::AfterStart.payload(1_000_000, 1460, 1_000_000).keep, 1460);
        assert_eq!(Cuts::AfterStart.payload(1_004_000, 1460, 1_000_000).keep, 96);
        assert_eq!(Cuts::AfterStart.payload(1_009_000, 1460, 1_000_000).keep, 0);
    }
}
