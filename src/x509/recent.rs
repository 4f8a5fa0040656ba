//! A bounded set of values that are known by their bytes, of which what is asked for stays.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;
use hashbrown::HashTable;

/// Values by their bytes. It holds at most twice as many as it was made for: when as many were asked for, what was not asked for
/// meanwhile is forgotten the next time.
#[derive(Debug)]
pub(super) struct Recent<T> {
    now: HashTable<T>,
    /// Those of the time before, from which what is still asked for is taken over.
    before: HashTable<T>,
    capacity: usize,
    bytes: fn(&T) -> &[u8],
    hasher: RandomState,
}

/// Bytes at the end of a value that are hashed. Of a certificate they are of its signature, and so differ between any two; what is
/// found is compared byte for byte.
const END: usize = 64;

/// Bytes of the longest value that is remembered: a handshake may carry certificates of a megabyte each, and no real one is so long.
pub(super) const LONGEST: usize = 16 << 10;

impl<T> Recent<T> {
    /// A set of this many values, the bytes of which `bytes` gives.
    pub(super) fn new(capacity: usize, bytes: fn(&T) -> &[u8]) -> Self {
        let hasher = RandomState::default();
        Self { now: HashTable::new(), before: HashTable::new(), capacity, bytes, hasher }
    }

    /// The value with these bytes, or the one that `make` gives for them.
    pub(super) fn get_or_make(&mut self, bytes: &[u8], make: impl FnOnce() -> T) -> T
    where
        T: Clone,
    {
        if bytes.len() > LONGEST {
            return make();
        }
        let hash = hash(&self.hasher, bytes);
        // What is the same memory need not be compared.
        let is_it = |known: &T| std::ptr::eq((self.bytes)(known), bytes) || (self.bytes)(known) == bytes;
        if let Some(known) = self.now.find(hash, is_it) {
            return known.clone();
        }
        let value = match self.before.find_entry(hash, is_it) {
            Ok(known) => known.remove().0,
            Err(_) => make(),
        };
        if self.now.len() >= self.capacity {
            // What is still in use is shared by its users; the rest is made again when it comes back.
            self.before = std::mem::take(&mut self.now);
        }
        if self.capacity > 0 {
            let of = self.bytes;
            self.now.insert_unique(hash, value.clone(), |known| self::hash(&self.hasher, of(known)));
        }
        value
    }

    /// How many values it holds.
    pub(super) fn len(&self) -> usize {
        self.now.len() + self.before.len()
    }
}

fn hash(hasher: &RandomState, bytes: &[u8]) -> u64 {
    hasher.hash_one((bytes.len(), &bytes[bytes.len().saturating_sub(END)..]))
}
