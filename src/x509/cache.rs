//! Remembers certificates that were read already: a server sends the same chain in every connection.

use std::sync::Arc;

use crate::x509::Certificate;
use crate::x509::recent::{LONGEST, Recent};

/// Certificates by their bytes, so that each is parsed and hashed once.
///
/// It holds at most twice as many as it was made for: when as many were asked for, what was not asked for meanwhile is
/// forgotten the next time.
#[derive(Debug)]
pub struct CertificateCache(Recent<Arc<Certificate>>);

impl CertificateCache {
    /// A cache of this many certificates ([`certificate_cache`](crate::limits::Limits::certificate_cache)).
    pub fn new(capacity: usize) -> Self {
        Self(Recent::new(capacity, |certificate| &certificate.der))
    }

    /// The certificate with these bytes, parsed now or before.
    pub fn get(&mut self, der: &Arc<[u8]>) -> Arc<Certificate> {
        self.0.get_or_make(der, || Arc::new(Certificate::from_der(Arc::clone(der))))
    }

    /// Bytes of the longest certificate that is remembered.
    pub const LONGEST: usize = LONGEST;

    /// How many certificates it holds.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The bytes of certificates, so that connections with the same ones share them. Bounded as the cache is.
#[derive(Debug)]
pub struct CertificateBytes(Recent<Arc<[u8]>>);

impl CertificateBytes {
    /// Room for this many certificates.
    pub fn new(capacity: usize) -> Self {
        Self(Recent::new(capacity, |der| der))
    }

    /// These bytes, those of another connection where it had the same.
    pub fn hold(&mut self, der: &[u8]) -> Arc<[u8]> {
        self.0.get_or_make(der, || Arc::from(der))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(bytes: &[u8]) -> Arc<[u8]> {
        Arc::from(bytes)
    }

    #[test]
    fn the_same_bytes_are_held_once() {
        let mut known = CertificateBytes::new(4);
        let first = known.hold(b"abc");
        assert!(Arc::ptr_eq(&first, &known.hold(b"abc")));
        assert_eq!(*known.hold(b"abd"), *b"abd");
    }

    #[test]
    fn the_same_bytes_are_parsed_once() {
        let mut cache = CertificateCache::new(4);
        let first = cache.get(&der(b"abc"));
        assert!(Arc::ptr_eq(&first, &cache.get(&der(b"abc"))));
    }

    #[test]
    fn certificates_that_end_alike_are_told_apart() {
        let mut cache = CertificateCache::new(4);
        let ends = [0u8, 1].map(|first| der(&[&[first][..], &[7; 200]].concat()));
        let [first, second] = ends.each_ref().map(|bytes| cache.get(bytes));
        assert_ne!(first.der, second.der);
        assert!(Arc::ptr_eq(&first, &cache.get(&ends[0])) && Arc::ptr_eq(&second, &cache.get(&ends[1])));
    }

    #[test]
    fn a_full_cache_forgets_what_is_not_asked_for() {
        let mut cache = CertificateCache::new(2);
        let kept = cache.get(&der(b"kept"));
        for bytes in [&b"a"[..], b"b", b"c", b"d"] {
            cache.get(&der(bytes));
            assert!(Arc::ptr_eq(&kept, &cache.get(&der(b"kept"))));
            assert!(cache.len() <= 4);
        }
        let forgotten = cache.get(&der(b"a"));
        assert_eq!(&*forgotten.der, b"a");
        let mut long = CertificateCache::new(2);
        long.get(&der(&[7; LONGEST + 1]));
        assert!(long.is_empty(), "a few of them would take the memory of all others");
        let mut none = CertificateCache::new(0);
        none.get(&der(b"a"));
        assert!(none.is_empty());
    }
}
