//! Why a path has no anchor: a root that is not trusted, an intermediate that was not sent, or a leaf that signed itself.
//!
//! A root is normally not sent (RFC 8446 §4.4.2), so an issuer that is neither sent nor stored can be either. Where
//! nothing proves which, these signs decide, in this order, and the answer is marked as uncertain:
//!
//! 1. the missing name says "root": it is one;
//! 2. the store has a self-signed CA of the same organisation: the missing one is probably below it, an intermediate;
//! 3. only the leaf was sent: servers forget intermediates, and roots seldom issue leaves;
//! 4. the last certificate found is a CA: its issuer is probably the root.

use std::sync::Arc;

use crate::trust::build::{Draft, End};
use crate::trust::graph::{Graph, Node};
use crate::trust::words::subject;
use crate::trust::{EntryKind, MissingIssuer, Problem, ProblemKind, SignatureState, Store, StoreKind};
use crate::x509::{Certificate, Fields, Name};

/// The problem of a path without an anchor, and the CA that is missing.
pub(super) fn explain(graph: &Graph<'_>, draft: &Draft<'_>) -> Option<(Problem, MissingIssuer)> {
    let top = graph.nodes.get(*draft.elements.last()?)?;
    let (kind, missing, certain) = match draft.end {
        End::SelfSigned => (self_signed_kind(draft), own_root(top), true),
        _ => absent_issuer(graph, draft, top),
    };
    let text = sentence(graph, kind, top, &missing);
    // Without a store nothing can be refused for want of an anchor.
    let judged = graph.request.store.kind != StoreKind::None;
    let (certificate, element) = (top.sent(), Some(draft.elements.len() - 1));
    Some((Problem { kind, fatal: judged, certificate, element, certain, text }, missing))
}

/// What is worth saying of an accepted path whose anchor is no root: other stacks want the root itself.
pub(super) fn partial(graph: &Graph<'_>, draft: &Draft<'_>) -> Option<Problem> {
    let element = match draft.end {
        End::Anchor => draft.elements.len().checked_sub(1)?,
        End::LeafAnchor => 0,
        _ => return None,
    };
    let anchor = graph.nodes.get(*draft.elements.get(element)?)?;
    if anchor.by_name || graph.is_root(anchor) {
        return None;
    }
    let text = format!(
        "{} is trusted itself; its issuer {} is not looked for, which clients that want a self-signed root would do",
        subject(anchor.fields),
        anchor.fields.issuer.rfc4514()
    );
    let (kind, certificate) = (ProblemKind::UntrustedRoot, anchor.sent());
    Some(Problem { kind, fatal: false, certificate, element: Some(element), certain: true, text })
}

fn self_signed_kind(draft: &Draft<'_>) -> ProblemKind {
    match draft.elements.len() {
        1 => ProblemKind::SelfSigned,
        _ => ProblemKind::UntrustedRoot,
    }
}

fn own_root(top: &Node<'_>) -> MissingIssuer {
    MissingIssuer {
        subject: top.fields.subject.clone(),
        key_id: top.fields.ski.as_deref().map(<[u8]>::to_vec),
        ca_issuers: Vec::new(),
        found: Some((Arc::clone(&top.certificate.der), "in the chain".to_owned())),
        is_root: Some(true),
        sent: top.sent().is_some(),
    }
}

fn absent_issuer(graph: &Graph<'_>, draft: &Draft<'_>, top: &Node<'_>) -> (ProblemKind, MissingIssuer, bool) {
    let found = elsewhere(graph, top);
    let known_root = match &found {
        Some(certificate) => certificate.parsed().map(|fields| graph.is_self_signed(certificate, fields)),
        None => namesake(graph, top).is_some().then_some(true),
    };
    let is_root = known_root.unwrap_or_else(|| is_probably_root(graph, draft, top));
    let kind = if is_root { ProblemKind::UntrustedRoot } else { ProblemKind::MissingIntermediate };
    let missing = MissingIssuer {
        subject: top.fields.issuer.clone(),
        key_id: top.fields.aki.as_deref().map(<[u8]>::to_vec),
        ca_issuers: top.fields.ca_issuers.clone(),
        found: found.map(|certificate| (Arc::clone(&certificate.der), "seen elsewhere".to_owned())),
        is_root: known_root,
        sent: false,
    };
    (kind, missing, known_root.is_some())
}

