//! What stands beside the cause: what else it could be, what it is not, and what would settle it.

use crate::diagnose::abort::{Ending, How, Moment};
use crate::diagnose::alerts::{self, Fit};
use crate::diagnose::beside::beside;
use crate::diagnose::verdict::Judged;
use crate::diagnose::weigh::{self, BROAD, Candidate};
use crate::diagnose::{
    Alternative, Case, Confidence, Evidence, Finding, Judgement, Missing, RuledOut, Severity, Stage, cause,
    words,
};
use crate::tls::message::Side;
use crate::trust::ProblemKind;

/// What else it could be, the likeliest first.
pub(super) fn alternatives(
    case: &Case<'_>,
    ending: &Ending,
    judged: &Judged,
    candidates: &[Candidate],
    chosen: &'static str,
) -> Vec<Alternative> {
    let mut all: Vec<Alternative> = Vec::new();
    let mut add = |cause: &'static str, confidence: Confidence, why: String| {
        if cause != chosen && !all.iter().any(|one| one.cause == cause) && all.len() < MOST_ALTERNATIVES {
            all.push(Alternative { cause, confidence, why });
        }
    };
    for candidate in candidates {
        let why =
            format!("{}; it fits what the client did as well", candidate.finding.text.trim_end_matches('.'));
        add(candidate.code(), candidate.confidence, why);
    }
    if let Some((twin, why)) = look_alike(case, chosen) {
        add(twin, Confidence::Likely, why.into());
    }
    if chosen == BROAD {
        for (cause, why) in by_alert(case, ending, judged) {
            add(cause, Confidence::Possible, why);
        }
    }
    let like = beside(case, ending, chosen);
    for (cause, why) in like.into_iter().filter(|(cause, _)| !is_ruled_out(judged, cause)) {
        add(cause, Confidence::Possible, why.into());
    }
    all
}

fn is_ruled_out(judged: &Judged, code: &str) -> bool {
    judged.iter().any(|(cause, judgement)| cause.code == code && matches!(judgement, Judgement::RuledOut(_)))
}

/// A missing link and an unknown root look alike where the missing issuer is unknown.
fn look_alike(case: &Case<'_>, chosen: &str) -> Option<(&'static str, &'static str)> {
    let unsure = case.path?.missing.as_ref()?.is_root.is_none();
    match chosen {
        "untrusted-root" if unsure => Some((
            "missing-intermediate",
            "the issuer of the last certificate may be an intermediate that was not sent",
        )),
        "missing-intermediate" if unsure => Some((
            "untrusted-root",
            "the issuer of the last certificate may be a root that the client does not trust",
        )),
        _ => None,
    }
}

/// The causes for which this client sends the alert that was seen and that nothing rules out.
fn by_alert(case: &Case<'_>, ending: &Ending, judged: &Judged) -> Vec<(&'static str, String)> {
    let Some(alert) = ending.alert_by(Side::Client) else { return Vec::new() };
    let who = match case.stack.fits.is_empty() {
        true => "some clients send".to_owned(),
        false => format!("{} {}", words::clients(case.stack), words::verb(case.stack, "sends", "send")),
    };
    let open = |code: &str| {
        judged.iter().any(|(cause, judgement)| {
            cause.code == code
                && cause.stage == Stage::Certificate
                && matches!(judgement, Judgement::Unknown(_) | Judgement::NotApplicable)
        })
    };
    let causes = alerts::causes_of(&case.stack.fits, Side::Client, case.connection.is_tls13(), alert);
    let open = causes.into_iter().filter(|code| open(code));
    open.map(|code| (code, format!("{who} {} for it", words::alert(alert)))).collect()
}

/// What it is not: what the checks of that stage exclude, and the faults that the alert excludes.
pub(super) fn ruled_out(
    case: &Case<'_>,
    judged: &Judged,
    candidates: &[Candidate],
    ending: &Ending,
    chosen: &str,
    alternatives: &[Alternative],
) -> Vec<RuledOut> {
    let by_client = ending.client_refused_certificate();
    let stage = cause(chosen).map_or(Stage::Any, |cause| cause.stage);
    let mut all = Vec::new();
    for (cause, judgement) in judged.iter().filter(|(cause, _)| cause.code != chosen) {
        let near = cause.stage == stage || by_client && cause.stage == Stage::Certificate;
        let why = match judgement {
            Judgement::RuledOut(why) if near => Some(why.clone().into_owned()),
            Judgement::Found(_) | Judgement::Unknown(_)
                if cause.stage == Stage::Certificate && cause.code != BROAD =>
            {
                excluded_by_alert(case, ending, cause.code)
            }
            _ => None,
        };
        let live = candidates.iter().any(|candidate| candidate.code() == cause.code)
            || alternatives.iter().any(|other| other.cause == cause.code);
        if let Some(why) = why.filter(|_| !live) {
            all.push(RuledOut { cause: cause.code, why });
        }
    }
    all
}

