//! A folder of trust stores: all that can be read, each certificate once.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{MAX_FILE, Reading};
use crate::error::{Error, Result, Warning};
use crate::trust::{Entry, EntryKind};

/// Files that are looked at; a folder with more is no folder of trust stores.
const MAX_FILES: usize = 10_000;
/// Bytes that are read from all files together.
const MAX_TOTAL: usize = 256 << 20;
/// Reasons that are said for files which are no trust store.
const SAID: usize = 3;

/// Reads the files of a folder and of the folders in it, one level deep, in the order of their names.
pub(in crate::trust) fn read(folder: &Path, password: Option<&str>) -> Result<Reading> {
    let mut reading = Reading::new("folder");
    let mut seen = Seen::default();
    let mut left = MAX_TOTAL;
    let mut refused = Vec::new();
    let files = files(folder)?;
    for path in files.iter().take(MAX_FILES) {
        let read = super::read_file(path, MAX_FILE.min(left))
            .inspect(|bytes| left = left.saturating_sub(bytes.len()))
            .and_then(|bytes| super::read(&bytes, path, password));
        match read {
            Ok(file) => {
                reading.entries.extend(file.entries.into_iter().filter(|entry| seen.is_new(entry)));
                reading.warnings.extend(file.warnings.into_iter().map(|warning| in_file(path, warning)));
            }
            Err(error) => refused.push(error.to_string()),
        }
    }
    if files.len() > MAX_FILES {
        let text = format!("{} files; the first {MAX_FILES} were read", files.len());
        reading.warnings.push(Warning::general("trust-store-skipped", text));
    }
    if reading.entries.is_empty() {
        let message = format!("no trust store among its {} files{}", files.len(), reasons(&refused));
        return Err(Error::Input { path: folder.to_owned(), message });
    }
    if !refused.is_empty() {
        let text =
            format!("{} of {} files are no trust store{}", refused.len(), files.len(), reasons(&refused));
        reading.warnings.push(Warning::general("trust-store-skipped", text));
    }
    Ok(reading)
}

fn reasons(refused: &[String]) -> String {
    let said = refused.iter().take(SAID).cloned().collect::<Vec<_>>().join("; ");
    match refused.len() {
        0 => String::new(),
        count if count > SAID => format!(": {said}; and {} more", count - SAID),
        _ => format!(": {said}"),
    }
}

fn in_file(path: &Path, warning: Warning) -> Warning {
    Warning { text: format!("{}: {}", path.display(), warning.text), ..warning }
}

/// Files first by name, then those of each folder within. Links are followed, as `c_rehash` makes them.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in listed(folder)? {
        if !path.is_dir() {
            found.push(path);
        } else if let Ok(inner) = listed(&path) {
            found.extend(inner.into_iter().filter(|path| path.is_file()));
        }
    }
    // A link without a target, a socket or a pipe holds no certificate, and a pipe could be waited for without end.
    found.retain(|path| path.is_file());
    Ok(found)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::Io { path: folder.to_owned(), source };
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).map_err(failed)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort_unstable();
    Ok(paths)
}

/// What was read already, by hash or by names.
#[derive(Default)]
struct Seen {
    certificates: HashSet<[u8; 32]>,
    names: HashSet<(String, String, Option<String>)>,
}

impl Seen {
    fn is_new(&mut self, entry: &Entry) -> bool {
        match &entry.kind {
            EntryKind::Certificate(certificate) => self.certificates.insert(certificate.sha256),
            EntryKind::Named(named) => {
                self.names.insert((named.subject.clone(), named.issuer.clone(), named.serial.clone()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::stored;
    use super::*;

    #[test]
    fn every_store_of_a_folder_counts_and_each_certificate_once() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        put("a.pem", &stored("root.pem"));
        put("b.der", &stored("root.der"));
        put("c.jks", &stored("trust.jks"));
        put("readme.txt", b"nothing to see");
        fs::create_dir_all(folder.path().join("more/deeper")).unwrap();
        put("more/leaf.pem", &stored("leaf.pem"));
        put("more/deeper/other.pem", &stored("other.pem"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("a.pem", folder.path().join("0123abcd.0")).unwrap();
            std::os::unix::fs::symlink("nowhere", folder.path().join("4567abcd.0")).unwrap();
            std::os::unix::fs::symlink("..", folder.path().join("more/up")).unwrap();
        }
        let reading = read(folder.path(), None).unwrap();
        assert_eq!((reading.format, reading.entries.len()), ("folder", 3));
        assert!(reading.warnings.iter().any(|w| w.text.contains("files are no trust store")));
        assert!(reading.warnings.iter().any(|w| w.text.contains("readme.txt")), "{:?}", reading.warnings);
    }

    #[test]
    fn a_folder_without_a_store_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path(), None).unwrap_err().to_string().contains("among its 0 files"));
        fs::write(folder.path().join("key.pem"), stored("key.pem")).unwrap();
        let message = read(folder.path(), None).unwrap_err().to_string();
        assert!(message.contains("found a private key"), "{message}");
        assert!(matches!(read(Path::new("/no/such/folder"), None), Err(Error::Io { .. })));
    }
}
