//! Bytes of a stream become TLS records, handshake messages and alerts.

pub mod message;
