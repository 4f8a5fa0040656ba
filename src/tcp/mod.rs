//! Segments become streams: both directions in order, with gaps, repeats and closings (RFC 9293).

mod handler;

pub use handler::{CloseReason, Delivery, Dir, SegmentKind, SegmentNote, StreamHandler, StreamInfo};
