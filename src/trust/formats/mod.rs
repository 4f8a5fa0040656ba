//! The files in which trust stores come, told apart by their content and never by their name.

mod base64;
mod der;
mod describe;
mod dn;
mod folder;
mod jks;
mod keystore_api;
mod pem;
mod pkcs12;
mod pkcs7;
mod s_client;
mod tlv;

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result, Warning};
use crate::trust::{Entry, EntryKind, NamedEntry};
use crate::x509::Certificate;

pub use dn::parse_dn;
pub(super) use dn::{name_key, text_key};
pub(super) use folder::read as read_folder;

/// Bytes of one file; a larger one is no trust store.
pub(super) const MAX_FILE: usize = 64 << 20;
/// Entries of one file; what follows is not read.
const MAX_ENTRIES: usize = 100_000;
/// Warnings about one file; a file with more is damaged throughout, and more would not say more.
const MAX_NOTES: usize = 100;

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The name of its format.
    pub format: &'static str,
    /// Its certificates and names, in file order.
    pub entries: Vec<Entry>,
    /// What was skipped or is bad.
    pub warnings: Vec<Warning>,
    /// What was there instead of certificates, each with its article.
    pub others: Vec<String>,
}

impl Reading {
    fn new(format: &'static str) -> Self {
        Self { format, ..Self::default() }
    }

    /// Adds a certificate, or a warning when it cannot be parsed.
    fn certificate(&mut self, der: &[u8], alias: Option<&str>, place: &str) {
        let certificate = Certificate::from_der(der.into());
        match &certificate.fields {
            Ok(_) => self.entry(Entry { alias: alias.map(str::to_owned), ..Entry::from(certificate) }),
            Err(reason) => self.malformed(place, &format!("the certificate cannot be parsed: {reason}")),
        }
    }

    /// Adds an entry of which only names are known.
    fn named(&mut self, alias: Option<String>, entry: NamedEntry) {
        self.entry(Entry { alias, kind: EntryKind::Named(entry) });
    }

    fn entry(&mut self, entry: Entry) {
        match self.entries.len() {
            0..MAX_ENTRIES => self.entries.push(entry),
            MAX_ENTRIES => self.warn("trust-store-skipped", format!("only {MAX_ENTRIES} entries were read")),
            _ => {}
        }
    }

    /// Notes something that is well formed and no certificate.
    fn skip(&mut self, what: &str, place: &str) {
        self.other(what);
        self.warn("trust-store-skipped", format!("{place}: {what}, skipped"));
    }

    /// Notes something that is broken.
    fn malformed(&mut self, place: &str, what: &str) {
        self.other("a damaged certificate");
        self.warn("trust-store-damaged", format!("{place}: {what}"));
    }

    /// Notes that an alias is a key with its chain: Java trusts the first certificate of such an entry alone.
    fn key_entry(&mut self, alias: &str, chain: usize) {
        let text = format!("alias {alias}: a private key with a chain of {chain}; the key was skipped");
        self.warn("trust-store-key-entry", text);
    }

    /// Notes what is there instead of a certificate.
    fn other(&mut self, what: impl Into<String>) {
        if self.others.len() < MAX_NOTES {
            self.others.push(what.into());
        }
    }

    fn warn(&mut self, code: &'static str, text: String) {
        if self.warnings.len() < MAX_NOTES && self.warnings.last().is_none_or(|last| last.text != text) {
            self.warnings.push(Warning::general(code, text));
        }
    }

    fn append(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.warnings.extend(other.warnings);
        self.others.extend(other.others);
    }
}

/// Reads a store of any format. No certificate and no name in it is an error that says what was found instead.
pub(super) fn read(bytes: &[u8], origin: &Path, password: Option<&str>) -> Result<Reading> {
    let failed = |message: String| Error::Input { path: origin.to_owned(), message };
    if bytes.len() > MAX_FILE {
        return Err(too_large(origin, MAX_FILE));
    }
    let reading = read_content(bytes, password, true).map_err(failed)?;
    if reading.entries.is_empty() {
        return Err(failed(format!("no certificate in it: found {}", describe::instead(&reading, bytes))));
    }
    Ok(reading)
}

/// `outer` is false for what came out of base64, so that this goes one level deep.
fn read_content(bytes: &[u8], password: Option<&str>, outer: bool) -> std::result::Result<Reading, String> {
    if jks::is_one(bytes) {
        return jks::read(bytes, password);
    }
    if is_der(bytes) {
        return der::read(bytes, password);
    }
    let text = text_of(bytes);
    if let Some(chain) = s_client::read(&text) {
        return Ok(chain);
    }
    if !pem::is_in(&text) {
        if outer && let Some(inner) = base64::whole(&text) {
            return read_content(&inner, password, false);
        }
        let found = keystore_api::read(&text).or_else(|| base64::read(&text));
        return Ok(found.unwrap_or_default());
    }
    let mut reading = pem::read(&text);
    if reading.entries.is_empty()
        && let Some(named) = keystore_api::read(&text)
    {
        reading.format = named.format;
        reading.append(named);
    }
    Ok(reading)
}

/// A text can begin with the digit 0, which is the tag of a sequence: then the length or the content must fit too.
fn is_der(bytes: &[u8]) -> bool {
    match bytes {
        [tlv::SEQUENCE, 0x80..=0xff, ..] => true,
        [tlv::SEQUENCE, ..] => der::shape(bytes).is_some_and(|shape| shape != der::Shape::Other),
        _ => false,
    }
}

/// Reads at most `limit` bytes of a file; one byte more is an error.
pub(super) fn read_file(path: &Path, limit: usize) -> Result<Vec<u8>> {
    let failed = |source| Error::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        return Err(too_large(path, limit));
    }
    Ok(bytes)
}

fn too_large(path: &Path, limit: usize) -> Error {
    let message = format!("no trust store: larger than {} MiB", limit >> 20);
    Error::Input { path: path.to_owned(), message }
}

/// The text of a file: UTF-8 or UTF-16 by its byte order mark, percent signs decoded where a header was copied.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>()
    };
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
        return Cow::Owned(wide(rest, u16::from_le_bytes));
    }
    if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
        return Cow::Owned(wide(rest, u16::from_be_bytes));
    }
    let text = String::from_utf8_lossy(bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes));
    if text.contains("BEGIN%20") { Cow::Owned(percent_decoded(&text)) } else { text }
}

fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(u8::is_ascii);
        match code {
            Some(code) => {
                decoded.push(char::from(code));
                decoded.push_str(part.get(2..).unwrap_or_default());
            }
            None => {
                decoded.push('%');
                decoded.push_str(part);
            }
        }
    }
    decoded
}

/// Files made by keytool and openssl; `tests/data/stores/README.md` says how.
#[cfg(test)]
pub(super) mod fixtures {
    /// The bytes of one of them.
    pub fn stored(name: &str) -> Vec<u8> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/stores/").to_owned() + name;
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The same as text.
    pub fn stored_text(name: &str) -> String {
        String::from_utf8(stored(name)).unwrap()
    }
}
