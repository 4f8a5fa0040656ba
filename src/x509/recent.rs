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

    /// The value with these bytes, when it is remembered.
    pub(super) fn get(&mut self, bytes: &[u8]) -> Option<T>
    where
        T: Clone,
    {
        if bytes.len() > LONGEST || self.len() == 0 {
            return None;
        }
        let hash = hash(&self.hasher, bytes);
        // What is the same memory need not be compared.
        let is_it = |known: &T| std::ptr::eq((self.bytes)(known), bytes) || (self.bytes)(known) == bytes;
        if let Some(known) = self.now.find(hash, is_it) {
            return Some(known.clone());
        }
        let value = self.before.find_entry(hash, is_it).ok()?.remove().0;
        self.put(hash, value.clone());
        Some(value)
    }

    /// The value with these bytes, or the one that `make` gives for them.
    pub(super) fn get_or_make(&mut self, bytes: &[u8], make: impl FnOnce() -> T) -> T
    where
        T: Clone,
    {
        self.get(bytes).unwrap_or_else(|| {
            let value = make();
            if bytes.len() <= LONGEST {
                self.put(hash(&self.hasher, bytes), value.clone());
            }
            value
        })
    }

    fn put(&mut self, hash: u64, value: T) {
        if self.now.len() >= self.capacity {
            // What is still in use is shared by its users; the rest is made again when it comes back.
            self.age();
        }
        if self.capacity > 0 {
            let of = self.bytes;
            self.now.insert_unique(hash, value, |known| self::hash(&self.hasher, of(known)));
        }
    }

    /// Forgets what was not asked for since this was called last, or since as many as it was made for were.
    pub(super) fn age(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }

    /// How many values it holds.
    pub(super) fn len(&self) -> usize {
        self.now.len() + self.before.len()
    }
}

/// The hash by which a certificate is looked for.
pub(super) fn hash(hasher: &RandomState, bytes: &[u8]) -> u64 {
    hasher.hash_one((bytes.len(), &bytes[bytes.len().saturating_sub(END)..]))
}
