//! Archives of captures: members are streamed, nothing is unpacked to disk, names and sizes are not believed.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not an archive: a capture, perhaps.
    Single,
    /// ZIP.
    Zip,
    /// tar.
    Tar,
    /// tar in gzip.
    TarGzip,
}

/// Members of one archive that are looked at.
pub const MEMBERS: usize = 100_000;

/// Looks at the first bytes and goes back to the start.
///
/// # Errors
/// What reading gives.
pub fn kind_of(file: &mut File) -> io::Result<Kind> {
    let mut head = [0; 512];
    let len = fill(file, &mut head)?;
    file.seek(SeekFrom::Start(0))?;
    let head = &head[..len];
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Kind::Zip);
    }
    if is_tar(head) {
        return Ok(Kind::Tar);
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        let mut inner = [0; 512];
        let len = fill(&mut MultiGzDecoder::new(BufReader::new(&mut *file)), &mut inner).unwrap_or(0);
        file.seek(SeekFrom::Start(0))?;
        if is_tar(&inner[..len]) {
            return Ok(Kind::TarGzip);
        }
    }
    Ok(Kind::Single)
}

/// A tar header has `ustar` at 257.
fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match from.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

/// Hands every regular member's name and content to `member`, in the order of the archive.
///
/// # Errors
/// What makes the rest of the archive unreadable, in one line.
pub fn members(kind: Kind, file: File, member: &mut dyn FnMut(&str, &mut dyn Read)) -> Result<(), String> {
    match kind {
        Kind::Single => Ok(()),
        Kind::Zip => zip(file, member),
        Kind::Tar => tar(BufReader::new(file), member),
        Kind::TarGzip => tar(MultiGzDecoder::new(BufReader::new(file)), member),
    }
}

fn zip(file: File, member: &mut dyn FnMut(&str, &mut dyn Read)) -> Result<(), String> {
    let mut archive = ::zip::ZipArchive::new(BufReader::new(file)).map_err(|error| error.to_string())?;
    if archive.len() > MEMBERS {
        return Err(format!("{} members, more than {MEMBERS} are not looked at", archive.len()));
    }
    for index in 0..archive.len() {
        let named = archive.name_for_index(index).and_then(Result::ok).map(|name| name.into_owned());
        match archive.by_index(index) {
            Ok(entry) if entry.is_dir() => {}
            Ok(mut entry) => {
                let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
                member(&name, &mut entry);
            }
            Err(error) => {
                let text = error.to_string();
                member(named.as_deref().unwrap_or("?"), &mut Failing(text));
            }
        }
    }
    Ok(())
}

/// A member that cannot be opened: an encrypted one, or of another compression.
struct Failing(String);

impl Read for Failing {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other(self.0.clone()))
    }
}

fn tar(from: impl Read, member: &mut dyn FnMut(&str, &mut dyn Read)) -> Result<(), String> {
    let mut archive = ::tar::Archive::new(from);
    let entries = archive.entries().map_err(|error| error.to_string())?;
    for (index, entry) in entries.enumerate() {
        if index >= MEMBERS {
            return Err(format!("more than {MEMBERS} members are not looked at"));
        }
        let mut entry = entry.map_err(|error| error.to_string())?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        member(&name, &mut entry);
    }
    Ok(())
}
