//! What is wrong with each certificate of a path (RFC 5280 §6.1), and which of it the policy refuses.

use crate::trust::build::Draft;
use crate::trust::constraints;
use crate::trust::graph::{Graph, Node};
use crate::trust::signature::{is_usual, weakness};
use crate::trust::words::{span, subject, time};
use crate::trust::{PathReport, Policy, Problem, ProblemKind, SignatureState, StoreKind, WeakHash};
use crate::x509::{Fields, KeyAlgorithm, extended_key_usage_name};

/// Judges every certificate of a path, leaf first.
pub(super) fn problems(graph: &Graph<'_>, draft: &Draft<'_>) -> Vec<Problem> {
    let path: Vec<&Node<'_>> = draft.elements.iter().filter_map(|&index| graph.nodes.get(index)).collect();
    let anchored = draft.ends_trusted();
    let mut judge = Judge { graph, path: &path, problems: Vec::new(), element: 0, anchored };
    if anchored && path.len() == 1 && graph.rules.anchored_leaf_unchecked {
        path.first().into_iter().for_each(|leaf| judge.encoding(leaf));
        return judge.problems;
    }
    for element in 0..path.len() {
        judge.element = element;
        judge.certificate();
        let unchecked = anchored && element + 1 == path.len();
        if draft.signatures.get(element) == Some(&SignatureState::Bad) && !unchecked {
            judge.bad_signature();
        }
    }
    for (element, text) in constraints::violations(&path, judge.constraining(), &graph.rules) {
        judge.element = element;
        judge.add(ProblemKind::NameConstraint, true, text);
    }
    judge.problems
}

/// What is wrong with the dates of a path's certificate at a moment, and the sentence that says so (RFC 5280 §4.1.2.5).
fn outside_validity(
    fields: &Fields,
    element: usize,
    at: i64,
    now: Option<i64>,
) -> Option<(ProblemKind, String)> {
    let range = || format!("valid from {} to {}", time(fields.not_before), time(fields.not_after));
    if at > fields.not_after {
        let kind = if element == 0 { ProblemKind::Expired } else { ProblemKind::ExpiredIntermediate };
        let ago = span(at.saturating_sub(fields.not_after));
        let text = format!("{} had expired {ago} before {} ({})", subject(fields), time(at), range());
        return Some((kind, text));
    }
    if at >= fields.not_before {
        return None;
    }
    let until = span(fields.not_before.saturating_sub(at));
    let now = match now {
        Some(now) if (fields.not_before..=fields.not_after).contains(&now) => "; today it is valid",
        _ => "",
    };
    let text = format!("{} became valid only {until} after {} ({}{now})", subject(fields), time(at), range());
    Some((ProblemKind::NotYetValid, text))
}

/// Puts another moment into the sentences of a report that tell one. The moment has to be one at which the same certificates
/// are valid as at the report's own.
pub fn tell_moment(report: &mut PathReport, at: i64, now: Option<i64>) {
    for problem in report.problems.iter_mut().filter(|problem| problem.kind.is_about_dates()) {
        let Some(element) = problem.element else { continue };
        let fields = report.path.get(element).and_then(|found| found.certificate.parsed());
        if let Some((_, text)) = fields.and_then(|fields| outside_validity(fields, element, at, now)) {
            problem.text = text;
        }
    }
}

struct Judge<'g, 'a> {
    graph: &'g Graph<'a>,
    path: &'g [&'g Node<'a>],
    problems: Vec<Problem>,
    element: usize,
    anchored: bool,
}

impl Judge<'_, '_> {
    fn add(&mut self, kind: ProblemKind, fatal: bool, text: String) {
        let certificate = self.path.get(self.element).and_then(|node| node.sent());
        self.problems.push(Problem {
            kind,
            fatal,
            certificate,
            element: Some(self.element),
            certain: true,
            text,
        });
    }

    /// It ends the path: an anchor, or a self-signed root that should be one. Nothing depends on its signature.
    fn is_top(&self) -> bool {
        let last = self.element + 1 == self.path.len();
        last && (self.anchored
            || self.path.get(self.element).is_some_and(|node| node.fields.is_self_issued()))
    }

    /// The policy does not look at the anchor but for its name and key.
    fn is_exempt(&self) -> bool {
        self.is_top() && self.element > 0 && !self.graph.rules.anchor_is_checked
    }

