//! tlspcap reads a packet capture and says why a TLS handshake failed.

#![warn(missing_docs)]

pub mod analyzer;
pub mod capture;
pub mod connection;
pub mod decode;
pub mod diagnose;
pub mod error;
pub mod explain;
pub mod fingerprint;
pub mod iana;
pub mod limits;
pub mod render;
pub mod report;
pub mod tcp;
pub mod tls;
pub mod triage;
pub mod trust;
pub mod tunnel;
pub mod x509;
