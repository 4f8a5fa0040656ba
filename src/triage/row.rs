//! One capture in one flat row, schema `tlspcap.triage/1`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::report::{AlertReport, CaptureReport, ConnectionReport, Summary};
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

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A moment in microseconds, UTC.
    Time,
    /// True or false.
    Bool,
}

/// The fields of a row in order, as columns of a table. All but the first five may be null.
pub const COLUMNS: [(&str, ColumnKind); 47] = {
    use ColumnKind::{Bool, Int32, Int64, Text, Time};
    [
        ("schema", Text),
        ("path", Text),
        ("status", Text),
        ("packets", Int64),
        ("bytes", Int64),
        ("path_encoded", Bool),
        ("error_kind", Text),
        ("error", Text),
        ("sha256", Text),
        ("first_time", Time),
        ("last_time", Time),
        ("connections", Int32),
        ("established", Int32),
        ("failed", Int32),
        ("incomplete", Int32),
        ("cause", Text),
        ("confidence", Text),
        ("failed_by", Text),
        ("summary", Text),
        ("connection", Int32),
        ("stream", Int32),
        ("packet", Int64),
        ("client", Text),
        ("server", Text),
        ("sni", Text),
        ("version", Text),
        ("cipher_suite", Text),
        ("alpn", Text),
        ("client_stack", Text),
        ("ja3", Text),
        ("ja4", Text),
        ("alert", Int32),
        ("alert_name", Text),
        ("alert_sender", Text),
        ("teardown", Text),
        ("leaf_subject", Text),
        ("leaf_issuer", Text),
        ("leaf_sha256", Text),
        ("leaf_not_after", Time),
        ("chain_length", Int32),
        ("missing_issuer", Text),
        ("causes", Text),
        ("signature", Text),
        ("signature_host", Text),
        ("duplicate_of", Text),
        ("warnings", Text),
        ("has_keys", Bool),
    ]
};

/// Columns at the start that are never null.
pub const REQUIRED: usize = 5;

/// The JSON Schema of `tlspcap.triage/1`.
pub fn triage_schema() -> schemars::Schema {
    // As rows are written: no field is ever left out.
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Row>()
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

    /// The row of an input that could not be worked on. `name` is as [`display_name`](crate::triage::display_name) has it.
    pub fn failed(
        (path, encoded): (String, bool),
        status: Status,
        kind: ErrorKind,
        error: impl Into<String>,
    ) -> Self {
        let text: String = error.into();
        Self {
            path_encoded: encoded.then_some(true),
            error_kind: Some(kind),
            error: Some(text.split(['\n', '\r']).next().unwrap_or_default().to_owned()),
            ..Self::named(path, status)
        }
    }

    /// The row of an operational error; the name is in the row already and not told again.
    pub fn of_error(name: (String, bool), error: &Error) -> Self {
        use std::io::ErrorKind as Io;
        let (status, kind, text) = match error {
            Error::Io { source, .. } => {
                let kind = match source.kind() {
                    Io::NotFound | Io::NotADirectory => ErrorKind::NotFound,
                    Io::PermissionDenied => ErrorKind::Permission,
                    Io::IsADirectory => ErrorKind::NotAFile,
                    Io::FileTooLarge => ErrorKind::Limit,
                    _ => ErrorKind::Io,
                };
                (Status::Error, kind, source.to_string())
            }
            Error::NotACapture { found, .. } if found == "the input is empty" => {
                (Status::Unreadable, ErrorKind::Empty, found.clone())
            }
            Error::NotACapture { found, .. } => (Status::Unreadable, ErrorKind::NotACapture, found.clone()),
            other => (Status::Error, ErrorKind::Io, other.to_string()),
        };
        Self::failed(name, status, kind, text)
    }

    /// What a capture as a whole says.
    pub fn of_capture((path, encoded): (String, bool), capture: &CaptureReport, summary: &Summary) -> Self {
        let codes: BTreeSet<&str> = capture.warnings.iter().map(|warning| warning.code.as_str()).collect();
        let count = |n: u64| Some(i32::try_from(n).unwrap_or(i32::MAX));
        let causes: Vec<String> = summary.causes.iter().map(|(cause, n)| format!("{cause}:{n}")).collect();
        let mut row = Self {
            packets: i64::try_from(capture.packets).unwrap_or(i64::MAX),
            bytes: i64::try_from(capture.bytes).unwrap_or(i64::MAX),
            path_encoded: encoded.then_some(true),
            first_time: capture.first_time.as_deref().map(microseconds),
            last_time: capture.last_time.as_deref().map(microseconds),
            connections: count(summary.connections),
            established: count(summary.established),
            failed: count(summary.failed),
            incomplete: count(summary.incomplete),
            causes: (!causes.is_empty()).then(|| causes.join(" ")),
            warnings: (!codes.is_empty()).then(|| codes.iter().copied().collect::<Vec<_>>().join(" ")),
            has_keys: Some(capture.has_keys),
            ..Self::named(path, Status::Ok)
        };
        if let Some((status, kind, code)) = trouble(capture) {
            let warning = capture.warnings.iter().find(|warning| warning.code == code);
            row.status = status;
            row.error_kind = Some(kind);
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
        if let Some(alert) = ending_alert(c) {
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

/// Whether a capture was read only in part or not at all, and the code of the warning that says why.
fn trouble(capture: &CaptureReport) -> Option<(Status, ErrorKind, &'static str)> {
    if capture.packets > 0 && capture.unread_packets == capture.packets {
        return Some((Status::Unreadable, ErrorKind::LinkType, "unknown-link-type"));
    }
    let told = |code: &str| capture.warnings.iter().any(|warning| warning.code == code);
    let (code, kind) = DAMAGE.iter().find(|(code, _)| told(code))?;
    Some((Status::Partial, *kind, code))
}

/// Warnings after which a capture was read only in part.
const DAMAGE: &[(&str, ErrorKind)] = &[
    ("cut-short", ErrorKind::Damaged),
    ("bad-length", ErrorKind::Damaged),
    ("bad-block", ErrorKind::Damaged),
    ("compressed-cut", ErrorKind::Damaged),
    ("compressed-damaged", ErrorKind::Damaged),
    ("no-interface", ErrorKind::Damaged),
    ("read-error", ErrorKind::Io),
    ("inflated-limit", ErrorKind::Limit),
    ("too-many-interfaces", ErrorKind::Limit),
];

/// The alert that ended a connection: the first fatal one, else the first that may be, else the first that is no
/// close_notify.
pub(super) fn ending_alert(c: &ConnectionReport) -> Option<&AlertReport> {
    let level = |wanted: Option<&str>| {
        c.alerts.iter().find(|alert| alert.code != Some(0) && alert.level.as_deref() == wanted)
    };
    level(Some("fatal")).or_else(|| level(None)).or_else(|| level(Some("warning")))
}

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
    fn the_columns_are_the_fields_of_a_row() {
        let row = serde_json::to_value(Row::named(String::new(), Status::Ok)).unwrap();
        let fields: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(fields, COLUMNS.iter().map(|(name, _)| name).collect::<Vec<_>>());
        let nulls = row.as_object().unwrap().values().filter(|value| value.is_null()).count();
        assert_eq!(nulls, COLUMNS.len() - REQUIRED);
    }

    #[test]
    fn an_error_is_one_line() {
        let row = Row::failed(("a".into(), false), Status::Error, ErrorKind::Io, "one\ntwo");
        assert_eq!(row.error.as_deref(), Some("one"));
    }
}
