//! What the causes that rest on a path check share: from a problem of the path to the finding of a cause (RFC 5280 §6).

use crate::diagnose::abort::Moment;
use crate::diagnose::words;
use crate::diagnose::{Case, Confidence, Evidence, Finding, Judgement, Missing, Severity};
use crate::trust::{MissingIssuer, PathReport, Problem, ProblemKind, StoreKind};
use crate::x509::{Certificate, Name};

/// Looks for the problems that belong to `code`. Without any, the cause is ruled out for the reason `fine`.
pub(super) fn judge(case: &Case<'_>, code: &'static str, fine: &'static str) -> Judgement {
    let Some(report) = case.path.filter(|_| !case.server_chain.is_empty()) else {
        return unseen(case);
    };
    if is_trust(code) && case.store.kind == StoreKind::None {
        return Judgement::Unknown(Missing::trust_store());
    }
    let problem = report.problems.iter().find(|problem| code_of(case, report, problem.kind) == Some(code));
    match problem.and_then(|problem| finding_of(case, report, problem)) {
        Some(finding) => Judgement::Found(finding),
        None => fine_so_far(case, report, code, fine),
    }
}

/// A cause without a problem of its own is ruled out, unless that takes an anchor that nobody has shown.
fn fine_so_far(case: &Case<'_>, report: &PathReport, code: &str, fine: &'static str) -> Judgement {
    let root_is_known = report.missing.as_ref().is_none_or(|missing| missing.is_root == Some(true));
    match code {
        // The path was found in a list that may not be the client's.
        "untrusted-root" if !report.path_found || !case.store_is_given() => {
            Judgement::Unknown(Missing::trust_store())
        }
        "missing-intermediate" if !report.path_found && !root_is_known => {
            Judgement::Unknown(Missing::trust_store())
        }
        "missing-intermediate" if !report.path_found => {
            Judgement::RuledOut("no link is missing between the leaf and its root".into())
        }
        _ => Judgement::RuledOut(fine.into()),
    }
}

/// What would show the chain, or that the handshake never came so far.
pub(super) fn unseen(case: &Case<'_>) -> Judgement {
    match case.ending().moment >= Moment::Certificate && !case.connection.resumed {
        true => Judgement::Unknown(case.missing_chain()),
        false => Judgement::NotApplicable,
    }
}

/// The finding for one problem of a path; `None` for what is no cause.
pub(in crate::diagnose) fn finding_of(
    case: &Case<'_>,
    report: &PathReport,
    problem: &Problem,
) -> Option<Finding> {
    let code = code_of(case, report, problem.kind)?;
    let confidence = match is_trust(code) {
        true => trust_confidence(case, report, code),
        false => Confidence::Certain,
    };
    let severity = if problem.fatal { Severity::Error } else { Severity::Warning };
    let certificate = problem.certificate;
    if case.in_brief {
        let (text, evidence) = (String::new(), Vec::new());
        return Some(Finding { code, severity, confidence, certificate, text, evidence });
    }
    let packet = case.connection.server_chain.as_ref().map(|at| at.packet);
    let shown = problem.certificate.and_then(|index| case.server_chain.get(index)).map(|one| subject(one));
    let text = match shown {
        Some(subject) => format!("the certificate of {subject} is in the server's chain"),
        None => format!("the server's chain: {}", words::certificates(case.server_chain.len())),
    };
    Some(Finding {
        code,
        severity,
        confidence,
        certificate,
        text: problem.text.clone(),
        evidence: vec![Evidence { packet, text }],
    })
}

/// The code of the cause that a problem of a path is; `None` for what is no cause.
pub(in crate::diagnose) fn code_of(
    case: &Case<'_>,
    report: &PathReport,
    kind: ProblemKind,
) -> Option<&'static str> {
    Some(match kind {
        ProblemKind::UntrustedRoot | ProblemKind::MissingIntermediate => no_anchor_code(case, report, kind),
        ProblemKind::SelfSigned => "self-signed",
        ProblemKind::Expired => "expired",
        ProblemKind::ExpiredIntermediate => "expired-intermediate",
        ProblemKind::NotYetValid => "not-yet-valid",
        ProblemKind::WrongEku => "wrong-eku",
        ProblemKind::NotACa => "not-a-ca",
        ProblemKind::PathLength => "path-length",
        ProblemKind::NameConstraint => "name-constraint",
        ProblemKind::WeakSignature => "weak-signature",
        ProblemKind::WeakKey => "weak-key",
        ProblemKind::BadSignature => "bad-signature",
        ProblemKind::Revoked => "revoked",
        ProblemKind::WrongOrder => "wrong-order",
        ProblemKind::ExtraCertificate => "extra-cert",
        ProblemKind::Staple
        | ProblemKind::UnknownCritical
        | ProblemKind::RootSent
        | ProblemKind::Malformed => return None,
    })
}

/// The chain ends without an anchor: is a link missing, or is the root not trusted? Both look alike on the wire. A root
/// that was sent, or an issuer that is known, decides; else the number of certificates and the names in the store do.
fn no_anchor_code(case: &Case<'_>, report: &PathReport, kind: ProblemKind) -> &'static str {
    if kind == ProblemKind::UntrustedRoot {
        return "untrusted-root";
    }
    let Some(missing) = &report.missing else { return "missing-intermediate" };
    let untrusted = match missing.is_root {
        Some(is_root) => is_root,
        None => report.path.len() > 1 && !store_knows_the_house(case, missing),
    };
    if untrusted { "untrusted-root" } else { "missing-intermediate" }
}

/// The store holds a certificate of the organisation that the missing issuer belongs to: its root, most likely.
fn store_knows_the_house(case: &Case<'_>, missing: &MissingIssuer) -> bool {
    use crate::trust::EntryKind;
    let Some(house) = words::attribute(&missing.subject, ORGANISATION) else { return false };
    case.store_is_given()
        && case.store.entries.iter().any(|entry| match &entry.kind {
            EntryKind::Certificate(certificate) => certificate
                .fields
                .as_ref()
                .is_ok_and(|fields| words::attribute(&fields.subject, ORGANISATION) == Some(house)),
            EntryKind::Named(named) => named.subject.contains(&format!("O={house}")),
        })
}

/// With the client's own store a lack of trust is proven; with Mozilla's or this machine's it is a guess about the client's.
fn trust_confidence(case: &Case<'_>, report: &PathReport, code: &str) -> Confidence {
    let told_apart = report.missing.as_ref().is_none_or(|missing| missing.is_root.is_some());
    match case.store.kind {
        StoreKind::Given if report.by_name => Confidence::Likely,
        StoreKind::Given if told_apart || code == "self-signed" => Confidence::Certain,
        StoreKind::Given | StoreKind::Mozilla | StoreKind::System => Confidence::Likely,
        StoreKind::None => Confidence::Possible,
    }
}

/// Whom a certificate is for, in a word.
pub(super) fn subject(certificate: &Certificate) -> String {
    certificate
        .fields
        .as_ref()
        .map_or_else(|_| "an unreadable certificate".to_owned(), |fields| name(&fields.subject))
}

fn name(name: &Name) -> String {
    words::common_name(name).map_or_else(|| "(no name)".to_owned(), str::to_owned)
}

fn is_trust(code: &str) -> bool {
    crate::diagnose::weigh::TRUST.contains(&code)
}

/// `organizationName`.
const ORGANISATION: &str = "2.5.4.10";
