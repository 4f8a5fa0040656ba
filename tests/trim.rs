//! A trimmed capture tells the same of its connections as the whole one, holds no data, and no secret that was not asked for.

mod support;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use support::packets::{Capture, FORMS, Form, Packet, Segment};
use support::random::Random;
use support::tool::{capture, tlspcap};
use support::{Case, cases, rounds};
use tlspcap::explain::{Options, explain_to_report, open};
use tlspcap::report::{ConnectionReport, Report};
use tlspcap::trim::{Choice, TrimOptions, Trimmed, plan, write};

/// Trims a file in memory.
fn trimmed(path: &Path, options: &Options, choice: &Choice<'_>, trim: TrimOptions) -> (Vec<u8>, Trimmed) {
    let again = || Box::new(std::fs::File::open(path).expect("a capture"));
    let plan = plan(again(), path, options, choice, trim).expect("a plan");
    let mut out = Vec::new();
    let told = write(again(), path, &options.limits, &plan, &mut out, Path::new("out")).expect("written");
    (out, told)
}

fn explained(bytes: Vec<u8>, options: &Options) -> Report {
    explain_to_report(Box::new(Cursor::new(bytes)), Path::new("trimmed"), options).expect("a report")
}

/// What must not change: everything but packet numbers, and what is said of the capture itself.
fn essence(c: &ConnectionReport) -> serde_json::Value {
    let chain = |chain: &Option<tlspcap::report::ChainReport>| {
        chain.as_ref().map(|chain| {
            let hashes: Vec<_> = chain.chain.iter().map(|certificate| certificate.sha256.clone()).collect();
            (chain.complete, hashes)
        })
    };
    let alerts: Vec<_> = c.alerts.iter().map(|a| (a.sender, a.level.clone(), a.code, a.encrypted)).collect();
    let findings: Vec<_> = c.findings.iter().map(|finding| (&finding.code, finding.certificate)).collect();
    let alternatives: Vec<_> = c.verdict.alternatives.iter().map(|other| &other.cause).collect();
    let missing: Vec<_> = c.verdict.missing.iter().map(|missing| &missing.what).collect();
    let ruled_out: Vec<_> = c.verdict.ruled_out.iter().map(|out| &out.cause).collect();
    serde_json::json!({
        "ends": [&c.client.addr, &c.client.port.to_string(), &c.server.addr, &c.server.port.to_string()],
        "start": c.start, "duration": c.duration_s, "tunnel": c.tunnel, "tls": c.tls,
        "chains": [chain(&c.server_certificates), chain(&c.client_certificates)],
        "alerts": alerts, "findings": findings, "history": c.history, "outcome": c.outcome,
        "teardown": [c.teardown.closed_by, c.teardown.how],
        "verdict": [c.verdict.cause, c.verdict.confidence, c.verdict.failed_by],
        "alternatives": alternatives, "missing": missing, "ruled_out": ruled_out,
        "client_error": c.verdict.client_error.as_ref().map(|error| &error.text),
    })
}

/// The connections of one report that are not told alike in the other.
fn differences(whole: &Report, part: &Report, wanted: impl Fn(&ConnectionReport) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for c in whole.connections.iter().filter(|c| wanted(c)) {
        let same = |other: &&ConnectionReport| {
            (&other.start, &other.client, &other.server) == (&c.start, &c.client, &c.server)
        };
        match part.connections.iter().find(same) {
            None => wrong.push(format!("#{} is missing", c.id)),
            Some(other) => {
                let (a, b) = (essence(c), essence(other));
                for (key, value) in a.as_object().expect("an object") {
                    if &b[key] != value {
                        wrong.push(format!("#{} {key}: {value} became {}", c.id, b[key]));
                    }
                }
            }
        }
    }
    wrong
}

fn inputs(case: &Case) -> (PathBuf, Options) {
    let (path, mut options) = (case.capture(), case.options());
    // Embedded secrets are read ahead, as the command does.
    drop(open(&path, &mut options).expect("a capture"));
    (path, options)
}

