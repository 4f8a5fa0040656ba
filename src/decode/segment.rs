//! One TCP segment with its addresses (RFC 9293 §3.1).

use std::fmt::{self, Write};
use std::net::{IpAddr, SocketAddr};

/// An address and a TCP port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// The IP address, of the innermost IP header when the packet is tunnelled.
    pub addr: IpAddr,
    /// The TCP port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    /// `addr:port`, IPv6 in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.addr {
            // A capture has many, and the standard library takes its time over their padding.
            IpAddr::V4(addr) if f.width().is_none() => {
                let mut digits = itoa::Buffer::new();
                for (octet, mark) in addr.octets().into_iter().zip(['.', '.', '.', ':']) {
                    f.write_str(digits.format(octet))?;
                    f.write_char(mark)?;
                }
                f.write_str(digits.format(self.port))
            }
            addr => SocketAddr::new(addr, self.port).fmt(f),
        }
    }
}

/// The control bits of a TCP header (RFC 9293 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronize sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment number counts.
    pub const ACK: u8 = 0x10;
    /// The urgent pointer counts.
    pub const URG: u8 = 0x20;

    /// Whether all of `bits` are set.
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }

    /// Their names in the order in which Wireshark shows them: `FIN`, `SYN`, `RST`, `PSH`, `ACK`, `URG`.
    pub fn names(self) -> Vec<&'static str> {
        const NAMES: [(u8, &str); 6] = [
            (TcpFlags::FIN, "FIN"),
            (TcpFlags::SYN, "SYN"),
            (TcpFlags::RST, "RST"),
            (TcpFlags::PSH, "PSH"),
            (TcpFlags::ACK, "ACK"),
            (TcpFlags::URG, "URG"),
        ];
        NAMES.iter().filter(|(bit, _)| self.has(*bit)).map(|(_, name)| *name).collect()
    }
}

/// One TCP segment, borrowed from the packet or from the reassembled datagram.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    /// Who sent it.
    pub source: Endpoint,
    /// Whom it was sent to.
    pub destination: Endpoint,
    /// Sequence number of the first payload byte, or of the SYN.
    pub seq: u32,
    /// Acknowledgment number; meaningful with the ACK bit.
    pub ack: u32,
    /// The control bits.
    pub flags: TcpFlags,
    /// The window field as sent, not scaled.
    pub window: u16,
    /// IPv4 time to live or IPv6 hop limit of the innermost IP header.
    pub ttl: u8,
    /// IPv4 identification of the innermost header; `None` for IPv6.
    pub ip_id: Option<u16>,
    /// The payload bytes that were captured.
    pub payload: &'a [u8],
    /// Payload bytes that were sent; more than `payload` holds when the snap length cut the packet.
    pub payload_len: u32,
}
