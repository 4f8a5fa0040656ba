//! A small capture with just the chosen connections, application data cut away.
//!
//! Two passes over the same bytes: [`plan`] explains the capture and learns which connections are chosen and where their
//! application data lies; [`write()`] reads it again and writes their packets. The packets of a connection are those that the
//! analyzer put into its stream, so nothing is decoded in two ways.
//!
//! What is cut: bodies of application data records at the end of a packet are cut off as a snap length does it (the original length
//! stays), and those before something that is kept are overwritten with zeros. Record headers stay, so that types and lengths can
//! be read, and so do handshake messages, alerts, packets without payload, and what comes before TLS. In TLS 1.3 without keys the
//! first protected records stay whole, as the handshake is in them.

mod cut;
mod plan;
mod queue;
mod write;

pub use plan::{Choice, Plan, TrimOptions, plan};
pub use write::{Trimmed, write};
