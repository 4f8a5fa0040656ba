//! What keys open, and what is said where they do not: whole captures with other secrets, lost packets, changed bytes.

mod support;

use std::io::Write as _;
use std::path::Path;

use assert_cmd::Command;
use support::packets::{Capture, Form, Segment};
use support::{Case, cases};
use tlspcap::analyzer::Analyzer;
use tlspcap::capture::CaptureReader;
use tlspcap::connection::{At, Connection, SentChain};
use tlspcap::decode::{Decoded, Decoder};
use tlspcap::explain::{Options, explain_to_report, open};
use tlspcap::limits::Limits;
use tlspcap::report::{ConnectionReport, Report};
use tlspcap::tls::keylog::Secrets;
use tlspcap::tls::message::CertificateVerify;
use tlspcap::trust::{SignatureState, Store, signature};
use tlspcap::x509::Certificate;

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"))
}

fn bytes(case: &Case) -> Vec<u8> {
    std::fs::read(case.capture()).expect("a capture")
}

fn key_log(case: &Case) -> String {
    std::fs::read_to_string(case.folder.join("keys.log")).expect("a key log")
}

fn secrets(text: &str) -> Secrets {
    let mut secrets = Secrets::default();
    assert_eq!(secrets.parse(text.as_bytes(), "keys.log"), []);
    secrets
}

fn report(capture: Vec<u8>, options: &Options) -> Report {
    explain_to_report(Box::new(std::io::Cursor::new(capture)), Path::new("capture"), options)
        .expect("a report")
}

fn first(capture: Vec<u8>, keys: &str) -> ConnectionReport {
    let options = Options { secrets: secrets(keys), store: Store::none(), ..Options::default() };
    report(capture, &options).connections.into_iter().next().expect("a connection")
}

fn messages(connection: &ConnectionReport) -> Vec<String> {
    connection.events.iter().flat_map(|event| event.messages.clone()).collect()
}

/// The warning of this code: its packet and text.
fn warned(connection: &ConnectionReport, code: &str) -> Option<(Option<u64>, String)> {
    let warning = connection.warnings.iter().find(|warning| warning.code == code)?;
    Some((warning.packet, warning.text.clone()))
}

/// The capture without the packet of this number.
fn without(case: &Case, number: usize) -> Vec<u8> {
    let mut capture = Capture::read(&bytes(case)).expect("pcap");
    capture.packets.remove(number - 1);
    capture.write(Form::Little)
}

/// The capture with the first place of `from` changed to `to`, which must be the only one.
fn changed(case: &Case, from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes(case);
    let places: Vec<usize> = memchr::memmem::find_iter(&bytes, from).collect();
    assert_eq!(places.len(), 1, "{}: {places:?}", case.name);
    bytes[places[0]..places[0] + to.len()].copy_from_slice(to);
    bytes
}

/// Every secret of a key log replaced.
fn wrong(keys: &str) -> String {
    keys.lines()
        .map(|line| {
            let (head, secret) = line.rsplit_once(' ').expect("three words");
            format!("{head} {}\n", "5a".repeat(secret.len() / 2))
        })
        .collect()
}

#[test]
fn a_secret_that_does_not_fit_is_a_warning_with_its_packet() {
    for (name, packet, sender) in
        [("decrypt-tls12-aes-128-gcm", 8, "client"), ("decrypt-tls13-aes-128-gcm", 6, "server")]
    {
        let case = case(name);
        let connection = first(bytes(&case), &wrong(&key_log(&case)));
        let text = format!("a record of the {sender} could not be decrypted: the secret does not fit it");
        assert_eq!(warned(&connection, "not-decrypted"), Some((Some(packet), text)), "{name}");
        assert!(!connection.tls.decrypted, "{name}");
        assert_eq!(warned(&first(bytes(&case), &key_log(&case)), "not-decrypted"), None, "{name}");
    }
}