fn excluded_by_alert(case: &Case<'_>, ending: &Ending, code: &str) -> Option<String> {
    let alert = ending.alert_by(Side::Client)?;
    let seen = weigh::seen(ending)?;
    let known = !case.stack.fits.is_empty();
    (known && alerts::fit(case.stack, case.connection, code, seen) == Fit::Excluded).then(|| {
        let (who, verb) = (words::clients(case.stack), words::verb(case.stack, "does", "do"));
        format!("{who} {verb} not answer it with {}", words::alert(alert))
    })
}

/// What would settle the verdict, when it is not certain.
pub(super) fn missing(
    case: &Case<'_>,
    ending: &Ending,
    chosen: &'static str,
    confidence: Confidence,
) -> Vec<Missing> {
    let mut all = Vec::new();
    if confidence == Confidence::Certain && chosen != BROAD {
        return all;
    }
    let stage = cause(chosen).map_or(Stage::Any, |cause| cause.stage);
    let about_chain = match stage {
        Stage::Certificate => true,
        Stage::Any => ending.client_refused_certificate(),
        _ => false,
    };
    let hidden_act = ending.act.is_some_and(|act| matches!(act.how, How::HiddenAlert { .. }));
    if case.is_hidden() && (about_chain || hidden_act || stage == Stage::ClientAuth) {
        all.push(Missing::key_log(case));
    }
    if about_chain && !case.store_is_given() {
        all.push(Missing::trust_store());
    }
    if about_chain && case.host.is_none() {
        all.push(Missing::hostname());
    }
    let one_way = case.one_side_only();
    if about_chain
        && !one_way
        && !case.is_hidden()
        && case.server_chain.is_empty()
        && !case.connection.resumed
    {
        all.push(Missing::longer_capture());
    }
    if one_way {
        all.insert(0, Missing::other_direction());
    } else if ending.blurred {
        all.push(Missing::longer_capture());
    }
    let by_client = ending.act_by(Side::Client).is_some();
    match chosen {
        "server-closed" | "server-reset" | "server-silent" => all.push(Missing::log_of(Side::Server)),
        "client-closed" | "client-reset" | "client-timeout" => all.push(Missing::log_of(Side::Client)),
        BROAD => all.push(Missing::log_of(Side::Client)),
        "handshake-failure" | "protocol-error" => {
            all.push(Missing::log_of(if by_client { Side::Client } else { Side::Server }));
        }
        "middlebox-interference" => {
            all.push(Missing {
                what: "other-side",
                how: "a capture at the other end, taken at the same time".into(),
            });
        }
        _ => {}
    }
    dedup(all)
}

/// What would show how an incomplete handshake ended.
pub(super) fn missing_of_incomplete(case: &Case<'_>, ending: &Ending) -> Vec<Missing> {
    let connection = case.connection;
    let tried = connection.client_hello.is_some() || ending.server_spoke || ending.blurred;
    let mut all = Vec::new();
    if connection.tcp.iter().any(|side| side.packets == 0) && ending.moment != Moment::Connect {
        all.push(Missing::other_direction());
    }
    if tried {
        all.push(Missing::longer_capture());
    }
    all
}

fn dedup(all: Vec<Missing>) -> Vec<Missing> {
    let mut kept: Vec<Missing> = Vec::new();
    for one in all {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

/// Problems of the chain that are no cause by themselves, as findings.
pub(super) fn remarks(case: &Case<'_>) -> Vec<Finding> {
    let packet = case.connection.server_chain.as_ref().map(|at| at.packet);
    let problems = case.path.map(|report| report.problems.as_slice()).unwrap_or_default();
    let remark = |problem: &crate::trust::Problem| {
        let code = match problem.kind {
            ProblemKind::RootSent => "root-sent",
            ProblemKind::Staple => "ocsp-staple",
            ProblemKind::UnknownCritical => "unknown-critical-extension",
            ProblemKind::Malformed => "malformed-certificate",
            _ => return None,
        };
        let severity = match (problem.fatal, problem.kind) {
            (true, _) => Severity::Error,
            (false, ProblemKind::RootSent) => Severity::Info,
            (false, _) => Severity::Warning,
        };
        Some(Finding {
            code,
            severity,
            confidence: Confidence::Certain,
            certificate: problem.certificate,
            text: problem.text.clone(),
            evidence: vec![Evidence { packet, text: "the server's chain".into() }],
        })
    };
    problems.iter().filter_map(remark).collect()
}

/// Alternatives that a reader can still weigh.
const MOST_ALTERNATIVES: usize = 5;
