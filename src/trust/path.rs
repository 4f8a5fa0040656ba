//! Path building and checking with the reason per certificate (RFC 5280 §6), under one policy.

use std::sync::Arc;

use crate::trust::build::{self, Draft};
use crate::trust::graph::Graph;
use crate::trust::{Policy, SignatureCache, Store, missing, order, rows, staple};
use crate::x509::{Certificate, Name};

/// What a path check is asked.
#[derive(Debug, Clone, Copy)]
pub struct PathRequest<'a> {
    /// The chain as sent, leaf first.
    pub chain: &'a [Arc<Certificate>],
    /// What is trusted.
    pub store: &'a Store,
    /// The moment at which validity is judged, seconds since 1970.
    pub at: i64,
    /// Today, seconds since 1970, so that "expired since" can be told apart; `None` when it does not matter.
    pub now: Option<i64>,
    /// Whose rules apply.
    pub policy: Policy,
    /// The leaf is a client's: clientAuth instead of serverAuth is asked for.
    pub client: bool,
    /// Certificates seen elsewhere (other connections, Mozilla's list). They may name what is missing, never repair the chain.
    pub elsewhere: &'a [Arc<Certificate>],
    /// The stapled OCSP response for the leaf, DER.
    pub ocsp: Option<&'a [u8]>,
    /// The client asked for a stapled response.
    pub asked_ocsp: bool,
}

/// What is wrong with a certificate or with the path. The names are those of the report's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The path ends at a CA (self-signed, or named as the issuer of the last link and known to be a root) that is not an anchor.
    UntrustedRoot,
    /// An issuer that is no known root is neither sent nor in the store.
    MissingIntermediate,
    /// The leaf is self-signed and not an anchor.
    SelfSigned,
    /// The leaf has expired.
    Expired,
    /// An intermediate or root has expired.
    ExpiredIntermediate,
    /// A certificate of the path is not valid yet.
    NotYetValid,
    /// The leaf may not be used for this (extKeyUsage or keyUsage).
    WrongEku,
    /// An issuer is no CA: basicConstraints or keyUsage forbids it.
    NotACa,
    /// More intermediates than a pathLenConstraint allows.
    PathLength,
    /// A name lies outside the permitted subtrees or inside an excluded one.
    NameConstraint,
    /// MD5, SHA-1 or another refused signature algorithm.
    WeakSignature,
    /// A key below what the policy takes.
    WeakKey,
    /// A signature does not verify.
    BadSignature,
    /// A stapled OCSP response says revoked.
    Revoked,
    /// A stapled OCSP response is stale, malformed, or missing though the leaf demands one.
    Staple,
    /// A critical extension that nobody understands.
    UnknownCritical,
    /// Sent in another order than each certifying the one before it.
    WrongOrder,
    /// A certificate that is no part of the path, or sent twice.
    ExtraCertificate,
    /// The root was sent too: needless, harmless.
    RootSent,
    /// A certificate cannot be parsed.
    Malformed,
}

impl ProblemKind {
    /// It is about a certificate's validity, so that its sentence names the moment of judgement.
    pub const fn is_about_dates(self) -> bool {
        matches!(self, Self::Expired | Self::ExpiredIntermediate | Self::NotYetValid)
    }
}

/// One thing that is wrong or worth saying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// The policy refuses the path for it; otherwise it is only worth saying.
    pub fatal: bool,
    /// Position in the chain as sent, when it is about one of those.
    pub certificate: Option<usize>,
    /// Position in the path, when it is about one of its certificates.
    pub element: Option<usize>,
    /// It is proved by the bytes; otherwise it is the likelier of two readings.
    pub certain: bool,
    /// One sentence with the subject and the figures.
    pub text: String,
}

/// Where a certificate of the path comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementSource {
    /// Position in the chain as sent.
    Sent(usize),
    /// Position in the store.
    Store(usize),
    /// Seen elsewhere: it names what is missing and proves nothing.
    Elsewhere,
}

/// What a signature check gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureState {
    /// It verifies.
    Good,
    /// It does not.
    Bad,
    /// The issuer's key is not at hand, or the algorithm is not supported: why.
    CannotCheck(String),
}

/// One certificate of the path that was built, leaf first.
#[derive(Debug, Clone)]
pub struct PathElement {
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// Where it was found.
    pub source: ElementSource,
    /// The store holds it too (by bytes, or by name).
    pub in_store: bool,
    /// Whether its signature verifies with the next element's key (its own for the last when self-signed).
    pub signature: SignatureState,
}

/// The CA that would have to be sent or trusted: neither the chain nor the store has it, or it was sent and is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingIssuer {
    /// Its subject.
    pub subject: Name,
    /// Its key identifier, by the child's authorityKeyIdentifier.
    pub key_id: Option<Vec<u8>>,
    /// Where it can be fetched, by the child's authority information access.
    pub ca_issuers: Vec<String>,
    /// It was seen elsewhere (another connection, Mozilla's list): its DER, and where.
    pub found: Option<(Arc<[u8]>, String)>,
    /// It is a root (self-signed where found): `None` when unknown.
    pub is_root: Option<bool>,
    /// It was sent, and is not in the store: a self-signed root at the end of the chain.
    pub sent: bool,
}

/// The comparison of one certificate with the trust store, as the playbook prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Subject in RFC 4514 form.
    pub subject: String,
    /// Issuer in RFC 4514 form.
    pub issuer: String,
    /// The server sent it.
    pub sent: bool,
    /// The store holds it.
    pub in_truststore: bool,
    /// What follows.
    pub verdict: RowVerdict,
}

