//! What tshark and the report say of a capture, packet by packet.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use tlspcap::report::{CertificateReport, ConnectionReport, Report};

/// What one packet of a stream completes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Row {
    /// Handshake types, in order.
    pub messages: Vec<u8>,
    /// Alerts whose description can be read, in order.
    pub alerts: Vec<u8>,
    /// Serial numbers of certificates, in order, in hex without leading zeros.
    pub serials: Vec<String>,
}

/// Rows by stream and packet.
pub type Rows = BTreeMap<(u64, u64), Row>;

/// The version of tshark; `None` where it is not installed.
pub fn version() -> Option<String> {
    let output = Command::new("tshark").arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

/// What tshark says of a capture, one packet a line, with the secrets of a key log; `None` where it is not installed.
pub fn ask(capture: &Path, keys: Option<&Path>) -> Option<String> {
    let version = version()?;
    let mut command = Command::new("tshark");
    command.arg("-r").arg(capture).args(["-o", "tcp.reassemble_out_of_order:TRUE"]);
    command.args(["-Y", "(tls.handshake || tls.alert_message) && !icmp && !icmpv6", "-T", "fields"]);
    for field in FIELDS {
        command.args(["-e", field]);
    }
    if let Some(keys) = keys {
        command.arg("-o").arg(format!("tls.keylog_file:{}", keys.display()));
    }
    let output = command.output().ok()?;
    assert!(output.status.success(), "{}: {}", capture.display(), String::from_utf8_lossy(&output.stderr));
    let rows = String::from_utf8(output.stdout).expect("text");
    // Packets with encrypted records alone leave every field but the first two empty.
    let told = rows.lines().filter(|line| line.split('\t').skip(2).any(|field| !field.is_empty()));
    let lines: String = told.map(|line| format!("{line}\n")).collect();
    Some(format!("# tshark {version}: {}\n{lines}", FIELDS.join(" ")))
}

const FIELDS: [&str; 5] =
    ["frame.number", "tcp.stream", "tls.handshake.type", "tls.alert_message.desc", "x509af.serialNumber"];

/// The answer of [`ask`].
pub fn read(text: &str) -> Rows {
    let mut rows = Rows::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [packet, stream, messages, alerts, serials] = fields[..] else { panic!("five fields: {line}") };
        let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("a number: {line}"));
        let list =
            |text: &str| text.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let bytes = |text: &str| list(text).iter().map(|one| number(one) as u8).collect();
        let row = Row {
            messages: bytes(messages),
            alerts: bytes(alerts),
            serials: list(serials).iter().map(|one| one.trim_start_matches('0').to_owned()).collect(),
        };
        rows.insert((number(stream), number(packet)), row);
    }
    rows
}

/// The same, from the report.
pub fn rows(report: &Report) -> Rows {
    let mut rows = Rows::new();
    for connection in &report.connections {
        add(&mut rows, connection);
    }
    rows.retain(|_, row| *row != Row::default());
    rows
}

fn add(rows: &mut Rows, connection: &ConnectionReport) {
    let stream = connection.stream;
    for event in &connection.events {
        let row = rows.entry((stream, event.packet)).or_default();
        row.messages.extend(event.messages.iter().filter_map(|name| handshake_type(name)));
    }
    for alert in &connection.alerts {
        rows.entry((stream, alert.packet)).or_default().alerts.extend(alert.code);
    }
    let chains = [&connection.server_certificates, &connection.client_certificates];
    for certificate in chains.into_iter().flatten().flat_map(|chain| &chain.chain) {
        let CertificateReport { packet, serial, .. } = certificate;
        let serial = serial.as_deref().unwrap_or("unreadable").trim_start_matches('0');
        rows.entry((stream, *packet)).or_default().serials.push(serial.to_owned());
    }
}

/// The number of a message (IANA TLS HandshakeType); `None` for what is no handshake message that can be read.
fn handshake_type(name: &str) -> Option<u8> {
    Some(match name {
        "HelloRequest" => 0,
        "ClientHello" => 1,
        "ServerHello" | "HelloRetryRequest" => 2,
        "NewSessionTicket" => 4,
        "EndOfEarlyData" => 5,
        "EncryptedExtensions" => 8,
        "Certificate" => 11,
        "ServerKeyExchange" => 12,
        "CertificateRequest" => 13,
        "ServerHelloDone" => 14,
        "CertificateVerify" => 15,
        "ClientKeyExchange" => 16,
        "Finished" => 20,
        "CertificateStatus" => 22,
        "KeyUpdate" => 24,
        "CompressedCertificate" => 25,
        _ => return None,
    })
}
