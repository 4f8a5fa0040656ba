//! A walk over a tar (POSIX.1-1988 ustar, GNU long names, pax) that hands each member out as a stream.
//!
//! Of the tar crate only the parsing of headers is used: its own entries cannot go to another thread.

use std::io::{self, Read};

use ::tar::{EntryType, Header, PaxExtensions};

use super::{MEMBERS, Next, Take, fill};

/// Whether this is the first block of a tar: `ustar` stands at 257 and the checksum is right.
pub(super) fn is_header(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar") && head.first_chunk().is_some_and(checksum_fits)
}

/// Hands every regular member of a tar to `take`.
///
/// # Errors
/// What makes the rest unreadable, in one line.
pub(super) fn walk(from: &mut (dyn Read + Send), take: &mut Take<'_>) -> Result<(), String> {
    let mut longer = Longer::default();
    for _ in 0..MEMBERS {
        let Some(block) = header(from)? else { return Ok(()) };
        let header = Header::from_byte_slice(&block);
        let kind = header.entry_type();
        let stored = header.entry_size().map_err(|error| error.to_string())?;
        let size = longer.size.filter(|_| kind.is_file()).unwrap_or(stored);
        let mut content = from.take(size);
        match kind {
            EntryType::GNULongName => longer.name = Some(name_of(&mut content)?),
            EntryType::XHeader => longer.extend(&mut content)?,
            kind if kind.is_file() => {
                let name = longer.name.take().unwrap_or_else(|| header.path_bytes().into_owned());
                longer = Longer::default();
                if take(&name, Ok(&mut content)) == Next::Stop {
                    return Ok(());
                }
            }
            EntryType::GNUSparse => {
                let name = longer.name.take().unwrap_or_else(|| header.path_bytes().into_owned());
                longer = Longer::default();
                take(&name, Err("a sparse member of a tar, which is not read".to_owned()));
            }
            _ => {}
        }
        let left = content.limit();
        skip(from, left.checked_add((512 - size % 512) % 512).ok_or("a size that cannot be")?)?;
    }
    Err(format!("members after the first {MEMBERS} are not looked at"))
}

/// What stands before a member's own header because it does not fit in there.
#[derive(Default)]
struct Longer {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Longer {
    /// Takes the records of a pax header (POSIX.1-2001).
    fn extend(&mut self, content: &mut impl Read) -> Result<(), String> {
        let bytes = name_of(content)?;
        for record in PaxExtensions::new(&bytes).flatten() {
            match record.key() {
                Ok("path") => self.name = Some(record.value_bytes().to_vec()),
                Ok("size") => self.size = record.value().ok().and_then(|text| text.parse().ok()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The next header; `None` at the block of zeros, or the end of the file, which ends a tar.
fn header(from: &mut (dyn Read + Send)) -> Result<Option<[u8; 512]>, String> {
    let mut block = [0; 512];
    match fill(&mut &mut *from, &mut block) {
        Ok(0) => Ok(None),
        Ok(512) if block.iter().all(|byte| *byte == 0) => Ok(None),
        Ok(512) if checksum_fits(&block) => Ok(Some(block)),
        Ok(512) => Err("a header of the tar is damaged".to_owned()),
        Ok(_) => Err("the tar ends inside a header".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether the sum of the bytes, with blanks in place of the sum itself, is the one in the header.
fn checksum_fits(block: &[u8; 512]) -> bool {
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
        .sum();
    Header::from_byte_slice(block).cksum().is_ok_and(|told| told == sum)
}

/// The content of a header that names the next member.
fn name_of(content: &mut impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    content.take(NAME_BYTES).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    Ok(bytes)
}

/// Passes over `count` bytes.
fn skip(from: &mut (dyn Read + Send), count: u64) -> Result<(), String> {
    match io::copy(&mut from.take(count), &mut io::sink()) {
        Ok(passed) if passed == count => Ok(()),
        Ok(_) => Err("the tar ends inside a member".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Bytes of a name that stands before its header; more is cut.
const NAME_BYTES: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> (Vec<(String, usize)>, Result<(), String>) {
        let mut seen = Vec::new();
        let mut from = bytes;
        let ended = walk(&mut from, &mut |name, content| {
            let mut bytes = Vec::new();
            let _ = content.map(|content| content.read_to_end(&mut bytes));
            seen.push((String::from_utf8_lossy(name).into_owned(), bytes.len()));
            Next::Go
        });
        (seen, ended)
    }

    fn tar_of(members: &[(&str, usize)]) -> Vec<u8> {
        let mut tar = ::tar::Builder::new(Vec::new());
        for (name, size) in members {
            let mut header = Header::new_gnu();
            header.set_size(*size as u64);
            header.set_cksum();
            tar.append_data(&mut header, name, &vec![7; *size][..]).unwrap();
        }
        tar.into_inner().unwrap()
    }

    #[test]
    fn long_names_and_sizes_that_fill_no_block_are_read() {
        let long = "n/".repeat(200) + "x.pcap";
        let (seen, ended) = names(&tar_of(&[("a", 0), (&long, 513), ("b", 512)]));
        assert_eq!(seen, [("a".into(), 0), (long, 513), ("b".into(), 512)]);
        assert_eq!(ended, Ok(()));
    }

    #[test]
    fn a_pax_header_names_the_member_after_it() {
        let mut tar = ::tar::Builder::new(Vec::new());
        tar.append_pax_extensions([("path", b"pax/name".as_slice())]).unwrap();
        let mut header = Header::new_ustar();
        header.set_size(1);
        header.set_path("short").unwrap();
        header.set_cksum();
        tar.append(&header, &b"x"[..]).unwrap();
        assert_eq!(names(&tar.into_inner().unwrap()).0, [("pax/name".to_owned(), 1)]);
    }

    #[test]
    fn a_tar_cut_anywhere_ends_with_words() {
        let whole = tar_of(&[("a", 700), ("b", 10)]);
        for len in [1, 511, 513, 600, 1600, 2050] {
            assert!(names(&whole[..len]).1.is_err(), "{len}");
        }
        assert!(is_header(&whole) && !is_header(&whole[1..]));
    }
}
