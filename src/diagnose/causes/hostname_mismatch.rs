//! The leaf certificate is for other names than the one that the client connects to.
//!
//! RFC 9525 §6: the name asked for is compared with the certificate's subjectAltName entries.

use super::path;
use crate::diagnose::words;
use crate::diagnose::{
    Case, Cause, Confidence, Evidence, Finding, Judgement, Missing, Party, Severity, Stage,
};
use crate::fingerprint::Stack;
use crate::trust::HostnameReport;

pub(super) const CAUSE: Cause = Cause {
    code: "hostname-mismatch",
    meaning: "no name in the leaf covers the host asked for",
    gives_up: Party::Client,
    stage: Stage::Certificate,
    explains: &["certificate-rejected", "client-closed", "client-reset"],
    chapter: include_str!("../../../docs/causes/hostname-mismatch.md"),
    check,
};

fn check(case: &Case<'_>) -> Judgement {
    if case.server_leaf().is_none() {
        return path::unseen(case);
    }
    let Some(report) = case.hostname else {
        return Judgement::Unknown(Missing::hostname());
    };
    match (report.matches, report.by_common_name) {
        (true, false) => Judgement::RuledOut(format!("{} is for {}", leaf(case), report.expected).into()),
        (true, true) => Judgement::Found(only_common_name(case, report)),
        (false, _) => Judgement::Found(finding(case, Severity::Error, mismatch(case, report))),
    }
}

fn mismatch(case: &Case<'_>, report: &HostnameReport) -> String {
    let shown: Vec<String> = report.names.iter().take(NAMES_SHOWN).cloned().collect();
    let more = report.names.len().saturating_sub(shown.len());
    let names = match (shown.is_empty(), more) {
        (true, _) => "no name at all".to_owned(),
        (false, 0) => words::list(&shown),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    };
    let asked = match case.host {
        Some((_, source)) => format!("{} ({})", report.expected, source.name()),
        None => report.expected.clone(),
    };
    let note =
        report.note.as_ref().map_or_else(String::new, |note| format!("; {}", note.trim_end_matches('.')));
    format!("the certificate is for {names}, not for {asked}{note}")
}

/// The common name covers the host, and there is no DNS name beside it: some clients take that, others do not.
fn only_common_name(case: &Case<'_>, report: &HostnameReport) -> Finding {
    let text = format!(
        "only the common name of the certificate covers {}; it has no subjectAltName for it, which many clients ask for",
        report.expected
    );
    let severity = if case.client_may_be(&IGNORE_COMMON_NAME) { Severity::Error } else { Severity::Warning };
    finding(case, severity, text)
}

fn finding(case: &Case<'_>, severity: Severity, text: String) -> Finding {
    let packet = case.connection.server_chain.as_ref().map(|at| at.packet);
    let shown = format!("the server presents {}", leaf(case));
    Finding {
        code: CAUSE.code,
        severity,
        confidence: Confidence::Certain,
        certificate: Some(0),
        text,
        evidence: vec![Evidence { packet, text: shown }],
    }
}

fn leaf(case: &Case<'_>) -> String {
    case.server_leaf().map_or_else(String::new, |leaf| format!("the certificate of {}", path::subject(leaf)))
}

/// Clients that compare subjectAltName entries alone (RFC 9525 §6.4 asks for it).
const IGNORE_COMMON_NAME: [Stack; 7] = [
    Stack::Chromium,
    Stack::Firefox,
    Stack::Go,
    Stack::Rustls,
    Stack::Apple,
    Stack::Python,
    Stack::BoringSsl,
];

/// Names of a certificate that a sentence lists.
const NAMES_SHOWN: usize = 4;
