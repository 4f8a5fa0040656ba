//! How a chain was sent: the order, needless certificates, the root (RFC 8446 §4.4.2, RFC 5246 §7.4.2).

use crate::trust::build::Draft;
use crate::trust::graph::{Graph, Node};
use crate::trust::words::subject;
use crate::trust::{Problem, ProblemKind, SignatureState};

/// What is worth saying about the list itself. Most clients mind none of it.
pub(super) fn notes(graph: &Graph<'_>, draft: &Draft<'_>) -> Vec<Problem> {
    let mut problems = unreadable(graph);
    problems.extend(repeated(graph));
    let sent: Vec<&Node<'_>> = graph.nodes.iter().filter(|node| node.sent().is_some()).collect();
    let useful = reachable(graph, draft, &sent);
    for (node, _) in sent.iter().zip(&useful).filter(|(_, useful)| !**useful) {
        let text = format!("{} is no part of the leaf's chain", subject(node.fields));
        problems.push(note(ProblemKind::ExtraCertificate, node, text));
    }
    let chain: Vec<&Node<'_>> =
        sent.iter().zip(&useful).filter(|(_, useful)| **useful).map(|(node, _)| *node).collect();
    problems.extend(leaf_later(graph, &sent));
    problems.extend(wrong_order(&chain));
    problems.extend(root_sent(graph, &chain));
    problems
}

fn note(kind: ProblemKind, node: &Node<'_>, text: String) -> Problem {
    Problem { kind, fatal: false, certificate: node.sent(), element: None, certain: true, text }
}

/// A certificate that cannot be parsed; the leaf is judged on its own.
fn unreadable(graph: &Graph<'_>) -> Vec<Problem> {
    let fatal = !graph.rules.skips_unreadable;
    let chain = graph.request.chain.iter().enumerate().skip(1);
    chain
        .filter_map(|(position, certificate)| {
            let reason = certificate.fields.as_ref().err()?;
            let text = format!("certificate {position} of the chain is unreadable: {reason}");
            let certificate = Some(position);
            Some(Problem {
                kind: ProblemKind::Malformed,
                fatal,
                certificate,
                element: None,
                certain: true,
                text,
            })
        })
        .take(MAX_NOTES)
        .collect()
}

fn repeated(graph: &Graph<'_>) -> Vec<Problem> {
    let chain = graph.request.chain;
    let again = chain.iter().enumerate().filter_map(|(position, certificate)| {
        let first = chain.iter().take(position).position(|earlier| earlier.sha256 == certificate.sha256)?;
        Some(Problem {
            kind: ProblemKind::ExtraCertificate,
            fatal: false,
            certificate: Some(position),
            element: None,
            certain: true,
            text: format!("{} was sent twice, at {first} and at {position}", certificate.title()),
        })
    });
    again.take(MAX_NOTES).collect()
}

/// For each certificate sent, whether it is part of the path or issued one that is reachable from the leaf.
fn reachable(graph: &Graph<'_>, draft: &Draft<'_>, sent: &[&Node<'_>]) -> Vec<bool> {
    // The certificates sent are the first nodes of the graph, so that positions here and there agree.
    let mut todo: Vec<usize> = draft.elements.iter().copied().filter(|&index| index < sent.len()).collect();
    let mut useful: Vec<bool> = (0..sent.len()).map(|position| todo.contains(&position)).collect();
    while let Some(child) = todo.pop().and_then(|position| sent.get(position)) {
        for (position, node) in sent.iter().enumerate() {
            let known = useful.get(position).copied().unwrap_or(true);
            if !known && is_issuer(graph, node, child) {
                if let Some(flag) = useful.get_mut(position) {
                    *flag = true;
                }
                todo.push(position);
            }
        }
    }
    useful
}

fn is_issuer(graph: &Graph<'_>, issuer: &Node<'_>, child: &Node<'_>) -> bool {
    child.fields.issuer == issuer.fields.subject
        && child.fields.subject_key_matches_issuer(issuer.fields) != Some(false)
        && graph.signed_by(child.certificate, issuer.fields) != SignatureState::Bad
}

/// The first certificate is taken for the leaf, whatever it is.
fn leaf_later(graph: &Graph<'_>, sent: &[&Node<'_>]) -> Option<Problem> {
    let first = sent.first().filter(|first| first.fields.is_ca())?;
    let leaf = sent.iter().skip(1).find(|node| !node.fields.is_ca() && is_issuer(graph, first, node))?;
    let text = format!(
        "the chain begins with the CA {}, so that it is taken for the server's certificate; {} should be first",
        subject(first.fields),
        subject(leaf.fields)
    );
    Some(note(ProblemKind::WrongOrder, first, text))
}

/// The first certificate that certifies none of those before it.
fn wrong_order(chain: &[&Node<'_>]) -> Option<Problem> {
    let (position, node) = chain.iter().enumerate().skip(1).find(|(position, node)| {
        let certifies = |earlier: &&Node<'_>| earlier.fields.issuer == node.fields.subject;
        !chain.iter().take(*position).any(certifies)
    })?;
    let before = chain.get(position.checked_sub(1)?)?;
    let text = format!(
        "{} was sent after {}, which it did not issue: each certificate should certify the one before it",
        subject(node.fields),
        subject(before.fields)
    );
    Some(note(ProblemKind::WrongOrder, node, text))
}

fn root_sent(graph: &Graph<'_>, chain: &[&Node<'_>]) -> Option<Problem> {
    let root = chain.iter().skip(1).find(|node| graph.is_self_signed(node.certificate, node.fields))?;
    let text = format!("the root {} was sent too, which is needless", subject(root.fields));
    Some(note(ProblemKind::RootSent, root, text))
}

/// Sentences of one kind about one chain.
const MAX_NOTES: usize = 16;
