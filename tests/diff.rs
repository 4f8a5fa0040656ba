//! Two handshakes side by side: the right two, what differs, and what of that could explain the failure.

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::cases;
use support::packets::{Capture, Form};
use support::tool::{capture, tlspcap};

fn diff(good: &Path, bad: &Path, options: &[&str]) -> Value {
    let output = tlspcap()
        .args(["diff", "--format", "json"])
        .args(options)
        .arg(good)
        .arg(bad)
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Fields that could explain the failure, with how.
fn explaining(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let differences = report["differences"].as_array().expect("a list");
    differences
        .iter()
        .filter_map(|difference| Some((text(&difference["field"])?, text(&difference["explains"])?)))
        .collect()
}

fn difference<'a>(report: &'a Value, field: &str) -> &'a Value {
    let differences = report["differences"].as_array().expect("a list");
    differences.iter().find(|difference| difference["field"] == field).unwrap_or(&Value::Null)
}

/// Several captures one after the other in one file.
fn joined(names: &[&str], folder: &Path) -> PathBuf {
    let mut whole: Option<Capture> = None;
    for name in names {
        let bytes = std::fs::read(capture(name)).expect("a capture");
        let next = Capture::read(&bytes).expect("packets");
        match &mut whole {
            None => whole = Some(next),
            Some(whole) => {
                assert_eq!(whole.link, next.link);
                whole.packets.extend(next.packets);
            }
        }
    }
    let path = folder.join(format!("{}.pcap", names.join("+")));
    std::fs::write(&path, whole.expect("a capture").write(Form::Little)).expect("written");
    path
}

#[test]
fn what_the_verdict_is_about_comes_first() {
    let report = diff(&capture("ok-tls12"), &capture("client-cert-missing"), &[]);
    assert_eq!(report["schema"], "tlspcap.diff/1");
    let likely =
        [("certificate-request", "likely"), ("authorities", "likely"), ("client-certificate", "likely")];
    assert_eq!(explaining(&report), likely.map(|(field, how)| (field.to_owned(), how.to_owned())));
    assert_eq!(report["differences"][0]["field"], "certificate-request");
    let sent = difference(&report, "client-certificate");
    assert_eq!((&sent["good"], &sent["bad"]), (&"none".into(), &"an empty Certificate message".into()));
    assert!(sent["bad_packet"].is_u64());
    let report = diff(&capture("tls13-ok"), &capture("no-shared-cipher"), &[]);
    let suites = difference(&report, "cipher-suites-offered");
    assert_eq!(suites["explains"], "likely");
    assert_eq!(suites["common"], 2);
    let only_good = suites["only_good"].as_array().expect("a list");
    assert!(only_good.contains(&"TLS_AES_128_GCM_SHA256".into()));
    assert_eq!(suites["only_bad"], Value::Array(Vec::new()));
    // The server chose nothing because the handshake had failed, which is no reason for that.
    assert_eq!(difference(&report, "version")["explains"], Value::Null);
}

#[test]
fn certificates_are_told_apart_by_their_fingerprints() {
    let report = diff(&capture("ok-tls12"), &capture("seed"), &[]);
    let leaf = difference(&report, "leaf");
    assert_eq!(leaf["explains"], "likely");
    assert!(leaf["good"].as_str().expect("text").contains("(SHA-256 8ae6515b9a193dda)"), "{leaf}");
    // The same certificates to another client.
    let report = diff(&capture("ok-tls12"), &capture("untrusted-root"), &[]);
    assert_eq!(difference(&report, "leaf"), &Value::Null);
    assert_eq!(difference(&report, "client")["explains"], "possible");
    assert!(report["conclusion"].to_string().contains("the same certificates both times"));
    // A connection and itself: the same leaf, and nothing that differs.
    let same = diff(
        &capture("untrusted-root"),
        &capture("untrusted-root"),
        &["--connection-good", "1", "--connection-bad", "1"],
    );
    assert_eq!(same["differences"], Value::Array(Vec::new()));
    let fields: Vec<&str> =
        same["same"].as_array().expect("a list").iter().filter_map(|same| same["field"].as_str()).collect();
    assert!(fields.contains(&"leaf") && fields.contains(&"chain") && fields.contains(&"sni"), "{fields:?}");
    let said = same["conclusion"].to_string();
    assert!(
        said.contains("Nothing that differs") && said.contains("the same certificates both times"),
        "{said}"
    );
}

