//! pcapng: sections of blocks, each section in its own byte order and with its own interfaces.

use pcap_parser::{CB_MAGIC, DCB_MAGIC, DSB_MAGIC, EPB_MAGIC, IDB_MAGIC, SHB_MAGIC, SJE_MAGIC, SPB_MAGIC};

use super::block::{Order, Overrun, tls_secrets};
use super::interface::{Interface, InterfaceDescription};
use super::link_type::LinkType;
use super::log::Log;
use super::packet::Found;
use super::packet_block::Fields;
use super::pcap::{cut, too_short_originally};
use super::window::Window;
use crate::error::Warning;
use crate::limits::Limits;

/// The state of a pcapng reading.
#[derive(Debug)]
pub(super) struct Pcapng {
    order: Order,
    interfaces: Vec<Interface>,
    /// Interfaces of the sections before this one.
    interfaces_before: u64,
    /// The link types of all sections, each once.
    pub(super) link_types: Vec<LinkType>,
    /// TLS key logs not yet taken.
    pub(super) secrets: Vec<Vec<u8>>,
    /// Whether there was a TLS key log at all.
    pub(super) has_secrets: bool,
    secret_bytes_left: usize,
    longest_block: usize,
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

impl Pcapng {
    /// A reading that begins with a section header.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            order: Order::Little,
            interfaces: Vec::new(),
            interfaces_before: 0,
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

    /// How an interface of the section at hand is described.
    pub(super) fn interface(&self, index: u32) -> Option<InterfaceDescription> {
        let number = self.interfaces_before + u64::from(index);
        self.interfaces.get(index as usize).map(|interface| interface.describe(number))
    }

    /// Finds the next packet; `None` at the end, and at damage, which is then in `log`.
    pub(super) fn next(&mut self, window: &mut Window, number: &mut u64, log: &mut Log) -> Option<Found> {
        if let Some(found) = self.plain_packet(window.bytes()) {
            *number += 1;
            return Some(found);
        }
        loop {
            match self.step(window, number, log) {
                Step::Packet(found) => return Some(found),
                Step::Other => {}
                Step::End => return None,
            }
        }
    }

    /// What nearly every block is: a whole Enhanced Packet Block without options. Anything else is for
    /// [`step`](Self::step), which looks closer.
    #[inline]
    fn plain_packet(&self, bytes: &[u8]) -> Option<Found> {
        let fields = Fields::of_enhanced(bytes, self.order)?;
        let len = self.order.u32(bytes, 4)? as usize;
        let expected = (fields.caplen as usize).checked_next_multiple_of(4)?.checked_add(32)?;
        let is_plain = self.order.u32(bytes, 0)? == EPB_MAGIC && len == expected;
        if !is_plain || len > self.longest_block || fields.original_len < fields.caplen {
            return None;
        }
        let trailer = self.order.u32(bytes, len - 4)?;
        let interface = self.interfaces.get(fields.interface as usize)?;
        (trailer as usize == len).then(|| interface.found(&fields, len))
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
            SHB_MAGIC => {
                self.interfaces_before += self.interfaces.len() as u64;
                self.interfaces.clear();
            }
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

    fn packet(&self, kind: u32, window: &Window, len: usize, number: &mut u64, log: &mut Log) -> Step {
        let (packet, at) = (*number + 1, window.offset());
        let block = window.bytes().get(..len).unwrap_or_default();
        let Some(fields) = self.fields(kind, block, packet, log) else {
            log.push(bad_length(packet, at, format!("has {len} bytes, too few for its packet header")));
            return Step::End;
        };
        let room = (len - 4).saturating_sub(fields.skip);
        if fields.caplen as usize > room {
            let text = format!("has room for {room} bytes of packet, which claims {}", fields.caplen);
            log.push(bad_length(packet, at, text));
            return Step::End;
        }
        let Some(interface) = self.interfaces.get(fields.interface as usize) else {
            log.push(no_interface(packet, at, fields.interface, self.interfaces.len()));
            return Step::End;
        };
        if fields.original_len < fields.caplen {
            too_short_originally(packet, fields.caplen, fields.original_len, log);
        }
        *number = packet;
        Step::Packet(interface.found(&fields, len))
    }

    fn fields(&self, kind: u32, block: &[u8], packet: u64, log: &mut Log) -> Option<Fields> {
        match kind {
            EPB_MAGIC => {
                let mut fields = Fields::of_enhanced(block, self.order)?;
                if let Err(overrun) = fields.add_options(block, self.order) {
                    log.repeatable("bad-option", packet, || {
                        bad_option(&format!("packet {packet}"), &overrun)
                    });
                }
                Some(fields)
            }
            SPB_MAGIC => {
                log.once("no-timestamps", packet, || {
                    format!("packet {packet} is a simple packet block, which carries no time")
                });
                let snaplen = self.interfaces.first().map_or(0, |interface| interface.snaplen);
                Fields::of_simple(block, self.order, snaplen)
            }
            _ => Fields::of_obsolete(block, self.order),
        }
    }

    fn describe(&mut self, block: &[u8], at: u64, packet: u64, log: &mut Log) {
        let Some((interface, options)) = Interface::read(block, self.order) else {
            log.push(bad_length(packet, at, "is too short to describe an interface".into()));
            return;
        };
        if let Err(overrun) = options {
            let whose = format!("interface {}", self.interfaces.len());
            log.repeatable("bad-option", packet, || bad_option(&whose, &overrun));
        }
        if self.interfaces.len() >= MAX_INTERFACES {
            log.once("too-many-interfaces", packet, || {
                format!(
                    "the section describes more than {MAX_INTERFACES} interfaces; those after are not known"
                )
            });
            return;
        }
        let link_type = interface.link_type;
        self.interfaces.push(interface);
        if self.link_types.len() < MAX_LINK_TYPES && !self.link_types.contains(&link_type) {
            self.link_types.push(link_type);
        }
    }

    fn keep_secrets(&mut self, block: &[u8]) {
        if let Some(secrets) = tls_secrets(block, self.order) {
            self.has_secrets = true;
            if let Some(left) = self.secret_bytes_left.checked_sub(secrets.len()) {
                self.secret_bytes_left = left;
                self.secrets.push(secrets.to_vec());
            }
        }
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

fn bad_option(whose: &str, overrun: &Overrun) -> String {
    let Overrun { code, needed, there } = overrun;
    format!("option {code} of {whose} claims {needed} bytes and its block has {there} left")
}

const PACKET_BLOCK: u32 = 2;
const SYSDIG_EVENTS: [u32; 4] = [0x204, 0x208, 0x216, 0x221];

/// Interfaces kept per section.
const MAX_INTERFACES: usize = 65_536;

/// Link types told of one capture.
const MAX_LINK_TYPES: usize = 64;

#[cfg(test)]
mod tests;
