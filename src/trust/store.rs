//! What a client trusts: the certificates of a store, whatever file it came from.

use std::sync::Arc;

use crate::x509::Certificate;

/// A trust store.
#[derive(Debug, Clone, Default)]
pub struct Store {
    /// Where it came from, as the report says it: a path, `mozilla`, `system`, `none`; several joined by `, `.
    pub source: String,
    /// What it is.
    pub kind: StoreKind,
    /// Its entries in file order.
    pub entries: Vec<Entry>,
}

/// What kind of store a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoreKind {
    /// Nothing is trusted.
    #[default]
    None,
    /// Mozilla's roots, embedded.
    Mozilla,
    /// The roots of this machine.
    System,
    /// A file that the user gave: this is what the client trusts, as far as the user knows.
    Given,
}

/// One entry of a store.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its alias, where the format has one.
    pub alias: Option<String>,
    /// What it holds.
    pub kind: EntryKind,
}

/// What an entry holds.
#[derive(Debug, Clone)]
pub enum EntryKind {
    /// A whole certificate.
    Certificate(Arc<Certificate>),
    /// Names only, as a keystore API or `openssl s_client` lists them: a match is by name.
    Named(NamedEntry),
}

/// An entry of which only names are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedEntry {
    /// The subject in RFC 4514 form, or as listed when it cannot be read.
    pub subject: String,
    /// The issuer, likewise.
    pub issuer: String,
    /// The serial number, lower-case hex without leading zeros.
    pub serial: Option<String>,
    /// Last second of validity, seconds since 1970.
    pub not_after: Option<i64>,
}
