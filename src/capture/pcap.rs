//! The classic format: a file header, then records. Both byte orders, micro- and nanoseconds, and Kuznetzov's
//! modified format with 24 instead of 16 bytes before each packet.

use pcap_parser::{LegacyPcapBlock, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified};

use super::block::Order;
use super::link_type::LinkType;
use super::log::Log;
use super::packet::{Found, Timestamp};
use super::window::Window;
use crate::error::Warning;
use crate::limits::Limits;

/// What the file header says.
#[derive(Debug)]
pub(super) struct Pcap {
    order: Order,
    modified: bool,
    nanoseconds: bool,
    /// What each packet begins with.
    pub(super) link_type: LinkType,
    fcs: u32,
    longest: u32,
}

/// Whether `head` begins with one of the format's magic numbers.
pub(super) fn is_magic(head: &[u8]) -> bool {
    let Some(&magic) = head.first_chunk::<4>() else { return false };
    let reversed = [magic[3], magic[2], magic[1], magic[0]];
    MAGIC.contains(&magic) || MAGIC.contains(&reversed)
}

impl Pcap {
    /// Reads the file header and takes it off the window; `None` when it is cut.
    pub(super) fn open(window: &mut Window, limits: &Limits) -> Option<Self> {
        window.fill(HEADER);
        let mut head = *window.bytes().first_chunk::<HEADER>()?;
        let big_modified = head.starts_with(&[0xa1, 0xb2, 0xcd, 0x34]);
        if big_modified {
            // pcap-parser does not know this magic; but for the records it is as the ordinary header.
            head[2..4].copy_from_slice(&[0xc3, 0xd4]);
        }
        let (_, header) = pcap_parser::parse_pcap_header(&head).ok()?;
        window.consume(HEADER);
        let network = header.network.0 as u32;
        Some(Self {
            order: if header.is_bigendian() { Order::Big } else { Order::Little },
            modified: big_modified || header.is_modified_format(),
            nanoseconds: header.is_nanosecond_precision(),
            link_type: LinkType(network & 0x03ff_ffff),
            fcs: fcs_bytes(network),
            longest: longest_packet(header.snaplen, limits),
        })
    }

    /// Finds the next packet; `None` at the end, and at damage, which is then in `log`.
    #[inline]
    pub(super) fn next(&self, window: &mut Window, number: &mut u64, log: &mut Log) -> Option<Found> {
        let packet = *number + 1;
        let record = match self.record(window.bytes()) {
            Some(record) if (1..=self.longest).contains(&record.caplen) => record,
            _ => self.load(window, packet, log)?,
        };
        let (caplen, mut original_len) = (record.caplen, record.origlen);
        if original_len < caplen {
            too_short_originally(packet, caplen, original_len, log);
            original_len = caplen;
        }
        *number = packet;
        let (skip, len) = (self.header_len(), caplen as usize);
        let time = self.time(record.ts_sec, record.ts_usec);
        let found = Found { time, link_type: self.link_type, original_len, skip, len, whole: skip + len };
        Some(if self.fcs == 0 { found } else { found.without_fcs(self.fcs) })
    }

    fn header_len(&self) -> usize {
        if self.modified { 24 } else { 16 }
    }

    fn time(&self, seconds: u32, fraction: u32) -> Timestamp {
        let (factor, digits) = if self.nanoseconds { (1, 9) } else { (1_000, 6) };
        Timestamp::new(i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * factor, digits)
    }