    /// How many certificates from the leaf on are bound by the constraints of those above them.
    fn constraining(&self) -> usize {
        let anchor_is_free = self.anchored && !self.graph.rules.anchor_constrains;
        self.path.len() - usize::from(anchor_is_free)
    }

    fn certificate(&mut self) {
        let Some(&node) = self.path.get(self.element) else { return };
        self.encoding(node);
        self.dates(node);
        self.extensions(node);
        match self.element {
            0 => self.leaf(node),
            _ => self.issuer(node),
        }
        self.algorithm(node);
        self.key(node);
    }

    fn encoding(&mut self, node: &Node<'_>) {
        let rules = &self.graph.rules;
        let exempt = self.is_exempt();
        let tolerated =
            |text: &str| rules.tolerates_trailing_bytes && text.ends_with("bytes follow the certificate");
        for defect in &node.fields.defects {
            let text = format!("{} is malformed: {defect}", subject(node.fields));
            self.add(ProblemKind::Malformed, !exempt && !tolerated(defect), text);
        }
        if rules.version3_only && node.fields.version < 3 && !exempt {
            let text = format!("{} is of version {}", subject(node.fields), node.fields.version);
            self.add(ProblemKind::Malformed, true, text);
        }
    }

    fn dates(&mut self, node: &Node<'_>) {
        let fields = node.fields;
        let at = self.graph.request.at;
        let searched = self.graph.request.policy == Policy::Java && self.graph.jdk_would_search();
        let fatal = !self.is_exempt() || searched;
        let Some((kind, text)) = outside_validity(fields, self.element, at, self.graph.request.now) else {
            return;
        };
        self.add(kind, fatal, text);
    }

    fn extensions(&mut self, node: &Node<'_>) {
        let exempt = self.is_exempt();
        let rules = &self.graph.rules;
        for oid in node.fields.critical.iter().filter(|oid| !rules.understands.contains(&&***oid)) {
            let unknown = node.fields.unknown_critical.contains(oid);
            let text =
                format!("{} has the critical extension {oid}, which is not understood", subject(node.fields));
            if unknown || !exempt {
                self.add(ProblemKind::UnknownCritical, !exempt, text);
            }
        }
    }

    fn leaf(&mut self, node: &Node<'_>) {
        let rules = &self.graph.rules;
        let fields = node.fields;
        let usable = match self.graph.request.client {
            // digitalSignature or keyAgreement.
            true => fields.allows_usage(0) || fields.allows_usage(4),
            // keyEncipherment too, for RSA key exchange.
            false => fields.allows_usage(0) || fields.allows_usage(2) || fields.allows_usage(4),
        };
        if !usable {
            let names = fields.key_usage_names().join(", ");
            let text = format!("{} is only for {names} (keyUsage), not for TLS", subject(fields));
            self.add(ProblemKind::WrongEku, rules.key_usage_of_leaf, text);
        }
        self.extended_usage(node, true);
        if !rules.leaf_may_be_ca && fields.is_ca() {
            let text = format!("{} is a CA's certificate, used as a server's", subject(fields));
            self.add(ProblemKind::WrongEku, true, text);
        }
    }

    /// `extKeyUsage` (RFC 5280 §4.2.1.12), of a leaf or as a limit that a CA is under.
    fn extended_usage(&mut self, node: &Node<'_>, fatal: bool) {
        let Some(usages) = &node.fields.extended_key_usage else { return };
        let rules = &self.graph.rules;
        let (wanted, name) = match self.graph.request.client {
            true => ("1.3.6.1.5.5.7.3.2", "clientAuth"),
            false => ("1.3.6.1.5.5.7.3.1", "serverAuth"),
        };
        let gated = rules.gated_eku && !self.graph.request.client;
        let allowed = usages.iter().any(|usage| {
            usage == wanted
                || rules.any_eku && usage == "2.5.29.37.0"
                || gated && matches!(&**usage, "1.3.6.1.4.1.311.10.3.3" | "2.16.840.1.113730.4.1")
        });
        if !allowed {
            let names: Vec<&str> =
                usages.iter().map(|usage| extended_key_usage_name(usage).unwrap_or(usage)).collect();
            let list = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            let text = format!("{} is only for {list} (extKeyUsage), not for {name}", subject(node.fields));
            self.add(ProblemKind::WrongEku, fatal, text);
        }
    }

