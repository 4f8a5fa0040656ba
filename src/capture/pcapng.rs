//! pcapng: sections of blocks, each section in its own byte order and with its own interfaces.

use pcap_parser::pcapng::{
    parse_enhancedpacketblock_be, parse_enhancedpacketblock_le, parse_interfacedescriptionblock_be,
    parse_interfacedescriptionblock_le, parse_simplepacketblock_be, parse_simplepacketblock_le,
};
use pcap_parser::{CB_MAGIC, DCB_MAGIC, DSB_MAGIC, EPB_MAGIC, IDB_MAGIC, SHB_MAGIC, SJE_MAGIC, SPB_MAGIC};

use super::block::{self, Order};
use super::clock::Clock;
use super::link_type::LinkType;
use super::log::Log;
use super::packet::{Found, Timestamp};
use super::pcap::{cut, too_short_originally};
use super::window::Window;
use crate::error::Warning;
use crate::limits::Limits;

/// The state of a pcapng reading.
#[derive(Debug)]
pub(super) struct Pcapng {
    order: Order,
    interfaces: Vec<Interface>,
    /// The link types of all sections, each once.
    pub(super) link_types: Vec<LinkType>,
    /// TLS key logs not yet taken.
    pub(super) secrets: Vec<Vec<u8>>,
    /// Whether there was a TLS key log at all.
    pub(super) has_secrets: bool,
    secret_bytes_left: usize,
    longest_block: usize,
}

/// What an Interface Description Block says.
#[derive(Debug, Clone, Copy)]
struct Interface {
    link_type: LinkType,
    snaplen: u32,
    clock: Clock,
    fcs: u32,
}

/// What one block was.
pub(super) enum Step {
    /// A packet to deliver; its block is still in the window.
    Packet(Found),
    /// Anything else; it is off the window.
    Other,
    /// The end of the input, or damage that ends the reading.
    End,
}

/// The fields that a packet block has, whichever kind it is.
struct Fields {
    interface: u32,
    ticks: Option<u64>,
    caplen: u32,
    original_len: u32,
    skip: usize,
    fcs: u32,
}

