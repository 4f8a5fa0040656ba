//! Bytes of a file or pipe become packets: pcap, pcapng, and the compressions around them.
//!
//! Formats: pcap in both byte orders with micro- or nanoseconds and Kuznetzov's modified variant, and pcapng
//! with any number of sections and interfaces; around them gzip, zstd or xz. All are found by content.
//!
//! Damage ends the reading with a [`Warning`](crate::error::Warning); what was before it is delivered.
//! The codes of this floor:
//!
//! | code | meaning |
//! | --- | --- |
//! | `cut-short` | the input ends inside a header, a packet or a block |
//! | `bad-length` | a length that cannot be: over the bound, odd, or contradicting the one around it |
//! | `bad-block` | a pcapng section header without a byte-order mark |
//! | `bad-option` | a pcapng option runs over the end of its block; the options before it count |
//! | `bad-original-length` | a packet claims to have been shorter on the wire than what was captured |
//! | `no-interface` | a packet names an interface that its section does not describe |
//! | `no-timestamps` | simple packet blocks carry no time |
//! | `too-many-interfaces` | a section describes more interfaces than are kept |
//! | `compressed-cut` | the compressed stream ends early |
//! | `compressed-damaged` | the compressed stream cannot be expanded further |
//! | `inflated-limit` | the capture expands to more than [`Limits::inflated_bytes`](crate::limits::Limits) |
//! | `read-error` | the system reported an error after packets had been read |

mod ahead;
mod block;
mod clock;
mod inflate;
mod interface;
mod link_type;
mod log;
mod packet;
mod packet_block;
mod pcap;
mod pcapng;
mod reader;
#[cfg(test)]
mod samples;
mod secrets;
mod sniff;
mod window;
mod writer;
mod zstd;

pub use ahead::read_ahead;
pub use interface::InterfaceDescription;
pub use link_type::LinkType;
pub use packet::{Packet, Timestamp};
pub use reader::CaptureReader;
pub use secrets::scan_secrets;
pub use writer::{CaptureWriter, OutPacket};