/// The issuer among the certificates seen elsewhere, a self-signed one first. Its signature has to fit.
fn elsewhere<'a>(graph: &Graph<'a>, top: &Node<'_>) -> Option<&'a Arc<Certificate>> {
    let fits = |fields: &Fields| {
        top.fields.issuer == fields.subject
            && top.fields.subject_key_matches_issuer(fields) != Some(false)
            && graph.signed_by(top.certificate, fields) != SignatureState::Bad
    };
    let mut found = None;
    for certificate in graph.request.elsewhere {
        let Some(fields) = certificate.parsed().filter(|fields| fits(fields)) else { continue };
        if graph.is_self_signed(certificate, fields) {
            return Some(certificate);
        }
        found = found.or(Some(certificate));
    }
    found
}

/// A self-signed certificate of the store that has the missing issuer's name but another key.
fn namesake<'a>(graph: &Graph<'a>, top: &Node<'_>) -> Option<&'a Fields> {
    let issuer = &top.fields.issuer;
    roots(graph.request.store).find(|root| root.subject == *issuer && root.key.spki != top.fields.key.spki)
}

fn is_probably_root(graph: &Graph<'_>, draft: &Draft<'_>, top: &Node<'_>) -> bool {
    let issuer = &top.fields.issuer;
    if says_root(issuer) {
        return true;
    }
    let same_organization = |root: &Fields| {
        let (ours, theirs) = (issuer.organization(), root.subject.organization());
        ours.zip(theirs).is_some_and(|(ours, theirs)| ours.eq_ignore_ascii_case(theirs))
    };
    if roots(graph.request.store).any(same_organization) {
        return false;
    }
    draft.elements.len() > 1
}

fn says_root(name: &Name) -> bool {
    const COMMON_NAME: &str = "2.5.4.3";
    const UNIT: &str = "2.5.4.11";
    name.values(COMMON_NAME).chain(name.values(UNIT)).any(|value| {
        value.split(|letter: char| !letter.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("root"))
    })
}

fn roots(store: &Store) -> impl Iterator<Item = &Fields> {
    store.entries.iter().filter_map(|entry| match &entry.kind {
        EntryKind::Certificate(certificate) => certificate.parsed().filter(|fields| fields.is_self_issued()),
        EntryKind::Named(_) => None,
    })
}

fn sentence(graph: &Graph<'_>, kind: ProblemKind, top: &Node<'_>, missing: &MissingIssuer) -> String {
    let place = place(graph.request.store);
    let name = missing.subject.rfc4514();
    match kind {
        ProblemKind::SelfSigned => format!("{name} is signed by itself and {place}"),
        _ if missing.sent => format!("the chain ends in {name}, which {place}"),
        ProblemKind::UntrustedRoot => {
            let other = match namesake(graph, top) {
                Some(_) => "; a CA of this name is there, but with another key",
                None => "",
            };
            format!("{} was issued by {name}, which {place}{other}", subject(top.fields))
        }
        _ => format!("{} was issued by {name}, which was not sent and {place}", subject(top.fields)),
    }
}

fn place(store: &Store) -> String {
    match store.kind {
        StoreKind::None => "is not judged, as no trust store was given".to_owned(),
        StoreKind::Mozilla => "is not among Mozilla's roots as bundled here".to_owned(),
        StoreKind::System => "is not among the roots of this machine".to_owned(),
        StoreKind::Given => format!("is not in the trust store {}", store.source),
    }
}