    fn record<'a>(&self, bytes: &'a [u8]) -> Option<LegacyPcapBlock<'a>> {
        let parsed = match (self.order, self.modified) {
            (Order::Little, false) => parse_pcap_frame(bytes),
            (Order::Big, false) => parse_pcap_frame_be(bytes),
            (Order::Little, true) => parse_pcap_frame_modified(bytes),
            (Order::Big, true) => return self.big_modified_record(bytes),
        };
        parsed.ok().map(|(_, record)| record)
    }

    /// The one layout that pcap-parser does not have.
    fn big_modified_record<'a>(&self, bytes: &'a [u8]) -> Option<LegacyPcapBlock<'a>> {
        let field = |at| self.order.u32(bytes, at);
        let (ts_sec, ts_usec, caplen, origlen) = (field(0)?, field(4)?, field(8)?, field(12)?);
        let data = bytes.get(self.header_len()..)?.get(..caplen as usize)?;
        Some(LegacyPcapBlock { ts_sec, ts_usec, caplen, origlen, data })
    }

    /// Reads the next record to the window, or tells in `log` why that cannot be.
    #[cold]
    fn load<'a>(&self, window: &'a mut Window, packet: u64, log: &mut Log) -> Option<LegacyPcapBlock<'a>> {
        let (header, at) = (self.header_len(), window.offset());
        if !window.fill(header) {
            if window.len() > 0 {
                let there = window.len();
                log.push(cut(packet, at, "record header", header, there));
            }
            return None;
        }
        let caplen = self.order.u32(window.bytes(), 8).unwrap_or(0);
        if caplen > self.longest {
            log.push(Warning::at(
                "bad-length",
                packet,
                format!(
                    "packet {packet} at offset {at} claims a captured length of {caplen} bytes, over the {} \
                     that are possible; nothing after it can be read",
                    self.longest
                ),
            ));
            return None;
        }
        if caplen == 0 && !self.followed_by_record(window) {
            log.push(Warning::at(
                "bad-length",
                packet,
                format!(
                    "packet {packet} at offset {at} claims a captured length of 0 bytes, but no record follows \
                     its header; nothing after it can be read"
                ),
            ));
            return None;
        }
        let need = header + caplen as usize;
        if !window.fill(need) {
            let there = window.len();
            log.push(cut(packet, at, "record", need, there));
            return None;
        }
        self.record(window.bytes())
    }

    /// Whether the input ends after a record of no bytes, or another record can begin there. Where a length
    /// was overwritten with 0, packet bytes follow instead.
    fn followed_by_record(&self, window: &mut Window) -> bool {
        let header = self.header_len();
        window.fill(2 * header);
        let Some(next) = window.bytes().get(header..) else { return true };
        let (Some(fraction), Some(caplen)) = (self.order.u32(next, 4), self.order.u32(next, 8)) else {
            return next.is_empty();
        };
        let fractions = if self.nanoseconds { 1_000_000_000 } else { 1_000_000 };
        fraction < fractions && caplen <= self.longest
    }
}

/// The warning for a packet that claims to have been shorter on the wire than what was captured.
#[cold]
pub(super) fn too_short_originally(packet: u64, caplen: u32, original_len: u32, log: &mut Log) {
    log.repeatable("bad-original-length", packet, || {
        format!(
            "packet {packet} has {caplen} bytes but claims to have had {original_len} on the wire; \
             all {caplen} are used"
        )
    });
}

/// The warning for an input that ends early.
pub(super) fn cut(packet: u64, at: u64, what: &str, need: usize, there: usize) -> Warning {
    let text = format!(
        "the input ends inside packet {packet}: its {what} at offset {at} needs {need} bytes and {there} are there"
    );
    Warning::at("cut-short", packet, text)
}

/// The longest packet to believe in: files exist whose packets are longer than their snap length, and whole.
fn longest_packet(snaplen: u32, limits: &Limits) -> u32 {
    let bound = u32::try_from(limits.block_bytes).unwrap_or(u32::MAX);
    snaplen.max(USUAL_LONGEST).min(bound)
}

/// Bytes of frame check sequence that the upper bits of the link type announce. The format counts them in
/// 16-bit words, so that Ethernet has 2; there are writers who put 4 there and mean bytes. None is longer than 4.
fn fcs_bytes(network: u32) -> u32 {
    if network & 0x0400_0000 == 0 { 0 } else { ((network >> 28) * 2).min(4) }
}

const HEADER: usize = 24;

/// Microseconds, nanoseconds, and the modified format, as a big-endian file has them.
const MAGIC: [[u8; 4]; 3] = [[0xa1, 0xb2, 0xc3, 0xd4], [0xa1, 0xb2, 0x3c, 0x4d], [0xa1, 0xb2, 0xcd, 0x34]];

/// The longest packet that capture programs write, in bytes.
const USUAL_LONGEST: u32 = 262_144;