impl Pcapng {
    /// A reading that begins with a section header.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            order: Order::Little,
            interfaces: Vec::new(),
            link_types: Vec::new(),
            secrets: Vec::new(),
            has_secrets: false,
            secret_bytes_left: limits.block_bytes,
            longest_block: limits.block_bytes,
        }
    }

    /// Whether the section at hand has described an interface.
    pub(super) fn has_interface(&self) -> bool {
        !self.interfaces.is_empty()
    }

    /// Finds the next packet; `None` at the end, and at damage, which is then in `log`.
    pub(super) fn next(&mut self, window: &mut Window, number: &mut u64, log: &mut Log) -> Option<Found> {
        loop {
            match self.step(window, number, log) {
                Step::Packet(found) => return Some(found),
                Step::Other => {}
                Step::End => return None,
            }
        }
    }

    /// Reads one block.
    pub(super) fn step(&mut self, window: &mut Window, number: &mut u64, log: &mut Log) -> Step {
        let Some((kind, len)) = self.header(window, *number + 1, log) else { return Step::End };
        if !is_kept(kind) {
            if counts_as_frame(kind) {
                *number += 1;
            }
            return self.pass(window, len, *number + 1, log);
        }
        if !self.load(window, len, *number + 1, log) {
            return Step::End;
        }
        if matches!(kind, EPB_MAGIC | SPB_MAGIC | PACKET_BLOCK) {
            return self.packet(kind, window, len, number, log);
        }
        let block = window.bytes().get(..len).unwrap_or_default();
        match kind {
            SHB_MAGIC => self.interfaces.clear(),
            IDB_MAGIC => self.describe(block, window.offset(), *number + 1, log),
            _ => self.keep_secrets(block),
        }
        window.consume(len);
        Step::Other
    }

    /// The type and length of the next block; a section header sets the byte order.
    fn header(&mut self, window: &mut Window, packet: u64, log: &mut Log) -> Option<(u32, usize)> {
        let at = window.offset();
        if !window.fill(12) {
            if window.len() > 0 {
                log.push(cut(packet, at, "block header", 12, window.len()));
            }
            return None;
        }
        let head = *window.bytes().first_chunk::<12>()?;
        if head.starts_with(&SHB_MAGIC.to_le_bytes()) {
            let Some(order) = Order::of_mark(*head.last_chunk()?) else {
                let text = format!("the section header at offset {at} has no byte-order mark");
                log.push(Warning::at("bad-block", packet, text));
                return None;
            };
            self.order = order;
        }
        let (kind, len) = (self.order.u32(&head, 0)?, self.order.u32(&head, 4)?);
        if len < 12 || len % 4 != 0 {
            log.push(bad_length(packet, at, format!("claims {len} bytes, which no block can have")));
            return None;
        }
        Some((kind, len as usize))
    }

    /// Reads a whole block to the window and holds its two lengths against each other.
    fn load(&self, window: &mut Window, len: usize, packet: u64, log: &mut Log) -> bool {
        let at = window.offset();
        if len > self.longest_block {
            let text = format!("claims {len} bytes, over the {} that are allowed", self.longest_block);
            log.push(bad_length(packet, at, text));
            return false;
        }
        if !window.fill(len) {
            log.push(cut(packet, at, "block", len, window.len()));
            return false;
        }
        let trailer = self.order.u32(window.bytes(), len - 4);
        self.check_trailer(len, trailer, packet, at, log)
    }

    /// Passes over a block that is not needed, however long it is.
    fn pass(&self, window: &mut Window, len: usize, packet: u64, log: &mut Log) -> Step {
        let at = window.offset();
        if !window.skip(len as u64 - 4) || !window.fill(4) {
            let there = window.offset() - at + window.len() as u64;
            log.push(cut(packet, at, "block", len, there as usize));
            return Step::End;
        }
        let trailer = self.order.u32(window.bytes(), 0);
        window.consume(4);
        if self.check_trailer(len, trailer, packet, at, log) { Step::Other } else { Step::End }
    }

    fn check_trailer(&self, len: usize, trailer: Option<u32>, packet: u64, at: u64, log: &mut Log) -> bool {
        let trailer = trailer.unwrap_or(0);
        let same = trailer as usize == len;
        if !same {
            let text =
                format!("gives its length as {len} bytes at its beginning and as {trailer} at its end");
            log.push(bad_length(packet, at, text));
        }
        same
    }

    fn packet(&mut self, kind: u32, window: &Window, len: usize, number: &mut u64, log: &mut Log) -> Step {
        let (packet, at) = (*number + 1, window.offset());
        let block = window.bytes().get(..len).unwrap_or_default();
        let fields = match kind {
            EPB_MAGIC => self.enhanced(block, packet, log),
            SPB_MAGIC => self.simple(block, packet, log),
            _ => self.obsolete(block),
        };
        let Some(fields) = fields else {
            log.push(bad_length(packet, at, format!("has {len} bytes, too few for its packet header")));
            return Step::End;
        };
        let room = len - 4 - fields.skip;
        if fields.caplen as usize > room {
            let text = format!("has room for {room} bytes of packet, which claims {}", fields.caplen);
            log.push(bad_length(packet, at, text));
            return Step::End;
        }
        let Some(interface) = self.interfaces.get(fields.interface as usize) else {
            log.push(no_interface(packet, at, fields.interface, self.interfaces.len()));
            return Step::End;
        };
        *number = packet;
        Step::Packet(found(&fields, interface, len, packet, log))
    }

    fn enhanced(&self, block: &[u8], packet: u64, log: &mut Log) -> Option<Fields> {
        let caplen = self.order.u32(block, 20)?;
        let data_end = 28_usize.checked_add((caplen as usize).checked_next_multiple_of(4)?)?;
        if block.len() > data_end + 4 {
            // pcap-parser would collect the options of each packet in a Vec.
            return self.enhanced_with_options(block, data_end, packet, log);
        }
        let parsed = match self.order {
            Order::Little => parse_enhancedpacketblock_le(block),
            Order::Big => parse_enhancedpacketblock_be(block),
        };
        let Ok((_, parsed)) = parsed else {
            // The padding may be missing: what counts is that the packet is there.
            return self.enhanced_fields(block);
        };
        Some(Fields {
            interface: parsed.if_id,
            ticks: Some(u64::from(parsed.ts_high) << 32 | u64::from(parsed.ts_low)),
            caplen: parsed.caplen,
            original_len: parsed.origlen,
            skip: 28,
            fcs: 0,
        })
    }

    fn enhanced_with_options(
        &self,
        block: &[u8],
        data_end: usize,
        packet: u64,
        log: &mut Log,
    ) -> Option<Fields> {
        let mut fields = self.enhanced_fields(block)?;
        let options = block.get(data_end..block.len() - 4)?;
        let result = block::options(options, self.order, |code, value| {
            // epb_flags: bits 5 to 8 are the length of the frame check sequence, when it is known.
            if let (EPB_FLAGS, Some(flags)) = (code, self.order.u32(value, 0)) {
                fields.fcs = flags >> 5 & 0xf;
            }
        });
        if let Err(overrun) = result {
            log.repeatable("bad-option", packet, || bad_option(&format!("packet {packet}"), &overrun));
        }
        Some(fields)
    }

    fn enhanced_fields(&self, block: &[u8]) -> Option<Fields> {
        let field = |at| self.order.u32(block, at);
        (block.len() >= 32).then_some(())?;
        Some(Fields {
            interface: field(8)?,
            ticks: Some(u64::from(field(12)?) << 32 | u64::from(field(16)?)),
            caplen: field(20)?,
            original_len: field(24)?,
            skip: 28,
            fcs: 0,
        })
    }

    /// A Simple Packet Block: of the first interface, without a time.
    fn simple(&self, block: &[u8], packet: u64, log: &mut Log) -> Option<Fields> {
        let parsed = match self.order {
            Order::Little => parse_simplepacketblock_le(block),
            Order::Big => parse_simplepacketblock_be(block),
        };
        let (_, parsed) = parsed.ok()?;
        log.once("no-timestamps", packet, || {
            format!("packet {packet} is a simple packet block, which carries no time")
        });
        let snaplen = self.interfaces.first().map_or(0, |interface| interface.snaplen);
        let snaplen = if snaplen == 0 { u32::MAX } else { snaplen };
        let room = u32::try_from(parsed.data.len()).unwrap_or(u32::MAX);
        Some(Fields {
            interface: 0,
            ticks: None,
            caplen: parsed.origlen.min(snaplen).min(room),
            original_len: parsed.origlen,
            skip: 12,
            fcs: 0,
        })
    }

    /// The Packet Block of old files, which pcap-parser does not know.
    fn obsolete(&self, block: &[u8]) -> Option<Fields> {
        let field = |at| self.order.u32(block, at);
        (block.len() >= 32).then_some(())?;
        Some(Fields {
            interface: u32::from(self.order.u16(block, 8)?),
            ticks: Some(u64::from(field(12)?) << 32 | u64::from(field(16)?)),
            caplen: field(20)?,
            original_len: field(24)?,
            skip: 28,
            fcs: 0,
        })
    }

    fn describe(&mut self, block: &[u8], at: u64, packet: u64, log: &mut Log) {
        let parsed = match self.order {
            Order::Little => parse_interfacedescriptionblock_le(block),
            Order::Big => parse_interfacedescriptionblock_be(block),
        };
        let Ok((_, parsed)) = parsed else {
            log.push(bad_length(packet, at, "is too short to describe an interface".into()));
            return;
        };
        let (link_type, snaplen) = (LinkType(parsed.linktype.0 as u32), parsed.snaplen);
        let (clock, fcs) = self.interface_options(block, packet, log);
        if self.interfaces.len() >= MAX_INTERFACES {
            log.once("too-many-interfaces", packet, || {
                format!(
                    "the section describes more than {MAX_INTERFACES} interfaces; those after are not known"
                )
            });
            return;
        }
        self.interfaces.push(Interface { link_type, snaplen, clock, fcs });
        if self.link_types.len() < MAX_LINK_TYPES && !self.link_types.contains(&link_type) {
            self.link_types.push(link_type);
        }
    }

    /// The clock and the frame check sequence of an interface. By hand, as pcap-parser reads `if_tsoffset` in
    /// the wrong byte order in big-endian sections, and drops bad options without a word.
    fn interface_options(&self, block: &[u8], packet: u64, log: &mut Log) -> (Clock, u32) {
        let (mut resolution, mut offset, mut fcs) = (6, 0, 0);
        let options = block.get(16..block.len() - 4).unwrap_or_default();
        let result = block::options(options, self.order, |code, value| match (code, value) {
            (IF_TSRESOL, [value, ..]) => resolution = *value,
            (IF_TSOFFSET, value) => offset = self.order.i64(value).unwrap_or(0),
            // The format says bits, its own example and most writers say bytes.
            (IF_FCSLEN, [value, ..]) => {
                fcs = if *value > 8 { u32::from(*value) / 8 } else { u32::from(*value) }
            }
            _ => {}
        });
        if let Err(overrun) = result {
            let whose = format!("interface {}", self.interfaces.len());
            log.repeatable("bad-option", packet, || bad_option(&whose, &overrun));
        }
        (Clock::new(resolution, offset), fcs)
    }

    fn keep_secrets(&mut self, block: &[u8]) {
        if let Some(secrets) = block::tls_secrets(block, self.order) {
            self.has_secrets = true;
            if let Some(left) = self.secret_bytes_left.checked_sub(secrets.len()) {
                self.secret_bytes_left = left;
                self.secrets.push(secrets.to_vec());
            }
        }
    }
}

