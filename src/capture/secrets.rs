//! TLS secrets that a pcapng file carries after the packets that need them.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use pcap_parser::{DSB_MAGIC, SHB_MAGIC};

use super::block::{Order, tls_secrets};
use crate::limits::Limits;

/// The TLS key logs of a whole uncompressed pcapng on disk, from its Decryption Secrets Blocks.
///
/// Walks the block headers from the start of `file` and leaves it at the start again. It stops silently at damage,
/// after 256 MiB of file, and when the secrets together are over [`Limits::block_bytes`]; another format has none.
pub fn scan_secrets(file: &mut File, limits: &Limits) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    if file.rewind().is_ok() {
        let mut left = limits.block_bytes;
        let mut order = None;
        let mut reader = BufReader::with_capacity(SCAN_BUFFER, &mut *file);
        let mut walked = 0;
        while walked < SCAN_BYTES {
            match step(&mut reader, &mut order, left) {
                Some((length, secrets)) => {
                    walked += u64::from(length);
                    left -= secrets.as_ref().map_or(0, Vec::len);
                    found.extend(secrets);
                }
                None => break,
            }
        }
    }
    let _ = file.rewind();
    found
}

/// Passes one block: its length, and the secrets in it.
fn step(
    reader: &mut BufReader<&mut File>,
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
        reader.seek_relative(i64::from(rest)).ok()?;
        return Some((length, None));
    }
    let mut block = head.to_vec();
    reader.by_ref().take(u64::from(rest)).read_to_end(&mut block).ok()?;
    let secrets = tls_secrets(&block, order).map(<[u8]>::to_vec);
    Some((length, secrets))
}

/// How much of a file is walked.
const SCAN_BYTES: u64 = 256 << 20;

/// Bytes read at a time.
const SCAN_BUFFER: usize = 64 << 10;
