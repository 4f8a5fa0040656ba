//! The certificates that may be part of a path, and who may have issued whom (RFC 4158 §3).

use std::cell::Cell;
use std::sync::Arc;

use crate::trust::policy::{Anchors, Rules};
use crate::trust::{
    ElementSource, EntryKind, NamedEntry, PathRequest, SignatureCache, SignatureState, Store,
};
use crate::x509::{Certificate, Fields, Name};

/// One certificate, sent or of the store, that could be parsed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) certificate: &'a Arc<Certificate>,
    pub(super) fields: &'a Fields,
    pub(super) source: ElementSource,
    /// The store holds it, by bytes or by name.
    pub(super) in_store: bool,
    /// The store holds it by name only.
    pub(super) by_name: bool,
}

impl Node<'_> {
    /// Its position in the chain as sent.
    pub(super) fn sent(&self) -> Option<usize> {
        match self.source {
            ElementSource::Sent(position) => Some(position),
            _ => None,
        }
    }
}

/// All of them, and what is known of their signatures.
pub(super) struct Graph<'a> {
    pub(super) request: &'a PathRequest<'a>,
    pub(super) rules: Rules,
    /// Those sent come first, in order, without repetitions; then those of the store.
    pub(super) nodes: Vec<Node<'a>>,
    signatures: &'a SignatureCache,
    checks_left: Cell<u32>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(request: &'a PathRequest<'a>, signatures: &'a SignatureCache) -> Self {
        let mut nodes: Vec<Node<'a>> = Vec::new();
        for (position, certificate) in request.chain.iter().enumerate().take(MAX_SENT) {
            let Some(fields) = certificate.parsed() else { continue };
            if nodes.iter().any(|node| node.certificate.sha256 == certificate.sha256) {
                continue;
            }
            let (in_store, by_name) = holds(request.store, certificate, fields);
            nodes.push(Node {
                certificate,
                fields,
                source: ElementSource::Sent(position),
                in_store,
                by_name,
            });
        }
        let sent = nodes.len();
        for (position, entry) in request.store.entries.iter().enumerate() {
            let EntryKind::Certificate(certificate) = &entry.kind else { continue };
            let Some(fields) = certificate.parsed() else { continue };
            if nodes.iter().take(sent).any(|node| node.certificate.sha256 == certificate.sha256) {
                continue;
            }
            let source = ElementSource::Store(position);
            nodes.push(Node { certificate, fields, source, in_store: true, by_name: false });
        }
        let checks_left = Cell::new(MAX_SIGNATURE_CHECKS);
        Self { request, rules: request.policy.rules(), nodes, signatures, checks_left }
    }

    /// Whether `issuer` signed `child`.
    pub(super) fn signed_by(&self, child: &Certificate, issuer: &Fields) -> SignatureState {
        self.signatures.verify(child, &issuer.key, || {
            let left = self.checks_left.get();
            self.checks_left.set(left.saturating_sub(1));
            left > 0
        })
    }

    /// It names itself as its issuer, and its own key does not disprove it.
    pub(super) fn is_self_signed(&self, certificate: &Certificate, fields: &Fields) -> bool {
        names_itself(fields) && self.signed_by(certificate, fields) != SignatureState::Bad
    }

    /// Like [`Self::is_self_signed`]; of what the store holds nobody checks the signature.
    pub(super) fn is_root(&self, node: &Node<'_>) -> bool {
        match node.in_store {
            true => names_itself(node.fields),
            false => self.is_self_signed(node.certificate, node.fields),
        }
    }

    /// Whether a path may end at this certificate, at this distance from the leaf.
    pub(super) fn is_anchor(&self, node: &Node<'_>, depth: usize) -> bool {
        node.in_store
            && match self.rules.anchors {
                Anchors::Any => true,
                Anchors::AnyLeafLast => depth > 0 || self.is_root(node),
                Anchors::Issuers => depth > 0 || self.is_self_signed(node.certificate, node.fields),
                Anchors::SelfSigned => self.is_root(node),
            }
    }

    /// Those whose subject is the issuer of `child`, likeliest first, without those already in the path.
    pub(super) fn issuers(&self, child: &Node<'_>, path: &[usize]) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let in_path = || {
                path.iter().filter_map(|&used| self.nodes.get(used)).any(|used| {
                    used.fields.key.spki == node.fields.key.spki && used.fields.subject == node.fields.subject
                })
            };
            let key_ids = child.fields.subject_key_matches_issuer(node.fields);
            let must_agree =
                self.rules.key_ids_must_agree || node.in_store && self.rules.key_ids_of_anchors_must_agree;
            let possible = key_ids != Some(false) || !must_agree;
            if possible && self.names_match(&child.fields.issuer, &node.fields.subject) && !in_path() {
                found.push(index);
            }
        }
        found.sort_by_key(|&index| self.nodes.get(index).map(|node| self.rank(child, node)));
        found.truncate(if self.rules.tries_all_issuers { MAX_ISSUERS } else { 1 });
        found
    }

    /// Whether an issuer's name and a subject's are the same to this policy.
    pub(super) fn names_match(&self, issuer: &Name, subject: &Name) -> bool {
        match self.rules.names_by_bytes {
            true => issuer.raw == subject.raw,
            false => issuer == subject,
        }
    }

    /// Smaller is likelier: agreeing key identifiers, trusted, valid now, the longest validity. Who tries only one issuer
    /// takes the first that is trusted, else the first that was sent, a valid one in preference.
    fn rank(&self, child: &Node<'_>, node: &Node<'_>) -> (u8, bool, bool, i64) {
        let valid = (node.fields.not_before..=node.fields.not_after).contains(&self.request.at);
        if !self.rules.tries_all_issuers {
            let end = if valid { 0 } else { node.fields.not_after.saturating_neg() };
            return (0, !node.in_store, !valid, end);
        }
        let key_id = match child.fields.subject_key_matches_issuer(node.fields) {
            Some(true) => 0,
            None => 1,
            Some(false) => 2,
        };
        (key_id, !node.in_store, !valid, node.fields.not_after.saturating_neg())
    }

    /// The JDK takes a chain as sent when each certificate is followed by its issuer up to a trusted one. Otherwise it looks
    /// for a path itself, and then wants an anchor that is valid at the time.
    pub(super) fn jdk_would_search(&self) -> bool {
        let mut chain = self
            .request
            .chain
            .iter()
            .filter_map(|certificate| certificate.parsed().map(|f| (certificate, f)));
        let Some((_, mut child)) = chain.next() else { return false };
        for (certificate, fields) in chain {
            if child.issuer != fields.subject {
                return true;
            }
            if self.nodes.iter().any(|node| node.in_store && node.certificate.sha256 == certificate.sha256) {
                return false;
            }
            child = fields;
        }
        !self.nodes.iter().any(|node| node.in_store && node.fields.subject == child.issuer)
    }

    /// The entry of a store without certificates that names the issuer of `child`.
    pub(super) fn named_issuer(&self, child: &Fields) -> Option<&'a NamedEntry> {
        named(self.request.store).find(|entry| child.issuer.matches_text(&entry.subject))
    }
}

