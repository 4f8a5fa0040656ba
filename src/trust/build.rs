//! Builds the best path from the leaf towards an anchor (RFC 4158): depth first, every choice bounded.

use crate::trust::graph::{Graph, Node};
use crate::trust::policy::Anchors;
use crate::trust::{NamedEntry, Problem, SignatureState, checks};

/// How a path ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End<'a> {
    /// At an anchor.
    Anchor,
    /// Nowhere, but the leaf is an anchor itself.
    LeafAnchor,
    /// Below a CA of which the store holds the name only.
    Named(&'a NamedEntry),
    /// At a self-signed certificate that is no anchor.
    SelfSigned,
    /// Below an issuer that is nowhere.
    NoIssuer,
}

/// A path that cannot be continued, or need not be.
#[derive(Debug, Clone)]
pub(super) struct Draft<'a> {
    /// Indices of the graph's nodes, leaf first.
    pub(super) elements: Vec<usize>,
    /// Whether each is signed by the next; for the last by itself, when it is self-signed.
    pub(super) signatures: Vec<SignatureState>,
    pub(super) end: End<'a>,
    /// What is wrong with its certificates; that it ends nowhere is not among it.
    pub(super) problems: Vec<Problem>,
}

impl Draft<'_> {
    /// It leads to an anchor.
    pub(super) fn is_anchored(&self) -> bool {
        matches!(self.end, End::Anchor | End::LeafAnchor | End::Named(_))
    }

    /// Its last certificate is trusted, or need not be: nothing depends on that one's own signature.
    pub(super) fn ends_trusted(&self) -> bool {
        matches!(self.end, End::Anchor | End::LeafAnchor)
    }

    fn fatal(&self) -> usize {
        self.problems.iter().filter(|problem| problem.fatal).count()
    }

    /// It leads to an anchor and nothing in it is refused.
    pub(super) fn is_good(&self) -> bool {
        self.is_anchored() && self.fatal() == 0
    }

    fn is_better_than(&self, other: &Self) -> bool {
        let worth = |draft: &Self| {
            let checked = draft.signatures.len() - usize::from(draft.ends_trusted());
            let bad = draft.signatures.iter().take(checked).any(|state| *state == SignatureState::Bad);
            (draft.is_anchored(), !bad, std::cmp::Reverse(draft.fatal()), draft.elements.len())
        };
        worth(self) > worth(other)
    }
}

/// The best path from the first node. `None` when there is no node.
pub(super) fn best<'a>(graph: &Graph<'a>) -> Option<Draft<'a>> {
    graph.nodes.first()?;
    let mut search =
        Search { graph, elements: vec![0], signatures: Vec::new(), best: None, steps: MAX_STEPS };
    search.extend();
    search.best
}

struct Search<'g, 'a> {
    graph: &'g Graph<'a>,
    elements: Vec<usize>,
    signatures: Vec<SignatureState>,
    best: Option<Draft<'a>>,
    steps: u32,
}

impl<'a> Search<'_, 'a> {
    fn extend(&mut self) {
        let graph = self.graph;
        let depth = self.elements.len() - 1;
        let Some(head) = self.elements.last().and_then(|&index| graph.nodes.get(index)) else { return };
        if graph.is_anchor(head, depth) {
            return self.finish(head, End::Anchor);
        }
        if graph.is_self_signed(head.certificate, head.fields) {
            return self.finish(head, End::SelfSigned);
        }
        let mut forged = None;
        let mut went_on = false;
        for index in graph.issuers(head, &self.elements) {
            let Some(issuer) = graph.nodes.get(index) else { continue };
            let key_ids = head.fields.subject_key_matches_issuer(issuer.fields);
            match graph.signed_by(head.certificate, issuer.fields) {
                // The same name with another key is another CA; the same key identifier says that it should be this one.
                SignatureState::Bad if key_ids != Some(false) => forged = forged.or(Some(index)),
                SignatureState::Bad => {}
                state => {
                    went_on = true;
                    self.step(index, state);
                }
            }
            if self.is_done() {
                return;
            }
        }
        match forged {
            _ if went_on => {}
            Some(index) => self.step(index, SignatureState::Bad),
            None => self.finish(head, self.without_issuer(head)),
        }
    }

    fn step(&mut self, index: usize, state: SignatureState) {
        if self.steps == 0 || self.elements.len() >= MAX_LENGTH {
            let head = self.elements.last().and_then(|&head| self.graph.nodes.get(head));
            return head.into_iter().for_each(|head| self.finish(head, End::NoIssuer));
        }
        self.steps -= 1;
        self.elements.push(index);
        self.signatures.push(state);
        self.extend();
        self.elements.pop();
        self.signatures.pop();
    }

    fn without_issuer(&self, head: &Node<'a>) -> End<'a> {
        if head.fields.is_self_issued() && head.fields.subject_key_matches_issuer(head.fields) == Some(true) {
            return End::SelfSigned;
        }
        match self.graph.named_issuer(head.fields) {
            Some(entry)
                if self.graph.rules.anchors != Anchors::SelfSigned || entry.subject == entry.issuer =>
            {
                End::Named(entry)
            }
            _ => End::NoIssuer,
        }
    }

    fn finish(&mut self, head: &Node<'a>, end: End<'a>) {
        let leaf_last = self.graph.rules.anchors == Anchors::AnyLeafLast;
        let leaf_held = self.graph.nodes.first().is_some_and(|leaf| leaf.in_store);
        let end = match end {
            End::SelfSigned | End::NoIssuer if leaf_last && leaf_held => End::LeafAnchor,
            _ => end,
        };
        let mut signatures = self.signatures.clone();
        signatures.push(
            match end == End::SelfSigned || self.graph.is_self_signed(head.certificate, head.fields) {
                true => self.graph.signed_by(head.certificate, head.fields),
                false => SignatureState::CannotCheck("its issuer's certificate is not at hand".to_owned()),
            },
        );
        let mut draft = Draft { elements: self.elements.clone(), signatures, end, problems: Vec::new() };
        draft.problems = checks::problems(self.graph, &draft);
        if self.best.as_ref().is_none_or(|best| draft.is_better_than(best)) {
            self.best = Some(draft);
        }
    }

    fn is_done(&self) -> bool {
        self.steps == 0 || self.best.as_ref().is_some_and(Draft::is_good)
    }
}

/// Certificates of one path.
const MAX_LENGTH: usize = 32;

/// Certificates appended, over all paths tried.
const MAX_STEPS: u32 = 512;
