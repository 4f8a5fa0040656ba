//! The verdict: of all that was found, what ended the handshake, how sure that is, and what would settle the rest.
//!
//! A fault that fits what the refusing side did comes first, then what the end of the connection says by itself, then the
//! broad code for the moment at which it ended. A guess is never dressed as a cause.

use std::borrow::Cow;

use crate::connection::Outcome;
use crate::diagnose::abort::{ClientAuth, Ending, How, Moment};
use crate::diagnose::alerts::Fit;
use crate::diagnose::causes::CAUSES;
use crate::diagnose::weigh::{self, BROAD, Candidate};
use crate::diagnose::{
    Case, Cause, Confidence, Diagnosis, Evidence, Finding, Judgement, Party, PolicySource, Severity, Stage,
    Verdict, cause, client_error, course, fix, others, words,
};
use crate::tls::message::Side;

/// All judgements about a connection, in the order of [`CAUSES`].
pub(super) type Judged = [(&'static Cause, Judgement); CAUSES.len()];

/// Judges one connection.
pub fn diagnose(case: &Case<'_>) -> Diagnosis {
    let ending = case.ending();
    let judged = judge_all(case);
    let candidates = weigh::weigh(case, ending, &judged);
    match choose(case, &judged, &candidates) {
        Some(choice) => {
            let weighed = choice.weighed;
            let mut diagnosis = failed(case, ending, &judged, &candidates, choice);
            say_whose_rules(case, &mut diagnosis.verdict);
            let left_tls = ending.act.is_some_and(|act| act.how == How::LeftTls);
            let possible = diagnosis.verdict.confidence == Confidence::Possible;
            if weighed && ending.is_late_refusal() && !left_tls && possible {
                diagnosis.verdict.summary.push_str(LIKE_A_PROBE);
            }
            diagnosis
        }
        None => not_failed(case, ending, &judged),
    }
}

/// Judges one connection and says no more than a line needs: the outcome, the cause and the findings, without the story.
pub fn outline(case: &Case<'_>) -> Diagnosis {
    let ending = case.ending();
    let judged = judge_all(case);
    let candidates = weigh::weigh(case, ending, &judged);
    match choose(case, &judged, &candidates) {
        Some(Choice { finding, confidence, .. }) => {
            let verdict = Verdict::bare(finding.code, confidence, failed_by(ending, finding.code));
            let findings = all_findings(case, &judged, Some(finding)).map(Finding::bare).collect();
            Diagnosis { outcome: Outcome::Failed, verdict, findings }
        }
        None => {
            let (outcome, party) = without_failure(case, ending);
            let done = outcome == Outcome::Established;
            let verdict = Verdict::bare("none", not_failed_confidence(case, ending, done), party);
            let findings = all_findings(case, &judged, None).map(Finding::bare).collect();
            Diagnosis { outcome, verdict, findings }
        }
    }
}

fn judge_all(case: &Case<'_>) -> Judged {
    std::array::from_fn(|i| (CAUSES[i], (CAUSES[i].check)(case)))
}

/// How a connection ended in which nothing failed, and who failed.
fn without_failure(case: &Case<'_>, ending: &Ending) -> (Outcome, Party) {
    match ending.moment == Moment::Done || case.connection.outcome == Outcome::Established {
        true => (Outcome::Established, Party::None),
        false => (Outcome::Incomplete, Party::Unknown),
    }
}

/// What a handshake that was completed and then given up does not tell.
const LIKE_A_PROBE: &str =
    " A probe that sends nothing, or a connection that was not needed, ends in the same way.";

/// Where the client's usual rules take the chain and others do not, the verdict says under which it speaks.
fn say_whose_rules(case: &Case<'_>, verdict: &mut Verdict) {
    if case.policy.1 != PolicySource::Refusal || verdict.cause != "untrusted-root" {
        return;
    }
    let takes: Vec<&str> = case
        .other_paths
        .get()
        .iter()
        .filter(|report| report.accepted)
        .map(|report| report.policy.name())
        .collect();
    if takes.is_empty() {
        return;
    }
    verdict.summary.push_str(&format!(
        " This client wants the root itself; under the rules \"{}\" the certificates that the store has would be enough.",
        takes.join("\", \"")
    ));
}

/// The cause that was chosen.
#[derive(Debug, Clone)]
struct Choice<'a> {
    finding: &'a Finding,
    confidence: Confidence,
    /// It is a fault of the chain, weighed by what the client did.
    weighed: bool,
}

fn choose<'a>(case: &Case<'_>, judged: &'a Judged, candidates: &'a [Candidate<'a>]) -> Option<Choice<'a>> {
    let ended = best_ending(judged);
    let best = candidates.first().map(|candidate| Choice {
        finding: &candidate.finding,
        confidence: candidate.confidence,
        weighed: true,
    });
    let Some(best) = best else { return ended };
    let fits = candidates.first().is_some_and(|candidate| candidate.fit >= Fit::Open);
    match ended {
        // The fault is there, but this client is not known to react so: what explains the end better comes first.
        Some(ended)
            if !fits
                && (is_specific(ended.finding.code) || best.finding.confidence < Confidence::Certain)
                && !weigh::names_the_reason(case, best.finding, ended.finding.code) =>
        {
            Some(ended)
        }
        _ => Some(best),
    }
}

/// What the end of the connection says by itself: the surest that no other one explains.
fn best_ending(judged: &Judged) -> Option<Choice<'_>> {
    let found: Vec<(&Cause, &Finding)> = judged
        .iter()
        .filter(|(cause, _)| cause.stage != Stage::Certificate || cause.code == BROAD)
        .filter_map(|(cause, judgement)| match judgement {
            Judgement::Found(finding) => Some((*cause, finding)),
            _ => None,
        })
        .collect();
    let explained: Vec<&str> = found.iter().flat_map(|(cause, _)| cause.explains.iter().copied()).collect();
    let mut free: Vec<&Finding> = found
        .iter()
        .filter(|(cause, _)| !explained.contains(&cause.code))
        .map(|(_, finding)| *finding)
        .collect();
    // Of equals the one that stands first in the list of causes: the sort is stable.
    free.sort_by_key(|finding| std::cmp::Reverse(finding.confidence));
    free.first().map(|&finding| Choice { finding, confidence: finding.confidence, weighed: false })
}

/// Codes that say what was seen and not why: that needs no "probably".
const OBSERVED: [&str; 8] = [
    "client-closed",
    "client-reset",
    "client-timeout",
    "server-closed",
    "server-reset",
    "server-silent",
    "protocol-error",
    "handshake-failure",
];

/// A code that names a reason and not only the moment.
fn is_specific(code: &str) -> bool {
    code != BROAD && cause(code).is_some_and(|cause| !cause.explains.is_empty())
}

fn failed(
    case: &Case<'_>,
    ending: &Ending,
    judged: &Judged,
    candidates: &[Candidate<'_>],
    choice: Choice<'_>,
) -> Diagnosis {
    let Choice { finding, confidence, weighed } = choice;
    let code = finding.code;
    let summary = match weighed {
        true => words::because(&opening(case, ending), confidence, &finding.text),
        false if OBSERVED.contains(&code) => {
            format!("{}.", words::upper_first(finding.text.trim_end_matches('.')))
        }
        false => words::hedged(confidence, &format!("{}.", finding.text.trim_end_matches('.'))),
    };
    let alternatives = others::alternatives(case, ending, judged, candidates, code);
    let ruled_out = others::ruled_out(case, judged, candidates, ending, code, &alternatives);
    let verdict = Verdict {
        cause: code,
        confidence,
        failed_by: failed_by(ending, code),
        summary,
        evidence: evidence(case, ending, finding),
        client_error: client_error(case, ending, code),
        fix: fix::fix(case, code),
        alternatives,
        ruled_out,
        missing: others::missing(case, ending, code, confidence),
    };
    Diagnosis { outcome: Outcome::Failed, verdict, findings: findings(case, judged, Some(finding)) }
}

fn not_failed(case: &Case<'_>, ending: &Ending, judged: &Judged) -> Diagnosis {
    let (outcome, failed_by) = without_failure(case, ending);
    let done = outcome == Outcome::Established;
    let mut findings = findings(case, judged, None);
    if done {
        for finding in findings.iter_mut().filter(|finding| finding.severity > Severity::Info) {
            finding.text = format!(
                "{}; the client took the connection all the same",
                finding.text.trim_end_matches('.')
            );
        }
    }
    let (summary, missing) = match done {
        true => (established(case), Vec::new()),
        false => (incomplete(case, ending), others::missing_of_incomplete(case, ending)),
    };
    let verdict = Verdict {
        summary,
        evidence: course::course(case.connection, ending),
        missing,
        ..Verdict::bare("none", not_failed_confidence(case, ending, done), failed_by)
    };
    Diagnosis { outcome, verdict, findings }
}

/// Data shows that the client took the connection; a client that left without any may have thought better of it. In TLS 1.3 a
/// server judges the client's certificate after the handshake is over, and only its data shows that it took it.
fn not_failed_confidence(case: &Case<'_>, ending: &Ending, done: bool) -> Confidence {
    let answered = matches!(ending.client_auth, ClientAuth::Sent | ClientAuth::Empty);
    let unheard = case.connection.is_tls13() && answered && !ending.data[1];
    // The capture ends before either side has shown what it makes of the other.
    let unfolded = ending.act.is_some() || ending.data != [false, false];
    match (done, ending.is_late_refusal() || unheard || !unfolded) {
        (true, false) => Confidence::Certain,
        (true, true) => Confidence::Likely,
        (false, _) => Confidence::Possible,
    }
}

fn established(case: &Case<'_>) -> String {
    let version = case.connection.version().map(words::version);
    match version {
        Some(version) if case.connection.resumed => {
            format!("The handshake was completed ({version}, resumed).")
        }
        Some(version) => format!("The handshake was completed ({version})."),
        None => "The handshake was completed.".into(),
    }
}

fn incomplete(case: &Case<'_>, ending: &Ending) -> String {
    let connection = case.connection;
    let tried = connection.client_hello.is_some() || connection.client_hello_lost.is_some();
    let text = match (ending.moment, ending.act) {
        (Moment::Connect, _) => "A SYN was seen, and the capture does not show what came of it.",
        _ if connection.tunnel.as_ref().is_some_and(|at| at.value.went_on) => {
            "The server refused to begin TLS, and the client went on without it."
        }
        _ if connection.plain.iter().all(Option::is_some) && !connection.speaks_tls.contains(&true) => {
            "No TLS was spoken: both sides used a plain protocol."
        }
        (_, Some(_)) if connection.tunnel.is_some() && !tried => {
            "The connection ended after a request for a tunnel or for TLS, before TLS began."
        }
        (_, Some(_)) if !tried && !ending.server_spoke => {
            "The connection was opened and closed without a ClientHello, as health probes do."
        }
        (Moment::BeforeHello, _) if connection.starts_mid_stream && ending.server_spoke => {
            "The connection was there before the capture began; what is seen of it does not show how its handshake ended."
        }
        (_, _) if ending.blurred => {
            "The capture lacks parts of this connection and does not show how the handshake ended."
        }
        (_, None) => "The capture ends before the handshake does.",
        (_, Some(_)) => "The capture does not show how the handshake ended.",
    };
    text.into()
}

/// What the refusing side did, as the first half of the summary.
fn opening(case: &Case<'_>, ending: &Ending) -> String {
    let chain = case.connection.server_chain.as_ref();
    let at = chain.map_or_else(String::new, |chain| format!(" (#{})", chain.packet));
    let Some(act) = ending.act else { return "The handshake failed".into() };
    let since = chain.map(|chain| words::seconds(act.time.seconds_since(chain.time)));
    let after = match since {
        Some(since) => format!("{since} after it received the server's certificate chain{at}"),
        None => "after the server's flight".into(),
    };
    match (act.how, ending.moment) {
        (How::Alert { alert, encrypted }, _) => {
            let kind = if encrypted { "encrypted fatal" } else { "fatal" };
            let alert = words::alert(alert.description.0);
            format!(
                "The client refused the server's certificate chain{at} with the {kind} alert {alert} (#{})",
                act.packet
            )
        }
        (How::LeftTls, Moment::Done) => format!(
            "The client completed the handshake and went back to plain text {} later (#{})",
            words::seconds(ending.wait_s),
            act.packet
        ),
        (_, Moment::Done) => format!(
            "The client completed the handshake and closed {} later without sending data (#{})",
            words::seconds(ending.wait_s),
            act.packet
        ),
        (How::HiddenAlert { .. }, _) => {
            format!("The client sent an encrypted alert (#{}) {after}", act.packet)
        }
        (How::Fin | How::LeftTls, _) => {
            format!("The client closed the connection {after}, without an alert (#{})", act.packet)
        }
        (How::Rst, _) => {
            format!("The client reset the connection {after}, without an alert (#{})", act.packet)
        }
    }
}

/// The party of the first act; where there is none, the one that the cause is about.
fn failed_by(ending: &Ending, code: &str) -> Party {
    match (code, ending.act.map(|act| act.by)) {
        ("connect-timeout" | "middlebox-interference", _) => Party::Network,
        ("server-silent" | "starttls-refused" | "proxy-refused", _) => Party::Server,
        (_, Some(Side::Client)) => Party::Client,
        (_, Some(Side::Server)) => Party::Server,
        (code, None) => cause(code).map_or(Party::Unknown, |cause| cause.gives_up),
    }
}

fn evidence(case: &Case<'_>, ending: &Ending, finding: &Finding) -> Vec<Evidence> {
    let mut all = course::course(case.connection, ending);
    for one in &finding.evidence {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
    all.sort_by_key(|one| one.packet.unwrap_or(u64::MAX));
    if all.is_empty() {
        let packet = Some(case.connection.first_packet);
        all.push(Evidence { packet, text: "the connection begins".into() });
    }
    all
}

/// All faults of the chain, the chosen cause first.
fn findings(case: &Case<'_>, judged: &Judged, chosen: Option<&Finding>) -> Vec<Finding> {
    all_findings(case, judged, chosen).map(Cow::into_owned).collect()
}

fn all_findings<'a>(
    case: &'a Case<'_>,
    judged: &'a Judged,
    chosen: Option<&'a Finding>,
) -> impl Iterator<Item = Cow<'a, Finding>> {
    let of_the_chain = judged.iter().filter_map(move |(cause, judgement)| match judgement {
        Judgement::Found(finding)
            if cause.stage == Stage::Certificate
                && cause.code != BROAD
                && chosen.is_none_or(|chosen| chosen.code != finding.code) =>
        {
            Some(finding)
        }
        _ => None,
    });
    let remarks = others::remarks(case).into_iter().map(Cow::Owned);
    chosen.into_iter().chain(of_the_chain).map(Cow::Borrowed).chain(remarks)
}
