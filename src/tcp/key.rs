//! From the addresses and ports of both ends to the slot of their stream.

use std::net::IpAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::decode::Endpoint;

/// Slots of streams by both ends.
#[derive(Default)]
pub(super) struct Keys {
    v4: HashMap<[u32; 3], u32, RandomState>,
    v6: HashMap<[u32; 9], u32, RandomState>,
}

impl Keys {
    pub(super) fn find(&self, key: &Key) -> Option<u32> {
        match key {
            Key::V4(key) => self.v4.get(key).copied(),
            Key::V6(key) => self.v6.get(key).copied(),
        }
    }

    pub(super) fn insert(&mut self, key: Key, slot: u32) {
        match key {
            Key::V4(key) => self.v4.insert(key, slot),
            Key::V6(key) => self.v6.insert(key, slot),
        };
    }

    pub(super) fn remove(&mut self, key: &Key) {
        match key {
            Key::V4(key) => self.v4.remove(key),
            Key::V6(key) => self.v6.remove(key),
        };
    }
}

/// Both ends, the lower one first; small for IPv4.
pub(super) enum Key {
    V4([u32; 3]),
    V6([u32; 9]),
}

impl Key {
    /// The key of both ends, and whether `a` is the lower one.
    pub(super) fn of(a: Endpoint, b: Endpoint) -> (Self, bool) {
        match (a.addr, b.addr) {
            (IpAddr::V4(of_a), IpAddr::V4(of_b)) => {
                let [a, b] = [(of_a, a.port), (of_b, b.port)]
                    .map(|(addr, port)| u64::from(addr.to_bits()) << 16 | u64::from(port));
                let (low, high) = (a.min(b), a.max(b));
                let ports = (low as u32) << 16 | high as u32 & 0xffff;
                (Self::V4([(low >> 16) as u32, (high >> 16) as u32, ports]), a <= b)
            }
            _ => {
                let [a, b] = [a, b].map(|end| (bits(end.addr), end.port));
                let (low, high) = (a.min(b), a.max(b));
                let ports = u32::from(low.1) << 16 | u32::from(high.1);
                let mut words = [0; 9];
                for (words, (bits, _)) in words.chunks_mut(4).zip([low, high]) {
                    for (word, shift) in words.iter_mut().zip([96, 64, 32, 0]) {
                        *word = (bits >> shift) as u32;
                    }
                }
                words[8] = ports;
                (Self::V6(words), a <= b)
            }
        }
    }
}

fn bits(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => u128::from(addr.to_bits()),
        IpAddr::V6(addr) => addr.to_bits(),
    }
}
