//! Remembers certificates that were read already: a server sends the same chain in every connection.

use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::{HashSet, HashTable};

use crate::x509::Certificate;
use crate::x509::recent::{LONGEST, Recent, hash};

/// Certificates by their bytes, so that those that come again and again are not parsed and hashed each time.
///
/// It holds at most twice as many as it was made for: when as many were asked for, what was not asked for meanwhile is
/// forgotten the next time. Most certificates of a long capture come once or twice, so that one is remembered for long only when
/// it was worth that before; the others pass, and are few. And it is forgotten when it was not asked for during half a million
/// packets or more: next to reading those, reading it again costs nothing. So memory does not grow with the capture.
#[derive(Debug)]
pub struct CertificateCache {
    kept: Recent<Arc<Certificate>>,
    passing: Recent<Arc<Certificate>>,
    /// The beginnings of the SHA-256 of those that were worth being remembered once.
    once: HashSet<u64, RandomState>,
    capacity: usize,
    /// The packet at which those not asked for were forgotten last.
    aged_at: u64,
}

/// Certificates remembered that nobody asked to keep.
const PASSING: usize = 32;
/// Packets after which a certificate that was not asked for meanwhile is forgotten the next time.
const AGE: u64 = 1 << 19;
/// Certificates of which the bytes are held though nobody else has them.
const UNUSED: usize = 256;

impl CertificateCache {
    /// A cache of this many certificates ([`certificate_cache`](crate::limits::Limits::certificate_cache)).
    pub fn new(capacity: usize) -> Self {
        let of = |capacity| Recent::new(capacity, |certificate: &Arc<Certificate>| &certificate.der);
        Self {
            kept: of(capacity),
            passing: of(capacity.min(PASSING)),
            once: HashSet::default(),
            capacity,
            aged_at: 0,
        }
    }

    /// Packets are counted from the first one again.
    pub fn begin_capture(&mut self) {
        self.aged_at = 0;
    }

    /// A capture has come to this packet, or has been there before.
    pub fn advance(&mut self, packet: u64) {
        if packet.saturating_sub(self.aged_at) >= AGE {
            self.kept.age();
            self.aged_at = packet;
        }
    }

    /// The certificate with these bytes, parsed now or before.
    pub fn get(&mut self, der: &Arc<[u8]>) -> Arc<Certificate> {
        let known = self.kept.get(der);
        known.unwrap_or_else(|| {
            self.passing.get_or_make(der, || Arc::new(Certificate::from_der(Arc::clone(der))))
        })
    }

    /// The certificate is worth being remembered for long, if this is said of it once more.
    pub fn keep(&mut self, certificate: &Arc<Certificate>) {
        if self.kept.get(&certificate.der).is_some() {
            return;
        }
        let [start, ..] = certificate.sha256.as_chunks().0 else { return };
        let start = u64::from_ne_bytes(*start);
        if self.once.remove(&start) {
            self.kept.get_or_make(&certificate.der, || Arc::clone(certificate));
            return;
        }
        if self.once.len() >= self.capacity {
            self.once.clear();
        }
        self.once.insert(start);
    }

    /// Bytes of the longest certificate that is remembered.
    pub const LONGEST: usize = LONGEST;

    /// How many certificates it holds; one may be counted twice.
    pub fn len(&self) -> usize {
        self.kept.len() + self.passing.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The bytes of certificates, so that connections with the same ones share them, and share them with the certificates that are
/// remembered.
#[derive(Debug)]
pub struct CertificateBytes {
    held: HashTable<Arc<[u8]>>,
    hasher: RandomState,
    /// When there are as many, those that nobody else holds are given up.
    most: usize,
    capacity: usize,
}

impl CertificateBytes {
    /// Room for this many certificates, and for a few hundred or a quarter more than others hold.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.min(UNUSED);
        Self { held: HashTable::new(), hasher: RandomState::default(), most: capacity, capacity }
    }

    /// These bytes, those of another connection where it had the same.
    pub fn hold(&mut self, der: &[u8]) -> Arc<[u8]> {
        if der.len() > LONGEST || self.capacity == 0 {
            return Arc::from(der);
        }
        let hash = hash(&self.hasher, der);
        if let Some(known) = self.held.find(hash, |known| **known == *der) {
            return Arc::clone(known);
        }
        if self.held.len() >= self.most {
            self.held.retain(|held| Arc::strong_count(held) > 1);
            self.most = (self.held.len() + self.held.len() / 4).max(self.capacity);
        }
        let held: Arc<[u8]> = Arc::from(der);
        self.held.insert_unique(hash, Arc::clone(&held), |known| self::hash(&self.hasher, known));
        held
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
    fn bytes_that_nobody_holds_are_given_up_and_others_stay_shared() {
        let mut known = CertificateBytes::new(4);
        let kept: Vec<Arc<[u8]>> = (0..20u8).map(|n| known.hold(&[n])).collect();
        for n in 20..200u8 {
            known.hold(&[n]);
            assert!(known.held.len() <= 25, "at most a quarter more than those in use");
        }
        assert!(kept.iter().all(|der| Arc::ptr_eq(der, &known.hold(der))));
    }

    #[test]
    fn what_is_to_be_kept_twice_outlives_what_passes() {
        let mut cache = CertificateCache::new(1_000);
        let pass = |cache: &mut CertificateCache, from: u32| {
            (from..from + 2 * PASSING as u32).for_each(|n| drop(cache.get(&der(&n.to_be_bytes()))));
        };
        let once = cache.get(&der(b"kept"));
        cache.keep(&once);
        pass(&mut cache, 0);
        let again = cache.get(&der(b"kept"));
        assert!(!Arc::ptr_eq(&once, &again), "it came once");
        cache.keep(&again);
        pass(&mut cache, 100);
        assert!(Arc::ptr_eq(&again, &cache.get(&der(b"kept"))));
        assert!(cache.len() <= 2 * PASSING + 1);
    }

    #[test]
    fn what_is_not_asked_for_while_many_packets_pass_is_forgotten() {
        let mut cache = CertificateCache::new(1_000);
        let [asked_for, other] = [b"a", b"b"].map(|bytes| {
            let certificate = cache.get(&der(bytes));
            cache.keep(&certificate);
            cache.keep(&certificate);
            certificate
        });
        (0..2 * PASSING as u32).for_each(|n| drop(cache.get(&der(&n.to_be_bytes()))));
        // Connections are not told in the order of their last packets.
        for packet in [AGE / 2, AGE, 1, AGE + 1, 2 * AGE] {
            cache.advance(packet);
            assert!(Arc::ptr_eq(&asked_for, &cache.get(&der(b"a"))));
        }
        assert!(!Arc::ptr_eq(&other, &cache.get(&der(b"b"))));
        cache.begin_capture();
        cache.advance(AGE);
        cache.advance(2 * AGE);
        assert!(!Arc::ptr_eq(&asked_for, &cache.get(&der(b"a"))));
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
