//! A small reader and writer of captures, and what is needed to move TCP segments about: Ethernet with VLAN tags,
//! Linux cooked and raw packets, IPv4 and IPv6 without extensions. Checksums are left as they are.

use std::io::{Read, Write};
use std::ops::Range;

/// A packet as captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Bytes on the wire.
    pub wire: u32,
    /// Bytes that were kept.
    pub data: Vec<u8>,
}

/// A capture of one link type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The number of the link type.
    pub link: u32,
    /// Its packets.
    pub packets: Vec<Packet>,
    /// Times have nanoseconds.
    pub nanoseconds: bool,
}

/// How a capture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// pcap, little endian, in the capture's precision.
    Little,
    /// pcap, big endian.
    Big,
    /// pcap, little endian, with nanoseconds.
    Nanoseconds,
    /// pcapng, little endian.
    NextGeneration,
    /// pcapng, big endian.
    NextGenerationBig,
    /// pcap, little endian, in gzip.
    Gzip,
}

/// Every way of writing a capture.
pub const FORMS: [Form; 6] =
    [Form::Little, Form::Big, Form::Nanoseconds, Form::NextGeneration, Form::NextGenerationBig, Form::Gzip];

impl Capture {
    /// Reads pcap or little endian pcapng, as it is or in gzip; `None` for what is neither, or has two link types.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut inflated = Vec::new();
            flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut inflated).ok()?;
            return Self::read(&inflated);
        }
        match bytes.get(..4)? {
            [0x0a, 0x0d, 0x0d, 0x0a] => read_pcapng(bytes),
            [0xd4, 0xc3, 0xb2, 0xa1] => read_pcap(bytes, Little, false),
            [0x4d, 0x3c, 0xb2, 0xa1] => read_pcap(bytes, Little, true),
            [0xa1, 0xb2, 0xc3, 0xd4] => read_pcap(bytes, Big, false),
            [0xa1, 0xb2, 0x3c, 0x4d] => read_pcap(bytes, Big, true),
            _ => None,
        }
    }

    /// The file's bytes.
    pub fn write(&self, form: Form) -> Vec<u8> {
        match form {
            Form::Little => self.write_pcap(Little, self.nanoseconds),
            Form::Big => self.write_pcap(Big, self.nanoseconds),
            Form::Nanoseconds => self.write_pcap(Little, true),
            Form::NextGeneration => self.write_pcapng(Little),
            Form::NextGenerationBig => self.write_pcapng(Big),
            Form::Gzip => {
                let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                out.write_all(&self.write(Form::Little)).expect("memory");
                out.finish().expect("memory")
            }
        }
    }

    fn write_pcap(&self, order: Order, nanoseconds: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let magic = if nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        order.put(&mut out, &[magic]);
        order.put_half(&mut out, &[2, 4]);
        order.put(&mut out, &[0, 0, 262_144, self.link]);
        for packet in &self.packets {
            let part = (packet.time % SECOND) as u32;
            let part = if nanoseconds { part } else { part / 1000 };
            order
                .put(&mut out, &[(packet.time / SECOND) as u32, part, packet.data.len() as u32, packet.wire]);
            out.extend_from_slice(&packet.data);
        }
        out
    }

    fn write_pcapng(&self, order: Order) -> Vec<u8> {
        let mut section = Vec::new();
        order.put(&mut section, &[0x1a2b_3c4d]);
        order.put_half(&mut section, &[1, 0]);
        section.extend_from_slice(&[0xff; 8]);
        let mut interface = Vec::new();
        order.put_half(&mut interface, &[self.link as u16, 0]);
        order.put(&mut interface, &[262_144]);
        // if_tsresol: powers of ten.
        order.put_half(&mut interface, &[9, 1]);
        interface.extend_from_slice(&[if self.nanoseconds { 9 } else { 6 }, 0, 0, 0, 0, 0, 0, 0]);
        let mut out = Vec::new();
        order.put_block(&mut out, 0x0a0d_0d0a, section);
        order.put_block(&mut out, 1, interface);
        for packet in &self.packets {
            let time = if self.nanoseconds { packet.time } else { packet.time / 1000 };
            let mut body = Vec::new();
            order.put(
                &mut body,
                &[0, (time >> 32) as u32, time as u32, packet.data.len() as u32, packet.wire],
            );
            body.extend_from_slice(&packet.data);
            order.put_block(&mut out, 6, body);
        }
        out
    }
}

