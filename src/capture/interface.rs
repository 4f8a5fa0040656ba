//! Interfaces of a pcapng section (Interface Description Blocks).

use pcap_parser::pcapng::{parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le};

use super::block::{self, Order, Overrun};
use super::clock::Clock;
use super::link_type::LinkType;
use super::packet::{Found, Timestamp};
use super::packet_block::Fields;

/// What a block says of an interface, as far as packets need it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interface {
    /// What each of its packets begins with.
    pub(super) link_type: LinkType,
    /// Bytes kept of a packet at most; 0 for no bound.
    pub(super) snaplen: u32,
    clock: Clock,
    fcs: u32,
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
        let (mut resolution, mut offset, mut fcs) = (6, 0, 0);
        // By hand, as pcap-parser reads the time offset in the wrong byte order in big-endian sections, refuses
        // powers of two, and drops bad options without a word.
        let options = block.get(16..block.len() - 4).unwrap_or_default();
        let result = block::options(options, order, |code, value| match (code, value) {
            (IF_TSRESOL, [value, ..]) => resolution = *value,
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
        };
        Some((interface, result))
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
        };
        match if fields.fcs == 0 { self.fcs } else { fields.fcs } {
            0 => found,
            fcs => found.without_fcs(fcs),
        }
    }
}

const IF_TSRESOL: u16 = 9;
const IF_FCSLEN: u16 = 13;
const IF_TSOFFSET: u16 = 14;