#[test]
fn the_failed_connections_of_every_capture_are_told_as_before() {
    let mut wrong = Vec::new();
    for case in cases() {
        let (path, options) = inputs(&case);
        let whole = explained(std::fs::read(&path).expect("a capture"), &options);
        let (bytes, _) = trimmed(&path, &options, &Choice::default(), TrimOptions::default());
        let part = explained(bytes, &options);
        let failed = |c: &ConnectionReport| c.outcome == "failed";
        wrong.extend(differences(&whole, &part, failed).iter().map(|text| format!("{}: {text}", case.name)));
        if part.connections.iter().filter(|c| failed(c)).count() != whole.summary.failed as usize {
            wrong.push(format!("{}: other connections", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_connection_of_every_capture_is_told_as_before() {
    let mut wrong = Vec::new();
    for case in cases() {
        let (path, options) = inputs(&case);
        let whole = explained(std::fs::read(&path).expect("a capture"), &options);
        let choice = Choice { all: true, ..Choice::default() };
        let (bytes, _) = trimmed(&path, &options, &choice, TrimOptions::default());
        let part = explained(bytes, &options);
        wrong
            .extend(differences(&whole, &part, |_| true).iter().map(|text| format!("{}: {text}", case.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The payload of each packet that begins with a TLS record of type application data: the record's first body bytes.
fn data_samples(capture: &Capture) -> Vec<Vec<u8>> {
    let begins = |packet: &Packet| {
        let segment = Segment::of(capture.link, packet)?;
        let payload = packet.data.get(segment.payload.clone())?;
        (payload.starts_with(&[23, 3, 3])).then(|| payload.get(5..21).map(<[u8]>::to_vec))?
    };
    capture.packets.iter().filter_map(begins).collect()
}

fn holds(bytes: &[u8], sample: &[u8]) -> bool {
    bytes.windows(sample.len()).any(|window| window == sample)
}

#[test]
fn data_is_gone_and_record_headers_stay() {
    let path = capture("ok-tls12");
    let whole = Capture::read(&std::fs::read(&path).expect("a capture")).expect("packets");
    let samples = data_samples(&whole);
    assert!(samples.len() >= 2, "{}", samples.len());
    let all = Choice { all: true, ..Choice::default() };
    let (bytes, told) = trimmed(&path, &Options::default(), &all, TrimOptions::default());
    assert!(samples.iter().all(|sample| !holds(&bytes, sample)));
    assert!(told.kept_bytes < told.bytes);
    let part = Capture::read(&bytes).expect("packets");
    assert_eq!(part.packets.len(), whole.packets.len());
    for (before, after) in whole.packets.iter().zip(&part.packets) {
        assert_eq!((before.time, before.wire), (after.time, after.wire));
        let segment = Segment::of(whole.link, before).expect("TCP");
        let cut = before.data.len() - after.data.len();
        if cut > 0 {
            // What is left ends in a record's header.
            let payload = after.data.get(segment.payload.start..).expect("a payload");
            assert!(payload.is_empty() || holds(&payload[payload.len() - 5..], &[23, 3, 3]), "{payload:?}");
        }
    }
    let keep = TrimOptions { keep_data: true, ..TrimOptions::default() };
    let (bytes, told) = trimmed(&path, &Options::default(), &all, keep);
    assert!(samples.iter().all(|sample| holds(&bytes, sample)));
    assert_eq!((told.kept_packets, told.kept_bytes), (told.packets, told.bytes));
}

#[test]
fn format_precision_and_times_stay() {
    let whole =
        Capture::read(&std::fs::read(capture("untrusted-root")).expect("a capture")).expect("packets");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("capture");
    for form in FORMS {
        std::fs::write(&path, whole.write(form)).expect("written");
        let (bytes, _) = trimmed(&path, &Options::default(), &Choice::default(), TrimOptions::default());
        let report = explained(bytes.clone(), &Options::default());
        let is_pcapng = matches!(form, Form::NextGeneration | Form::NextGenerationBig);
        assert_eq!(report.capture.format, if is_pcapng { "pcapng" } else { "pcap" }, "{form:?}");
        assert_eq!(report.capture.compression, None);
        assert_eq!(bytes.starts_with(&[0x4d, 0x3c, 0xb2, 0xa1]), form == Form::Nanoseconds, "{form:?}");
        let part = Capture::read(&bytes).expect("packets");
        assert_eq!(part.packets, whole.packets, "{form:?}");
    }
}

/// Cuts an IPv4 packet on Ethernet into two fragments.
fn fragments(packet: &Packet) -> [Packet; 2] {
    let (head, body) = packet.data.split_at(34);
    let at = (body.len() / 2).next_multiple_of(8).min(body.len());
    let piece = |body: &[u8], field: u16| {
        let mut data = [head, body].concat();
        data[16..18].copy_from_slice(&(20 + body.len() as u16).to_be_bytes());
        data[20..22].copy_from_slice(&field.to_be_bytes());
        Packet { time: packet.time, wire: data.len() as u32, data }
    };
    [piece(&body[..at], 0x2000), piece(&body[at..], (at / 8) as u16)]
}

#[test]
fn the_fragments_of_a_segment_are_all_taken_in_their_order() {
    let mut capture =
        Capture::read(&std::fs::read(capture("untrusted-root")).expect("a capture")).expect("packets");
    let longest = capture.packets.iter().enumerate().max_by_key(|(_, packet)| packet.data.len());
    let at = longest.expect("a packet").0;
    let [first, second] = fragments(&capture.packets[at]);
    let mut stray = first.clone();
    stray.data[18] ^= 0x55;
    // The second fragment comes first, then a packet of the connection, then a fragment of which nothing follows.
    let other = capture.packets[at + 1].clone();
    capture.packets.splice(at..at + 2, [second, other, stray, first]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("capture.pcap");
    std::fs::write(&path, capture.write(Form::Little)).expect("written");
    let options = Options::default();
    let whole = explained(std::fs::read(&path).expect("a capture"), &options);
    let (bytes, told) = trimmed(&path, &options, &Choice::default(), TrimOptions::default());
    assert_eq!((told.fragments, told.kept_packets), (2, told.packets - 1));
    let mut kept = capture.packets.clone();
    kept.remove(at + 2);
    assert_eq!(Capture::read(&bytes).expect("packets").packets, kept);
    assert_eq!(differences(&whole, &explained(bytes, &options), |_| true), Vec::<String>::new());
}

#[test]
fn a_connection_that_fell_silent_is_as_silent_in_the_trimmed_capture() {
    let mut capture =
        Capture::read(&std::fs::read(capture("server-silent")).expect("a capture")).expect("packets");
    // No side closes, and a packet of something else comes a minute later.
    let first = capture.packets[0].clone();
    capture.packets.truncate(4);
    let mut late = first.clone();
    late.time += 60_000_000_000;
    late.data[23] = 1;
    capture.packets.push(late);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("capture.pcap");
    std::fs::write(&path, capture.write(Form::Little)).expect("written");
    let options = Options::default();
    let whole = explained(std::fs::read(&path).expect("a capture"), &options);
    let all = Choice { all: true, ..Choice::default() };
    let (bytes, told) = trimmed(&path, &options, &all, TrimOptions::default());
    assert!(told.marks_end);
    let part = explained(bytes, &options);
    assert_eq!(part.capture.last_time, whole.capture.last_time);
    assert_eq!(differences(&whole, &part, |_| true), Vec::<String>::new());
}

#[test]
fn no_secret_is_written_unless_it_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let embedded = capture("ng-secrets-behind").with_extension("pcapng");
    let keys = capture("tls13-keys-untrusted-root").with_file_name("keys.log");
    let cases = [(embedded.clone(), None), (capture("tls13-keys-untrusted-root"), Some(keys))];
    for (path, keys) in cases {
        let run = |out: &Path, embed: bool| {
            let mut command = tlspcap();
            command.arg("trim").arg(&path).arg("-o").arg(out).arg("--all");
            if let Some(keys) = &keys {
                command.arg("--keylog").arg(keys);
            }
            if embed {
                command.arg("--embed-secrets");
            }
            command.assert().code(0);
            std::fs::read(out).expect("written")
        };
        let without = run(&folder.path().join("without"), false);
        assert!(!holds(&without, b"_SECRET") && !holds(&without, b"CLIENT_RANDOM"));
        let with = run(&folder.path().join("with"), true);
        assert!(holds(&with, b"_HANDSHAKE_TRAFFIC_SECRET "));
        let report = explained(with, &Options::default());
        assert!(report.capture.has_keys && report.connections.iter().all(|c| c.tls.decrypted));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode =
                |name| std::fs::metadata(folder.path().join(name)).expect("a file").permissions().mode();
            assert_eq!((mode("without") & 0o777, mode("with") & 0o777), (0o644, 0o600));
        }
    }
}

#[test]
fn tshark_opens_what_is_embedded_without_a_key_log() {
    if std::process::Command::new("tshark").arg("-v").output().is_err() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let capture = capture("tls13-keys-untrusted-root");
    tlspcap()
        .args(["explain", "--embed-secrets", "--export"])
        .arg(folder.path())
        .arg("--keylog")
        .arg(capture.with_file_name("keys.log"))
        .arg(&capture)
        .assert()
        .code(0);
    let fields = ["-T", "fields", "-e", "tls.handshake.type", "-e", "tls.alert_message.desc"];
    let output = std::process::Command::new("tshark")
        .arg("-r")
        .arg(folder.path().join("capture.pcapng"))
        .args(fields)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    // The server's flight up to its Finished, and the client's alert.
    assert!(text.contains("8,11,15,20") && text.contains("48"), "{text}");
}

#[test]
fn connections_are_chosen_by_number_stream_and_expression() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.pcap");
    let count = |options: &[&str]| {
        let path = capture("ok-resumed");
        let command = tlspcap().arg("trim").arg(&path).arg("-o").arg(&out).args(options).output();
        let output = command.expect("it runs");
        assert_eq!(output.status.code(), Some(0));
        let report = explained(std::fs::read(&out).expect("written"), &Options::default());
        (report.connections.len(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let all = count(&["--all"]).0;
    assert!(all > 1);
    assert_eq!(count(&["--connection", "2"]).0, 1);
    assert_eq!(count(&["--stream", "0"]).0, 1);
    assert!((1..all).contains(&count(&["--filter", "tls.resumed"]).0));
    assert_eq!(count(&["--connection", "1", "--filter", "tls.resumed"]).0, 0);
    let wrong = tlspcap()
        .arg("trim")
        .arg(capture("ok-resumed"))
        .arg("-o")
        .arg(&out)
        .args(["--connection", "9"])
        .assert();
    let wrong = wrong.code(2).get_output().clone();
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("no such connection"));
    let (none, said) = count(&[]);
    assert!(none == 0 && said.contains("nothing was chosen"), "{said}");
    assert!(said.contains(&format!("0 of {all} TLS connections, 0 of ")), "{said}");
}

#[test]
fn standard_input_and_output_give_the_same_bytes_as_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.pcap");
    tlspcap().arg("trim").arg(capture("seed")).arg("-o").arg(&out).assert().code(0);
    let bytes = std::fs::read(capture("seed")).expect("a capture");
    let piped = tlspcap().args(["trim", "-", "-o", "-"]).write_stdin(bytes).output().expect("it runs");
    assert_eq!(piped.stdout, std::fs::read(&out).expect("written"));
    let said = String::from_utf8_lossy(&piped.stderr);
    assert!(said.contains("1 of 1 TLS connection, 13 of 59 packets, 5046 of 8806 bytes"), "{said}");
}

#[test]
fn the_input_is_never_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("capture.pcap");
    std::fs::copy(capture("seed"), &path).expect("a copy");
    let before = std::fs::read(&path).expect("a capture");
    let link = folder.path().join("link.pcap");
    std::fs::hard_link(&path, &link).expect("a link");
    for out in [
        &path,
        &link,
        &folder.path().join("../").join(folder.path().file_name().expect("a name")).join("capture.pcap"),
    ] {
        tlspcap().arg("trim").arg(&path).arg("-o").arg(out).assert().code(2);
    }
    assert_eq!(std::fs::read(&path).expect("a capture"), before);
    tlspcap()
        .arg("trim")
        .arg(folder.path().join("none"))
        .arg("-o")
        .arg(folder.path().join("x"))
        .assert()
        .code(2);
    assert!(!folder.path().join("x").exists());
}

/// The capture lost a Finished, so that nothing but its decrypted data shows that the handshake was completed; and data is
/// what is cut away.
fn is_shown_by_data_alone(c: &ConnectionReport) -> bool {
    let finished = |side: &str| {
        let mut own = c.events.iter().filter(|event| event.from == side);
        own.any(|event| event.messages.iter().any(|message| message.starts_with("Finished")))
    };
    c.tls.decrypted && c.outcome == "established" && !(finished("client") && finished("server"))
}

/// A capture that lost packets.
fn damaged(capture: &Capture, random: &mut Random) -> Capture {
    let mut damaged = capture.clone();
    for _ in 0..1 + random.below(2) {
        damaged.packets.remove(random.below(damaged.packets.len()));
    }
    damaged
}

#[test]
fn a_capture_that_lost_packets_is_told_as_before_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("capture.pcap");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut wrong = Vec::new();
    for case in cases() {
        let Some(whole) = Capture::read(&std::fs::read(case.capture()).expect("a capture")) else { continue };
        for round in 0..rounds(2) {
            let capture = damaged(&whole, &mut random);
            std::fs::write(&path, capture.write(Form::Little)).expect("written");
            let options = case.options();
            let whole = explained(std::fs::read(&path).expect("a capture"), &options);
            let all = Choice { all: true, ..Choice::default() };
            let (bytes, _) = trimmed(&path, &options, &all, TrimOptions::default());
            let part = explained(bytes, &options);
            let different = differences(&whole, &part, |c| !is_shown_by_data_alone(c));
            wrong.extend(different.iter().map(|text| format!("{}, round {round}: {text}", case.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_written_of_a_broken_file_can_be_read() {
    let options = Options::default();
    let all = Choice { all: true, ..Choice::default() };
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut read = 0;
    for case in cases() {
        let bytes = std::fs::read(case.capture()).expect("a capture");
        for _ in 0..rounds(4) {
            let mut bytes = bytes.clone();
            for _ in 0..1 + random.below(8) {
                let at = random.below(bytes.len());
                bytes[at] = random.below(256) as u8;
            }
            bytes.truncate(bytes.len() - random.below(bytes.len() / 2));
            let input = || Box::new(Cursor::new(bytes.clone()));
            let path = Path::new("broken");
            let Ok(plan) = plan(input(), path, &options, &all, TrimOptions::default()) else { continue };
            let mut out = Vec::new();
            match write(input(), path, &options.limits, &plan, &mut out, path) {
                Ok(told) => {
                    let report = explained(out, &options);
                    assert_eq!(
                        report.capture.packets,
                        told.kept_packets + u64::from(told.marks_end),
                        "{}",
                        case.name
                    );
                    read += 1;
                }
                // A link type that pcapng has no room for.
                Err(error) => assert!(error.to_string().contains("cannot write"), "{}: {error}", case.name),
            }
        }
    }
    assert!(read > 100, "{read} files");
}
