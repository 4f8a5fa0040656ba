//! Facts and judgement of one connection become its report.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::capture::Timestamp;
use crate::connection::{At, Connection, Event, Item, SentChain, Shown, Stretch, Timeline};
use crate::decode::Endpoint;
use crate::diagnose::{Case, Diagnosis, Severity};
use crate::fingerprint::{ja3, ja3s, ja4};
use crate::iana::Version;
use crate::tls::message::{ClientHello, Side};
use crate::x509::Certificate;

use super::narrative::describe;
use super::*;

/// What a report of one connection is made from.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// Facts and inputs.
    pub case: &'a Case<'a>,
    /// The judgement.
    pub diagnosis: &'a Diagnosis,
}

/// What is told of a connection in one line, when it is not shown in full. A capture has thousands: nothing is drawn yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BriefReport<'a> {
    /// Wireshark's `tcp.stream`.
    pub stream: u64,
    /// `established`, `failed` or `incomplete`.
    pub outcome: &'static str,
    /// The cause, for a failed one.
    pub cause: &'static str,
    /// First and last packet.
    pub packets: (u64, u64),
    /// Address and port of the client and of the server.
    pub ends: (Endpoint, Endpoint),
    /// The name of the server that the client asked for, as sent.
    pub server_name: Option<&'a str>,
    /// The version that was spoken, or offered.
    pub version: Option<Version>,
    /// The session is the continuation of another one.
    pub resumed: bool,
    /// Findings of severity error or warning.
    pub findings: usize,
}

