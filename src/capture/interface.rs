//! Interfaces of a pcapng section (Interface Description Blocks).

use pcap_parser::pcapng::{parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le};

use super::block::{self, Order, Overrun};
use super::clock::Clock;
use super::link_type::LinkType;
use super::packet::{Found, Timestamp};
use super::packet_block::Fields;

/// The interface of a packet, for whoever writes the packet again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceDescription {
    /// Its number from 0 over the whole file, whatever section describes it; 0 in a pcap.
    pub number: u64,
    /// What each of its packets begins with.
    pub link_type: LinkType,
    /// Decimal digits of the second that hold its times without loss, 0 to 9.
    pub digits: u8,
    /// Seconds that are added to its times.
    pub offset: i64,
    /// Its name, as sent.
    pub name: Option<Vec<u8>>,
}

/// What a block says of an interface, as far as packets need it.
#[derive(Debug, Clone)]
pub(super) struct Interface {
    /// What each of its packets begins with.
    pub(super) link_type: LinkType,
    /// Bytes kept of a packet at most; 0 for no bound.
    pub(super) snaplen: u32,
    clock: Clock,
    fcs: u32,
    resolution: u8,
    offset: i64,
    name: Option<Vec<u8>>,
}

impl Interface {
    /// Reads a whole Interface Description Block; `None` when it is too short. Options after one that overruns the
    /// block are not known.
    pub(super) fn read(block: &[u8], order: Order) -> Option<(Self, Result<(), Overrun>)> {
        let parsed = match order {
            Order::Little => parse_interfacedescriptionblock_le(block),
            Order::Big => parse_interfacedescriptionblock_be(block),
        };
        let (_, parsed) = parsed.ok()?;
        let (mut resolution, mut offset, mut fcs, mut name) = (6, 0, 0, None);
        // By hand, as pcap-parser reads the time offset in the wrong byte order in big-endian sections, refuses
        // powers of two, and drops bad options without a word.
        let options = block.get(16..block.len() - 4).unwrap_or_default();
        let result = block::options(options, order, |code, value| match (code, value) {
            (IF_TSRESOL, [value, ..]) => resolution = *value,
            (IF_NAME, value) if value.len() <= MAX_NAME => name = Some(value.to_vec()),
            (IF_TSOFFSET, value) => offset = order.i64(value).unwrap_or(0),
            // The format says bits, its own example and most writers say bytes.
            (IF_FCSLEN, [value, ..]) => {
                fcs = if *value > 8 { u32::from(*value) / 8 } else { u32::from(*value) }
            }
            _ => {}
        });
        let interface = Self {
            link_type: LinkType(parsed.linktype.0 as u32),
            snaplen: parsed.snaplen,
            clock: Clock::new(resolution, offset),
            fcs,
            resolution,
            offset,
            name,
        };
        Some((interface, result))
    }

    /// How it is described; `number` is its number over the whole file.
    pub(super) fn describe(&self, number: u64) -> InterfaceDescription {
        // A power of two has no end in decimals before its own exponent; what is read of it are nanoseconds.
        let digits = if self.resolution & 0x80 == 0 { self.resolution.min(9) } else { 9 };
        InterfaceDescription {
            number,
            link_type: self.link_type,
            digits,
            offset: self.offset,
            name: self.name.clone(),
        }
    }

    /// A packet of this interface, in a block of `len` bytes at the front of the window.
    #[inline]
    pub(super) fn found(&self, fields: &Fields, len: usize) -> Found {
        let found = Found {
            time: fields.ticks.map_or(Timestamp::new(0, 0), |ticks| self.clock.at(ticks)),
            link_type: self.link_type,
            original_len: fields.original_len.max(fields.caplen),
            skip: fields.skip,
            len: fields.caplen as usize,
            whole: len,
            interface: fields.interface,
        };
        match if fields.fcs == 0 { self.fcs } else { fields.fcs } {
            0 => found,
            fcs => found.without_fcs(fcs),
        }
    }
}

const IF_NAME: u16 = 2;
/// Bytes kept of a name.
const MAX_NAME: usize = 256;
const IF_TSRESOL: u16 = 9;
const IF_FCSLEN: u16 = 13;
const IF_TSOFFSET: u16 = 14;
