//! What a stapled OCSP response, or the want of one, means for the leaf (RFC 6066 §8, RFC 7633).

use crate::trust::graph::Graph;
use crate::trust::words::{subject, time};
use crate::trust::{OcspState, Problem, ProblemKind, ocsp};
use crate::x509::Fields;

/// Reads the stapled response and says what is wrong with it.
pub(super) fn judge(graph: &Graph<'_>, leaf: &Fields, problems: &mut Vec<Problem>) -> Option<OcspState> {
    let request = graph.request;
    let name = subject(leaf);
    let state = request.ocsp.map(|response| ocsp::read(response, leaf, request.at));
    let found = match &state {
        Some(OcspState::Revoked(at)) => Some((
            ProblemKind::Revoked,
            graph.rules.heeds_staple,
            format!("{name} was revoked at {}, says the stapled OCSP response", time(*at)),
        )),
        Some(OcspState::Stale { this_update, next_update }) => {
            let until = next_update.map(|next| format!(" to {}", time(next))).unwrap_or_default();
            let range = format!("from {}{until}", time(*this_update));
            Some((
                ProblemKind::Staple,
                false,
                format!("the stapled OCSP response for {name} is of another time: {range}"),
            ))
        }
        Some(OcspState::Unusable(reason)) => {
            Some((ProblemKind::Staple, false, format!("the stapled OCSP response cannot be used: {reason}")))
        }
        Some(OcspState::Unknown) => {
            Some((ProblemKind::Staple, false, format!("the OCSP responder does not know {name}")))
        }
        Some(OcspState::Good) => None,
        None if leaf.must_staple && request.asked_ocsp => Some((
            ProblemKind::Staple,
            graph.rules.demands_staple,
            format!("{name} demands a stapled OCSP response, and none was sent"),
        )),
        None => None,
    };
    problems.extend(found.map(|(kind, fatal, text)| Problem {
        kind,
        fatal,
        certificate: Some(0),
        element: Some(0),
        certain: true,
        text,
    }));
    state
}
