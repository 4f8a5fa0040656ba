//! What a case borrows, built by hand for the tests of this folder.

use std::sync::Arc;

use crate::connection::Connection;
use crate::diagnose::{Case, HostSource, OtherPaths, PolicySource};
use crate::fingerprint::{Stack, StackGuess};
use crate::trust::{
    HostnameReport, MissingIssuer, PathReport, Policy, Problem, ProblemKind, Store, StoreKind,
};
use crate::x509::{Certificate, Name};

/// Everything that a case borrows.
pub(super) struct Inputs {
    pub connection: Connection,
    pub stack: StackGuess,
    pub chain: Vec<Arc<Certificate>>,
    pub client_chain: Vec<Arc<Certificate>>,
    pub store: Store,
    pub policy: (Policy, PolicySource),
    pub path: Option<PathReport>,
    pub others: OtherPaths<'static>,
    pub hostname: Option<HostnameReport>,
}

impl Inputs {
    /// A connection with the client's store, under the strict policy; the chain verifies and the name fits.
    pub(super) fn new(connection: Connection) -> Self {
        let count = connection.server_chain.as_ref().map_or(0, |at| at.value.certificates.len());
        let chain = (0..count).map(|_| unreadable()).collect::<Vec<_>>();
        let path = (count > 0).then(|| report(Policy::Strict, &[]));
        let expected = "api.example".to_owned();
        let names = vec![expected.clone()];
        let hostname = (count > 0).then_some(HostnameReport {
            expected,
            matches: true,
            matched: None,
            by_common_name: false,
            names,
            note: None,
        });
        Self {
            connection,
            stack: StackGuess::default(),
            chain,
            client_chain: Vec::new(),
            store: Store { source: "store.pem".into(), kind: StoreKind::Given, ..Store::default() },
            policy: (Policy::Strict, PolicySource::Option),
            path,
            others: OtherPaths::default(),
            hostname,
        }
    }

    /// The client is of this stack.
    pub(super) fn stack(mut self, stack: Stack) -> Self {
        self.stack.fits = vec![stack];
        self
    }

    /// The chain has these problems.
    pub(super) fn problems(mut self, problems: &[(ProblemKind, bool)]) -> Self {
        self.path = Some(report(self.policy.0, problems));
        self
    }

    /// The leaf is for another name.
    pub(super) fn wrong_name(mut self) -> Self {
        if let Some(report) = &mut self.hostname {
            report.matches = false;
            report.names = vec!["other.example".into()];
        }
        self
    }

    /// Nothing is known of the client's store: Mozilla's is taken.
    pub(super) fn without_store(mut self) -> Self {
        self.store.kind = StoreKind::Mozilla;
        self
    }

    /// The case that these inputs make.
    pub(super) fn case(&self) -> Case<'_> {
        Case {
            connection: &self.connection,
            stack: &self.stack,
            server_chain: &self.chain,
            client_chain: &self.client_chain,
            store: &self.store,
            policy: self.policy,
            path: self.path.as_ref(),
            other_paths: &self.others,
            client_path: None,
            hostname: self.hostname.as_ref(),
            host: Some(("api.example", HostSource::Option)),
            at: 1_600_000_000,
            now: None,
            has_keys: false,
            in_brief: false,
            ended: std::cell::OnceCell::new(),
        }
    }
}

/// A path report with these problems, each fatal or not.
pub(super) fn report(policy: Policy, problems: &[(ProblemKind, bool)]) -> PathReport {
    let no_anchor = |kind| matches!(kind, ProblemKind::UntrustedRoot | ProblemKind::MissingIntermediate);
    let lost = problems.iter().find(|(kind, _)| no_anchor(*kind));
    PathReport {
        policy,
        accepted: !problems.iter().any(|(_, fatal)| *fatal),
        path_found: lost.is_none(),
        path: Vec::new(),
        problems: problems
            .iter()
            .map(|&(kind, fatal)| Problem {
                kind,
                fatal,
                certificate: None,
                element: None,
                certain: true,
                text: format!("The chain has {kind:?}."),
            })
            .collect(),
        missing: lost.map(|(kind, _)| MissingIssuer {
            subject: Name::default(),
            key_id: None,
            ca_issuers: Vec::new(),
            found: None,
            is_root: Some(*kind == ProblemKind::UntrustedRoot),
            sent: false,
        }),
        rows: Vec::new(),
        by_name: false,
        ocsp: None,
    }
}

fn unreadable() -> Arc<Certificate> {
    Arc::new(Certificate { der: Arc::from([]), sha256: [0; 32], fields: Err("made for a test".into()) })
}
