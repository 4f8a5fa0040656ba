//! Chains held against the stores, under the rules of the client and of others.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::connection::{Connection, Outcome};
use crate::diagnose::PolicySource;
use crate::explain::judge::Judge;
use crate::explain::paths::{Checked, Others, PathKey, others_at};
use crate::tls::message::Side;
use crate::trust::{self, PathReport, PathRequest, Policy, ProblemKind, Store};
use crate::x509::Certificate;

/// Policies under which a path is checked.
const POLICIES: [Policy; 5] =
    [Policy::Java, Policy::Openssl, Policy::OpensslPartial, Policy::Webpki, Policy::Strict];

impl Judge<'_> {
    /// Holds both chains against the stores; a chain that is not judged has no report. The policy is the one that counts.
    pub(super) fn paths(
        &mut self,
        connection: &Connection,
        server_chain: &[Arc<Certificate>],
        client_chain: &[Arc<Certificate>],
        at: i64,
        policy: (Policy, PolicySource),
        cheap: bool,
    ) -> (Checked, Checked, (Policy, PolicySource)) {
        let (mut server, mut client, mut counts) = (Checked::default(), Checked::default(), policy);
        if !server_chain.is_empty() && !cheap {
            server = self.check(connection, server_chain, at, policy.0, false);
            if let Some(stricter) = self.stricter_if_refused(connection, server_chain, at, policy, &server) {
                (counts, server) = ((Policy::Openssl, PolicySource::Refusal), stricter);
            }
        }
        if !client_chain.is_empty() {
            client = self.check(connection, client_chain, at, policy.0, true);
        }
        (server, client, counts)
    }

    /// A client that refuses a chain which its usual rules take goes by others: a store without the root is enough for a
    /// JDK's own trust manager, and not for one that takes self-signed certificates alone as anchors.
    fn stricter_if_refused(
        &self,
        connection: &Connection,
        chain: &[Arc<Certificate>],
        at: i64,
        policy: (Policy, PolicySource),
        checked: &Checked,
    ) -> Option<Checked> {
        let refused = connection.outcome == Outcome::Failed
            && connection.client_key_exchange.is_none()
            && connection.closed_by().is_none_or(|(side, _)| side == Side::Client);
        let first = checked.first.as_ref()?;
        if policy.1 != PolicySource::Client || !refused || !first.accepted {
            return None;
        }
        let untrusted = |report: &PathReport| {
            report.policy == Policy::Openssl
                && report
                    .problems
                    .iter()
                    .any(|problem| problem.fatal && problem.kind == ProblemKind::UntrustedRoot)
        };
        let mut others = (*self.others(connection, chain, at, policy.0, &checked.others)).clone();
        let stricter = others.iter_mut().find(|report| untrusted(report))?;
        let mut first = (**first).clone();
        trust::tell_moment(&mut first, at, self.options().now);
        std::mem::swap(stricter, &mut first);
        Some(Checked {
            first: Some(Arc::new(first)),
            others: Arc::new(Others::from((at, Arc::new(others)))),
            told_at: at,
        })
    }

    /// The path under the policy `first`.
    fn check(
        &mut self,
        connection: &Connection,
        chain: &[Arc<Certificate>],
        at: i64,
        first: Policy,
        client: bool,
    ) -> Checked {
        let ocsp = stapled(connection).filter(|_| !client);
        let elsewhere = self.elsewhere(chain);
        let hashes = |list: &[Arc<Certificate>]| list.iter().map(|c| c.sha256).collect();
        let asked_ocsp = asks_ocsp(connection) && !client;
        let key = PathKey {
            chain: hashes(chain),
            client,
            first,
            asked_ocsp,
            ocsp: ocsp.map(|response| Sha256::digest(response).into()),
            elsewhere: hashes(&elsewhere),
        };
        if let Some(known) = self.paths.get(&key, at) {
            return known;
        }
        let empty = Store::none();
        let request = PathRequest {
            chain,
            store: if client { &empty } else { &self.options().store },
            at,
            now: self.options().now,
            policy: first,
            client,
            elsewhere: &elsewhere,
            ocsp,
            asked_ocsp,
        };
        let report = trust::check_path_with(&request, &self.signatures);
        self.paths.put(key, &request, report)
    }

    /// The server's path under every policy but `first`, from `known` or made now.
    pub(super) fn others(
        &self,
        connection: &Connection,
        chain: &[Arc<Certificate>],
        at: i64,
        first: Policy,
        known: &Others,
    ) -> Arc<Vec<PathReport>> {
        let now = self.options().now;
        others_at(known, at, now, || {
            let elsewhere = self.elsewhere(chain);
            let check = |policy| {
                let request = PathRequest {
                    chain,
                    store: &self.options().store,
                    at,
                    now,
                    policy,
                    client: false,
                    elsewhere: &elsewhere,
                    ocsp: stapled(connection),
                    asked_ocsp: asks_ocsp(connection),
                };
                trust::check_path_with(&request, &self.signatures)
            };
            POLICIES.into_iter().filter(|policy| *policy != first).map(check).collect()
        })
    }

    /// Certificates that other connections or Mozilla's list have for an issuer that this chain names.
    fn elsewhere(&self, chain: &[Arc<Certificate>]) -> Vec<Arc<Certificate>> {
        let mut found: Vec<Arc<Certificate>> = Vec::new();
        for certificate in chain {
            let Ok(fields) = &certificate.fields else { continue };
            for other in self.seen.get(&*fields.issuer.raw).into_iter().flatten() {
                if !chain.iter().any(|sent| sent.sha256 == other.sha256) {
                    found.push(Arc::clone(other));
                }
            }
            let mozilla = mozilla();
            let known =
                mozilla.find_by_subject(&fields.issuer.raw).iter().filter_map(|at| mozilla.entries.get(*at));
            found.extend(known.filter_map(|entry| entry.certificate().cloned()));
        }
        found
    }
}

/// The OCSP response that came with the server's chain.
fn stapled(connection: &Connection) -> Option<&[u8]> {
    connection.server_chain.as_ref()?.value.ocsp.as_deref()
}

/// The client asked for one (RFC 6066 §8).
fn asks_ocsp(connection: &Connection) -> bool {
    connection.client_hello.as_ref().is_some_and(|hello| hello.value.asks_ocsp)
}

/// Mozilla's roots, read once: they name what is missing whatever store was given.
fn mozilla() -> &'static Store {
    static ROOTS: std::sync::OnceLock<Store> = std::sync::OnceLock::new();
    ROOTS.get_or_init(Store::mozilla)
}