fn names_itself(fields: &Fields) -> bool {
    fields.is_self_issued() && fields.subject_key_matches_issuer(fields) != Some(false)
}

/// Whether the store holds a certificate, and whether by name only.
fn holds(store: &Store, certificate: &Certificate, fields: &Fields) -> (bool, bool) {
    let by_bytes = store.entries.iter().any(|entry| match &entry.kind {
        EntryKind::Certificate(held) => held.sha256 == certificate.sha256,
        EntryKind::Named(_) => false,
    });
    let by_name = || named(store).any(|entry| names(entry, fields));
    if by_bytes {
        return (true, false);
    }
    let by_name = by_name();
    (by_name, by_name)
}

fn named(store: &Store) -> impl Iterator<Item = &NamedEntry> {
    store.entries.iter().filter_map(|entry| match &entry.kind {
        EntryKind::Named(named) => Some(named),
        EntryKind::Certificate(_) => None,
    })
}

/// Subject, and issuer and serial number where they are listed, are those of the certificate.
fn names(entry: &NamedEntry, fields: &Fields) -> bool {
    let serial = entry.serial.as_ref().is_none_or(|serial| *serial == fields.serial_hex());
    serial
        && fields.subject.matches_text(&entry.subject)
        && (entry.issuer.is_empty() || fields.issuer.matches_text(&entry.issuer))
}

/// Certificates of one chain that are examined.
const MAX_SENT: usize = 64;

/// Certificates of the same name that are tried as an issuer.
const MAX_ISSUERS: usize = 8;

/// Signatures that are checked for one path, as in rustls-webpki and Go.
const MAX_SIGNATURE_CHECKS: u32 = 100;