fn found(fields: &Fields, interface: &Interface, len: usize, packet: u64, log: &mut Log) -> Found {
    let mut original_len = fields.original_len;
    if original_len < fields.caplen {
        too_short_originally(packet, fields.caplen, original_len, log);
        original_len = fields.caplen;
    }
    let time = fields.ticks.map_or(Timestamp::new(0, 0), |ticks| interface.clock.at(ticks));
    let found = Found {
        time,
        link_type: interface.link_type,
        original_len,
        skip: fields.skip,
        len: fields.caplen as usize,
        whole: len,
    };
    match if fields.fcs == 0 { interface.fcs } else { fields.fcs } {
        0 => found,
        fcs => found.without_fcs(fcs),
    }
}

/// Blocks whose content matters here.
fn is_kept(kind: u32) -> bool {
    matches!(kind, EPB_MAGIC | SPB_MAGIC | PACKET_BLOCK | SHB_MAGIC | IDB_MAGIC | DSB_MAGIC)
}

/// Blocks that Wireshark shows as frames though they hold no packet: custom ones, journal entries, sysdig events.
fn counts_as_frame(kind: u32) -> bool {
    matches!(kind, CB_MAGIC | DCB_MAGIC | SJE_MAGIC) || SYSDIG_EVENTS.contains(&kind)
}

fn bad_length(packet: u64, at: u64, what: String) -> Warning {
    let text = format!("the block at offset {at}, where packet {packet} should be, {what}");
    Warning::at("bad-length", packet, text)
}

fn no_interface(packet: u64, at: u64, index: u32, known: usize) -> Warning {
    let text = format!(
        "packet {packet} at offset {at} names interface {index}, but its section describes {known}; \
         nothing after it is read"
    );
    Warning::at("no-interface", packet, text)
}

fn bad_option(whose: &str, overrun: &block::Overrun) -> String {
    let block::Overrun { code, needed, there } = overrun;
    format!("option {code} of {whose} claims {needed} bytes and its block has {there} left")
}

const PACKET_BLOCK: u32 = 2;
const SYSDIG_EVENTS: [u32; 4] = [0x204, 0x208, 0x216, 0x221];
const EPB_FLAGS: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_FCSLEN: u16 = 13;
const IF_TSOFFSET: u16 = 14;

/// Interfaces kept per section.
const MAX_INTERFACES: usize = 65_536;

/// Link types told of one capture.
const MAX_LINK_TYPES: usize = 64;