    fn issuer(&mut self, node: &Node<'_>) {
        let rules = self.graph.rules;
        let fields = node.fields;
        let exempt = self.is_exempt();
        let signs = fields.allows_usage(5);
        let old_root = self.element + 1 == self.path.len()
            && fields.basic_constraints.is_none()
            && (fields.version == 1 || fields.key_usage.is_some() && signs);
        let fatal = !exempt || rules.anchor_is_ca && fields.version == 3;
        if !(fields.is_ca() || old_root && rules.old_roots) {
            let why = match fields.basic_constraints {
                Some(_) => "its basicConstraints says that it is no CA",
                None => "it has no basicConstraints",
            };
            let text = format!("{} issued a certificate but is no CA: {why}", subject(fields));
            self.add(ProblemKind::NotACa, fatal, text);
        } else if !signs {
            let text =
                format!("{} issued a certificate, but its keyUsage lacks keyCertSign", subject(fields));
            self.add(ProblemKind::NotACa, fatal && rules.key_usage_of_issuers, text);
        }
        self.path_length(node, exempt);
        if rules.eku_of_issuers && !exempt {
            self.extended_usage(node, true);
        }
    }

    /// `pathLenConstraint` counts the intermediates between this CA and the leaf that are not self-issued.
    fn path_length(&mut self, node: &Node<'_>, exempt: bool) {
        let Some(limit) = node.fields.basic_constraints.and_then(|constraints| constraints.path_len) else {
            return;
        };
        let below = self.path.get(1..self.element).unwrap_or_default();
        let counted = below.iter().filter(|node| !node.fields.is_self_issued()).count();
        if counted > usize::try_from(limit).unwrap_or(usize::MAX) {
            let text = format!(
                "{} allows {limit} intermediate CAs below it (pathLenConstraint); there are {counted}",
                subject(node.fields)
            );
            self.add(ProblemKind::PathLength, !exempt, text);
        }
    }

    /// How a certificate is signed matters where anything hangs on it, which is all but the top.
    fn algorithm(&mut self, node: &Node<'_>) {
        let rules = &self.graph.rules;
        let algorithm = &node.fields.signature_algorithm;
        if self.is_top() {
            return;
        }
        let Some(weak) = weakness(algorithm) else {
            let supported = |list: &[&str]| list.contains(&&*algorithm.oid) && is_usual(algorithm);
            if !rules.signatures.is_none_or(supported) {
                let name = subject(node.fields);
                let text = format!("{name} is signed with {}, which is not supported", algorithm.name);
                self.add(ProblemKind::WeakSignature, true, text);
            }
            return;
        };
        let under_jdk_root = self.graph.request.policy == Policy::Java
            && matches!(self.graph.request.store.kind, StoreKind::Mozilla | StoreKind::System);
        let fatal = match weak {
            WeakHash::Md5 => rules.refuses_md5,
            WeakHash::Sha1 => rules.refuses_sha1 || under_jdk_root,
        };
        let text = format!("{} is signed with {} ({})", subject(node.fields), weak.name(), algorithm.name);
        self.add(ProblemKind::WeakSignature, fatal, text);
    }

    fn key(&mut self, node: &Node<'_>) {
        let key = &node.fields.key;
        let rules = &self.graph.rules;
        let (usual, least) = match key.algorithm {
            KeyAlgorithm::Rsa | KeyAlgorithm::Dsa => (2048, rules.least_rsa_bits),
            KeyAlgorithm::Ec(_) => (224, rules.least_ec_bits),
            _ => return,
        };
        if key.bits > 0 && key.bits < usual.max(least) {
            let text = format!("{} has an {} key of {} bits", subject(node.fields), key.algorithm, key.bits);
            self.add(ProblemKind::WeakKey, key.bits < least, text);
        }
    }

    fn bad_signature(&mut self) {
        let child = self.path.get(self.element).map(|node| subject(node.fields)).unwrap_or_default();
        let text = match self.path.get(self.element + 1) {
            Some(issuer) => {
                format!("the signature of {child} does not verify with the key of {}", subject(issuer.fields))
            }
            None => format!("the signature of {child} does not verify with its own key"),
        };
        self.add(ProblemKind::BadSignature, true, text);
    }
}
