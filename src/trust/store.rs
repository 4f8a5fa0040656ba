//! What a client trusts: the certificates of a store, whatever file it came from.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::error::{Error, Result, Warning};
use crate::trust::{Index, formats};
use crate::x509::{Certificate, Name};

/// A trust store.
#[derive(Debug, Clone, Default)]
pub struct Store {
    /// Where it came from, as the report says it: a path, `mozilla`, `system`, `none`; several joined by `, `.
    pub source: String,
    /// What it is.
    pub kind: StoreKind,
    /// Its format: `PEM`, `DER`, `PKCS#7`, `PKCS#12`, `JKS`, `JCEKS`, `keystore API`, `openssl s_client`, `folder`,
    /// `Mozilla`, `system`; `several` when stores of different formats were merged, empty for no store.
    pub format: &'static str,
    /// Its entries in file order.
    pub entries: Vec<Entry>,
    /// What was skipped or could not be read.
    pub warnings: Vec<Warning>,
    /// Finds entries quickly. Leave it at its default: the first search fills it.
    pub index: OnceLock<Index>,
}

impl Store {
    /// Mozilla's roots, embedded. They are parsed at the first call.
    pub fn mozilla() -> Self {
        static ROOTS: OnceLock<Store> = OnceLock::new();
        let read = || {
            let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
                .iter()
                .map(|der| Certificate::from_der(Arc::from(&**der)));
            Self::of("mozilla".into(), StoreKind::Mozilla, "Mozilla", roots.map(Entry::from).collect())
        };
        ROOTS.get_or_init(read).clone()
    }

    /// The roots of this machine, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name; `source` says which.
    ///
    /// # Errors
    ///
    /// When there are none. A file that cannot be read beside others that can is a warning.
    pub fn system() -> Result<Self> {
        let found = rustls_native_certs::load_native_certs();
        let places: Vec<String> = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
            .iter()
            .filter_map(|name| Some(format!("{name}={}", std::env::var_os(name)?.to_string_lossy())))
            .collect();
        let source =
            if places.is_empty() { "system".to_owned() } else { format!("system ({})", places.join(", ")) };
        let certificates = found.certs.iter().map(|der| Certificate::from_der(Arc::from(&**der)));
        let entries: Vec<Entry> =
            certificates.filter(|certificate| certificate.fields.is_ok()).map(Entry::from).collect();
        if entries.is_empty() {
            let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
            let message = format!("no root certificate found on this machine {}", reasons.join("; "));
            return Err(Error::Input { path: source.into(), message: message.trim_end().to_owned() });
        }
        let mut store = Self::of(source, StoreKind::System, "system", entries);
        let warn =
            |error: &rustls_native_certs::Error| Warning::general("trust-store-damaged", error.to_string());
        store.warnings = found.errors.iter().map(warn).collect();
        Ok(store)
    }

    /// A store that trusts nothing.
    pub fn none() -> Self {
        Self { source: "none".into(), ..Self::default() }
    }

    /// Reads a file, or a folder of files one level deep. The format is told by the content, never by the name.
    ///
    /// JKS files and certificates that are not encrypted are read without a password; given one, it must fit.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is larger than 64 MiB, needs another password, or has no certificate; the
    /// message then says what was found instead.
    pub fn load(path: &Path, password: Option<&str>) -> Result<Self> {
        let reading = if path.is_dir() {
            formats::read_folder(path, password)?
        } else {
            formats::read(&formats::read_file(path, formats::MAX_FILE)?, path, password)?
        };
        let mut store =
            Self::of(path.to_string_lossy().into_owned(), StoreKind::Given, reading.format, reading.entries);
        store.warnings = reading.warnings;
        Ok(store)
    }

    /// Reads the content of a file that is named `origin` in messages.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    pub fn from_bytes(
        bytes: &[u8],
        origin: &Path,
        password: Option<&str>,
    ) -> Result<(Vec<Entry>, Vec<Warning>)> {
        let reading = formats::read(bytes, origin, password)?;
        Ok((reading.entries, reading.warnings))
    }

    /// One store with the entries of all, in order; a certificate that several hold is kept in each place.
    pub fn merge(stores: Vec<Self>) -> Self {
        let mut merged = Self::default();
        let mut sources = Vec::new();
        for store in stores {
            merged.kind = match (merged.kind, store.kind) {
                (StoreKind::None, kind) => kind,
                (_, StoreKind::Given) => StoreKind::Given,
                (kind, _) => kind,
            };
            merged.format = match (merged.format, store.format) {
                ("", format) | (format, "") => format,
                (one, other) if one == other => one,
                _ => "several",
            };
            sources.push(store.source);
            merged.entries.extend(store.entries);
            merged.warnings.extend(store.warnings);
        }
        merged.source = sources.join(", ");
        merged
    }

    /// Its whole certificates, each with its position among the entries.
    pub fn certificates(&self) -> impl Iterator<Item = (usize, &Arc<Certificate>)> {
        self.entries.iter().enumerate().filter_map(|(position, entry)| Some((position, entry.certificate()?)))
    }

    /// Positions of the certificates whose subject has exactly these DER bytes.
    pub fn find_by_subject(&self, raw: &[u8]) -> &[usize] {
        self.indexed().by_subject(raw)
    }

    /// Positions of the entries whose subject is this name when order, case and spacing do not count.
    ///
    /// This finds names in another string type (RFC 5280 §7.1), and the entries of which only names are known.
    pub fn find_by_name(&self, name: &Name) -> &[usize] {
        self.indexed().by_name(name)
    }

    /// Positions of the certificates with exactly these bytes, by their SHA-256.
    pub fn find_by_sha256(&self, sha256: &[u8; 32]) -> &[usize] {
        self.indexed().by_sha256(sha256)
    }

    fn of(source: String, kind: StoreKind, format: &'static str, entries: Vec<Entry>) -> Self {
        Self { source, kind, format, entries, ..Self::default() }
    }

    fn indexed(&self) -> &Index {
        self.index.get_or_init(|| Index::new(&self.entries))
    }
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

