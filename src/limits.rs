//! Every bound on memory and work, with its unit, its default, and what happens when it is met.

/// What the stages may hold. Meeting a limit is a [`Warning`](crate::error::Warning), never a failure.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one captured packet or pcapng block; a longer one ends the reading there.
    pub block_bytes: usize,
    /// Bytes that a compressed capture may expand to; more is not read.
    pub inflated_bytes: u64,
    /// Incomplete IP datagrams held at a time; the oldest is dropped.
    pub fragmented_datagrams: usize,
    /// Bytes of one fragmented IP datagram.
    pub datagram_bytes: usize,
    /// Bytes held out of order in one direction of a stream; more declares the gap lost.
    pub out_of_order_bytes: usize,
    /// Segments held out of order in one direction of a stream.
    pub out_of_order_segments: usize,
    /// Bytes of one TLS handshake message, all records together; a longer one is counted, not kept.
    pub handshake_message_bytes: usize,
    /// Bytes of encrypted handshake records kept per connection until the keys are known.
    pub encrypted_handshake_bytes: usize,
    /// Bytes held by all streams together; above it the connection that is idle longest is given up.
    pub buffered_bytes: usize,
    /// TCP connections tracked at a time; above it the one that matters least is given up.
    pub connections: usize,
    /// Nanoseconds of capture time without a packet after which a connection is given up.
    pub idle_ns: i64,
    /// Events kept at the start of a connection's timeline.
    pub timeline_head: usize,
    /// Events kept at the end of a connection's timeline; the middle becomes one line with its count.
    pub timeline_tail: usize,
    /// Records after the handshake whose place is remembered in each direction of a connection; 0 where nobody asks for it.
    pub mapped_records: usize,
    /// Distinct certificates of judged connections remembered when they come again, so that they are not parsed each time: up to twice
    /// as many, those that were asked for last.
    pub certificate_cache: usize,
    /// Certificates of one chain that are examined.
    pub chain_certificates: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            block_bytes: 64 << 20,
            inflated_bytes: 1 << 40,
            fragmented_datagrams: 256,
            datagram_bytes: 65_535,
            out_of_order_bytes: 1 << 20,
            out_of_order_segments: 1024,
            handshake_message_bytes: 1 << 20,
            encrypted_handshake_bytes: 512 << 10,
            buffered_bytes: 128 << 20,
            connections: 65_536,
            idle_ns: 300 * 1_000_000_000,
            timeline_head: 256,
            timeline_tail: 128,
            mapped_records: 0,
            certificate_cache: 4096,
            chain_certificates: 64,
        }
    }
}
