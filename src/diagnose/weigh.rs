//! Which of the faults of a chain made the client refuse it: the faults are weighed by what the client did.

use std::borrow::Cow;

use crate::diagnose::abort::{Ending, How, Moment};
use crate::diagnose::alerts::{self, Fit, Seen};
use crate::diagnose::causes::path;
use crate::diagnose::{
    Case, Cause, Confidence, Finding, HostSource, Judgement, PolicySource, Severity, Stage,
};
use crate::fingerprint::Stack;
use crate::tls::message::Side;

/// A fault that may be why the client refused the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate<'a> {
    /// The fault.
    pub finding: Cow<'a, Finding>,
    /// How well it fits what the client did.
    pub fit: Fit,
    /// How sure it is that this fault is the cause.
    pub confidence: Confidence,
}

impl Candidate<'_> {
    /// Its code.
    pub fn code(&self) -> &'static str {
        self.finding.code
    }
}

/// What the client did, as the table of stacks puts it; `None` when it did not refuse the certificate.
pub fn seen(ending: &Ending) -> Option<Seen> {
    if !ending.client_refused_certificate() {
        return None;
    }
    let act = ending.act_by(Side::Client)?;
    Some(match (act.how, ending.moment) {
        (How::Alert { alert, .. }, _) => Seen::Alert(alert.description.0),
        (How::HiddenAlert { .. }, Moment::Done) => Seen::LateOrAlert,
        (How::HiddenAlert { .. }, _) => Seen::SomeAlert,
        (How::Fin | How::Rst | How::LeftTls, Moment::Done | Moment::ClientFlight) => Seen::Late,
        (How::Fin | How::Rst | How::LeftTls, _) => Seen::Silent,
    })
}

/// The faults that fit, the best first. A fault that the alert excludes is not among them.
pub fn weigh<'a>(
    case: &Case<'_>,
    ending: &Ending,
    judged: &'a [(&'static Cause, Judgement)],
) -> Vec<Candidate<'a>> {
    let Some(seen) = seen(ending) else { return Vec::new() };
    let mut candidates: Vec<Candidate<'_>> = judged
        .iter()
        .filter_map(|(cause, judgement)| match judgement {
            Judgement::Found(finding) if cause.stage == Stage::Certificate && cause.code != BROAD => {
                candidate(case, seen, finding)
            }
            _ => None,
        })
        .collect();
    drop_consequences(&mut candidates, judged);
    if candidates.iter().all(|candidate| candidate.fit < Fit::Open) {
        candidates.extend(under_other_rules(case, seen));
    }
    let order = order_of(case);
    candidates.sort_by_key(|candidate| {
        let rank = order.iter().position(|code| *code == candidate.code()).unwrap_or(order.len());
        let (fit, sure) = (candidate.fit, candidate.finding.confidence);
        (std::cmp::Reverse(fit), std::cmp::Reverse(sure), rank)
    });
    settle(case, ending, seen, &mut candidates);
    candidates
}

fn candidate<'a>(case: &Case<'_>, seen: Seen, finding: &'a Finding) -> Option<Candidate<'a>> {
    let fit = alerts::fit(case.stack, case.connection, finding.code, seen);
    let late = matches!(seen, Seen::Late | Seen::LateOrAlert);
    // What the policy lets pass counts only where the stack at hand is known to refuse it.
    let counts = match finding.severity {
        Severity::Error => fit > Fit::Excluded,
        // A client that completed the handshake has shown that it lets this pass.
        _ => fit == Fit::Expected && !late && !takes(case, finding.code),
    };
    // After a whole handshake only a stack that is known for it is taken to refuse.
    let counts = counts
        && (!late
            || fit == Fit::Expected
            || case.stack.fits.is_empty() && fit == Fit::Open
            || finding.severity == Severity::Error
                && case.stack.fits.first().is_some_and(|&one| alerts::leaves_the_verdict_to_programs(one))
                && is_known_of_the_client(case, finding.code));
    counts.then_some(Candidate { finding: Cow::Borrowed(finding), fit, confidence: Confidence::Possible })
}

