//! A packet becomes a TCP segment, or an ICMP error about one: link layers, tunnels, IP and its fragments.
//!
//! The codes of this floor's warnings, which are counted over the capture and told at its end:
//!
//! | code | meaning |
//! | --- | --- |
//! | `unknown-link-type` | packets whose first header is of a kind that is not read; the text names it |
//! | `malformed-header` | a header that is too short, or a length in it that cannot be |
//! | `packets-cut` | the snap length cut packets |
//! | `fragments-lost` | IP datagrams of which a fragment is missing, cut, or over the bounds |
//! | `nested-too-deep` | more headers around each other than are followed |

mod decoder;
mod ethernet;
mod fragments;
mod icmp;
mod ip;
mod link;
mod mpls;
mod notes;
mod ppp;
#[cfg(test)]
mod samples;
mod segment;
mod tunnel;
mod udp;
mod walk;
mod wlan;

pub use decoder::{Decoded, Decoder};
pub use icmp::{IcmpError, IcmpProblem};
pub use notes::{DecodeStats, Tally};
pub use segment::{Endpoint, Segment, TcpFlags};
