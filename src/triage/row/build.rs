//! What a capture and its connections say becomes a row.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::error::Error;
use crate::report::{AlertReport, CaptureReport, ConnectionReport, Summary};
use crate::triage::row::{ErrorKind, Row, SCHEMA, Status};
use crate::triage::signature::signatures;

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
pub(in crate::triage) fn ending_alert(c: &ConnectionReport) -> Option<&AlertReport> {
    let level = |wanted: Option<&str>| {
        c.alerts.iter().find(|alert| alert.code != Some(0) && alert.level.as_deref() == wanted)
    };
    level(Some("fatal")).or_else(|| level(None)).or_else(|| level(Some("warning")))
}

/// The packet of the refusal: the alert, else the first FIN or RST, else the ICMP error that answers the SYN, else the last packet.
fn refusal(c: &ConnectionReport) -> Option<u64> {
    let k = &c.key_packets;
    let closing = match (k.first_fin, k.first_rst) {
        (Some(fin), Some(rst)) => Some(fin.min(rst)),
        (fin, rst) => fin.or(rst),
    };
    match (k.alert, closing) {
        (Some(alert), Some(closing)) => Some(alert.min(closing)),
        (alert, closing) => alert.or(closing).or_else(|| refused_by_icmp(c)).or(Some(c.last_packet)),
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

/// The ICMP error in which a connection ended that never was.
fn refused_by_icmp(c: &ConnectionReport) -> Option<u64> {
    let never = matches!(&*c.verdict.cause, "connection-refused" | "connect-timeout");
    c.events.iter().find(|event| never && event.is_icmp).map(|event| event.packet)
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
        let row = Row::failed(("a".into(), false), Status::Error, ErrorKind::Io, "one\ntwo");
        assert_eq!(row.error.as_deref(), Some("one"));
    }
}
