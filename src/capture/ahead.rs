//! Reads a pipe ahead, so that secrets behind the packets of a pcapng are known before the packets are read.

use std::io::{self, Cursor, Read, Seek, Write};

use pcap_parser::SHB_MAGIC;
use tempfile::SpooledTempFile;

use super::inflate::Compression;
use super::secrets::{SCAN_BYTES, scan_secrets};
use crate::limits::Limits;

/// The same bytes as those of `input`, and the TLS key logs of a pcapng among them, as [`scan_secrets`] finds them.
///
/// Of a pcapng, compressed or not, up to 256 MiB are put aside before it returns: 4 MiB in memory, more in a temporary
/// file without a name. Of anything else only the first bytes are looked at. Where no temporary file can be written
/// the input is handed on as it comes.
pub fn read_ahead<'a>(
    mut input: Box<dyn Read + Send + 'a>,
    limits: &Limits,
) -> (Box<dyn Read + Send + 'a>, Vec<Vec<u8>>) {
    let mut head = vec![0; CHUNK];
    let count = fill(&mut input, &mut head);
    head.truncate(count);
    if !is_pcapng(&head) {
        return (Box::new(Cursor::new(head).chain(input)), Vec::new());
    }
    let mut aside = SpooledTempFile::new(MEMORY);
    let (good, rest) = put_aside(&mut input, head, &mut aside);
    let secrets = scan_secrets(&mut aside, limits);
    (Box::new(aside.take(good).chain(Cursor::new(rest)).chain(input)), secrets)
}

/// Whether a pcapng begins with these bytes, under a compression or not.
fn is_pcapng(head: &[u8]) -> bool {
    let mut first = [0; 4];
    match Compression::of(head) {
        Some(compression) => {
            let mut expanded = compression.expand(head, CHUNK as u64);
            expanded.read_exact(&mut first).is_ok_and(|()| u32::from_le_bytes(first) == SHB_MAGIC)
        }
        None => head.first_chunk().is_some_and(|first| u32::from_le_bytes(*first) == SHB_MAGIC),
    }
}

/// Moves `input` to `aside`, beginning with `chunk`: how many bytes are there, and those that could not be written.
fn put_aside(input: &mut impl Read, mut chunk: Vec<u8>, aside: &mut SpooledTempFile) -> (u64, Vec<u8>) {
    let mut good = 0;
    while !chunk.is_empty() && good < SCAN_BYTES {
        if aside.write_all(&chunk).is_err() {
            break;
        }
        good += chunk.len() as u64;
        chunk.resize(CHUNK, 0);
        let count = fill(input, &mut chunk);
        chunk.truncate(count);
    }
    // Where that fails the scan finds nothing, and the reader says what the system said.
    let _ = aside.rewind();
    (good, chunk)
}

/// Reads until `to` is full or the input ends; an error ends it too, and shows again to whoever reads on.
fn fill(input: &mut impl Read, to: &mut [u8]) -> usize {
    let mut count = 0;
    while let Some(room) = to.get_mut(count..).filter(|room| !room.is_empty()) {
        match input.read(room) {
            Ok(0) => break,
            Ok(read) => count += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    count
}

/// Bytes moved at a time.
const CHUNK: usize = 64 << 10;
/// Bytes held in memory before a temporary file takes them.
const MEMORY: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::super::block::Order;
    use super::super::samples::{block, enhanced, interface, section};
    use super::*;

    /// A pcapng of at least this many bytes of packets, with a key log behind them.
    fn pcapng(bytes: usize) -> Vec<u8> {
        let order = Order::Little;
        let mut file = [section(order), interface(order, 1, &[])].concat();
        while file.len() < bytes {
            file.extend(block(order, 6, &enhanced(order, 0, 1, 60_000, &vec![1; 60_000])));
        }
        let log = b"CLIENT_RANDOM";
        let head = [order.put32(0x544c_534b), order.put32(log.len() as u32)].concat();
        file.extend(block(order, 10, &[&head[..], log].concat()));
        file
    }

    fn ahead(bytes: &[u8]) -> (Vec<u8>, usize) {
        let (mut input, secrets) = read_ahead(Box::new(bytes), &Limits::default());
        let mut same = Vec::new();
        input.read_to_end(&mut same).expect("readable");
        (same, secrets.len())
    }

    #[test]
    fn a_pipe_gives_the_same_bytes_and_its_secrets_first() {
        for size in [0, 100_000, MEMORY + 100_000] {
            let bytes = pcapng(size);
            let (same, secrets) = ahead(&bytes);
            assert!(same == bytes, "{size}");
            assert_eq!(secrets, 1, "{size}");
        }
    }

    #[test]
    fn a_compressed_pipe_gives_its_secrets_too() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&pcapng(200_000)).expect("written");
        let bytes = gzip.finish().expect("gzip");
        let (same, secrets) = ahead(&bytes);
        assert!(same == bytes);
        assert_eq!(secrets, 1);
    }

    #[test]
    fn of_anything_else_only_the_head_is_read() {
        struct Endless;
        impl Read for Endless {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                to.fill(0xd4);
                Ok(to.len())
            }
        }
        let (input, secrets) = read_ahead(Box::new(Endless), &Limits::default());
        let mut first = Vec::new();
        input.take(200_000).read_to_end(&mut first).expect("readable");
        assert_eq!((first.len(), secrets.len()), (200_000, 0));
        assert_eq!(ahead(b""), (Vec::new(), 0));
    }
}
