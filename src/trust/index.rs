//! Finds the entries of a store by subject, by name and by hash, without going through all of them.

use foldhash::quality::RandomState;
use hashbrown::HashMap;

use crate::trust::{Entry, EntryKind, formats};
use crate::x509::{Name, Part};

/// Where the entries of a store are, by subject and by hash. It is made at the first search and not renewed.
#[derive(Debug, Clone, Default)]
pub struct Index {
    subjects: HashMap<Part, Vec<usize>, RandomState>,
    names: HashMap<String, Vec<usize>, RandomState>,
    hashes: HashMap<[u8; 32], Vec<usize>, RandomState>,
}

impl Index {
    /// Goes through the entries once.
    pub(super) fn new(entries: &[Entry]) -> Self {
        let mut index = Self::default();
        for (position, entry) in entries.iter().enumerate() {
            let key = match &entry.kind {
                EntryKind::Named(named) => formats::text_key(&named.subject),
                EntryKind::Certificate(certificate) => {
                    index.hashes.entry(certificate.sha256).or_default().push(position);
                    let Ok(fields) = &certificate.fields else { continue };
                    index.subjects.entry(fields.subject.raw.clone()).or_default().push(position);
                    formats::name_key(&fields.subject)
                }
            };
            index.names.entry(key).or_default().push(position);
        }
        index
    }

    pub(super) fn by_subject(&self, raw: &[u8]) -> &[usize] {
        self.subjects.get(raw).map_or(&[], Vec::as_slice)
    }

    pub(super) fn by_name(&self, name: &Name) -> &[usize] {
        self.names.get(&formats::name_key(name)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn by_sha256(&self, sha256: &[u8; 32]) -> &[usize] {
        self.hashes.get(sha256).map_or(&[], Vec::as_slice)
    }
}
