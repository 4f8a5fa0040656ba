//! Bytes of a file or pipe become packets: pcap, pcapng, and the compressions around them.

mod packet;

pub use packet::{LinkType, Packet, Timestamp};