#[test]
fn a_suite_that_cannot_be_opened_is_a_warning_with_its_packet() {
    let case = case("decrypt-tls12-aes-128-gcm");
    // The suite in the ServerHello, before the null compression: from ECDHE_ECDSA with AES-128-GCM to RSA with IDEA.
    let capture = changed(&case, &[0xc0, 0x2b, 0, 0], &[0, 7]);
    let connection = first(capture, &key_log(&case));
    let text = "decryption of TLS_RSA_WITH_IDEA_CBC_SHA is not supported".to_owned();
    assert_eq!(warned(&connection, "not-decrypted"), Some((Some(6), text)));
}

#[test]
fn a_key_log_without_the_connection_is_told_where_tls_1_3_hides_something() {
    let other = "CLIENT_RANDOM ".to_owned() + &"11".repeat(32) + " " + &"22".repeat(48) + "\n";
    let hidden = first(bytes(&case("decrypt-tls13-aes-128-gcm")), &other);
    let text = "the key log has no secret for this connection".to_owned();
    assert_eq!(warned(&hidden, "not-decrypted"), Some((Some(6), text)));
    let clear = first(bytes(&case("decrypt-tls12-aes-128-gcm")), &other);
    assert_eq!(warned(&clear, "not-decrypted"), None);
}

#[test]
fn a_lost_packet_stops_what_runs_on_from_record_to_record_and_nothing_else() {
    let running = "its cipher runs on from record to record, and the capture lacks bytes before it";
    // A packet with the server's data is lost; its alert comes later.
    for (name, lost, stops) in [
        ("decrypt-tls10-rc4-md5", 11, true),
        ("decrypt-tls10-aes-256-cbc-sha-mte", 11, true),
        ("decrypt-tls12-aes-128-cbc-sha-mte", 11, false),
        ("decrypt-tls12-aes-128-gcm", 11, false),
    ] {
        let case = case(name);
        let whole = first(bytes(&case), &key_log(&case));
        let alerts = |connection: &ConnectionReport| {
            let from = |sender| connection.alerts.iter().find(|alert| alert.sender == sender);
            ["client", "server"].map(|sender| from(sender).and_then(|alert| alert.code))
        };
        assert_eq!(alerts(&whole), [Some(0), Some(0)], "{name}");
        let connection = first(without(&case, lost), &key_log(&case));
        let server = (!stops).then_some(0);
        assert_eq!(alerts(&connection), [Some(0), server], "{name}");
        let text = warned(&connection, "not-decrypted").map(|(_, text)| text);
        assert_eq!(text.is_some_and(|text| text.ends_with(running)), stops, "{name}");
    }
}

#[test]
fn a_renegotiation_without_keys_is_called_one() {
    let case = case("decrypt-tls12-renegotiation");
    let connection = first(bytes(&case), "");
    let event = connection.events.iter().find(|event| event.packet == 13).expect("packet 13");
    assert_eq!(event.messages, ["encrypted handshake message"]);
    assert_eq!(event.text, "encrypted handshake message (renegotiation, 170 bytes)");
    assert_eq!(connection.outcome, "established");
}

#[test]
fn a_renegotiation_whose_secret_is_missing_is_read_up_to_its_change_cipher_spec() {
    let case = case("decrypt-tls12-renegotiation");
    let keys = key_log(&case);
    let first_only = keys.lines().find(|line| {
        let connection = first(bytes(&case), line);
        messages(&connection).iter().filter(|name| *name == "ClientHello").count() == 2
    });
    let connection = first(bytes(&case), first_only.expect("the first handshake's line"));
    let text = "the key log has no secret for the renegotiation".to_owned();
    assert_eq!(warned(&connection, "not-decrypted"), Some((Some(15), text)));
    assert_eq!(messages(&connection).iter().filter(|name| *name == "Finished").count(), 2);
    assert_eq!((connection.outcome, connection.verdict.cause.as_str()), ("established", "none"));
    assert_eq!(connection.key_packets.client_hello, Some(4), "the facts are those of the first");
}

