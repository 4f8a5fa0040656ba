//! The comparison of the chain with the store, certificate by certificate, as a playbook prints it.

use crate::trust::build::{Draft, End};
use crate::trust::graph::{Graph, Node};
use crate::trust::{MissingIssuer, NamedEntry, ProblemKind, Row, RowVerdict, SignatureState};

/// One row for each certificate of the path, for those sent above its anchor, and for the CA that is missing.
pub(super) fn rows(
    graph: &Graph<'_>,
    draft: &Draft<'_>,
    missing: Option<(ProblemKind, &MissingIssuer)>,
) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (position, node) in draft.elements.iter().filter_map(|&index| graph.nodes.get(index)).enumerate() {
        let wanted = missing.is_some_and(|(_, missing)| missing.sent) && position + 1 == draft.elements.len();
        rows.push(row(node, wanted));
    }
    match (draft.end, missing) {
        (End::Named(entry), _) => rows.push(named_row(entry)),
        (End::NoIssuer, Some((kind, missing))) => rows.push(missing_row(kind, missing)),
        _ => rows.extend(above(graph, draft).into_iter().map(|node| row(node, false))),
    }
    rows
}

fn row(node: &Node<'_>, wanted_in_store: bool) -> Row {
    let sent = node.sent().is_some();
    let verdict = match (sent, node.in_store) {
        (true, true) => RowVerdict::Match,
        (false, _) => RowVerdict::TruststoreOnly,
        (true, false) if wanted_in_store => RowVerdict::MissingFromTruststore,
        (true, false) => RowVerdict::SentOnly,
    };
    Row {
        subject: node.fields.subject.rfc4514(),
        issuer: node.fields.issuer.rfc4514(),
        sent,
        in_truststore: node.in_store,
        verdict,
    }
}

fn named_row(entry: &NamedEntry) -> Row {
    Row {
        subject: entry.subject.clone(),
        issuer: entry.issuer.clone(),
        sent: false,
        in_truststore: true,
        verdict: RowVerdict::TruststoreOnly,
    }
}

/// A root is wanted in the store, an intermediate in the chain.
fn missing_row(kind: ProblemKind, missing: &MissingIssuer) -> Row {
    let verdict = match kind {
        ProblemKind::MissingIntermediate => RowVerdict::MissingFromChain,
        _ => RowVerdict::MissingFromTruststore,
    };
    let issuer = if missing.is_root == Some(true) { missing.subject.rfc4514() } else { String::new() };
    Row { subject: missing.subject.rfc4514(), issuer, sent: false, in_truststore: false, verdict }
}

/// The certificates sent above the anchor of a path: not needed, but compared.
fn above<'g, 'a>(graph: &'g Graph<'a>, draft: &Draft<'_>) -> Vec<&'g Node<'a>> {
    let mut path = draft.elements.clone();
    let mut found = Vec::new();
    while let Some(head) = path.last().and_then(|&index| graph.nodes.get(index)) {
        let issuers = graph.issuers(head, &path);
        let next = issuers.into_iter().find(|&index| {
            graph.nodes.get(index).is_some_and(|issuer| {
                issuer.sent().is_some()
                    && graph.signed_by(head.certificate, issuer.fields) != SignatureState::Bad
            })
        });
        let Some(index) = next else { break };
        path.push(index);
        found.extend(graph.nodes.get(index));
    }
    found
}