/// The fault is one for this very client, by what the user says that it trusts or asks for.
fn is_known_of_the_client(case: &Case<'_>, code: &str) -> bool {
    match code {
        "hostname-mismatch" => {
            case.host.is_some_and(|(_, source)| source != HostSource::Sni) || case.store_is_given()
        }
        _ => case.store_is_given(),
    }
}

/// Both say that the client refused the certificate, and only the fault says why: it is one for this very client.
pub fn names_the_reason(case: &Case<'_>, fault: &Finding, ended: &str) -> bool {
    ended == BROAD && fault.severity == Severity::Error && is_known_of_the_client(case, fault.code)
}

/// The likeliest stack is known to take a connection with this fault.
fn takes(case: &Case<'_>, code: &str) -> bool {
    let tls13 = case.connection.is_tls13();
    case.stack.fits.first().is_some_and(|&stack| {
        alerts::sends(stack, Side::Client, tls13, code)
            .is_some_and(|all| all.contains(&alerts::Sends::Accepts))
    })
}

fn drop_consequences(candidates: &mut Vec<Candidate<'_>>, judged: &[(&'static Cause, Judgement)]) {
    let explained: Vec<&'static str> = judged
        .iter()
        .filter(|(cause, _)| {
            candidates.iter().any(|one| {
                one.code() == cause.code && one.fit >= Fit::Open && one.finding.severity == Severity::Error
            })
        })
        .flat_map(|(cause, _)| cause.explains.iter().copied())
        .collect();
    candidates.retain(|candidate| !explained.contains(&candidate.code()));
}

/// Faults that other rules than the assumed ones refuse: the client may be configured otherwise.
fn under_other_rules<'a>(case: &Case<'_>, seen: Seen) -> Vec<Candidate<'a>> {
    let mut found: Vec<Candidate<'_>> = Vec::new();
    for report in case.other_paths.get() {
        for problem in report.problems.iter().filter(|problem| problem.fatal) {
            let Some(code) = path::code_of(case, report, problem.kind) else { continue };
            let known = found.iter().any(|one| one.code() == code);
            let late = matches!(seen, Seen::Late | Seen::LateOrAlert);
            if known || late && !likeliest_does(case, code, seen) {
                continue;
            }
            let fit = alerts::fit(case.stack, case.connection, code, seen);
            if fit == Fit::Excluded {
                continue;
            }
            let Some(mut finding) = path::finding_of(case, report, problem) else { continue };
            if !case.in_brief {
                let text = finding.text.trim_end_matches('.');
                finding.text = format!("{text}, which the rules \"{}\" refuse", report.policy.name());
            }
            finding.confidence = finding.confidence.min(Confidence::Likely);
            found.push(Candidate { finding: Cow::Owned(finding), fit, confidence: Confidence::Possible });
        }
    }
    found
}

/// Gives each candidate its confidence, by what else fits and by what the inputs prove.
fn settle(case: &Case<'_>, ending: &Ending, seen: Seen, candidates: &mut [Candidate<'_>]) {
    let Some(best) = candidates.first() else { return };
    let best_fit = best.fit;
    let rivals = candidates.iter().filter(|one| one.fit == best_fit).count();
    let trust_open = !case.store_is_given() && trust_fits(case, seen);
    let late = matches!(seen, Seen::Late | Seen::LateOrAlert);
    let told = seen == Seen::LateOrAlert
        && case.stack.fits.first().is_some_and(|&stack| alerts::sends_late_alerts(stack));
    for (index, candidate) in candidates.iter_mut().enumerate() {
        candidate.confidence = match index {
            0 if proven(case, ending, seen, candidate, rivals, trust_open) => Confidence::Certain,
            0 => candidate.finding.confidence.min(Confidence::Likely),
            _ => Confidence::Possible,
        };
        let unproven = candidate.fit == Fit::Unusual
            || candidate.fit == Fit::Open && seen == Seen::Silent && !case.store_is_given()
            || late && !likeliest_does(case, candidate.code(), seen)
            // That the usual roots lack a private CA says nothing of a client that went through the whole handshake.
            || late && !told && !case.store_is_given() && TRUST.contains(&candidate.code());
        if index == 0 && unproven {
            candidate.confidence = Confidence::Possible;
        }
    }
}

