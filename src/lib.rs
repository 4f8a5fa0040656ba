//! tlspcap reads a packet capture and says why a TLS handshake failed.

pub mod capture;
pub mod decode;
pub mod error;
pub mod iana;
pub mod limits;
pub mod tcp;
pub mod tls;
