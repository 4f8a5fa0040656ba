//! Packets become a capture again: pcap, or a pcapng of one section, both with the least significant byte first.

use std::io::{self, Write};

use super::interface::InterfaceDescription;
use super::packet::Timestamp;

/// A packet to write.
#[derive(Debug, Clone, Copy)]
pub struct OutPacket<'a> {
    /// When it was captured.
    pub time: Timestamp,
    /// Bytes that it had on the wire.
    pub original_len: u32,
    /// The bytes to keep of it, from the link-layer header on.
    pub data: &'a [u8],
    /// What Wireshark is to show beside it; pcapng only.
    pub comment: Option<&'a str>,
}

/// Writes a capture. The packets of a pcap are of one interface; a pcapng describes an interface when its first packet comes.
pub struct CaptureWriter<W: Write> {
    out: W,
    format: Format,
}

enum Format {
    Pcap {
        /// The header is written.
        begun: bool,
        nanoseconds: bool,
    },
    /// The interfaces described so far: number in the input, digits, offset.
    Pcapng(Vec<(u64, u8, i64)>),
}

impl<W: Write> CaptureWriter<W> {
    /// A pcap; its header, with micro- or nanoseconds, is that of the first packet's interface.
    pub fn pcap(out: W) -> Self {
        Self { out, format: Format::Pcap { begun: false, nanoseconds: false } }
    }

    /// A pcapng. `key_log`, when it is not empty, is embedded as a Decryption Secrets Block before all packets.
    ///
    /// # Errors
    /// What `out` says.
    pub fn pcapng(mut out: W, key_log: &[u8]) -> io::Result<Self> {
        let section = [&BYTE_ORDER.to_le_bytes()[..], &1_u16.to_le_bytes(), &0_u16.to_le_bytes(), &[0xff; 8]];
        let application = option(SHB_USERAPPL, concat!("tlspcap ", env!("CARGO_PKG_VERSION")).as_bytes());
        block(&mut out, SECTION, &[&section.concat(), &application, &END_OF_OPTIONS])?;
        if !key_log.is_empty() {
            let len = u32::try_from(key_log.len()).map_err(io::Error::other)?;
            block(&mut out, SECRETS, &[&TLS_KEY_LOG.to_le_bytes(), &len.to_le_bytes(), key_log])?;
        }
        Ok(Self { out, format: Format::Pcapng(Vec::new()) })
    }

    /// Describes the interface that an empty capture has, so that it can be opened.
    ///
    /// # Errors
    /// What the output says.
    pub fn describe(&mut self, interface: &InterfaceDescription) -> io::Result<()> {
        self.interface(interface).map(drop)
    }

    /// Writes a packet.
    ///
    /// # Errors
    /// What the output says.
    pub fn write(&mut self, interface: &InterfaceDescription, packet: &OutPacket<'_>) -> io::Result<()> {
        let (index, digits, offset) = self.interface(interface)?;
        match self.format {
            Format::Pcap { nanoseconds, .. } => self.pcap_record(nanoseconds, packet),
            Format::Pcapng(_) => self.enhanced_block(index, ticks(packet.time, digits, offset), packet),
        }
    }

    /// Hands back the output.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// The interface's place in the output, with its resolution and offset; it is described when it is new.
    fn interface(&mut self, interface: &InterfaceDescription) -> io::Result<(u32, u8, i64)> {
        match &mut self.format {
            Format::Pcap { begun, nanoseconds } => {
                if !*begun {
                    (*begun, *nanoseconds) = (true, interface.digits > 6);
                    let magic: u32 = if *nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
                    self.out.write_all(&magic.to_le_bytes())?;
                    self.out.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
                    self.out.write_all(&SNAP_LENGTH.to_le_bytes())?;
                    self.out.write_all(&interface.link_type.0.to_le_bytes())?;
                }
                Ok((0, interface.digits, 0))
            }
            Format::Pcapng(known) => {
                let at = known.iter().position(|(number, ..)| *number == interface.number);
                let at = match at {
                    Some(at) => at,
                    None => {
                        known.push((interface.number, interface.digits, interface.offset));
                        describe(&mut self.out, interface)?;
                        known.len() - 1
                    }
                };
                let index = u32::try_from(at).map_err(io::Error::other)?;
                Ok((index, interface.digits, interface.offset))
            }
        }
    }

