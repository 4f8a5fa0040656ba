//! The capture as a file, and who explained it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Warning;

/// Who wrote a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ToolReport {
    /// `tlspcap`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl Default for ToolReport {
    fn default() -> Self {
        Self { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") }
    }
}

/// The capture as a file.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct CaptureReport {
    /// As the user named it; `-` is standard input.
    pub path: String,
    /// `pcap` or `pcapng`.
    pub format: String,
    /// `gzip`, `zstd`, `xz`, or `null`.
    pub compression: Option<String>,
    /// Link types in order of appearance, by their names at tcpdump.org without the prefix.
    pub link_types: Vec<String>,
    /// Packets read.
    pub packets: u64,
    /// Bytes read from the input as stored.
    pub bytes: u64,
    /// Time of the first packet.
    pub first_time: Option<String>,
    /// Time of the last packet.
    pub last_time: Option<String>,
    /// It carries decryption secrets (pcapng).
    pub has_keys: bool,
    /// Packets of link types that are not read; not part of the JSON, where a warning tells of them.
    #[serde(skip)]
    #[schemars(skip)]
    pub unread_packets: u64,
    /// What is odd about it.
    pub warnings: Vec<WarningReport>,
}

/// Something odd about a capture or a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WarningReport {
    /// A kebab-case word of a closed set.
    pub code: String,
    /// The packet where it was seen.
    pub packet: Option<u64>,
    /// One sentence.
    pub text: String,
}

impl From<&Warning> for WarningReport {
    fn from(warning: &Warning) -> Self {
        Self { code: warning.code.to_owned(), packet: warning.packet, text: warning.text.clone() }
    }
}
