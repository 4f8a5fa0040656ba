//! Archives of captures: members are streamed, nothing is unpacked to disk, names and sizes are not believed.

mod tar;

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use ::zip::ZipReadOptions;
use ::zip::read::Config;
use ::zip::unstable::read::ZipIterable;
use flate2::bufread::MultiGzDecoder;

use crate::triage::source::Source;

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Not an archive: a capture, perhaps.
    Single,
    /// A pcapng, which can carry secrets.
    Pcapng,
    /// ZIP.
    Zip,
    /// tar.
    Tar,
    /// tar in gzip.
    TarGzip,
}

/// Takes a member: the bytes of its name, and its content, which need not be read to its end.
pub(super) type Take<'t> = dyn FnMut(&[u8], Content<'_>) -> Next + 't;

/// A member's content, or why there is none.
pub(super) type Content<'c> = Result<&'c mut (dyn Read + Send), String>;

/// What is done after a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The next one is looked at.
    Go,
    /// The rest is left.
    Stop,
}

/// Members of one archive that are looked at.
const MEMBERS: usize = 100_000;

/// What all members of an archive may expand to, in bytes: this much, or [`RATIO`] times what is stored.
const EXPANDED: u64 = 4 << 30;

/// How many times what is stored; captures seldom shrink to less than a twentieth.
const RATIO: u64 = 100;

/// What something of `stored` bytes may expand to.
pub(super) fn expanded_limit(stored: u64) -> u64 {
    stored.saturating_mul(RATIO).max(EXPANDED)
}

/// Looks at the first bytes and goes back to the start.
///
/// # Errors
/// What reading gives.
pub(super) fn kind_of(source: &mut Source) -> io::Result<Kind> {
    let mut head = [0; 512];
    let len = fill(source, &mut head)?;
    source.seek(SeekFrom::Start(0))?;
    let head = head.get(..len).unwrap_or_default();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Kind::Zip);
    }
    if head.starts_with(b"\n\r\r\n") {
        return Ok(Kind::Pcapng);
    }
    if tar::is_header(head) {
        return Ok(Kind::Tar);
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        let mut inner = [0; 512];
        let len = fill(&mut MultiGzDecoder::new(BufReader::new(source.clone())), &mut inner).unwrap_or(0);
        if tar::is_header(inner.get(..len).unwrap_or_default()) {
            return Ok(Kind::TarGzip);
        }
    }
    Ok(Kind::Single)
}

/// Reads until `buffer` is full or the input ends; returns how much came.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while let Some(room) = buffer.get_mut(len..).filter(|room| !room.is_empty()) {
        match from.read(room) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

/// Hands every regular member to `take`, in the order of the archive.
///
/// # Errors
/// What makes the rest of the archive unreadable, in one line.
pub(super) fn members(kind: Kind, source: Source, take: &mut Take<'_>) -> Result<(), String> {
    let limit = expanded_limit(source.len());
    match kind {
        Kind::Single | Kind::Pcapng => Ok(()),
        Kind::Zip => zip(source, limit, take),
        Kind::Tar => tar::walk(&mut BufReader::new(source), take),
        Kind::TarGzip => {
            let mut expanded = Expanded { inner: MultiGzDecoder::new(BufReader::new(source)), left: limit };
            tar::walk(&mut expanded, take)
        }
    }
}

fn zip(source: Source, limit: u64, take: &mut Take<'_>) -> Result<(), String> {
    let text = |error: ::zip::result::ZipError| error.to_string();
    let mut content = BufReader::new(source.clone());
    let mut archive = ZipIterable::try_new(BufReader::new(source), Config::default()).map_err(text)?;
    let mut left = limit;
    for (index, entry) in archive.files().map_err(text)?.enumerate() {
        if index >= MEMBERS {
            return Err(format!("members after the first {MEMBERS} are not looked at"));
        }
        let entry = entry.map_err(text)?;
        if !entry.is_file() {
            continue;
        }
        let name = entry.name_raw().to_vec();
        let next = match entry.with_reader(&mut content, ZipReadOptions::new()) {
            Ok(inner) => {
                let mut expanded = Expanded { inner, left };
                let next = take(&name, Ok(&mut expanded));
                left = expanded.left;
                next
            }
            Err(error) => take(&name, Err(error.to_string())),
        };
        if next == Next::Stop {
            return Ok(());
        }
    }
    Ok(())
}

/// Fails after a number of bytes: a few kilobytes can expand to terabytes.
struct Expanded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Expanded<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::new(io::ErrorKind::FileTooLarge, "the archive expands to more than is allowed")
        })?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// The names and contents of an archive, and how it ended.
    fn all(bytes: Vec<u8>) -> (Kind, Vec<(String, String)>, Result<(), String>) {
        let mut source = Source::of_memory(bytes);
        let kind = kind_of(&mut source).unwrap();
        let mut seen = Vec::new();
        let ended = members(kind, source, &mut |name, content| {
            let mut text = String::new();
            let text = match content {
                Ok(content) => content.read_to_string(&mut text).map_or_else(|e| e.to_string(), |_| text),
                Err(error) => error,
            };
            seen.push((String::from_utf8_lossy(name).into_owned(), text));
            Next::Go
        });
        (kind, seen, ended)
    }

    fn zip_of(members: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, content) in members {
            writer.start_file(*name, ::zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn members_of_a_zip_come_in_its_order_with_the_names_as_they_are() {
        let (kind, seen, ended) = all(zip_of(&[("b", "2"), ("../a", "1")]));
        assert_eq!((kind, ended), (Kind::Zip, Ok(())));
        assert_eq!(seen, [("b".into(), "2".into()), ("../a".into(), "1".into())]);
    }

    #[test]
    fn a_member_that_nobody_reads_does_not_stop_the_next() {
        let bytes = zip_of(&[("a", "1"), ("b", "2")]);
        let mut count = 0;
        let ended = members(Kind::Zip, Source::of_memory(bytes), &mut |_, _| {
            count += 1;
            Next::Go
        });
        assert_eq!((count, ended), (2, Ok(())));
    }

    #[test]
    fn a_tar_is_known_inside_gzip() {
        let mut tar = ::tar::Builder::new(Vec::new());
        let mut header = ::tar::Header::new_ustar();
        header.set_size(3);
        header.set_cksum();
        tar.append_data(&mut header, "x.pcap", &b"abc"[..]).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar.into_inner().unwrap()).unwrap();
        let (kind, seen, ended) = all(gzip.finish().unwrap());
        assert_eq!((kind, ended), (Kind::TarGzip, Ok(())));
        assert_eq!(seen, [("x.pcap".into(), "abc".into())]);
    }

    #[test]
    fn a_broken_archive_says_so_after_what_could_be_read() {
        let mut bytes = zip_of(&[("a", "1")]);
        bytes.truncate(bytes.len() - 10);
        assert!(all(bytes).2.is_err());
    }

    #[test]
    fn what_expands_beyond_the_limit_fails_there() {
        let mut expanded = Expanded { inner: io::repeat(0), left: 1000 };
        let error = io::copy(&mut expanded, &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(expanded_limit(1 << 30), 100 << 30);
    }
}
