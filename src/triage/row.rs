//! One capture in one flat row, schema `tlspcap.triage/1`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::report::{CaptureReport, ConnectionReport, Summary};
use crate::triage::signature::signatures;

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
    pub first_time: Option<String>,
    /// Time of the last packet.
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
    schemars::schema_for!(Row)
}

impl Row {
    /// A row of which only the name is known.
    pub fn named(path: String, status: Status) -> Self {
        Self {
            schema: Cow::Borrowed(SCHEMA),
            path,
            status,
            packets: 0,
            bytes: 0,
            path_encoded: None,
            error_kind: None,
            error: None,
            sha256: None,
            first_time: None,
            last_time: None,
            connections: None,
            established: None,
            failed: None,
            incomplete: None,
            cause: None,
            confidence: None,
            failed_by: None,
            summary: None,
            connection: None,
            stream: None,
            packet: None,
            client: None,
            server: None,
            sni: None,
            version: None,
            cipher_suite: None,
            alpn: None,
            client_stack: None,
            ja3: None,
            ja4: None,
            alert: None,
            alert_name: None,
            alert_sender: None,
            teardown: None,
            leaf_subject: None,
            leaf_issuer: None,
            leaf_sha256: None,
            leaf_not_after: None,
            chain_length: None,
            missing_issuer: None,
            causes: None,
            signature: None,
            signature_host: None,
            duplicate_of: None,
            warnings: None,
            has_keys: None,
        }
    }

    /// The row of an input that could not be worked on.
    pub fn failed(path: String, status: Status, kind: ErrorKind, error: impl Into<String>) -> Self {
        let text: String = error.into();
        let line = text.lines().next().unwrap_or_default().to_owned();
        Self { error_kind: Some(kind), error: Some(line), ..Self::named(path, status) }
    }

    /// The row of an operational error.
    pub fn of_error(path: String, error: &Error) -> Self {
        let (status, kind) = match error {
            Error::Io { source, .. } => (
                Status::Error,
                match source.kind() {
                    std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                    std::io::ErrorKind::PermissionDenied => ErrorKind::Permission,
                    std::io::ErrorKind::IsADirectory => ErrorKind::NotAFile,
                    _ => ErrorKind::Io,
                },
            ),
            Error::NotACapture { .. } => (Status::Unreadable, ErrorKind::NotACapture),
            Error::Input { .. } => (Status::Error, ErrorKind::NotAFile),
            _ => (Status::Error, ErrorKind::Io),
        };
        Self::failed(path, status, kind, error.to_string())
    }

    /// What a capture as a whole says.
    pub fn of_capture(path: String, capture: &CaptureReport, summary: &Summary) -> Self {
        let codes: std::collections::BTreeSet<&str> =
            capture.warnings.iter().map(|warning| warning.code.as_str()).collect();
        let damaged = codes.iter().find(|code| DAMAGE.contains(code));
        let count = |n: u64| Some(i32::try_from(n).unwrap_or(i32::MAX));
        let causes: Vec<String> = summary.causes.iter().map(|(cause, n)| format!("{cause}:{n}")).collect();
        let mut row = Self {
            packets: i64::try_from(capture.packets).unwrap_or(i64::MAX),
            bytes: i64::try_from(capture.bytes).unwrap_or(i64::MAX),
            first_time: capture.first_time.as_deref().map(microseconds),
            last_time: capture.last_time.as_deref().map(microseconds),
            connections: count(summary.connections),
            established: count(summary.established),
            failed: count(summary.failed),
            incomplete: count(summary.incomplete),
            causes: (!causes.is_empty()).then(|| causes.join(" ")),
            warnings: (!codes.is_empty()).then(|| codes.iter().copied().collect::<Vec<_>>().join(" ")),
            has_keys: Some(capture.has_keys),
            ..Self::named(path, if damaged.is_some() { Status::Partial } else { Status::Ok })
        };
        if let Some(code) = damaged {
            let warning = capture.warnings.iter().find(|warning| warning.code == **code);
            row.error_kind = Some(if *code == "limit" { ErrorKind::Limit } else { ErrorKind::Damaged });
            row.error = warning.map(|warning| warning.text.clone());
        }
        row
    }

