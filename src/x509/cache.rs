//! Remembers certificates that were read already: a server sends the same chain in every connection.

use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::HashMap;

use crate::x509::Certificate;

/// Certificates by their bytes, so that each is parsed and hashed once.
///
/// It holds at most as many as it was made for; when it is full it is emptied, and fills again.
#[derive(Debug)]
pub struct CertificateCache {
    entries: HashMap<Arc<[u8]>, Arc<Certificate>, RandomState>,
    capacity: usize,
}

impl CertificateCache {
    /// A cache of this many certificates ([`certificate_cache`](crate::limits::Limits::certificate_cache)).
    pub fn new(capacity: usize) -> Self {
        Self { entries: HashMap::default(), capacity }
    }

    /// The certificate with these bytes, parsed now or before.
    pub fn get(&mut self, der: &[u8]) -> Arc<Certificate> {
        if let Some(known) = self.entries.get(der) {
            return Arc::clone(known);
        }
        let certificate = Arc::new(Certificate::from_der(Arc::from(der)));
        self.put(Arc::clone(&certificate));
        certificate
    }

    /// How many certificates it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn put(&mut self, certificate: Arc<Certificate>) {
        if self.entries.len() >= self.capacity {
            // What is still in use is shared by its users; the rest is parsed again when it comes back.
            self.entries.clear();
        }
        if self.capacity > 0 {
            self.entries.insert(Arc::clone(&certificate.der), certificate);
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
    fn a_full_cache_starts_over() {
        let mut cache = CertificateCache::new(2);
        for bytes in [&b"a"[..], b"b", b"c"] {
            cache.get(bytes);
        }
        assert_eq!(cache.len(), 1);
        let mut none = CertificateCache::new(0);
        none.get(b"a");
        assert!(none.is_empty());
    }
}