#[test]
fn a_renegotiation_that_fails_is_what_is_judged() {
    let connection = &case("decrypt-tls12-renegotiation-refused").report().connections[0];
    assert_eq!((connection.outcome, connection.verdict.cause.as_str()), ("failed", "client-cert-rejected"));
    let packets = &connection.key_packets;
    assert_eq!((packets.client_hello, packets.certificate, packets.alert), (Some(15), Some(17), Some(19)));
    let first = &connection.verdict.evidence[0];
    assert!(first.packet == Some(9) && first.text.contains("renegotiation"), "{first:?}");
    let clients = connection.client_certificates.as_ref().expect("the client's certificates");
    assert_eq!(clients.chain[0].packet, 18);
}

#[test]
fn early_data_that_was_accepted_counts_towards_the_record_that_ends_it() {
    let connection = &case("decrypt-tls13-early-data").report().connections[0];
    assert!(messages(connection).contains(&"EndOfEarlyData".to_owned()), "{:?}", messages(connection));
    assert_eq!(connection.warnings.len(), 0);
}

#[test]
fn secrets_behind_the_packets_of_a_pipe_are_used() {
    let case = case("ng-secrets-behind");
    let capture = bytes(&case);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&capture).expect("written");
    let zipped = gzip.finish().expect("gzip");
    for input in [capture, zipped.clone()] {
        let mut command = Command::cargo_bin("tlspcap").expect("the binary");
        let output = command.args(["explain", "--format", "json", "-"]).write_stdin(input).output();
        let report: serde_json::Value =
            serde_json::from_slice(&output.expect("it runs").stdout).expect("JSON");
        assert_eq!(report["connections"][0]["tls"]["decrypted"], true);
        assert_eq!(report["capture"]["warnings"], serde_json::json!([]));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("capture.pcapng.gz");
    std::fs::write(&path, zipped).expect("written");
    let mut options = Options::default();
    let input = open(&path, &mut options).expect("a file");
    assert!(explain_to_report(input, &path, &options).expect("a report").connections[0].tls.decrypted);
}

#[test]
fn secrets_that_come_too_late_are_said() {
    // Without `open` nothing is read ahead, as where the secrets are further behind than is looked.
    let report = report(bytes(&case("ng-secrets-behind")), &Options::default());
    assert!(!report.connections[0].tls.decrypted);
    let [warning] = &report.capture.warnings[..] else { panic!("{:?}", report.capture.warnings) };
    assert_eq!(warning.code, "late-secrets");
    assert!(warning.text.starts_with("the secrets of 1 connection stand behind"), "{}", warning.text);
    assert!(warning.text.contains("editcap "), "{}", warning.text);
}

/// The connections of a capture, with their facts.
fn connections(capture: &[u8], keys: &str) -> Vec<Connection> {
    let limits = Limits::default();
    let mut reader =
        CaptureReader::open(Box::new(capture), Path::new("capture"), &limits).expect("a capture");
    let mut decoder = Decoder::new(&limits);
    let mut analyzer = Analyzer::new(&limits, secrets(keys).into());
    while let Some(packet) = reader.next_packet().expect("a packet") {
        if let Decoded::Tcp(segment) = decoder.decode(&packet) {
            analyzer.push(packet.number, packet.time, &segment);
        }
    }
    analyzer.finish().0.into_iter().map(|connection| *connection).collect()
}

/// Whether the CertificateVerify of server and client verify with the keys of their leaves.
fn signatures(capture: &[u8], keys: &str) -> [Option<bool>; 2] {
    let connection = connections(capture, keys).remove(0);
    let check = |chain: Option<&At<SentChain>>, verify: Option<&At<Box<CertificateVerify>>>| {
        let leaf = Certificate::from_der(chain?.value.certificates.first()?.clone());
        let key = &leaf.fields.as_ref().ok()?.key;
        let verify = &verify?.value;
        let scheme = verify.scheme.map(|scheme| scheme.0);
        match signature::verify_tls(key, scheme, verify.signed.as_ref()?, &verify.signature) {
            SignatureState::Good => Some(true),
            SignatureState::Bad => Some(false),
            SignatureState::CannotCheck(_) => None,
        }
    };
    [
        check(connection.server_chain.as_ref(), connection.server_certificate_verify.as_ref()),
        check(connection.client_chain.as_ref(), connection.client_certificate_verify.as_ref()),
    ]
}

