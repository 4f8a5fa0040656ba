//! The answer as plain data: the types of `tlspcap.report/1`.
//!
//! Field names and words are an interface: fields are only ever added, none is renamed or given another meaning.
//! What a renderer draws is all in here.

mod build;
mod capture;
mod chain;
mod diff;
mod filter;
mod narrative;
mod schema;
mod triage;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

pub use build::{BriefReport, Parts, brief, connection_report};
pub use capture::{CaptureReport, ToolReport, WarningReport};
pub use chain::{CertificateReport, ChainReport, KeyReport, certificate_report, pem};
pub use diff::{
    DIFF_SCHEMA, DiffReport, DiffSide, DifferenceReport, NOT_REACHED, NotCompared, SameField, diff_schema,
};
pub use narrative::{describe, size};
pub use schema::report_schema;
pub use triage::{TriageGroup, TriageSummary};

/// The schema's name and version.
pub const SCHEMA: &str = "tlspcap.report/1";

/// One capture explained.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// `tlspcap.report/1`.
    pub schema: &'static str,
    /// Who wrote this.
    pub tool: ToolReport,
    /// The capture as a file.
    pub capture: CaptureReport,
    /// The connections that are TLS or were meant to be, in order of their first packet.
    pub connections: Vec<ConnectionReport>,
    /// Counts.
    pub summary: Summary,
}

/// Counts over all connections of a capture.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Summary {
    /// All of them.
    pub connections: u64,
    /// Those whose handshake was established.
    pub established: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those of which the capture does not show the end.
    pub incomplete: u64,
    /// Failed ones by cause.
    pub causes: BTreeMap<String, u64>,
}

/// An address and a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EndpointReport {
    /// The IP address.
    pub addr: String,
    /// The TCP port.
    pub port: u16,
}

/// One connection.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ConnectionReport {
    /// From 1, in order of first packet, over TLS and would-be TLS connections only.
    pub id: u64,
    /// Wireshark's `tcp.stream`: all TCP connections counted from 0, a reused port is a new one.
    pub stream: u64,
    /// The endpoint that opens the TLS session.
    pub client: EndpointReport,
    /// The other one.
    pub server: EndpointReport,
    /// Its first packet.
    pub first_packet: u64,
    /// Its last packet.
    pub last_packet: u64,
    /// Time of the first packet, RFC 3339 in UTC.
    pub start: String,
    /// Seconds from first to last packet.
    pub duration_s: f64,
    /// The preamble or tunnel before TLS: `starttls-smtp`, `http-connect`, `socks`, ….
    pub tunnel: Option<String>,
    /// The TLS session.
    pub tls: TlsReport,
    /// What the server presented.
    pub server_certificates: Option<ChainReport>,
    /// What the client presented; an empty chain is an empty Certificate message.
    pub client_certificates: Option<ChainReport>,
    /// What the server demanded of a client certificate.
    pub certificate_request: Option<CertificateRequestReport>,
    /// The alerts in order.
    pub alerts: Vec<AlertReport>,
    /// The packets that matter, by number.
    pub key_packets: KeyPackets,
    /// How it ended on the TCP level.
    pub teardown: TeardownReport,
    /// One letter a message, capital from the client; after a dot the teardown.
    pub history: String,
    /// What was lost, cut or odd.
    pub warnings: Vec<WarningReport>,
    /// `established`, `failed`, or `incomplete`: the capture does not show how it ended.
    pub outcome: &'static str,
    /// Why.
    pub verdict: VerdictReport,
    /// All faults, also those that the client let pass.
    pub findings: Vec<FindingReport>,
    /// The chain held against the trust store.
    pub trust: Option<TrustReport>,
    /// The leaf held against the name asked for.
    pub hostname: Option<HostnameView>,
    /// What happened, packet by packet.
    pub events: Vec<EventReport>,
}

