//! The three kinds of pcapng block that hold a packet: enhanced, simple, and the obsolete one of old files.

use pcap_parser::pcapng::{parse_simplepacketblock_be, parse_simplepacketblock_le};

use super::block::{self, Order, Overrun};

/// The fields that such a block has, whichever kind it is.
pub(super) struct Fields {
    /// The interface, by its place in the section.
    pub(super) interface: u32,
    /// When it was captured, in the interface's units; simple blocks do not say.
    pub(super) ticks: Option<u64>,
    /// Bytes captured.
    pub(super) caplen: u32,
    /// Bytes on the wire.
    pub(super) original_len: u32,
    /// Bytes of the block before them.
    pub(super) skip: usize,
    /// Bytes of frame check sequence at their end, when the block says so itself.
    pub(super) fcs: u32,
}

impl Fields {
    /// The head of an Enhanced Packet Block.
    ///
    /// By hand, here and below: for this block pcap-parser takes longer than the system takes to read it, and it
    /// collects the options of each packet in a `Vec`.
    #[inline]
    pub(super) fn of_enhanced(block: &[u8], order: Order) -> Option<Self> {
        let head = block.first_chunk::<28>()?;
        Some(Self {
            interface: order.u32(head, 8)?,
            ticks: Some(u64::from(order.u32(head, 12)?) << 32 | u64::from(order.u32(head, 16)?)),
            caplen: order.u32(head, 20)?,
            original_len: order.u32(head, 24)?,
            skip: 28,
            fcs: 0,
        })
    }

    /// Adds what the options of a whole Enhanced Packet Block say.
    pub(super) fn add_options(&mut self, block: &[u8], order: Order) -> Result<(), Overrun> {
        let data_end = (self.caplen as usize).checked_next_multiple_of(4).map_or(usize::MAX, |len| len + 28);
        let options = block.get(data_end..block.len().saturating_sub(4)).unwrap_or_default();
        block::options(options, order, |code, value| {
            // Bits 5 to 8 of the flags are the length of the frame check sequence, when it is known.
            if let (EPB_FLAGS, Some(flags)) = (code, order.u32(value, 0)) {
                self.fcs = flags >> 5 & 0xf;
            }
        })
    }

    /// A Simple Packet Block: of the first interface, whose snap length is `snaplen`, and without a time.
    pub(super) fn of_simple(block: &[u8], order: Order, snaplen: u32) -> Option<Self> {
        let parsed = match order {
            Order::Little => parse_simplepacketblock_le(block),
            Order::Big => parse_simplepacketblock_be(block),
        };
        let (_, parsed) = parsed.ok()?;
        let snaplen = if snaplen == 0 { u32::MAX } else { snaplen };
        let room = u32::try_from(parsed.data.len()).unwrap_or(u32::MAX);
        Some(Self {
            interface: 0,
            ticks: None,
            caplen: parsed.origlen.min(snaplen).min(room),
            original_len: parsed.origlen,
            skip: 12,
            fcs: 0,
        })
    }

    /// The Packet Block of old files, which pcap-parser does not know: as the enhanced one, but its interface has
    /// 16 bits, and a count of dropped packets follows.
    pub(super) fn of_obsolete(block: &[u8], order: Order) -> Option<Self> {
        let interface = u32::from(order.u16(block, 8)?);
        Some(Self { interface, ..Self::of_enhanced(block, order)? })
    }
}

const EPB_FLAGS: u16 = 2;
