//! Packets, messages, alerts and certificates agree with tshark, case by case.
//!
//! What tshark says is kept in `captures/<case>/tshark.tsv`, so that the comparison needs no tshark. Where it is installed,
//! `TLSPCAP_REFRESH=1` writes the files anew, and without it a few of them are checked to be what it says today.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use support::random::Random;
use support::{Case, cases};
use tlspcap::report::{CertificateReport, ConnectionReport};

/// What one packet of a stream completes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Row {
    /// Handshake types, in order.
    messages: Vec<u8>,
    /// Alerts whose description can be read, in order.
    alerts: Vec<u8>,
    /// Serial numbers of certificates, in order, in hex without leading zeros.
    serials: Vec<String>,
}

/// Rows by stream and packet.
type Rows = BTreeMap<(u64, u64), Row>;

/// A case, its packets, and why tshark and this tool differ there.
type Differences = &'static [(&'static str, &'static [u64], &'static str)];

/// Where tshark 4.0 sees less than the capture holds; `docs/TSHARK.md` tells more.
const TSHARK_LACKS: Differences = &[
    ("decrypt-tls12-aria-128-gcm", &[8, 9, 12, 14], ARIA),
    ("decrypt-tls12-aria-256-gcm", &[8, 9, 12, 14], ARIA),
    (
        "decrypt-tls13-post-handshake-authentication",
        &[27],
        "it loses the keys after the late client certificate",
    ),
    (
        "ng-secrets-behind",
        &[6],
        "secrets are taken when they are met, and the packets before them stay closed",
    ),
    ("snap96", &[10], CUT),
    ("snap96-tls12", &[8], CUT),
];

const ARIA: &str = "ARIA in GCM mode is not among the suites that it opens";
const CUT: &str = "behind a segment that the snap length cut, its stream is not followed";

/// Where this tool sees less, or says it elsewhere, until that is mended.
const WE_LACK: Differences = &[
    (
        "decrypt-tls12-renegotiation",
        &[15],
        "a chain that a renegotiation sends again is listed where it was sent first",
    ),
    (
        "decrypt-tls12-renegotiation-refused",
        &[6],
        "the handshake that failed is the second one, and the chain is listed where that sent it again",
    ),
];

#[test]
fn messages_alerts_and_certificates_are_where_tshark_finds_them() {
    let refresh = std::env::var_os("TLSPCAP_REFRESH").is_some();
    let mut differences = Vec::new();
    let mut excused = BTreeSet::new();
    let mut compared = 0;
    let excuses = [TSHARK_LACKS, WE_LACK].concat();
    for case in cases() {
        let path = case.folder.join("tshark.tsv");
        if refresh {
            let text = ask_tshark(&case).expect("tshark is not installed");
            std::fs::write(&path, text).expect("a writable folder");
        }
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|_| panic!("{} is missing: TLSPCAP_REFRESH=1 makes it", path.display()));
        let (theirs, ours) = (read(&text), ours(&case));
        compared += theirs.len();
        let places: BTreeSet<&(u64, u64)> = theirs.keys().chain(ours.keys()).collect();
        for &&(stream, packet) in &places {
            let none = Row::default();
            let (their, our) = (theirs.get(&(stream, packet)), ours.get(&(stream, packet)));
            let (their, our) = (their.unwrap_or(&none), our.unwrap_or(&none));
            if their == our {
                continue;
            }
            let known =
                excuses.iter().position(|(name, packets, _)| *name == case.name && packets.contains(&packet));
            match known {
                Some(at) => drop(excused.insert((at, packet))),
                None => differences.push(format!(
                    "{} stream {stream} packet {packet}: tshark {their:?}, here {our:?}",
                    case.name
                )),
            }
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
    let needless: Vec<_> = excuses
        .iter()
        .enumerate()
        .flat_map(|(at, (name, packets, _))| {
            let left = packets.iter().filter(|packet| !excused.contains(&(at, **packet)));
            left.map(|packet| (*name, *packet)).collect::<Vec<_>>()
        })
        .collect();
    assert!(needless.is_empty(), "these do not differ any longer: {needless:?}");
    assert!(compared >= 500, "{compared} packets compared");
}

#[test]
fn what_is_kept_of_tshark_is_what_it_says() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for case in random.sample(cases(), 5) {
        let kept = std::fs::read_to_string(case.folder.join("tshark.tsv")).unwrap_or_default();
        // Another version may see more or less.
        let Some(now) = ask_tshark(&case).filter(|now| now.lines().next() == kept.lines().next()) else {
            continue;
        };
        assert_eq!(now, kept, "{}", case.name);
    }
}

/// What tshark says of a capture, one packet a line; `None` where it is not installed.
fn ask_tshark(case: &Case) -> Option<String> {
    let version = Command::new("tshark").arg("--version").output().ok()?;
    let version = String::from_utf8_lossy(&version.stdout);
    let version = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut command = Command::new("tshark");
    command.arg("-r").arg(case.capture()).args(["-o", "tcp.reassemble_out_of_order:TRUE"]);
    command.args(["-Y", "tls.handshake || tls.alert_message", "-T", "fields"]);
    for field in FIELDS {
        command.args(["-e", field]);
    }
    if let Some(keys) = case.text("keylog") {
        command.arg("-o").arg(format!("tls.keylog_file:{}", case.folder.join(keys).display()));
    }
    let output = command.output().ok()?;
    assert!(output.status.success(), "{}: {}", case.name, String::from_utf8_lossy(&output.stderr));
    let rows = String::from_utf8(output.stdout).expect("text");
    // Packets with encrypted records alone leave every field but the first two empty.
    let told = rows.lines().filter(|line| line.split('\t').skip(2).any(|field| !field.is_empty()));
    let lines: String = told.map(|line| format!("{line}\n")).collect();
    Some(format!("# tshark {version}: {}\n{lines}", FIELDS.join(" ")))
}

const FIELDS: [&str; 5] =
    ["frame.number", "tcp.stream", "tls.handshake.type", "tls.alert_message.desc", "x509af.serialNumber"];

fn read(text: &str) -> Rows {
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
fn ours(case: &Case) -> Rows {
    let mut rows = Rows::new();
    for connection in &case.report().connections {
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
