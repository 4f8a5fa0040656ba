//! Bytes of a stream become TLS records, handshake messages and alerts.

mod certificate;
mod cursor;
pub mod decrypt;
mod extensions;
mod handshake;
mod hello;
pub mod keylog;
pub mod message;
mod probe;
mod record;
pub mod session;
