//! Names of captures: as given, found in folders, or read from a list, one after the other.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::triage::engine::Stamp;

/// What was named, or why nothing could be named at that place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A file to be read, with what a listing tells of it.
    File(PathBuf, Option<Stamp>),
    /// A folder or entry that could not be listed: its name, one line of text, and the kind of error.
    Failed(PathBuf, String, io::ErrorKind),
}

/// Whether a name is one of an object store: `s3://`, `gs://` or `az://`.
pub fn is_remote(name: &Path) -> bool {
    remote(name).is_some()
}

/// The name of an object as text.
pub(super) fn remote(name: &Path) -> Option<&str> {
    let text = name.to_str()?;
    ["s3://", "gs://", "az://"].iter().any(|scheme| text.starts_with(scheme)).then_some(text)
}

/// The names below the given paths, each folder in byte order of its entries; hidden files count, ignore files do not.
pub fn walk(paths: Vec<PathBuf>, follow_links: bool) -> impl Iterator<Item = Named> + Send {
    paths.into_iter().flat_map(move |path| {
        #[cfg(feature = "cloud")]
        if let Some(name) = remote(&path) {
            return match crate::triage::cloud::Stores::new() {
                Ok(stores) => stores.list(name),
                Err(error) => Box::new(std::iter::once(Named::Failed(path, error.to_string(), error.kind()))),
            };
        }
        // A name that was given is read, whatever it is a link to.
        if !path.is_dir() {
            return Box::new(std::iter::once(Named::File(path, None)))
                as Box<dyn Iterator<Item = Named> + Send>;
        }
        let entries = WalkBuilder::new(&path)
            .standard_filters(false)
            .follow_links(follow_links)
            .sort_by_file_name(OsStr::cmp)
            .build();
        Box::new(entries.filter_map(move |entry| named(entry, follow_links)))
    })
}

fn named(entry: Result<ignore::DirEntry, ignore::Error>, follow_links: bool) -> Option<Named> {
    match entry {
        Ok(entry) => {
            let kind = entry.file_type()?;
            let skipped = kind.is_dir() || (kind.is_symlink() && !follow_links);
            (!skipped).then(|| Named::File(entry.into_path(), None))
        }
        Err(error) => {
            let path = path_of(&error);
            let (text, kind) = match error.io_error() {
                Some(io) => (root_text(io), io.kind()),
                None => (error.to_string(), io::ErrorKind::Other),
            };
            Some(Named::Failed(path, text, kind))
        }
    }
}

/// What the system said, without the path that was put around it.
fn root_text(error: &io::Error) -> String {
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

/// The path that an error of the walk is about.
fn path_of(error: &ignore::Error) -> PathBuf {
    match error {
        ignore::Error::WithPath { path, .. } => path.clone(),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => child.clone(),
        _ => PathBuf::new(),
    }
}

/// The names of a list, one a line, or separated by NUL; read as they are asked for.
pub fn listed(
    mut list: impl BufRead + Send,
    nul: bool,
) -> impl Iterator<Item = std::io::Result<PathBuf>> + Send {
    let end = if nul { 0 } else { b'\n' };
    std::iter::from_fn(move || {
        loop {
            let mut name = Vec::new();
            match list.read_until(end, &mut name) {
                Ok(0) => return None,
                Err(error) => return Some(Err(error)),
                Ok(_) => {}
            }
            if name.last() == Some(&end) {
                name.pop();
            }
            if !nul && name.last() == Some(&b'\r') {
                name.pop();
            }
            if !name.is_empty() {
                return Some(Ok(path_of_bytes(name)));
            }
        }
    })
}

#[cfg(unix)]
fn path_of_bytes(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(not(unix))]
fn path_of_bytes(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

/// A name as a row has it: UTF-8, or percent-encoded with `true` beside it.
pub fn display_name(path: &Path) -> (String, bool) {
    match path.to_str() {
        Some(text) => (text.to_owned(), false),
        None => (percent_encoded(path.as_os_str().as_encoded_bytes()), true),
    }
}

/// The name of a member of an archive as a row has it.
pub(super) fn member_name(archive: &Path, member: &[u8]) -> (String, bool) {
    let name = [archive.as_os_str().as_encoded_bytes(), b"!", member].concat();
    match String::from_utf8(name) {
        Ok(text) => (text, false),
        Err(error) => (percent_encoded(error.as_bytes()), true),
    }
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 8);
    for byte in bytes {
        if byte.is_ascii_graphic() && *byte != b'%' {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Whether a name is this shard's: I of N, by a hash that is equal on every machine (FNV-1a, 64 bits, then mixed).
pub fn in_shard(name: &[u8], shard: (u64, u64)) -> bool {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash % shard.1.max(1) == shard.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_name_a_line_or_is_separated_by_nul() {
        let lines: Vec<_> = listed(&b"a.pcap\r\n\nb c.pcap\nlast"[..], false).map(Result::unwrap).collect();
        assert_eq!(lines, [PathBuf::from("a.pcap"), PathBuf::from("b c.pcap"), PathBuf::from("last")]);
        let nul: Vec<_> = listed(&b"a\nb\0c\0"[..], true).map(Result::unwrap).collect();
        assert_eq!(nul, [PathBuf::from("a\nb"), PathBuf::from("c")]);
    }

    #[test]
    fn shards_are_disjoint_and_together_everything() {
        for i in 0..1000 {
            let name = format!("uploads/{i}.pcap");
            assert_eq!((0..4).filter(|shard| in_shard(name.as_bytes(), (*shard, 4))).count(), 1);
        }
        let first = (0..1000).filter(|i| in_shard(format!("{i}").as_bytes(), (0, 4))).count();
        assert!((150..350).contains(&first), "{first}");
    }

    #[test]
    fn a_name_that_is_no_text_is_percent_encoded() {
        assert_eq!(percent_encoded(b"a\xff%b"), "a%FF%25b");
    }
}
