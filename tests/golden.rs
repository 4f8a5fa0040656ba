//! Every folder of `captures/` through text and JSON, against a snapshot that a person has read.

mod support;

use support::cases;
use tlspcap::render::{Renderer, TextOptions, TextRenderer, json_string};
use tlspcap::report::Report;
use unicode_width::UnicodeWidthStr;

/// The whole report as text at 80 columns without colour, every connection in full.
fn text(report: &Report) -> String {
    let renderer = TextRenderer::new(TextOptions { width: 80, color: false, all: true, break_lines: true });
    let mut out = renderer.start(&report.capture, &report.summary);
    for connection in &report.connections {
        let fragment = renderer.connection(connection);
        let (before, after) = fragment.text.split_at(fragment.number_at);
        out.push_str(&format!("{before}{}{after}", connection.id));
    }
    out.push_str(&renderer.finish(&report.capture, &report.summary));
    out
}

/// The report as JSON with one field a line, without the tool's version.
fn json(report: &Report) -> String {
    let mut value: serde_json::Value = serde_json::from_str(&json_string(report)).expect("JSON");
    value["tool"]["version"] = "[version]".into();
    serde_json::to_string_pretty(&value).expect("JSON")
}

#[test]
fn every_capture_tells_what_its_snapshot_says() {
    // Those that show a cipher suite each are alike: what they decrypt to is tested elsewhere.
    for case in cases().into_iter().filter(|case| !case.name.starts_with("decrypt-")) {
        let report = case.report();
        insta::with_settings!({ snapshot_suffix => case.name.clone(), prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("text", text(&report));
            insta::assert_snapshot!("json", json(&report));
        });
    }
}

#[test]
fn every_capture_has_the_cause_that_was_set_up() {
    let mut wrong = Vec::new();
    for case in cases() {
        let report = case.report();
        let stream = case.settings.get("stream").and_then(toml::Value::as_integer);
        let connection = match stream {
            Some(stream) => report.connections.iter().find(|c| c.stream == stream.unsigned_abs()),
            None => report.connections.first(),
        };
        let Some(connection) = connection else {
            wrong.push(format!("{}: the connection is not found", case.name));
            continue;
        };
        let expected = case.text("cause").expect("a cause");
        if connection.verdict.cause != expected {
            wrong.push(format!("{}: {} instead of {expected}", case.name, connection.verdict.cause));
        }
        if let Some(finding) = case.text("finding")
            && !connection.findings.iter().any(|found| found.code == finding)
        {
            wrong.push(format!("{}: the finding {finding} is missing", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_suite_is_decrypted_through_the_whole_pipeline() {
    let mut count = 0;
    for case in cases().into_iter().filter(|case| case.name.starts_with("decrypt-")) {
        let report = case.report();
        let tls = &report.connections.last().expect("a connection").tls;
        assert!(tls.decrypted, "{}", case.name);
        count += 1;
    }
    assert!(count >= 25, "{count} cases");
}

#[test]
fn no_cause_is_given_and_denied_at_once() {
    for case in cases() {
        for (view, report) in [("with its inputs", case.report()), ("alone", case.blind_report())] {
            for connection in &report.connections {
                let verdict = &connection.verdict;
                let said = std::iter::once(verdict.cause.as_str())
                    .chain(verdict.alternatives.iter().map(|other| other.cause.as_str()))
                    .chain(verdict.ruled_out.iter().map(|other| other.cause.as_str()));
                let mut seen = Vec::new();
                for cause in said {
                    let place = format!("{} {view}, connection {}", case.name, connection.id);
                    assert!(!seen.contains(&cause), "{place}: {cause} is there twice");
                    seen.push(cause);
                }
            }
        }
    }
}

#[test]
fn text_keeps_to_80_columns() {
    for case in cases() {
        for report in [case.report(), case.blind_report()] {
            let text = text(&report);
            for line in text.lines().filter(|line| line.width() > 80) {
                // A word that is longer than the line (a name, a hash, an address) stays whole so that it can be copied.
                assert!(!line.trim_start().contains(' '), "{}: {line}", case.name);
            }
            assert!(!text.contains('\u{1b}'), "{}: a control character", case.name);
        }
    }
}