impl Entry {
    /// The whole certificate, when it has one.
    pub fn certificate(&self) -> Option<&Arc<Certificate>> {
        match &self.kind {
            EntryKind::Certificate(certificate) => Some(certificate),
            EntryKind::Named(_) => None,
        }
    }
}

impl From<Certificate> for Entry {
    /// An entry without an alias.
    fn from(certificate: Certificate) -> Self {
        Self { alias: None, kind: EntryKind::Certificate(Arc::new(certificate)) }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::formats::fixtures::stored;

    fn fixture(name: &str) -> Store {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stores").join(name);
        Store::load(&path, Some("changeit")).unwrap()
    }

    #[test]
    fn the_format_is_told_by_the_content() {
        for (file, format, entries) in [
            ("root.pem", "PEM", 1),
            ("root.der", "DER", 1),
            ("chain.p7b", "PKCS#7", 3),
            ("trust.p12", "PKCS#12", 2),
            ("trust.jks", "JKS", 2),
            ("trust.jceks", "JCEKS", 2),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("truststore.txt");
            std::fs::write(&path, stored(file)).unwrap();
            let store = Store::load(&path, Some("changeit")).unwrap();
            assert_eq!(
                (store.format, store.kind, store.entries.len()),
                (format, StoreKind::Given, entries),
                "{file}"
            );
            assert_eq!(store.source, path.to_string_lossy());
        }
    }

    #[test]
    fn mozillas_roots_all_parse_and_are_found() {
        let store = Store::mozilla();
        assert!(store.entries.len() > 100, "{}", store.entries.len());
        for (position, certificate) in store.certificates() {
            let fields = certificate.fields.as_ref().unwrap();
            assert!(store.find_by_subject(&fields.subject.raw).contains(&position));
            assert!(store.find_by_name(&fields.subject).contains(&position));
            assert_eq!(store.find_by_sha256(&certificate.sha256), [position]);
        }
    }

    #[test]
    fn merged_stores_keep_their_order_and_name_their_sources() {
        let merged = Store::merge(vec![Store::none(), fixture("root.pem"), Store::mozilla()]);
        assert_eq!(merged.entries.len(), 1 + Store::mozilla().entries.len());
        assert!(merged.source.starts_with("none, ") && merged.source.ends_with("root.pem, mozilla"));
        assert_eq!((merged.kind, merged.format), (StoreKind::Given, "several"));
        let same = Store::merge(vec![fixture("root.pem"), fixture("leaf.pem")]);
        assert_eq!((same.format, same.entries.len()), ("PEM", 2));
        assert_eq!(Store::merge(Vec::new()).kind, StoreKind::None);
    }

    #[test]
    fn an_entry_with_names_only_is_found_by_the_name_of_a_certificate() {
        let text = br#"{"subject": "CN=Store Test CA, O=\"Store Tests, Inc.\", C=US", "issuer": "CN=Store Test Root"}"#;
        let (entries, _) = Store::from_bytes(text, Path::new("store.json"), None).unwrap();
        let store = Store { entries, ..Store::default() };
        let ca = Certificate::from_der(stored("intermediate.der").into());
        let subject = &ca.fields.as_ref().unwrap().subject;
        assert_eq!(store.find_by_name(subject), [0]);
        let EntryKind::Named(named) = &store.entries[0].kind else { panic!("a certificate") };
        assert_eq!(named.subject, subject.rfc4514());
        assert!(store.find_by_name(&Name::default()).is_empty());
        assert!(store.find_by_subject(&subject.raw).is_empty());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Store::load(Path::new("/no/such/ca.pem"), None).unwrap_err();
        assert!(error.to_string().starts_with("/no/such/ca.pem: "), "{error}");
    }
}