    fn pcap_record(&mut self, nanoseconds: bool, packet: &OutPacket<'_>) -> io::Result<()> {
        let fraction = packet.time.nanos.rem_euclid(1_000_000_000);
        let fraction = if nanoseconds { fraction } else { fraction / 1_000 };
        // The format's seconds have 32 bits; what was read from one has no others.
        let head = [
            packet.time.seconds() as u32,
            fraction as u32,
            u32::try_from(packet.data.len()).map_err(io::Error::other)?,
            packet.original_len,
        ];
        for field in head {
            self.out.write_all(&field.to_le_bytes())?;
        }
        self.out.write_all(packet.data)
    }

    fn enhanced_block(&mut self, interface: u32, ticks: u64, packet: &OutPacket<'_>) -> io::Result<()> {
        let caplen = u32::try_from(packet.data.len()).map_err(io::Error::other)?;
        let (high, low) = ((ticks >> 32) as u32, ticks as u32);
        let head = [interface, high, low, caplen, packet.original_len].map(u32::to_le_bytes).concat();
        let padding = [0; 3].get(..packet.data.len().next_multiple_of(4) - packet.data.len()).unwrap_or(&[]);
        let options = packet.comment.map_or_else(Vec::new, |comment| {
            [option(COMMENT, comment.as_bytes()), END_OF_OPTIONS.to_vec()].concat()
        });
        block(&mut self.out, ENHANCED_PACKET, &[&head, packet.data, padding, &options])
    }
}

/// Writes an Interface Description Block: link type, resolution, offset and name. Its snap length, filter, comments and machine
/// stay behind.
fn describe(out: &mut impl Write, interface: &InterfaceDescription) -> io::Result<()> {
    let link_type = u16::try_from(interface.link_type.0).map_err(io::Error::other)?;
    let mut options = Vec::new();
    if let Some(name) = interface.name.as_ref().filter(|name| std::str::from_utf8(name).is_ok()) {
        options.extend(option(IF_NAME, name));
    }
    if interface.digits != MICROSECONDS {
        options.extend(option(IF_TSRESOL, &[interface.digits]));
    }
    if interface.offset != 0 {
        options.extend(option(IF_TSOFFSET, &interface.offset.to_le_bytes()));
    }
    if !options.is_empty() {
        options.extend(END_OF_OPTIONS);
    }
    block(out, INTERFACE, &[&link_type.to_le_bytes(), &[0; 2], &[0; 4], &options])
}

/// A moment in the units of an interface.
fn ticks(time: Timestamp, digits: u8, offset: i64) -> u64 {
    let nanos = i128::from(time.nanos) - i128::from(offset) * 1_000_000_000;
    let unit = 10_i128.pow(9 - u32::from(digits.min(9)));
    u64::try_from(nanos / unit).unwrap_or(0)
}

/// An option, padded; a value that is too long for one is cut.
fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
    let mut bytes = [&code.to_le_bytes()[..], &len.to_le_bytes(), value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Writes a block around `parts`, padded at the end.
fn block(out: &mut impl Write, kind: u32, parts: &[&[u8]]) -> io::Result<()> {
    let body: usize = parts.iter().map(|part| part.len()).sum();
    let padded = body.next_multiple_of(4);
    let len = u32::try_from(padded + 12).map_err(io::Error::other)?.to_le_bytes();
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&len)?;
    for part in parts {
        out.write_all(part)?;
    }
    out.write_all([0; 3].get(..padded - body).unwrap_or(&[]))?;
    out.write_all(&len)
}

