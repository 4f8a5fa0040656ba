//! TLS secrets that a pcapng file carries after the packets that need them.

use std::io::{self, BufReader, Read, Seek};

use pcap_parser::{DSB_MAGIC, SHB_MAGIC};

use super::block::{Order, tls_secrets};
use super::inflate::Compression;
use crate::limits::Limits;

/// The TLS key logs of a whole pcapng on disk, compressed or not, from its Decryption Secrets Blocks.
///
/// Walks the block headers from the start of `file` and leaves it at the start again. It stops silently at damage,
/// after 256 MiB of (expanded) file, and when the secrets together are over [`Limits::block_bytes`]; another format
/// has none.
pub fn scan_secrets(file: &mut (impl Read + Seek + Send), limits: &Limits) -> Vec<Vec<u8>> {
    let mut head = [0; 8];
    let known = file.rewind().and_then(|()| file.read(&mut head)).and_then(|_| file.rewind());
    let found = match (known, Compression::of(&head)) {
        (Err(_), _) => Vec::new(),
        (Ok(()), Some(compression)) => {
            walk(&mut Expanded(compression.expand(&mut *file, SCAN_BYTES)), limits)
        }
        (Ok(()), None) => walk(&mut BufReader::with_capacity(SCAN_BUFFER, &mut *file), limits),
    };
    let _ = file.rewind();
    found
}

/// The secrets of all blocks.
fn walk(reader: &mut impl Passable, limits: &Limits) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut left = limits.block_bytes;
    let mut order = None;
    let mut walked = 0;
    while walked < SCAN_BYTES {
        match step(reader, &mut order, left) {
            Some((length, secrets)) => {
                walked += u64::from(length);
                left -= secrets.as_ref().map_or(0, Vec::len);
                found.extend(secrets);
            }
            None => break,
        }
    }
    found
}

/// A reader that can pass over bytes.
trait Passable: Read {
    fn pass(&mut self, bytes: u32) -> io::Result<()>;
}

impl<F: Read + Seek> Passable for BufReader<F> {
    fn pass(&mut self, bytes: u32) -> io::Result<()> {
        self.seek_relative(i64::from(bytes))
    }
}

/// What comes out of a decompression.
struct Expanded<'a>(Box<dyn Read + Send + 'a>);

impl Read for Expanded<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.0.read(to)
    }
}

impl Passable for Expanded<'_> {
    fn pass(&mut self, bytes: u32) -> io::Result<()> {
        let passed = io::copy(&mut self.0.by_ref().take(u64::from(bytes)), &mut io::sink())?;
        if passed == u64::from(bytes) { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// Passes one block: its length, and the secrets in it.
fn step(
    reader: &mut impl Passable,
    order: &mut Option<Order>,
    left: usize,
) -> Option<(u32, Option<Vec<u8>>)> {
    let mut head = [0; 12];
    reader.read_exact(&mut head).ok()?;
    let [kind @ .., _, _, _, _, _, _, _, _] = head;
    if u32::from_le_bytes(kind) == SHB_MAGIC {
        *order = Some(Order::of_mark(*head.last_chunk()?)?);
    }
    let order = (*order)?;
    let length = order.u32(&head, 4).filter(|length| *length >= 12 && length % 4 == 0)?;
    let rest = length - 12;
    if order.u32(&kind, 0) != Some(DSB_MAGIC) || rest as usize > left {
        reader.pass(rest).ok()?;
        return Some((length, None));
    }
    let mut block = head.to_vec();
    reader.by_ref().take(u64::from(rest)).read_to_end(&mut block).ok()?;
    let secrets = tls_secrets(&block, order).map(<[u8]>::to_vec);
    Some((length, secrets))
}

/// How much of an input is walked.
pub(super) const SCAN_BYTES: u64 = 256 << 20;

/// Bytes read at a time.
const SCAN_BUFFER: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::samples::{block, enhanced, interface, section};
    use super::*;

    fn key_log(order: Order, text: &[u8]) -> Vec<u8> {
        let head = [order.put32(0x544c_534b), order.put32(text.len() as u32)].concat();
        block(order, 10, &[&head[..], text].concat())
    }

    fn scan(bytes: &[u8], limits: &Limits) -> Vec<Vec<u8>> {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("written");
        let found = scan_secrets(&mut file, limits);
        assert_eq!(file.stream_position().expect("a position"), 0);
        found
    }

    #[test]
    fn secrets_after_the_packets_and_in_later_sections_are_found() {
        let mut bytes = Vec::new();
        for order in [Order::Little, Order::Big] {
            bytes.extend([section(order), interface(order, 1, &[])].concat());
            for len in [60, 200_000, 1_500] {
                bytes.extend(block(order, 6, &enhanced(order, 0, 1, len as u32, &vec![1; len])));
            }
            bytes.extend(key_log(order, format!("{order:?}").as_bytes()));
        }
        assert_eq!(scan(&bytes, &Limits::default()), [b"Little".to_vec(), b"Big".to_vec()]);
        bytes.truncate(bytes.len() - 3);
        assert_eq!(scan(&bytes, &Limits::default()), [b"Little".to_vec()]);
    }

    #[test]
    fn secrets_over_the_bound_and_other_formats_give_none() {
        let bytes = [section(Order::Little), key_log(Order::Little, &[b'x'; 500])].concat();
        let limits = Limits { block_bytes: 400, ..Limits::default() };
        assert!(scan(&bytes, &limits).is_empty());
        assert!(scan(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0], &Limits::default()).is_empty());
        assert!(scan(b"", &Limits::default()).is_empty());
    }
}
