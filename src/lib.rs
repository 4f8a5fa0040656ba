//! tlspcap reads a packet capture and says why a TLS handshake failed.
//!
//! ```
//! use std::path::Path;
//! use tlspcap::explain::{Options, explain_to_report, open};
//!
//! let path = Path::new("captures/self-signed/capture.pcap");
//! let mut options = Options::default();
//! let input = open(path, &mut options)?;
//! let report = explain_to_report(input, path, &options)?;
//!
//! let connection = &report.connections[0];
//! assert_eq!(connection.outcome, "failed");
//! assert_eq!(connection.verdict.cause, "self-signed");
//! # Ok::<(), tlspcap::error::Error>(())
//! ```
//!
//! The floors, from bytes to words: [`capture`] and [`decode`] give TCP segments, [`tcp`] streams, [`tunnel`] and [`tls`] messages;
//! [`analyzer`] folds them into a [`connection`]; [`x509`] and [`trust`] judge certificates; [`diagnose`] draws the verdict;
//! [`report`] is the answer as plain data, and [`render`] draws it.

#![warn(missing_docs)]

pub mod analyzer;
pub mod capture;
pub mod compare;
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
pub mod trim;
pub mod trust;
pub mod tunnel;
pub mod x509;