/// What was offered and chosen.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TlsReport {
    /// The versions that the client offered, its most preferred first.
    pub offered_versions: Vec<String>,
    /// The version that the server chose.
    pub version: Option<String>,
    /// The cipher suite that the server chose.
    pub cipher_suite: Option<CipherSuiteReport>,
    /// The server name that the client asked for.
    pub sni: Option<String>,
    /// The application protocols that the client offered.
    pub alpn_offered: Vec<String>,
    /// The one that was chosen.
    pub alpn: Option<String>,
    /// The session was resumed.
    pub resumed: bool,
    /// A HelloRetryRequest was sent.
    pub hello_retry: bool,
    /// The handshake was decrypted with keys.
    pub decrypted: bool,
    /// The key exchange group, when it is seen.
    pub group: Option<String>,
    /// JA3 of the first ClientHello.
    pub ja3: Option<String>,
    /// JA3S of the ServerHello.
    pub ja3s: Option<String>,
    /// JA4 of the first ClientHello.
    pub ja4: Option<String>,
    /// The stack that the client seems to be.
    pub client_stack: Option<String>,
}

/// A cipher suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CipherSuiteReport {
    /// `0xc02f`.
    pub code: String,
    /// Its IANA name; the code when it has none.
    pub name: String,
}

/// A CertificateRequest.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CertificateRequestReport {
    /// Its packet.
    pub packet: u64,
    /// The acceptable authorities in RFC 4514 form.
    pub authorities: Vec<String>,
}

/// An alert.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AlertReport {
    /// Its packet.
    pub packet: u64,
    /// `client` or `server`.
    pub sender: &'static str,
    /// `warning` or `fatal`; `null` when it could not be read.
    pub level: Option<String>,
    /// Its number; `null` when it could not be read.
    pub code: Option<u8>,
    /// Its IANA name.
    pub name: Option<String>,
    /// It was sent encrypted.
    pub encrypted: bool,
}

/// Packet numbers of the messages that a walkthrough names.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct KeyPackets {
    /// The first ClientHello.
    pub client_hello: Option<u64>,
    /// The ServerHello (no HelloRetryRequest).
    pub server_hello: Option<u64>,
    /// The server's Certificate.
    pub certificate: Option<u64>,
    /// The first alert that is no close_notify.
    pub alert: Option<u64>,
    /// The first FIN, whoever sent it.
    pub first_fin: Option<u64>,
    /// The first RST, whoever sent it.
    pub first_rst: Option<u64>,
}

/// A packet and its sender.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PacketOf {
    /// The packet.
    pub packet: u64,
    /// `client` or `server`.
    pub sender: &'static str,
}

/// The end on the TCP level.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TeardownReport {
    /// `client` or `server`: the sender of the first FIN or RST.
    pub closed_by: Option<&'static str>,
    /// `fin` or `rst`: what that was.
    pub how: Option<&'static str>,
    /// The first FIN.
    pub first_fin: Option<PacketOf>,
    /// The first RST.
    pub first_rst: Option<PacketOf>,
}

/// A packet and what it shows.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EvidenceReport {
    /// The packet; `null` for what the inputs show.
    pub packet: Option<u64>,
    /// One sentence.
    pub text: String,
}

/// Why the handshake failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct VerdictReport {
    /// A code of `tlspcap causes`; `none` when established.
    pub cause: String,
    /// `certain`, `likely` or `possible`.
    pub confidence: &'static str,
    /// `client`, `server`, `network`, `none` or `unknown`.
    pub failed_by: &'static str,
    /// One or two sentences.
    pub summary: String,
    /// What shows it.
    pub evidence: Vec<EvidenceReport>,
    /// What the client's log says.
    pub client_error: Option<ClientErrorReport>,
    /// Who changes what.
    pub fix: Vec<String>,
    /// What else it could be.
    pub alternatives: Vec<AlternativeReport>,
    /// What it is not.
    pub ruled_out: Vec<RuledOutReport>,
    /// What would settle it.
    pub missing: Vec<MissingReport>,
}