/// What a row of the comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowVerdict {
    /// Sent and in the store.
    Match,
    /// In the store, not sent: normal for a root.
    TruststoreOnly,
    /// Sent, not in the store, and not needed there.
    SentOnly,
    /// It would have to be in the store, and is not.
    MissingFromTruststore,
    /// It would have to be sent, and was not.
    MissingFromChain,
}

impl RowVerdict {
    /// The word of the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::TruststoreOnly => "truststore-only",
            Self::SentOnly => "sent-only",
            Self::MissingFromTruststore => "missing-from-truststore",
            Self::MissingFromChain => "missing-from-chain",
        }
    }
}

/// What a stapled OCSP response says (RFC 6960).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OcspState {
    /// The certificate is good.
    Good,
    /// It was revoked at this time (seconds since 1970).
    Revoked(i64),
    /// The responder does not know it.
    Unknown,
    /// The response is outside thisUpdate and nextUpdate (seconds since 1970).
    Stale {
        /// thisUpdate.
        this_update: i64,
        /// nextUpdate.
        next_update: Option<i64>,
    },
    /// It cannot be read, or is for another certificate: why.
    Unusable(String),
}

/// The answer of a path check.
#[derive(Debug, Clone)]
pub struct PathReport {
    /// Whose rules were applied.
    pub policy: Policy,
    /// A path to an anchor was found and nothing in it is refused.
    pub accepted: bool,
    /// A path to an anchor exists, whatever else is wrong with it.
    pub path_found: bool,
    /// The best path, leaf first, as far as it could be built.
    pub path: Vec<PathElement>,
    /// Everything wrong or worth saying, the fatal ones first, each in the order of the path.
    pub problems: Vec<Problem>,
    /// The issuer that is missing, when one is.
    pub missing: Option<MissingIssuer>,
    /// The comparison with the store, one row per certificate of the path that is needed.
    pub rows: Vec<Row>,
    /// The match with the store is by name only (the store's format has no certificates).
    pub by_name: bool,
    /// What the stapled response says.
    pub ocsp: Option<OcspState>,
}

/// Builds the best path from the leaf and judges it. It is pure: the same request gives the same report.
pub fn check(request: &PathRequest<'_>) -> PathReport {
    check_with(request, &SignatureCache::new(128))
}

/// Like [`check`], with results of signature checks remembered between calls.
pub fn check_with(request: &PathRequest<'_>, signatures: &SignatureCache) -> PathReport {
    let Some(leaf) = request.chain.first() else { return empty(request) };
    let Some(fields) = leaf.parsed() else { return unreadable(request, leaf) };
    let graph = Graph::new(request, signatures);
    let Some(draft) = build::best(&graph) else { return empty(request) };
    let mut problems = draft.problems.clone();
    let (unanchored, missing) = match draft.is_anchored() {
        true => None,
        false => missing::explain(&graph, &draft),
    }
    .unzip();
    let rows =
        rows::rows(&graph, &draft, unanchored.as_ref().map(|problem| problem.kind).zip(missing.as_ref()));
    problems.extend(unanchored);
    problems.extend(missing::partial(&graph, &draft));
    let ocsp = staple::judge(&graph, fields, &mut problems);
    problems.extend(order::notes(&graph, &draft));
    problems.sort_by_key(|problem| !problem.fatal);
    let path = elements(&graph, &draft);
    let by_name = draft.elements.iter().filter_map(|&index| graph.nodes.get(index)).any(|node| node.by_name);
    PathReport {
        policy: request.policy,
        accepted: draft.is_anchored() && !problems.iter().any(|problem| problem.fatal),
        path_found: draft.is_anchored(),
        path,
        problems,
        missing,
        rows,
        by_name: by_name || matches!(draft.end, build::End::Named(_)),
        ocsp,
    }
}

fn elements(graph: &Graph<'_>, draft: &Draft<'_>) -> Vec<PathElement> {
    let nodes = draft.elements.iter().filter_map(|&index| graph.nodes.get(index));
    nodes
        .zip(&draft.signatures)
        .map(|(node, signature)| PathElement {
            certificate: Arc::clone(node.certificate),
            source: node.source,
            in_store: node.in_store,
            signature: signature.clone(),
        })
        .collect()
}

fn empty(request: &PathRequest<'_>) -> PathReport {
    PathReport {
        policy: request.policy,
        accepted: false,
        path_found: false,
        path: Vec::new(),
        problems: Vec::new(),
        missing: None,
        rows: Vec::new(),
        by_name: false,
        ocsp: None,
    }
}

/// The report of a chain whose leaf cannot be parsed.
fn unreadable(request: &PathRequest<'_>, leaf: &Arc<Certificate>) -> PathReport {
    let reason = leaf.fields.as_ref().err().cloned().unwrap_or_default();
    let problem = Problem {
        kind: ProblemKind::Malformed,
        fatal: true,
        certificate: Some(0),
        element: Some(0),
        certain: true,
        text: format!("the leaf cannot be read: {reason}"),
    };
    let element = PathElement {
        certificate: Arc::clone(leaf),
        source: ElementSource::Sent(0),
        in_store: false,
        signature: SignatureState::CannotCheck("the certificate cannot be parsed".to_owned()),
    };
    PathReport { path: vec![element], problems: vec![problem], ..empty(request) }
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod path_tests;