/// The brief form of a connection.
pub fn brief(parts: Parts<'_>) -> BriefReport<'_> {
    let c = parts.case.connection;
    let findings = &parts.diagnosis.findings;
    BriefReport {
        stream: c.stream,
        outcome: parts.diagnosis.outcome.name(),
        cause: parts.diagnosis.verdict.cause,
        packets: (c.first_packet, c.last_packet),
        ends: (c.client, c.server),
        server_name: c.sni(),
        version: c.version(),
        resumed: c.resumed,
        findings: findings.iter().filter(|finding| finding.severity > Severity::Info).count(),
    }
}

/// The report of a connection; its `id` is given when all connections are known.
pub fn connection_report(parts: Parts<'_>) -> ConnectionReport {
    let Parts { case, diagnosis } = parts;
    let c = case.connection;
    ConnectionReport {
        id: 0,
        stream: c.stream,
        client: endpoint(c.client),
        server: endpoint(c.server),
        first_packet: c.first_packet,
        last_packet: c.last_packet,
        start: c.start.to_string(),
        duration_s: c.end.seconds_since(c.start),
        tunnel: c.tunnel.as_ref().map(|at| at.value.kind.to_owned()),
        tls: tls(case),
        server_certificates: c.server_chain.as_ref().map(|at| chain(at, case.server_chain)),
        client_certificates: c.client_chain.as_ref().map(|at| chain(at, case.client_chain)),
        certificate_request: c.certificate_request.as_ref().map(|at| CertificateRequestReport {
            packet: at.packet,
            authorities: at.value.authorities.iter().map(|der| authority(der)).collect(),
        }),
        alerts: c.alerts.iter().map(alert).collect(),
        key_packets: key_packets(c),
        teardown: teardown(c),
        history: c.history.clone(),
        warnings: c.warnings.iter().map(WarningReport::from).collect(),
        outcome: diagnosis.outcome.name(),
        verdict: verdict(diagnosis),
        findings: diagnosis.findings.iter().map(finding).collect(),
        trust: trust(case),
        hostname: hostname(case),
        events: events(c),
    }
}

/// A name, or its bytes in hex where it cannot be read.
fn authority(der: &[u8]) -> String {
    crate::x509::Name::from_der(der)
        .map_or_else(|| format!("#{}", super::chain::hex(der)), |name| name.rfc4514())
}

fn endpoint(end: Endpoint) -> EndpointReport {
    EndpointReport { addr: end.addr.to_string(), port: end.port }
}

fn tls(case: &Case<'_>) -> TlsReport {
    let c = case.connection;
    let client = c.client_hello.as_ref().map(|at| &*at.value);
    let server = c.server_hello.as_ref().map(|at| &*at.value);
    let group = server
        .and_then(|hello| hello.key_share)
        .or_else(|| c.server_key_exchange.as_ref().and_then(|at| at.value.group));
    TlsReport {
        offered_versions: client.map(offered_versions).unwrap_or_default(),
        version: c.version().map(|version| version.to_string()),
        cipher_suite: server.map(|hello| CipherSuiteReport {
            code: format!("0x{:04x}", hello.cipher_suite.0),
            name: hello.cipher_suite.to_string(),
        }),
        sni: client.and_then(|hello| hello.sni.clone()),
        alpn_offered: client.map(|hello| hello.alpn.clone()).unwrap_or_default(),
        alpn: c.alpn.clone(),
        resumed: c.resumed,
        hello_retry: c.hello_retry.is_some(),
        decrypted: c.decrypted,
        group: group.map(|group| group.to_string()),
        ja3: client.and_then(ja3),
        ja3s: server.map(ja3s),
        ja4: client.map(ja4),
        client_stack: case.stack.name(),
    }
}

/// The versions that a client takes: the list of `supported_versions` without GREASE, else everything up to `version`.
fn offered_versions(hello: &ClientHello) -> Vec<String> {
    let listed: Vec<_> = hello
        .supported_versions
        .iter()
        .filter(|version| !version.is_grease())
        .map(Version::to_string)
        .collect();
    if listed.is_empty() { vec![hello.version.to_string()] } else { listed }
}

fn chain(at: &At<SentChain>, certificates: &[Arc<Certificate>]) -> ChainReport {
    let mut packets = vec![at.first_packet, at.packet];
    packets.dedup();
    ChainReport {
        packets,
        complete: at.value.complete,
        missing_bytes: at.value.missing_bytes,
        whole_bytes: (at.value.whole_bytes > 0).then_some(at.value.whole_bytes),
        chain: certificates
            .iter()
            .enumerate()
            .map(|(position, certificate)| certificate_report(certificate, position, at.packet))
            .collect(),
    }
}

fn alert(at: &At<crate::connection::SeenAlert>) -> AlertReport {
    let seen = &at.value;
    AlertReport {
        packet: at.packet,
        sender: seen.sender.name(),
        level: seen.alert.map(|alert| match alert.level {
            1 => "warning".to_owned(),
            2 => "fatal".to_owned(),
            other => other.to_string(),
        }),
        code: seen.alert.map(|alert| alert.description.0),
        name: seen.alert.map(|alert| alert.description.to_string()),
        encrypted: seen.encrypted,
    }
}

fn key_packets(c: &Connection) -> KeyPackets {
    KeyPackets {
        client_hello: c.client_hello.as_ref().map(|at| at.packet),
        server_hello: c.server_hello.as_ref().map(|at| at.packet),
        certificate: c.server_chain.as_ref().filter(|at| at.value.missing_bytes == 0).map(|at| at.packet),
        alert: c
            .alerts
            .iter()
            .find(|at| at.value.alert.is_none_or(|alert| alert.description.0 != 0))
            .map(|at| at.packet),
        first_fin: c.first_fin().map(|(_, at)| at.packet),
        first_rst: c.first_rst().map(|(_, rst)| rst.packet),
    }
}

fn teardown(c: &Connection) -> TeardownReport {
    let fin = c.first_fin().map(|(side, at)| PacketOf { packet: at.packet, sender: side.name() });
    let rst = c.first_rst().map(|(side, rst)| PacketOf { packet: rst.packet, sender: side.name() });
    let closed = c.closed_by();
    let how = closed
        .map(|(_, packet)| if fin.as_ref().is_some_and(|fin| fin.packet == packet) { "fin" } else { "rst" });
    TeardownReport { closed_by: closed.map(|(side, _)| side.name()), how, first_fin: fin, first_rst: rst }
}

fn verdict(diagnosis: &Diagnosis) -> VerdictReport {
    let v = &diagnosis.verdict;
    VerdictReport {
        cause: v.cause.to_owned(),
        confidence: v.confidence.name(),
        failed_by: v.failed_by.name(),
        summary: v.summary.clone(),
        evidence: v
            .evidence
            .iter()
            .map(|e| EvidenceReport { packet: e.packet, text: e.text.clone() })
            .collect(),
        client_error: v
            .client_error
            .as_ref()
            .map(|error| ClientErrorReport { stack: error.stack.clone(), text: error.text.clone() }),
        fix: v.fix.clone(),
        alternatives: v
            .alternatives
            .iter()
            .map(|a| AlternativeReport {
                cause: a.cause.to_owned(),
                confidence: a.confidence.name(),
                why: a.why.clone(),
            })
            .collect(),
        ruled_out: v
            .ruled_out
            .iter()
            .map(|r| RuledOutReport { cause: r.cause.to_owned(), why: r.why.clone() })
            .collect(),
        missing: v
            .missing
            .iter()
            .map(|m| MissingReport { what: m.what.to_owned(), how: m.how.to_string() })
            .collect(),
    }
}

fn finding(finding: &crate::diagnose::Finding) -> FindingReport {
    FindingReport {
        code: finding.code.to_owned(),
        severity: finding.severity.name(),
        certificate: finding.certificate,
        text: finding.text.clone(),
    }
}

fn trust(case: &Case<'_>) -> Option<TrustReport> {
    let path = case.path?;
    let mut accepted_by: BTreeMap<String, bool> =
        case.other_paths.get().iter().map(|other| (other.policy.name().to_owned(), other.accepted)).collect();
    accepted_by.insert(path.policy.name().to_owned(), path.accepted);
    Some(TrustReport {
        source: case.store.source.clone(),
        entries: case.store.entries.len(),
        policy: path.policy.name(),
        path_found: path.path_found,
        accepted_by,
        missing_issuer: path.missing.as_ref().map(|missing| missing.subject.rfc4514()),
        missing_certificate: path.missing.as_ref().and_then(|missing| {
            let (der, found_in) = missing.found.as_ref()?;
            Some(MissingCertificate {
                der: der.to_vec(),
                is_root: missing.is_root == Some(true),
                found_in: found_in.clone(),
            })
        }),
        rows: path
            .rows
            .iter()
            .map(|row| TrustRow {
                subject: row.subject.clone(),
                issuer: row.issuer.clone(),
                sent: row.sent,
                in_truststore: row.in_truststore,
                verdict: row.verdict.name(),
            })
            .collect(),
    })
}

fn hostname(case: &Case<'_>) -> Option<HostnameView> {
    let (report, (_, source)) = (case.hostname?, case.host?);
    Some(HostnameView {
        expected: report.expected.clone(),
        source: source.name(),
        matches: report.matches,
        names: report.names.clone(),
    })
}

fn events(c: &Connection) -> Vec<EventReport> {
    let start = c.start;
    let closed = c.closed_by().map_or(u64::MAX, |(_, packet)| packet);
    c.timeline.events.iter().map(|event| event_report(&c.timeline, event, start, closed)).collect()
}

fn event_report(timeline: &Timeline, event: &Event, start: Timestamp, closed: u64) -> EventReport {
    match event {
        Event::Packet { packet, time, from, flags, len, .. } => {
            let shown = timeline.shown_by(*packet);
            let (messages, text) = describe(event, shown, *packet > closed);
            let (is_icmp, is_beside) = match shown {
                [Shown { item: Item::Icmp(error), .. }] => (true, !error.is_whole),
                _ => (false, false),
            };
            EventReport {
                packet: *packet,
                last_packet: None,
                time: time.to_string(),
                relative_s: time.seconds_since(start),
                from: from.name(),
                flags: flags.names(),
                bytes: u64::from(*len),
                packets: 1,
                messages,
                text,
                is_icmp,
                is_beside,
            }
        }
        Event::Stretch(stretch) => {
            let Stretch { packets, times, count, bytes } = &**stretch;
            let (messages, text) = describe(event, &[], false);
            let from = match bytes {
                [0, 0] => "both",
                [_, 0] => Side::Client.name(),
                [0, _] => Side::Server.name(),
                _ => "both",
            };
            EventReport {
                packet: packets.0,
                last_packet: (packets.1 != packets.0).then_some(packets.1),
                time: times.0.to_string(),
                relative_s: times.0.seconds_since(start),
                from,
                flags: Vec::new(),
                bytes: bytes.iter().sum(),
                packets: *count,
                messages,
                text,
                is_icmp: false,
                is_beside: false,
            }
        }
    }
}
