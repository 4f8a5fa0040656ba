//! Segments become streams: both directions in order, with gaps, repeats and closings (RFC 9293).

mod assembler;
mod handler;
mod key;
mod over;
mod stream;
mod table;
#[cfg(test)]
mod tests;

pub use handler::{
    CloseReason, Delivery, Dir, Ending, Hole, IcmpNote, Placed, SegmentKind, SegmentNote, StreamHandler,
    StreamInfo,
};
pub use table::{StreamTable, TableStats};