const SECOND: u64 = 1_000_000_000;

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

use Order::{Big, Little};

impl Order {
    fn get(self, bytes: &[u8], at: usize) -> Option<u32> {
        let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(match self {
            Little => u32::from_le_bytes(four),
            Big => u32::from_be_bytes(four),
        })
    }

    fn put(self, out: &mut Vec<u8>, values: &[u32]) {
        for value in values {
            out.extend_from_slice(&match self {
                Little => value.to_le_bytes(),
                Big => value.to_be_bytes(),
            });
        }
    }

    fn put_half(self, out: &mut Vec<u8>, values: &[u16]) {
        for value in values {
            out.extend_from_slice(&match self {
                Little => value.to_le_bytes(),
                Big => value.to_be_bytes(),
            });
        }
    }

    fn put_block(self, out: &mut Vec<u8>, kind: u32, mut body: Vec<u8>) {
        body.resize(body.len().next_multiple_of(4), 0);
        let length = body.len() as u32 + 12;
        self.put(out, &[kind, length]);
        out.extend_from_slice(&body);
        self.put(out, &[length]);
    }
}

fn read_pcap(bytes: &[u8], order: Order, nanoseconds: bool) -> Option<Capture> {
    let link = order.get(bytes, 20)? & 0xffff;
    let mut packets = Vec::new();
    let mut at = 24;
    while at < bytes.len() {
        let part = u64::from(order.get(bytes, at + 4)?);
        let part = if nanoseconds { part } else { part * 1000 };
        let time = u64::from(order.get(bytes, at)?) * SECOND + part;
        let kept = order.get(bytes, at + 8)? as usize;
        let wire = order.get(bytes, at + 12)?;
        let data = bytes.get(at + 16..(at + 16).checked_add(kept)?)?.to_vec();
        packets.push(Packet { time, wire, data });
        at += 16 + kept;
    }
    Some(Capture { link, packets, nanoseconds })
}

/// One interface whose times are microseconds, as this project's own captures have it.
fn read_pcapng(bytes: &[u8]) -> Option<Capture> {
    let (mut at, mut link, mut packets) = (0, None, Vec::new());
    while at < bytes.len() {
        let (kind, length) = (Little.get(bytes, at)?, Little.get(bytes, at + 4)? as usize);
        let body = bytes.get(at + 8..(at + length).checked_sub(4)?)?;
        match kind {
            0x0a0d_0d0a if Little.get(body, 0)? != 0x1a2b_3c4d => return None,
            1 if link.is_some() || body.len() > 8 => return None,
            1 => link = Some(Little.get(body, 0)? & 0xffff),
            6 => {
                let time = u64::from(Little.get(body, 4)?) << 32 | u64::from(Little.get(body, 8)?);
                let kept = Little.get(body, 12)? as usize;
                let data = body.get(20..20 + kept)?.to_vec();
                packets.push(Packet { time: time * 1000, wire: Little.get(body, 16)?, data });
            }
            _ => {}
        }
        at += length;
    }
    Some(Capture { link: link?, packets, nanoseconds: false })
}

/// Where a TCP segment is within its packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    ip: usize,
    tcp: usize,
    version: u8,
    /// The payload's bytes.
    pub payload: Range<usize>,
    /// Source and destination with their ports: one direction of a connection.
    pub flow: [Vec<u8>; 2],
    /// The number of its first byte.
    pub sequence: u32,
    /// FIN 1, SYN 2, RST 4, PSH 8, ACK 16.
    pub flags: u8,
}

