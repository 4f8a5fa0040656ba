//! Bytes of a stream become TLS records, handshake messages and alerts.

pub mod decrypt;
pub mod keylog;
pub mod message;
