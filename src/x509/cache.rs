//! Remembers certificates that were read already: a server sends the same chain in every connection.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::x509::Certificate;

/// Certificates by their bytes, so that each is parsed and hashed once.
///
/// It holds at most twice as many as it was made for: when as many were asked for, what was not asked for meanwhile is
/// forgotten the next time.
#[derive(Debug)]
pub struct CertificateCache {
    recent: Known,
    /// Those of the time before, from which what is still asked for is taken over.
    older: Known,
    capacity: usize,
    hasher: RandomState,
}

/// Certificates by the hash of their ends; what is found is compared byte for byte.
type Known = HashTable<Arc<Certificate>>;

/// Bytes at the end of a certificate that are hashed: they are of its signature, and so differ between any two.
const END: usize = 64;

impl CertificateCache {
    /// A cache of this many certificates ([`certificate_cache`](crate::limits::Limits::certificate_cache)).
    pub fn new(capacity: usize) -> Self {
        Self { recent: Known::new(), older: Known::new(), capacity, hasher: RandomState::default() }
    }

    /// The certificate with these bytes, parsed now or before.
    pub fn get(&mut self, der: &[u8]) -> Arc<Certificate> {
        let hash = hash(&self.hasher, der);
        let is_it = |known: &Arc<Certificate>| *known.der == *der;
        if let Some(known) = self.recent.find(hash, is_it) {
            return Arc::clone(known);
        }
        let certificate = match self.older.find_entry(hash, is_it) {
            Ok(known) => known.remove().0,
            Err(_) => Arc::new(Certificate::from_der(Arc::from(der))),
        };
        self.put(hash, Arc::clone(&certificate));
        certificate
    }

    /// How many certificates it holds.
    pub fn len(&self) -> usize {
        self.recent.len() + self.older.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn put(&mut self, hash_of_it: u64, certificate: Arc<Certificate>) {
        if self.recent.len() >= self.capacity {
            // What is still in use is shared by its users; the rest is parsed again when it comes back.
            self.older = std::mem::take(&mut self.recent);
        }
        if self.capacity > 0 {
            self.recent.insert_unique(hash_of_it, certificate, |known| hash(&self.hasher, &known.der));
        }
    }
}

fn hash(hasher: &RandomState, der: &[u8]) -> u64 {
    hasher.hash_one((der.len(), &der[der.len().saturating_sub(END)..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_parsed_once() {
        let mut cache = CertificateCache::new(4);
        let first = cache.get(b"abc");
        assert!(Arc::ptr_eq(&first, &cache.get(b"abc")));
    }

    #[test]
    fn certificates_that_end_alike_are_told_apart() {
        let mut cache = CertificateCache::new(4);
        let ends = [0u8, 1].map(|first| [&[first][..], &[7; 200]].concat());
        let [first, second] = ends.each_ref().map(|der| cache.get(der));
        assert_ne!(first.der, second.der);
        assert!(Arc::ptr_eq(&first, &cache.get(&ends[0])) && Arc::ptr_eq(&second, &cache.get(&ends[1])));
    }

    #[test]
    fn a_full_cache_forgets_what_is_not_asked_for() {
        let mut cache = CertificateCache::new(2);
        let kept = cache.get(b"kept");
        for bytes in [&b"a"[..], b"b", b"c", b"d"] {
            cache.get(bytes);
            assert!(Arc::ptr_eq(&kept, &cache.get(b"kept")));
            assert!(cache.len() <= 4);
        }
        let forgotten = cache.get(b"a");
        assert_eq!(&*forgotten.der, b"a");
        let mut none = CertificateCache::new(0);
        none.get(b"a");
        assert!(none.is_empty());
    }
}