/// The capture with another session id in its ClientHello: the keys stay, what is signed does not.
fn with_another_hello(case: &Case) -> Vec<u8> {
    let mut capture = Capture::read(&bytes(case)).expect("pcap");
    let link = capture.link;
    let at = capture
        .packets
        .iter()
        .position(|packet| Segment::of(link, packet).is_some_and(|segment| !segment.payload.is_empty()));
    let packet = &mut capture.packets[at.expect("a ClientHello")];
    // The session id of the client, which follows its length behind version and random.
    let payload = Segment::of(link, packet).expect("a segment").payload;
    let id = payload.start + 5 + 4 + 2 + 32 + 1;
    packet.data[id] ^= 1;
    capture.write(Form::Little)
}

#[test]
fn a_certificate_verify_is_held_against_the_leaf() {
    for (name, expected) in [
        ("decrypt-tls13-aes-128-gcm", [Some(true), None]),
        ("decrypt-tls13-retry", [Some(true), None]),
        ("decrypt-tls13-client-certificate", [Some(true), Some(true)]),
        ("decrypt-tls13-post-handshake-authentication", [Some(true), Some(true)]),
        ("decrypt-tls12-client-certificate", [None, Some(true)]),
        ("decrypt-tls12-renegotiation-refused", [None, Some(true)]),
    ] {
        let case = case(name);
        assert_eq!(signatures(&bytes(&case), &key_log(&case)), expected, "{name}");
    }
}

#[test]
fn a_certificate_verify_over_another_hello_does_not_verify() {
    for (name, expected) in [
        ("decrypt-tls13-aes-128-gcm", [Some(false), None]),
        ("decrypt-tls13-client-certificate", [Some(false), Some(false)]),
        ("decrypt-tls13-post-handshake-authentication", [Some(false), Some(false)]),
    ] {
        let case = case(name);
        assert_eq!(signatures(&with_another_hello(&case), &key_log(&case)), expected, "{name}");
    }
}

#[test]
fn a_certificate_verify_that_fails_is_found_where_the_client_refuses() {
    let case = case("tls13-keys-untrusted-root");
    let finding = |capture: Vec<u8>| {
        let report = report(capture, &case.options());
        let connection =
            report.connections.iter().find(|connection| connection.stream == 0).expect("stream 0");
        connection.findings.iter().any(|finding| finding.code == "bad-signature")
    };
    assert!(!finding(bytes(&case)));
    assert!(finding(with_another_hello(&case)));
}

/// The capture without one TLS record of a packet.
fn without_record(case: &Case, number: usize, record: usize) -> Vec<u8> {
    let mut capture = Capture::read(&bytes(case)).expect("pcap");
    let packet = capture.packets.remove(number - 1);
    let segment = Segment::of(capture.link, &packet).expect("a segment");
    let payload = &packet.data[segment.payload.clone()];
    let mut at = 0;
    let mut next = || {
        let start = at;
        at += 5 + usize::from(u16::from_be_bytes([payload[at + 3], payload[at + 4]]));
        start..at
    };
    let lost = (0..=record).map(|_| next()).last().expect("a record");
    let parts = [segment.part(&packet, 0..lost.start), segment.part(&packet, lost.end..payload.len())];
    capture.packets.splice(number - 1..number - 1, parts);
    capture.write(Form::Little)
}

#[test]
fn a_handshake_of_which_a_message_is_lost_has_no_signature_to_check() {
    let case = case("decrypt-tls13-client-certificate");
    // After the ServerHello and a ChangeCipherSpec: EncryptedExtensions, CertificateRequest.
    for record in [2, 3] {
        let capture = without_record(&case, 6, record);
        let connection = connections(&capture, &key_log(&case)).remove(0);
        let verify = connection.server_certificate_verify.expect("the records behind the gap open");
        assert_eq!((verify.value.signed, connection.server_chain.is_some()), (None, true));
        let verify = connection.client_certificate_verify.expect("the client's is read");
        assert_eq!(verify.value.signed, None);
    }
}
