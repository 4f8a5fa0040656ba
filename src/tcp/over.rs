//! Streams that are over, remembered so that late packets find their number.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::tcp::Dir;
use crate::tcp::key::Key;

/// The streams that were handed over last. Wireshark counts late packets, and a SYN that is sent once more, to the stream they had.
pub(super) struct Over {
    /// Once there are as many as are kept, each takes the place of the oldest.
    rests: Vec<Rest>,
    /// The place that is taken next.
    next: usize,
    /// Places in `rests`.
    places: HashTable<u32>,
    hasher: RandomState,
    most: usize,
}

/// What is left of a stream.
pub(super) struct Rest {
    ends: Ends,
    /// Its number.
    pub(super) stream: u64,
    starts: [u32; 2],
    known: [bool; 2],
    opened_by_lower: bool,
    /// No packet of it was seen: it has its number from an ICMP error that quotes one.
    pub(super) is_only_quoted: bool,
}

impl Rest {
    /// The direction of a packet, which the lower end sent or the other one.
    pub(super) const fn direction(&self, from_lower: bool) -> Dir {
        if from_lower == self.opened_by_lower { Dir::Forward } else { Dir::Reverse }
    }

    /// The initial sequence number of a direction, when it is known.
    pub(super) const fn start(&self, dir: Dir) -> Option<u32> {
        if self.known[dir.index()] { Some(self.starts[dir.index()]) } else { None }
    }
}

/// A [`Key`] that waits: those of IPv4 are many, and small.
#[derive(PartialEq, Eq)]
enum Ends {
    V4([u32; 3]),
    V6(Box<[u32; 9]>),
    /// The stream goes on, or another one has its ports.
    Nobody,
}

impl Ends {
    fn are(&self, key: &Key) -> bool {
        match (self, key) {
            (Self::V4(ends), Key::V4(key)) => ends == key,
            (Self::V6(ends), Key::V6(key)) => **ends == *key,
            _ => false,
        }
    }

    fn hash(&self, hasher: &RandomState) -> u64 {
        match self {
            Self::V4(ends) => hasher.hash_one(ends),
            Self::V6(ends) => hasher.hash_one(**ends),
            Self::Nobody => 0,
        }
    }
}

fn hash(hasher: &RandomState, key: &Key) -> u64 {
    match key {
        Key::V4(key) => hasher.hash_one(key),
        Key::V6(key) => hasher.hash_one(key),
    }
}

impl Over {
    /// Room for this many streams.
    pub(super) fn new(most: usize) -> Self {
        let hasher = RandomState::default();
        Self { rests: Vec::new(), next: 0, places: HashTable::new(), hasher, most }
    }

    /// What is left of the stream between these ends.
    pub(super) fn find(&self, key: &Key) -> Option<&Rest> {
        if self.places.is_empty() {
            return None;
        }
        let place =
            self.places.find(hash(&self.hasher, key), |&place| self.rests[place as usize].ends.are(key))?;
        self.rests.get(*place as usize)
    }

    /// Remembers a stream in place of the oldest, by its ends, its number and its initial sequence numbers; `None` for one of which no
    /// packet was seen.
    pub(super) fn put(
        &mut self,
        key: Key,
        opened_by_lower: bool,
        stream: u64,
        starts: Option<[Option<u32>; 2]>,
    ) {
        let is_only_quoted = starts.is_none();
        let starts = starts.unwrap_or_default();
        let ends = match key {
            Key::V4(key) => Ends::V4(key),
            Key::V6(key) => Ends::V6(Box::new(key)),
        };
        let (hash, known) = (ends.hash(&self.hasher), starts.map(|start| start.is_some()));
        let rest = Rest {
            ends,
            stream,
            starts: starts.map(Option::unwrap_or_default),
            known,
            opened_by_lower,
            is_only_quoted,
        };
        let place = self.next;
        match self.rests.get_mut(place) {
            Some(oldest) => {
                let oldest = std::mem::replace(oldest, rest);
                let hash = oldest.ends.hash(&self.hasher);
                if let Ok(known) = self.places.find_entry(hash, |&other| other as usize == place) {
                    known.remove();
                }
            }
            None if place < self.most => {
                if self.rests.is_empty() {
                    // All at once: memory that is not yet used costs nothing, and lists that move as they grow leave holes.
                    self.rests.reserve_exact(self.most);
                    self.places.reserve(self.most, |_| 0);
                }
                self.rests.push(rest);
            }
            None => return,
        }
        let hash_of = |&place: &u32| self.rests[place as usize].ends.hash(&self.hasher);
        self.places.insert_unique(hash, place as u32, hash_of);
        self.next = if place + 1 < self.most { place + 1 } else { 0 };
    }

    /// Forgets the stream between these ends: it goes on, or its ports are used again.
    pub(super) fn remove(&mut self, key: &Key) {
        let of_key = |&place: &u32| self.rests[place as usize].ends.are(key);
        if let Ok(entry) = self.places.find_entry(hash(&self.hasher, key), of_key) {
            let (place, _) = entry.remove();
            self.rests[place as usize].ends = Ends::Nobody;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::decode::Endpoint;

    fn key(addr: IpAddr, port: u16) -> Key {
        Key::of(Endpoint { addr, port }, Endpoint { addr, port: 443 }).0
    }

    const HOSTS: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

    #[test]
    fn the_last_ones_are_remembered_and_older_ones_forgotten() {
        for host in HOSTS {
            let mut over = Over::new(100);
            for port in 0..1_000 {
                over.put(key(host, port), true, port.into(), Some([Some(port.into()), None]));
            }
            let found = |port| over.find(&key(host, port)).map(|rest| rest.stream);
            assert_eq!(found(899), None);
            assert!((900..1_000).all(|port| found(port) == Some(port.into())));
            assert_eq!((over.rests.len(), over.places.len()), (100, 100));
        }
    }

    #[test]
    fn one_that_goes_on_is_forgotten_and_its_place_is_used_again() {
        let [host, other] = HOSTS;
        let mut over = Over::new(3);
        for port in 0..3 {
            over.put(key(host, port), true, port.into(), Some([None; 2]));
        }
        over.remove(&key(host, 1));
        over.remove(&key(other, 2));
        assert!(over.find(&key(host, 1)).is_none());
        for port in 3..6 {
            over.put(key(host, port), true, port.into(), Some([None; 2]));
        }
        assert!((0..3).all(|port| over.find(&key(host, port)).is_none()));
        assert!((3..6).all(|port| over.find(&key(host, port)).is_some()));
    }

    #[test]
    fn directions_and_initial_sequence_numbers_come_back() {
        let mut over = Over::new(1);
        over.put(key(HOSTS[0], 9), false, 7, Some([Some(3), None]));
        let rest = over.find(&key(HOSTS[0], 9)).unwrap();
        assert_eq!((rest.direction(false), rest.direction(true)), (Dir::Forward, Dir::Reverse));
        assert_eq!((rest.start(Dir::Forward), rest.start(Dir::Reverse)), (Some(3), None));
        let mut none = Over::new(0);
        none.put(key(HOSTS[0], 9), false, 7, Some([None; 2]));
        assert!(none.find(&key(HOSTS[0], 9)).is_none());
    }
}
