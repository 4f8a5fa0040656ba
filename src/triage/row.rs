//! One capture in one flat row, schema `tlspcap.triage/1`.

mod build;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use build::ending_alert;

/// The schema's name and version.
pub const SCHEMA: &str = "tlspcap.triage/1";

/// How far a capture could be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Read to its end.
    Ok,
    /// Damaged, or a limit was met; the rest was read.
    Partial,
    /// Not a capture, or nothing in it that can be read.
    Unreadable,
    /// It could not be opened or read.
    Error,
    /// Given up after its time.
    Timeout,
    /// Given up for its memory.
    Oom,
    /// The worker died on it.
    Crashed,
}

/// Why a row is not `ok`: a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// No such file.
    NotFound,
    /// No permission.
    Permission,
    /// A folder, FIFO, socket or device where a file was named.
    NotAFile,
    /// Another input or output error.
    Io,
    /// The file is empty.
    Empty,
    /// Not a capture.
    NotACapture,
    /// Packets of link types that cannot be read, and no others.
    LinkType,
    /// The file is damaged; what was before was read.
    Damaged,
    /// A limit was met.
    Limit,
    /// An archive that cannot be read.
    Archive,
    /// The time was up.
    Timeout,
    /// The memory was up.
    Memory,
    /// The worker died.
    Crash,
}

/// One capture, or with `--connections` one failed connection of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// `tlspcap.triage/1`.
    pub schema: Cow<'static, str>,
    /// As given or found; `archive.zip!member.pcap` inside an archive.
    pub path: String,
    /// How far it could be worked on.
    pub status: Status,
    /// Packets read.
    pub packets: i64,
    /// Bytes read.
    pub bytes: i64,
    /// The name is not UTF-8, and `path` is percent-encoded.
    pub path_encoded: Option<bool>,
    /// Why it is not `ok`.
    pub error_kind: Option<ErrorKind>,
    /// One line of text.
    pub error: Option<String>,
    /// SHA-256 of the file's content, with `--hash`.
    pub sha256: Option<String>,
    /// Time of the first packet, RFC 3339 in UTC, microseconds.
    #[schemars(extend("format" = "date-time"))]
    pub first_time: Option<String>,
    /// Time of the last packet.
    #[schemars(extend("format" = "date-time"))]
    pub last_time: Option<String>,
    /// TLS connections.
    pub connections: Option<i32>,
    /// Those that were established.
    pub established: Option<i32>,
    /// Those that failed.
    pub failed: Option<i32>,
    /// Those of which the end is not seen.
    pub incomplete: Option<i32>,
    /// Cause of the failed connection that matters most.
    pub cause: Option<String>,
    /// How sure.
    pub confidence: Option<String>,
    /// Who gave up.
    pub failed_by: Option<String>,
    /// The verdict in one sentence.
    pub summary: Option<String>,
    /// Its number.
    pub connection: Option<i32>,
    /// Wireshark's `tcp.stream`.
    pub stream: Option<i32>,
    /// The packet of the refusal.
    pub packet: Option<i64>,
    /// `addr:port`.
    pub client: Option<String>,
    /// `addr:port`.
    pub server: Option<String>,
    /// Server name.
    pub sni: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Cipher suite.
    pub cipher_suite: Option<String>,
    /// Application protocol.
    pub alpn: Option<String>,
    /// The client's stack.
    pub client_stack: Option<String>,
    /// JA3.
    pub ja3: Option<String>,
    /// JA4.
    pub ja4: Option<String>,
    /// The alert that ended it.
    pub alert: Option<i32>,
    /// Its name.
    pub alert_name: Option<String>,
    /// Who sent it.
    pub alert_sender: Option<String>,
    /// `client FIN, client RST`.
    pub teardown: Option<String>,
    /// What the server presented.
    pub leaf_subject: Option<String>,
    /// By whom it was issued.
    pub leaf_issuer: Option<String>,
    /// SHA-256 of its DER.
    pub leaf_sha256: Option<String>,
    /// End of its validity.
    #[schemars(extend("format" = "date-time"))]
    pub leaf_not_after: Option<String>,
    /// Certificates as sent.
    pub chain_length: Option<i32>,
    /// The issuer that neither the chain nor the trust store has.
    pub missing_issuer: Option<String>,
    /// All causes with counts.
    pub causes: Option<String>,
    /// The kind of failure: 16 hex digits.
    pub signature: Option<String>,
    /// The kind of failure at this server name.
    pub signature_host: Option<String>,
    /// The path of an earlier input with the same content, with `--hash`.
    pub duplicate_of: Option<String>,
    /// Warning codes, space-separated.
    pub warnings: Option<String>,
    /// The capture carries decryption secrets.
    pub has_keys: Option<bool>,
}

/// The JSON Schema of `tlspcap.triage/1`.
pub fn triage_schema() -> schemars::Schema {
    // As rows are written: no field is ever left out.
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Row>()
}