#[test]
fn the_pair_with_the_same_name_is_compared() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = joined(&["ok-tls12", "tls13-ok"], folder.path());
    let report = diff(&good, &capture("no-shared-cipher"), &[]);
    assert_eq!(report["good"]["id"], 2);
    assert_eq!(report["good"]["sni"], report["bad"]["sni"]);
    let report = diff(&good, &capture("no-shared-cipher"), &["--connection-good", "1"]);
    assert_eq!(report["good"]["id"], 1);
    assert_ne!(report["good"]["sni"], report["bad"]["sni"]);
    assert!(report["conclusion"].to_string().contains("different servers under different names"));
}

#[test]
fn good_and_bad_may_be_in_one_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let both = joined(&["no-shared-cipher", "tls13-ok"], folder.path());
    let report = diff(&both, &both, &[]);
    assert_eq!((&report["good"]["id"], &report["good"]["outcome"]), (&2.into(), &"established".into()));
    assert_eq!((&report["bad"]["id"], &report["bad"]["cause"]), (&1.into(), &"no-shared-cipher".into()));
}

#[test]
fn keys_show_what_tls13_hides() {
    let bad = capture("tls13-keys-untrusted-root");
    let keys = bad.with_file_name("keys.log");
    let without = diff(&capture("ok-tls12"), &bad, &[]);
    assert_eq!(difference(&without, "leaf"), &Value::Null);
    let hidden = without["not_compared"].to_string();
    assert!(hidden.contains("\"leaf\"") && hidden.contains("TLS 1.3 encrypts it"), "{hidden}");
    let with = diff(&capture("ok-tls12"), &bad, &["--keylog", keys.to_str().expect("UTF-8")]);
    assert!(difference(&with, "leaf")["bad"].is_string());
    assert!(!with.to_string().contains("TRAFFIC_SECRET"));
}

#[test]
fn what_cannot_be_compared_is_status_2() {
    let run = |good: &Path, bad: &Path, options: &[&str]| {
        let output = tlspcap().arg("diff").args(options).arg(good).arg(bad).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = run(&capture("seed"), &capture("seed"), &[]);
    assert_eq!(status, Some(2));
    assert!(said.contains("no TLS connection in it established; --connection-good ID"), "{said}");
    let (status, said) = run(&capture("ok-tls12"), &capture("ok-tls12"), &[]);
    assert!(status == Some(2) && said.contains("--connection-bad ID"), "{said}");
    let (status, said) = run(&capture("ok-tls12"), &capture("seed"), &["--connection-bad", "7"]);
    assert!(status == Some(2) && said.contains("there is no TLS connection 7"), "{said}");
    let (status, said) = run(Path::new("-"), Path::new("-"), &[]);
    assert!(status == Some(2) && said.contains("only one of GOOD and BAD"), "{said}");
    assert_eq!(run(&capture("ok-tls12"), Path::new("no-such-file"), &[]).0, Some(2));
}

#[test]
fn standard_input_can_be_either() {
    let bytes = std::fs::read(capture("seed")).expect("a capture");
    let piped = tlspcap()
        .args(["diff", "--format", "json"])
        .arg(capture("ok-tls12"))
        .arg("-")
        .write_stdin(bytes)
        .output()
        .expect("it runs");
    let mut piped: Value = serde_json::from_slice(&piped.stdout).expect("JSON");
    let mut file = diff(&capture("ok-tls12"), &capture("seed"), &[]);
    piped["bad"]["path"] = "".into();
    file["bad"]["path"] = "".into();
    assert_eq!(piped, file);
}

#[test]
fn text_of_any_pair_keeps_to_80_columns_and_says_the_verdict() {
    let mut count = 0;
    for case in cases().into_iter().filter(|case| case.text("cause") != Some("none")) {
        let good = if count % 2 == 0 { "ok-tls12" } else { "tls13-ok" };
        let output = tlspcap().arg("diff").arg(capture(good)).arg(case.capture()).output().expect("it runs");
        if output.status.code() != Some(0) {
            // What is incomplete, or counts as established, is not taken without being asked for.
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains("no TLS connection in it failed"), "{}: {said}", case.name);
            continue;
        }
        count += 1;
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        for line in text.lines() {
            let long_word = line.split(' ').any(|word| word.chars().count() > 36);
            assert!(line.chars().count() <= 80 || long_word, "{}: {line}", case.name);
            assert!(!line.chars().any(char::is_control), "{}: {line:?}", case.name);
        }
        assert!(text.contains("FAILED:") && text.contains("How it went on"), "{}: {text}", case.name);
    }
    assert!(count > 40, "{count} pairs");
}