/// The words that a client logs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ClientErrorReport {
    /// The stack.
    pub stack: String,
    /// Its words.
    pub text: String,
}

/// Another cause that fits.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AlternativeReport {
    /// Its code.
    pub cause: String,
    /// `certain`, `likely` or `possible`.
    pub confidence: &'static str,
    /// Why it fits.
    pub why: String,
}

/// A cause that was excluded.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RuledOutReport {
    /// Its code.
    pub cause: String,
    /// Why.
    pub why: String,
}

/// What would settle an open question.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MissingReport {
    /// `trust-store`, `hostname`, `key-log`, ….
    pub what: String,
    /// The option or command that gives it.
    pub how: String,
}

/// A fault, whether or not it ended the handshake.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FindingReport {
    /// A cause's code, or another kebab-case word.
    pub code: String,
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// Position in the chain as sent.
    pub certificate: Option<usize>,
    /// One sentence.
    pub text: String,
}

/// The chain held against the trust store.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TrustReport {
    /// Where the store came from.
    pub source: String,
    /// Its entries.
    pub entries: usize,
    /// Whose rules were applied.
    pub policy: &'static str,
    /// A path to an anchor was found.
    pub path_found: bool,
    /// Every policy's answer, by name, so that it can be seen where they differ.
    pub accepted_by: BTreeMap<String, bool>,
    /// The issuer that neither the chain nor the store has, in RFC 4514 form.
    pub missing_issuer: Option<String>,
    /// That issuer's certificate where it was seen elsewhere, for exports; not part of the JSON.
    #[serde(skip)]
    #[schemars(skip)]
    pub missing_certificate: Option<MissingCertificate>,
    /// One row per certificate of the path that is needed.
    pub rows: Vec<TrustRow>,
}

/// The certificate of a missing issuer, found elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingCertificate {
    /// The bytes.
    pub der: Vec<u8>,
    /// It is a root.
    pub is_root: bool,
    /// Where it was seen.
    pub found_in: String,
}

/// A certificate held against the store.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TrustRow {
    /// Subject in RFC 4514 form.
    pub subject: String,
    /// Issuer in RFC 4514 form.
    pub issuer: String,
    /// The server sent it.
    pub sent: bool,
    /// The store holds it.
    pub in_truststore: bool,
    /// `match`, `truststore-only`, `sent-only`, `missing-from-truststore` or `missing-from-chain`.
    pub verdict: &'static str,
}

/// The leaf held against the name asked for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HostnameView {
    /// The name asked for.
    pub expected: String,
    /// `--host`, `SNI` or `proxy request`.
    pub source: &'static str,
    /// Whether a name of the leaf covers it.
    pub matches: bool,
    /// The names of the leaf.
    pub names: Vec<String>,
}

/// A packet, or a stretch of packets that say nothing new.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EventReport {
    /// Its number; the first one of a stretch.
    pub packet: u64,
    /// The last packet of a stretch; `null` for a single packet.
    pub last_packet: Option<u64>,
    /// When it was captured, RFC 3339 in UTC.
    pub time: String,
    /// Seconds since the connection's first packet.
    pub relative_s: f64,
    /// `client`, `server`, or `both` for a stretch.
    pub from: &'static str,
    /// TCP flags as Wireshark names them.
    pub flags: Vec<&'static str>,
    /// Payload bytes sent.
    pub bytes: u64,
    /// Packets: 1, or the length of a stretch.
    pub packets: u64,
    /// Handshake messages and alerts that became complete with it.
    pub messages: Vec<String>,
    /// What it means, one line.
    pub text: String,
    /// An ICMP error about a packet of the connection.
    #[serde(skip)]
    pub is_icmp: bool,
    /// An ICMP error that Wireshark counts to no stream.
    #[serde(skip)]
    pub is_beside: bool,
}
