//! Where the records after the handshake lie in one direction, for whoever writes a connection without its data.

/// What a mapped record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// Application data, with certainty.
    Data,
    /// Of type application data; in TLS 1.3 without keys it may hold handshake messages or an alert (RFC 8446 §5.2).
    Hidden,
    /// Anything else.
    Other,
}

/// One record, or the records of one handshake message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MappedRecord {
    /// Offset of its header in its direction.
    pub start: u64,
    /// Offset after its last byte.
    pub end: u64,
    /// The packet with which it was complete.
    pub packet: u64,
    /// What it is.
    pub kind: RecordKind,
    /// The reading had lost its place before it, because the capture lost packets or begins later, and found it here.
    pub resumes: bool,
}

/// The records of one direction from the first of type application data on, in order.
#[derive(Debug, Clone, Default)]
pub struct RecordMap(Option<Box<Map>>);

#[derive(Debug, Clone)]
struct Map {
    records: Vec<MappedRecord>,
    /// Offset after the last record, in the map or before it.
    end: Option<u64>,
    limit: usize,
    is_full: bool,
}

impl RecordMap {
    /// A map of at most `limit` records; 0 keeps none.
    pub fn new(limit: usize) -> Self {
        let map = Map { records: Vec::new(), end: None, limit, is_full: false };
        Self((limit > 0).then(|| Box::new(map)))
    }

    /// Whether nothing is to be put in.
    pub const fn is_off(&self) -> bool {
        self.0.is_none()
    }

    /// The records.
    pub fn records(&self) -> &[MappedRecord] {
        self.0.as_deref().map_or(&[], |map| &map.records)
    }

    /// Records after the last one are not in the map, as there were too many.
    pub fn is_full(&self) -> bool {
        self.0.as_deref().is_some_and(|map| map.is_full)
    }

    /// Adds the record from `start` to `end` that was complete with `packet`; one that is there already is passed over.
    pub fn add(&mut self, start: u64, end: u64, packet: u64, kind: RecordKind) {
        let Some(map) = &mut self.0 else { return };
        if map.end.is_some_and(|known| end <= known) {
            return;
        }
        let resumes = map.end.is_none_or(|known| known < start);
        map.end = Some(end);
        if map.records.is_empty() && kind == RecordKind::Other {
            return;
        }
        if map.records.len() >= map.limit {
            map.is_full = true;
            return;
        }
        map.records.push(MappedRecord { start, end, packet, kind, resumes });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_begins_with_the_first_data_and_has_each_record_once() {
        let mut map = RecordMap::new(8);
        map.add(0, 100, 1, RecordKind::Other);
        map.add(100, 200, 2, RecordKind::Hidden);
        map.add(200, 230, 3, RecordKind::Other);
        map.add(210, 230, 3, RecordKind::Other);
        map.add(300, 400, 4, RecordKind::Data);
        let starts: Vec<_> = map.records().iter().map(|record| (record.start, record.resumes)).collect();
        assert_eq!(starts, [(100, false), (200, false), (300, true)]);
        assert!(!map.is_full());
    }

    #[test]
    fn a_full_map_says_so_and_one_of_no_size_stays_empty() {
        let mut map = RecordMap::new(1);
        map.add(0, 100, 1, RecordKind::Data);
        map.add(100, 200, 1, RecordKind::Data);
        assert!(map.is_full() && map.records().len() == 1);
        let mut off = RecordMap::default();
        off.add(0, 100, 1, RecordKind::Data);
        assert!(off.is_off() && off.records().is_empty() && !off.is_full());
    }
}
