//! A packet becomes a TCP segment: link layers, tunnels, IP and its fragments.

mod decoder;
mod segment;

pub use decoder::{DecodeStats, Decoded, Decoder};
pub use segment::{Endpoint, Segment, TcpFlags};
