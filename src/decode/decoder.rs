//! A packet becomes a TCP segment.
use crate::capture::Packet;
use crate::decode::{Endpoint, Segment, TcpFlags};
use crate::error::Warning;
use crate::limits::Limits;
use std::net::IpAddr;
/// Counts.
#[derive(Debug, Default)]
pub struct DecodeStats {
    /// QUIC.
    pub quic: u64,
    /// Cut.
    pub cut: u64,
}
/// Decoder.
pub struct Decoder {
    stats: DecodeStats,
}
/// Result.
pub enum Decoded<'a> {
    /// TCP.
    Tcp(Segment<'a>),
    /// Not.
    NotTcp,
}
impl Decoder {
    /// New.
    pub fn new(_l: &Limits) -> Self {
        Self { stats: DecodeStats::default() }
    }
    /// Stats.
    pub fn stats(&self) -> &DecodeStats {
        &self.stats
    }
    /// Warnings.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        Vec::new()
    }
    /// Decode.
    pub fn decode<'a>(&'a mut self, p: &'a Packet<'a>) -> Decoded<'a> {
        go(p).map_or(Decoded::NotTcp, Decoded::Tcp)
    }
}
fn go<'a>(p: &'a Packet<'a>) -> Option<Segment<'a>> {
    let d = p.data;
    let (et, off) = match p.link_type.0 {
        1 => (u16::from_be_bytes([*d.get(12)?, *d.get(13)?]), 14),
        113 => (u16::from_be_bytes([*d.get(14)?, *d.get(15)?]), 16),
        276 => (u16::from_be_bytes([*d.first()?, *d.get(1)?]), 20),
        101 => (if d.first()? >> 4 == 4 { 0x800 } else { 0x86dd }, 0),
        _ => return None,
    };
    let ip = d.get(off..)?;
    let (src, dst, ttl, id, body): (IpAddr, IpAddr, u8, Option<u16>, &[u8]) = match et {
        0x800 => {
            let ihl = usize::from(ip.first()? & 15) * 4;
            let tl = usize::from(u16::from_be_bytes([ip[2], *ip.get(3)?]));
            if *ip.get(9)? != 6 {
                return None;
            }
            let tl = if tl == 0 { ip.len() } else { tl };
            let s: [u8; 4] = ip.get(12..16)?.try_into().ok()?;
            let e: [u8; 4] = ip.get(16..20)?.try_into().ok()?;
            (
                s.into(),
                e.into(),
                ip[8],
                Some(u16::from_be_bytes([ip[4], ip[5]])),
                ip.get(ihl..tl.min(ip.len()))?,
            )
        }
        0x86dd => {
            if *ip.get(6)? != 6 {
                return None;
            }
            let s: [u8; 16] = ip.get(8..24)?.try_into().ok()?;
            let e: [u8; 16] = ip.get(24..40)?.try_into().ok()?;
            let pl = usize::from(u16::from_be_bytes([ip[4], ip[5]]));
            (s.into(), e.into(), ip[7], None, ip.get(40..(40 + pl).min(ip.len()))?)
        }
        _ => return None,
    };
    let h = usize::from(body.get(12)? >> 4) * 4;
    let payload = body.get(h..)?;
    let w = |a: usize| u32::from_be_bytes([body[a], body[a + 1], body[a + 2], body[a + 3]]);
    Some(Segment {
        source: Endpoint { addr: src, port: u16::from_be_bytes([body[0], body[1]]) },
        destination: Endpoint { addr: dst, port: u16::from_be_bytes([body[2], body[3]]) },
        seq: w(4),
        ack: w(8),
        flags: TcpFlags(body[13]),
        window: 0,
        ttl,
        ip_id: id,
        payload,
        payload_len: payload.len() as u32,
    })
}