const SECTION: u32 = 0x0a0d_0d0a;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const SECRETS: u32 = 10;
const TLS_KEY_LOG: u32 = 0x544c_534b;
const COMMENT: u16 = 1;
const IF_NAME: u16 = 2;
const SHB_USERAPPL: u16 = 4;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;
/// The resolution of an interface that names none.
const MICROSECONDS: u8 = 6;
const END_OF_OPTIONS: [u8; 4] = [0; 4];
/// The snap length of a pcap's header: what capture programs write who cut nothing.
const SNAP_LENGTH: u32 = 262_144;

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::Path;

    use super::super::link_type::LinkType;
    use super::super::reader::CaptureReader;
    use super::super::samples::read;
    use super::*;
    use crate::limits::Limits;

    fn interface(number: u64, link_type: u32, digits: u8) -> InterfaceDescription {
        let name = Some(b"eth0".to_vec());
        InterfaceDescription { number, link_type: LinkType(link_type), digits, offset: 0, name }
    }

    fn packet(nanos: i64, data: &[u8]) -> OutPacket<'_> {
        OutPacket { time: Timestamp::new(nanos, 9), original_len: 900, data, comment: Some("a comment") }
    }

    #[test]
    fn a_pcap_has_the_resolution_of_its_interface() {
        for (digits, nanos) in [(6, 4_000_000_000_250_001_000), (9, 4_000_000_000_250_000_001)] {
            let mut writer = CaptureWriter::pcap(Vec::new());
            writer.write(&interface(0, 113, digits), &packet(nanos, b"abc")).unwrap();
            let (packets, warnings) = read(&writer.into_inner());
            assert_eq!(packets, [(1, nanos, digits, 113, 900, b"abc".to_vec())]);
            assert_eq!(warnings, []);
        }
    }

    #[test]
    fn a_pcapng_has_its_interfaces_with_their_clocks_and_its_packets() {
        let mut writer = CaptureWriter::pcapng(Vec::new(), b"").unwrap();
        let late = InterfaceDescription { offset: 3, ..interface(7, 1, 3) };
        writer.write(&late, &packet(5_250_000_000, b"abcde")).unwrap();
        writer.write(&interface(2, 101, 9), &packet(7, b"")).unwrap();
        writer.write(&late, &packet(6_000_000_000, b"abcd")).unwrap();
        let (packets, warnings) = read(&writer.into_inner());
        assert_eq!(warnings, []);
        let expected = [
            (1, 5_250_000_000, 3, 1, 900, b"abcde".to_vec()),
            (2, 7, 9, 101, 900, Vec::new()),
            (3, 6_000_000_000, 3, 1, 900, b"abcd".to_vec()),
        ];
        assert_eq!(packets, expected);
    }

    #[test]
    fn a_key_log_is_there_before_the_first_packet() {
        let mut writer = CaptureWriter::pcapng(Vec::new(), b"CLIENT_RANDOM 00 11\n").unwrap();
        writer.write(&interface(0, 1, 6), &packet(0, b"abc")).unwrap();
        let input = Box::new(Cursor::new(writer.into_inner()));
        let mut reader = CaptureReader::open(input, Path::new("x"), &Limits::default()).unwrap();
        assert_eq!(reader.take_secrets(), [b"CLIENT_RANDOM 00 11\n".to_vec()]);
        assert!(reader.next_packet().unwrap().is_some());
        assert_eq!(reader.interface(), Some(interface(0, 1, 6)));
    }

    #[test]
    fn a_capture_without_packets_can_be_opened() {
        let mut writer = CaptureWriter::pcapng(Vec::new(), b"").unwrap();
        writer.describe(&interface(0, 1, 6)).unwrap();
        assert_eq!(read(&writer.into_inner()), (vec![], vec![]));
    }
}
