//! Certificates that recur are parsed once.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::x509::Certificate;

/// Parsed certificates by their bytes, bounded.
#[derive(Debug)]
pub struct CertificateCache {
    known: HashMap<Arc<[u8]>, Arc<Certificate>, foldhash::fast::RandomState>,
    limit: usize,
}

impl CertificateCache {
    /// A cache of at most `limit` certificates.
    pub fn new(limit: usize) -> Self {
        Self { known: HashMap::default(), limit }
    }

    /// The certificate of these bytes.
    pub fn get(&mut self, der: &Arc<[u8]>) -> Arc<Certificate> {
        if let Some(known) = self.known.get(der) {
            return Arc::clone(known);
        }
        let certificate = Arc::new(Certificate::from_shared(Arc::clone(der)));
        if self.known.len() >= self.limit {
            self.known.clear();
        }
        self.known.insert(Arc::clone(der), Arc::clone(&certificate));
        certificate
    }
}
