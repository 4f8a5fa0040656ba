//! The classic format: a file header, then records. Both byte orders, micro- and nanoseconds, and Kuznetzov's
//! modified format with 24 instead of 16 bytes before each packet.

use pcap_parser::{LegacyPcapBlock, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified};

use super::block::Order;
use super::interface::InterfaceDescription;
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
        let found = Found {
            time,
            link_type: self.link_type,
            original_len,
            skip,
            len,
            whole: skip + len,
            interface: 0,
        };
        Some(if self.fcs == 0 { found } else { found.without_fcs(self.fcs) })
    }

    /// How its packets are described.
    pub(super) fn describe(&self) -> InterfaceDescription {
        InterfaceDescription {
            number: 0,
            link_type: self.link_type,
            digits: if self.nanoseconds { 9 } else { 6 },
            offset: 0,
            name: None,
        }
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

#[cfg(test)]
mod tests {
    use super::super::samples::{codes, pcap_header, read, record};
    use super::*;

    #[test]
    fn every_byte_order_and_resolution_gives_the_same_packet() {
        for order in [Order::Little, Order::Big] {
            for (magic, modified, fraction, digits) in [
                (0xa1b2_c3d4, false, 250_000, 6),
                (0xa1b2_3c4d, false, 250_000_000, 9),
                (0xa1b2_cd34, true, 250_000, 6),
            ] {
                let mut file = pcap_header(order, magic, 113);
                file.extend(record(order, modified, (4_000_000_000, fraction), 1_500, b"abcde"));
                let (packets, warnings) = read(&file);
                let nanos = 4_000_000_000_250_000_000;
                assert_eq!(
                    packets,
                    [(1, nanos, digits, 113, 1_500, b"abcde".to_vec())],
                    "{order:?} {magic:x}"
                );
                assert_eq!(warnings, []);
            }
        }
    }

    #[test]
    fn an_announced_check_sequence_is_taken_off() {
        // Two words of 16 bits, and the four that some writers put there.
        for network in [0x2400_0001, 0x4400_0001] {
            let mut file = pcap_header(Order::Little, 0xa1b2_c3d4, network);
            file.extend(record(Order::Little, false, (1, 0), 10, b"abcdefFCS!"));
            file.extend(record(Order::Little, false, (1, 0), 10, b"abc"));
            let (packets, _) = read(&file);
            assert_eq!(packets[0], (1, 1_000_000_000, 6, 1, 6, b"abcdef".to_vec()));
            assert_eq!(packets[1], (2, 1_000_000_000, 6, 1, 6, b"abc".to_vec()));
        }
    }

    #[test]
    fn a_cut_record_or_header_is_told_with_its_place() {
        let mut file = pcap_header(Order::Little, 0xa1b2_c3d4, 1);
        file.extend(record(Order::Little, false, (1, 0), 8, b"complete"));
        file.extend(record(Order::Little, false, (1, 0), 8, b"complete"));
        let (packets, warnings) = read(&file[..file.len() - 3]);
        assert_eq!((packets.len(), codes(&warnings)), (1, vec!["cut-short"]));
        assert_eq!(warnings[0].packet, Some(2));
        assert!(warnings[0].text.ends_with("its record at offset 48 needs 24 bytes and 21 are there"));
        let (packets, warnings) = read(&file[..file.len() - 20]);
        assert_eq!((packets.len(), codes(&warnings)), (1, vec!["cut-short"]));
        assert!(warnings[0].text.ends_with("its record header at offset 48 needs 16 bytes and 4 are there"));
    }

    #[test]
    fn a_length_over_the_bound_ends_the_reading_without_a_large_buffer() {
        let mut file = pcap_header(Order::Little, 0xa1b2_c3d4, 1);
        file.extend(record(Order::Little, false, (1, 0), 3, b"abc"));
        file.extend([[0; 8].as_slice(), &u32::MAX.to_le_bytes(), &[0; 40]].concat());
        let (packets, warnings) = read(&file);
        assert_eq!((packets.len(), codes(&warnings)), (1, vec!["bad-length"]));
    }

    #[test]
    fn an_empty_packet_is_believed_when_a_record_or_the_end_follows() {
        let order = Order::Little;
        let mut file = pcap_header(order, 0xa1b2_c3d4, 1);
        file.extend(record(order, false, (1, 0), 60, b""));
        file.extend(record(order, false, (1, 0), 3, b"abc"));
        file.extend(record(order, false, (1, 0), 60, b""));
        let (packets, warnings) = read(&file);
        assert_eq!((packets.len(), warnings), (3, vec![]));
        assert_eq!(packets[0].4, 60);
        file.extend([0x45; 60]);
        let (packets, warnings) = read(&file);
        assert_eq!((packets.len(), codes(&warnings)), (2, vec!["bad-length"]));
    }

    #[test]
    fn a_packet_longer_than_it_was_on_the_wire_is_whole() {
        let mut file = pcap_header(Order::Little, 0xa1b2_c3d4, 1);
        file.extend(record(Order::Little, false, (1, 0), 2, b"abcdef"));
        let (packets, warnings) = read(&file);
        assert_eq!((packets[0].4, packets[0].5.len()), (6, 6));
        assert_eq!(codes(&warnings), ["bad-original-length"]);
    }

    #[test]
    fn packets_longer_than_the_snap_length_are_read() {
        let mut file = pcap_header(Order::Little, 0xa1b2_c3d4, 1);
        file.extend(record(Order::Little, false, (1, 0), 200_000, &vec![7; 200_000]));
        let (packets, warnings) = read(&file);
        assert_eq!((packets[0].5.len(), warnings), (200_000, vec![]));
    }
}
