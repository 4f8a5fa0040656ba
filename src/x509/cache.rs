//! Remembers certificates that were read already: a server sends the same chain in every connection.

use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::HashMap;

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
}

type Known = HashMap<Arc<[u8]>, Arc<Certificate>, RandomState>;

impl CertificateCache {
    /// A cache of this many certificates ([`certificate_cache`](crate::limits::Limits::certificate_cache)).
    pub fn new(capacity: usize) -> Self {
        Self { recent: Known::default(), older: Known::default(), capacity }
    }

    /// The certificate with these bytes, parsed now or before.
    pub fn get(&mut self, der: &[u8]) -> Arc<Certificate> {
        if let Some(known) = self.recent.get(der) {
            return Arc::clone(known);
        }
        let certificate = match self.older.remove(der) {
            Some(known) => known,
            None => Arc::new(Certificate::from_der(Arc::from(der))),
        };
        self.put(Arc::clone(&certificate));
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

    fn put(&mut self, certificate: Arc<Certificate>) {
        if self.recent.len() >= self.capacity {
            // What is still in use is shared by its users; the rest is parsed again when it comes back.
            self.older = std::mem::take(&mut self.recent);
        }
        if self.capacity > 0 {
            self.recent.insert(Arc::clone(&certificate.der), certificate);
        }
    }
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