/// The likeliest stack, and not only one that the client may be as well, is known to show itself so. Where that depends on the
/// program, what the client trusts must be known too: a probe closes in the same way.
fn likeliest_does(case: &Case<'_>, code: &str, seen: Seen) -> bool {
    let tls13 = case.connection.is_tls13();
    case.stack.fits.first().is_some_and(|&stack| {
        let sends = alerts::sends(stack, Side::Client, tls13, code).unwrap_or_default();
        let depends = sends.iter().any(|&one| !seen.is_from(stack, one));
        alerts::shows(stack, tls13, code, seen) && (!depends || is_known_of_the_client(case, code))
    })
}

fn proven(
    case: &Case<'_>,
    ending: &Ending,
    seen: Seen,
    candidate: &Candidate<'_>,
    rivals: usize,
    trust_open: bool,
) -> bool {
    let finding = &candidate.finding;
    // Of a client that nobody knows only an alert that names the fault proves it.
    let unknown = candidate.fit == Fit::Open && case.stack.fits.is_empty();
    let fits = candidate.fit == Fit::Expected || unknown && alert_names(seen, finding.code);
    let late = matches!(seen, Seen::Late | Seen::LateOrAlert);
    let assumed = matches!(case.policy.1, PolicySource::Default | PolicySource::Refusal);
    let undisputed = !assumed || agreed(case, finding.code);
    finding.confidence == Confidence::Certain
        && finding.severity == Severity::Error
        && rivals == 1
        && fits
        && !late
        && !ending.blurred
        && (seen != Seen::Silent || ending.is_prompt())
        && undisputed
        && (!trust_open || TRUST.contains(&finding.code))
}

/// The alert says the fault by its own name (RFC 8446 §6.2).
fn alert_names(seen: Seen, code: &str) -> bool {
    match seen {
        Seen::Alert(44) => code == "revoked",
        Seen::Alert(45) => matches!(code, "expired" | "expired-intermediate"),
        Seen::Alert(48) => TRUST.contains(&code),
        _ => false,
    }
}

/// Trust is unknown, and a lack of it would show in the same way.
fn trust_fits(case: &Case<'_>, seen: Seen) -> bool {
    alerts::fit(case.stack, case.connection, "untrusted-root", seen) >= Fit::Open
}

/// All rules that were tried refuse the chain for this.
fn agreed(case: &Case<'_>, code: &str) -> bool {
    !TRUST.contains(&code) || case.other_paths.get().iter().all(|report| !report.path_found)
}

/// The order in which a stack comes upon the faults, where the alert does not tell.
fn order_of(case: &Case<'_>) -> &'static [&'static str] {
    match case.stack.fits.first().copied() {
        Some(Stack::Go | Stack::Rustls) => &DATES_FIRST,
        _ => &TRUST_FIRST,
    }
}

/// Codes about trust itself.
pub const TRUST: [&str; 3] = ["self-signed", "missing-intermediate", "untrusted-root"];

/// The code that says no more than that the client refused the certificate.
pub const BROAD: &str = "certificate-rejected";

const TRUST_FIRST: [&str; 17] = [
    "revoked",
    "bad-signature",
    "self-signed",
    "missing-intermediate",
    "untrusted-root",
    "not-a-ca",
    "path-length",
    "expired-intermediate",
    "expired",
    "not-yet-valid",
    "wrong-eku",
    "name-constraint",
    "weak-signature",
    "weak-key",
    "hostname-mismatch",
    "wrong-order",
    "extra-cert",
];

const DATES_FIRST: [&str; 17] = [
    "expired",
    "not-yet-valid",
    "name-constraint",
    "hostname-mismatch",
    "self-signed",
    "missing-intermediate",
    "bad-signature",
    "not-a-ca",
    "path-length",
    "expired-intermediate",
    "wrong-eku",
    "weak-signature",
    "weak-key",
    "untrusted-root",
    "revoked",
    "wrong-order",
    "extra-cert",
];