impl Segment {
    /// The segment in a packet that was captured whole; `None` for anything else.
    pub fn of(link: u32, packet: &Packet) -> Option<Self> {
        let data = &packet.data;
        if packet.wire as usize != data.len() {
            return None;
        }
        let ip = network_layer(link, data)?;
        let version = data.get(ip)? >> 4;
        let (tcp, end, addresses) = match version {
            4 => {
                let fragmented = half(data, ip + 6)? & 0x3fff != 0;
                let tcp = (*data.get(ip + 9)? == 6 && !fragmented)
                    .then_some(ip + usize::from(data.get(ip)? & 15) * 4)?;
                (tcp, ip + usize::from(half(data, ip + 2)?), [ip + 12..ip + 16, ip + 16..ip + 20])
            }
            6 => {
                let tcp = (*data.get(ip + 6)? == 6).then_some(ip + 40)?;
                (tcp, tcp + usize::from(half(data, ip + 4)?), [ip + 8..ip + 24, ip + 24..ip + 40])
            }
            _ => return None,
        };
        let payload = tcp + usize::from(data.get(tcp + 12)? >> 4) * 4..end;
        if end > data.len() || payload.start > end {
            return None;
        }
        let [source, target] = addresses;
        let endpoint = |address: Range<usize>, port: usize| {
            Some([data.get(address)?, data.get(port..port + 2)?].concat())
        };
        Some(Self {
            ip,
            tcp,
            version,
            payload,
            flow: [endpoint(source, tcp)?, endpoint(target, tcp + 2)?],
            sequence: Big.get(data, tcp + 4)?,
            flags: *data.get(tcp + 13)?,
        })
    }

    /// The number of the byte behind its payload.
    pub fn end(&self) -> u32 {
        self.sequence.wrapping_add(self.payload.len() as u32)
    }

    /// Whether both segments belong to one connection, whatever their direction.
    pub fn same_connection(&self, other: &Self) -> bool {
        self.flow == other.flow || self.flow[0] == other.flow[1] && self.flow[1] == other.flow[0]
    }

    /// The same packet with a part of the payload alone; FIN and PSH stay with its last byte.
    pub fn part(&self, packet: &Packet, part: Range<usize>) -> Packet {
        let is_last = part.end == self.payload.len();
        let mut data = packet.data[..self.payload.start].to_vec();
        let start = self.payload.start;
        data.extend_from_slice(&packet.data[start + part.start..start + part.end]);
        let length = (data.len() - self.ip) as u16;
        match self.version {
            4 => data[self.ip + 2..self.ip + 4].copy_from_slice(&length.to_be_bytes()),
            _ => data[self.ip + 4..self.ip + 6].copy_from_slice(&(length - 40).to_be_bytes()),
        }
        let sequence = self.sequence.wrapping_add(part.start as u32);
        data[self.tcp + 4..self.tcp + 8].copy_from_slice(&sequence.to_be_bytes());
        if !is_last {
            data[self.tcp + 13] &= !(FIN | PSH);
        }
        Packet { time: packet.time, wire: data.len() as u32, data }
    }

    /// The same packet as the sender would send it anew: with another IP identification.
    pub fn again(&self, packet: &Packet) -> Packet {
        let mut packet = packet.clone();
        if self.version == 4 {
            packet.data[self.ip + 5] ^= 0x55;
        }
        packet
    }
}

/// The flag of an end.
pub const FIN: u8 = 1;
/// The flag of a beginning.
pub const SYN: u8 = 2;
/// The flag of a reset.
pub const RST: u8 = 4;
const PSH: u8 = 8;

fn half(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

/// Where the IP header begins.
fn network_layer(link: u32, data: &[u8]) -> Option<usize> {
    match link {
        1 => {
            let mut at = 12;
            while matches!(half(data, at)?, 0x8100 | 0x88a8) {
                at += 4;
            }
            matches!(half(data, at)?, 0x0800 | 0x86dd).then_some(at + 2)
        }
        101 | 228 | 229 => Some(0),
        113 => matches!(half(data, 14)?, 0x0800 | 0x86dd).then_some(16),
        276 => matches!(half(data, 0)?, 0x0800 | 0x86dd).then_some(20),
        _ => None,
    }
}
