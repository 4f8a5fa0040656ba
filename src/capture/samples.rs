//! Captures for tests, built byte by byte.

use std::io::{Cursor, Read};
use std::path::Path;

use super::block::Order;
use super::reader::CaptureReader;
use crate::error::{Result, Warning};
use crate::limits::Limits;

impl Order {
    /// A 16-bit number in this order.
    pub(super) fn put16(self, value: u16) -> [u8; 2] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    /// A 32-bit number in this order.
    pub(super) fn put32(self, value: u32) -> [u8; 4] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }
}

/// A pcap file header with a magic number and a link type.
pub(super) fn pcap_header(order: Order, magic: u32, network: u32) -> Vec<u8> {
    let version = [order.put16(2), order.put16(4)].concat();
    [&order.put32(magic)[..], &version, &[0; 8], &order.put32(65_535), &order.put32(network)].concat()
}

/// A pcap record; `modified` adds the eight bytes of the modified format.
pub(super) fn record(order: Order, modified: bool, time: (u32, u32), original: u32, data: &[u8]) -> Vec<u8> {
    let head = [time.0, time.1, data.len() as u32, original].map(|field| order.put32(field)).concat();
    let extra: &[u8] = if modified { &[0; 8] } else { &[] };
    [&head[..], extra, data].concat()
}

/// A pcapng block around `body`, which is padded.
pub(super) fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let len = order.put32(body.len() as u32 + 12);
    [&order.put32(kind)[..], &len, &body, &len].concat()
}

/// A section header.
pub(super) fn section(order: Order) -> Vec<u8> {
    let version = [order.put16(1), order.put16(0)].concat();
    block(order, 0x0a0d_0d0a, &[&order.put32(0x1a2b_3c4d)[..], &version, &[0xff; 8]].concat())
}

/// An interface description with raw options.
pub(super) fn interface(order: Order, link_type: u16, options: &[u8]) -> Vec<u8> {
    block(order, 1, &[&order.put16(link_type)[..], &[0; 2], &order.put32(0), options].concat())
}

/// An option, padded.
pub(super) fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = [&order.put16(code)[..], &order.put16(value.len() as u16), value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// The body of an enhanced packet.
pub(super) fn enhanced(order: Order, interface: u32, ticks: u64, original: u32, data: &[u8]) -> Vec<u8> {
    let head = [interface, (ticks >> 32) as u32, ticks as u32, data.len() as u32, original];
    let mut body = [&head.map(|field| order.put32(field)).concat()[..], data].concat();
    body.resize(body.len().next_multiple_of(4), 0);
    body
}

/// Number, nanoseconds, digits, link type, original length and data of a packet.
pub(super) type Seen = (u64, i64, u8, u32, u32, Vec<u8>);

/// Opens a capture given as bytes.
pub(super) fn open(bytes: &[u8]) -> Result<CaptureReader<'_>> {
    let input: Box<dyn Read + Send> = Box::new(Cursor::new(bytes.to_vec()));
    CaptureReader::open(input, Path::new("test.pcap"), &Limits::default())
}

/// All packets and warnings of a reader.
pub(super) fn drain(reader: &mut CaptureReader) -> (Vec<Seen>, Vec<Warning>) {
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet().expect("no error while reading") {
        let (time, link_type) = (packet.time, packet.link_type.0);
        packets.push((
            packet.number,
            time.nanos,
            time.digits,
            link_type,
            packet.original_len,
            packet.data.to_vec(),
        ));
    }
    (packets, reader.take_warnings())
}

/// All packets and warnings of a capture given as bytes.
pub(super) fn read(bytes: &[u8]) -> (Vec<Seen>, Vec<Warning>) {
    drain(&mut open(bytes).expect("a capture"))
}

/// The codes of warnings.
pub(super) fn codes(warnings: &[Warning]) -> Vec<&'static str> {
    warnings.iter().map(|warning| warning.code).collect()
}
