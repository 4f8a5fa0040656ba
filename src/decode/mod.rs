//! A packet becomes a TCP segment: link layers, tunnels, IP and its fragments.

mod segment;

pub use segment::{Endpoint, Segment, TcpFlags};
