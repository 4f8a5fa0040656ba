//! Remembers which certificate was signed by which key: the same chain is checked for every connection.

use std::sync::{Mutex, PoisonError};

use foldhash::quality::RandomState;
use hashbrown::HashMap;

use crate::trust::SignatureState;
use crate::trust::signature::verify_certificate;
use crate::x509::{Certificate, PublicKey};

/// Results of signature checks by the hashes of certificate and issuer key.
///
/// It holds at most as many as it was made for; when it is full it is emptied, and fills again. It can be shared
/// between threads.
#[derive(Debug)]
pub struct SignatureCache {
    entries: Mutex<Entries>,
    capacity: usize,
}

type Entries = HashMap<([u8; 32], [u8; 32]), SignatureState, RandomState>;

impl SignatureCache {
    /// A cache of this many results.
    pub fn new(capacity: usize) -> Self {
        Self { entries: Mutex::default(), capacity }
    }

    /// Whether `issuer` signed `child`, checked now or before. `work` is asked before a signature is really checked;
    /// when it says no the answer is that it cannot be checked.
    pub(super) fn verify(
        &self,
        child: &Certificate,
        issuer: &PublicKey,
        work: impl FnOnce() -> bool,
    ) -> SignatureState {
        let key = (child.sha256, issuer.spki_sha256);
        if let Some(known) = self.entries.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        if !work() {
            return SignatureState::CannotCheck("too many signatures to check".to_owned());
        }
        let state = verify_certificate(child, issuer);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.capacity {
            entries.clear();
        }
        if self.capacity > 0 {
            entries.insert(key, state.clone());
        }
        state
    }
}

impl Default for SignatureCache {
    /// A cache for a few thousand chains.
    fn default() -> Self {
        Self::new(16_384)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn self_signed() -> Certificate {
        let certificate = CertificateParams::default().self_signed(&KeyPair::generate().unwrap()).unwrap();
        Certificate::from_der(Arc::from(certificate.der().to_vec()))
    }

    #[test]
    fn a_signature_is_checked_once() {
        let certificate = self_signed();
        let key = &certificate.parsed().unwrap().key;
        let cache = SignatureCache::new(8);
        assert_eq!(cache.verify(&certificate, key, || true), SignatureState::Good);
        assert_eq!(cache.verify(&certificate, key, || panic!("not again")), SignatureState::Good);
    }

    #[test]
    fn without_leave_to_work_it_cannot_be_checked_and_nothing_is_kept() {
        let certificate = self_signed();
        let key = &certificate.parsed().unwrap().key;
        let cache = SignatureCache::new(8);
        assert!(matches!(cache.verify(&certificate, key, || false), SignatureState::CannotCheck(_)));
        assert_eq!(cache.verify(&certificate, key, || true), SignatureState::Good);
    }

    #[test]
    fn a_full_cache_starts_over() {
        let cache = SignatureCache::new(1);
        for _ in 0..3 {
            let certificate = self_signed();
            cache.verify(&certificate, &certificate.parsed().unwrap().key, || true);
        }
        assert_eq!(cache.entries.lock().unwrap().len(), 1);
    }
}