    /// Adds what one failed connection says.
    pub fn tell(&mut self, c: &ConnectionReport) {
        let number = |n: u64| Some(i32::try_from(n).unwrap_or(i32::MAX));
        self.cause = Some(c.verdict.cause.clone());
        self.confidence = Some(c.verdict.confidence.to_owned());
        self.failed_by = Some(c.verdict.failed_by.to_owned());
        self.summary = Some(c.verdict.summary.clone());
        self.connection = number(c.id);
        self.stream = number(c.stream);
        self.packet = refusal(c).and_then(|packet| i64::try_from(packet).ok());
        self.client = Some(end(&c.client.addr, c.client.port));
        self.server = Some(end(&c.server.addr, c.server.port));
        self.sni.clone_from(&c.tls.sni);
        self.version.clone_from(&c.tls.version);
        self.cipher_suite = c.tls.cipher_suite.as_ref().map(|suite| suite.name.clone());
        self.alpn.clone_from(&c.tls.alpn);
        self.client_stack.clone_from(&c.tls.client_stack);
        self.ja3.clone_from(&c.tls.ja3);
        self.ja4.clone_from(&c.tls.ja4);
        if let Some(alert) = c.alerts.iter().find(|alert| alert.code.is_some_and(|code| code != 0)) {
            self.alert = alert.code.map(i32::from);
            self.alert_name.clone_from(&alert.name);
            self.alert_sender = Some(alert.sender.to_owned());
        }
        self.teardown = teardown(c);
        if let Some(chain) = &c.server_certificates {
            self.chain_length = i32::try_from(chain.chain.len()).ok();
            if let Some(leaf) = chain.chain.first() {
                self.leaf_subject.clone_from(&leaf.subject);
                self.leaf_issuer.clone_from(&leaf.issuer);
                self.leaf_sha256 = Some(leaf.sha256.clone());
                self.leaf_not_after = leaf.not_after.as_deref().map(microseconds);
            }
        }
        self.missing_issuer = c.trust.as_ref().and_then(|trust| trust.missing_issuer.clone());
        let (kind, host) = signatures(c);
        self.signature = Some(kind);
        self.signature_host = Some(host);
    }
}

/// Warnings after which a capture was read only in part.
const DAMAGE: &[&str] = &["cut-short", "bad-length", "bad-block", "decompress", "limit", "io"];

/// The packet of the refusal: the alert, else the first FIN or RST, else the last packet.
fn refusal(c: &ConnectionReport) -> Option<u64> {
    let k = &c.key_packets;
    let closing = match (k.first_fin, k.first_rst) {
        (Some(fin), Some(rst)) => Some(fin.min(rst)),
        (fin, rst) => fin.or(rst),
    };
    match (k.alert, closing) {
        (Some(alert), Some(closing)) => Some(alert.min(closing)),
        (alert, closing) => alert.or(closing).or(Some(c.last_packet)),
    }
}

fn teardown(c: &ConnectionReport) -> Option<String> {
    let t = &c.teardown;
    let mut ends: Vec<(u64, String)> = Vec::new();
    ends.extend(t.first_fin.as_ref().map(|fin| (fin.packet, format!("{} FIN", fin.sender))));
    ends.extend(t.first_rst.as_ref().map(|rst| (rst.packet, format!("{} RST", rst.sender))));
    ends.sort();
    let words: Vec<String> = ends.into_iter().map(|(_, word)| word).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn end(addr: &str, port: u16) -> String {
    if addr.contains(':') { format!("[{addr}]:{port}") } else { format!("{addr}:{port}") }
}

/// An RFC 3339 time with exactly six decimal digits.
fn microseconds(time: &str) -> String {
    let bare = time.trim_end_matches('Z');
    let (seconds, fraction) = bare.split_once('.').unwrap_or((bare, ""));
    format!("{seconds}.{fraction:0<6.6}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_microseconds_whatever_the_capture_has() {
        assert_eq!(microseconds("2021-05-19T10:41:02Z"), "2021-05-19T10:41:02.000000Z");
        assert_eq!(microseconds("2021-05-19T10:41:02.123456789Z"), "2021-05-19T10:41:02.123456Z");
    }

    #[test]
    fn an_error_is_one_line() {
        let row = Row::failed("a".into(), Status::Error, ErrorKind::Io, "one\ntwo");
        assert_eq!(row.error.as_deref(), Some("one"));
    }
}
