//! Holds one connection against the inputs and asks for the diagnosis.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::connection::{At, Connection, Outcome, SeenAlert};
use crate::diagnose::{
    Case, HostSource, PolicySource, diagnose, established_in_brief, is_plainly_established, outline,
};
use crate::error::Result;
use crate::explain::paths::{Checked, PathCache, PathKey};
use crate::explain::{Listener, Options, PolicyChoice};
use crate::fingerprint::{Behaviour, Stack, StackGuess, recognise};
use crate::limits::Limits;
use crate::report::Parts;
use crate::tls::keylog::Secrets;
use crate::tls::message::Side;
use crate::trust::{
    self, PathReport, PathRequest, Policy, ProblemKind, SignatureCache, SignatureState, Store,
};
use crate::x509::{Certificate, CertificateCache};

/// Judges connections one after the other; certificates and path checks that recur are done once.
pub struct Judge<'a> {
    options: &'a Options,
    /// The secrets that were given.
    pub(super) secrets: Arc<Secrets>,
    /// Bounds for the next captures; those of the options at first.
    pub limits: Limits,
    /// Keys were given or found.
    pub has_keys: bool,
    cache: CertificateCache,
    /// CA certificates seen in this capture, by subject.
    seen: HashMap<Vec<u8>, Vec<Arc<Certificate>>>,
    paths: PathCache,
    signatures: SignatureCache,
}

/// Signature checks remembered.
const SIGNATURES: usize = 16_384;
/// CA certificates remembered as seen elsewhere.
const SEEN: usize = 4096;
/// Policies under which a path is checked.
const POLICIES: [Policy; 5] =
    [Policy::Java, Policy::Openssl, Policy::OpensslPartial, Policy::Webpki, Policy::Strict];

impl<'a> Judge<'a> {
    /// A judge with the user's inputs.
    pub fn new(options: &'a Options) -> Self {
        Self {
            options,
            secrets: Arc::new(options.secrets.clone()),
            limits: options.limits.clone(),
            has_keys: !options.secrets.is_empty(),
            cache: CertificateCache::new(options.limits.certificate_cache),
            seen: HashMap::new(),
            paths: PathCache::default(),
            signatures: SignatureCache::new(SIGNATURES),
        }
    }

    /// The user's inputs.
    pub fn options(&self) -> &'a Options {
        self.options
    }

    /// Forgets what was seen in the capture before; what was parsed and checked stays.
    pub fn begin_capture(&mut self) {
        self.seen.clear();
        self.has_keys = !self.options.secrets.is_empty();
    }

    /// Judges `connection` and tells `listener`.
    ///
    /// # Errors
    /// What the listener returns.
    pub fn judge(&mut self, connection: &mut Connection, listener: &mut dyn Listener) -> Result<()> {
        let server_chain =
            self.parse(connection.server_chain.as_ref().map(|at| at.value.certificates.as_slice()));
        let client_chain =
            self.parse(connection.client_chain.as_ref().map(|at| at.value.certificates.as_slice()));
        let host = host(connection, self.options);
        let at = self.options.at.unwrap_or(connection.start.seconds());
        if self.options.brief_established
            && (server_chain.is_empty() || data_flowed(connection))
            && is_named_as_asked(&server_chain, host.as_ref())
            && is_plainly_established(connection)
        {
            return self.brief(connection, at, listener);
        }
        let cheap = !self.options.judge_established && data_flowed(connection);
        if !cheap && connection.outcome != Outcome::Established {
            // A handshake that completed shows that the client found it good.
            connection.server_signature_good = server_signature(connection, &server_chain);
            check_client_signature(connection, &client_chain);
        }
        let stack = client_stack(connection);
        let (server_paths, client_paths, policy) =
            self.paths(connection, &server_chain, &client_chain, at, self.policy(&stack), cheap);
        let leaf = server_chain.first().and_then(|leaf| leaf.fields.as_ref().ok());
        let hostname = match (leaf, &host) {
            (Some(leaf), Some((name, _))) => Some(trust::check_hostname(leaf, name, policy.0)),
            _ => None,
        };
        let case = || Case {
            connection,
            stack: &stack,
            server_chain: &server_chain,
            client_chain: &client_chain,
            store: &self.options.store,
            policy,
            path: None,
            other_paths: &[],
            client_path: None,
            hostname: hostname.as_ref(),
            host: host.as_ref().map(|(name, source)| (name.as_str(), *source)),
            at,
            now: self.options.now,
            has_keys: self.has_keys,
            ended: OnceCell::new(),
        };
        if self.options.brief_established {
            let case = with_paths(case(), &server_paths, &client_paths);
            let diagnosis = outline(&case);
            if !listener.wants_story(diagnosis.outcome) {
                return listener.connection(Parts { case: &case, diagnosis: &diagnosis });
            }
        }
        let (mut server_paths, mut client_paths) = (server_paths, client_paths);
        server_paths.tell_moment(at, self.options.now);
        client_paths.tell_moment(at, self.options.now);
        let case = with_paths(case(), &server_paths, &client_paths);
        listener.connection(Parts { case: &case, diagnosis: &diagnose(&case) })
    }

    /// Holds both chains against the stores; a chain that is not judged has no report. The policy is the one that counts.
    fn paths(
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
            (counts, server.reports) = self.stricter_if_refused(connection, policy, server.reports);
        }
        if !client_chain.is_empty() {
            client = self.check(connection, client_chain, at, policy.0, true);
        }
        (server, client, counts)
    }

    /// Hands on a connection that plainly went well, with no more than a line needs.
    fn brief(&self, connection: &Connection, at: i64, listener: &mut dyn Listener) -> Result<()> {
        let stack = StackGuess::default();
        let case = Case {
            connection,
            stack: &stack,
            server_chain: &[],
            client_chain: &[],
            store: &self.options.store,
            policy: self.policy(&stack),
            path: None,
            other_paths: &[],
            client_path: None,
            hostname: None,
            host: None,
            at,
            now: self.options.now,
            has_keys: self.has_keys,
            ended: OnceCell::new(),
        };
        listener.connection(Parts { case: &case, diagnosis: &established_in_brief() })
    }

    fn parse(&mut self, chain: Option<&[Arc<[u8]>]>) -> Vec<Arc<Certificate>> {
        let chain: Vec<_> = chain
            .unwrap_or_default()
            .iter()
            .take(self.options.limits.chain_certificates)
            .map(|der| self.cache.get(der))
            .collect();
        for certificate in &chain {
            let Ok(fields) = &certificate.fields else { continue };
            if fields.basic_constraints.is_some_and(|constraints| constraints.ca) && self.seen.len() < SEEN {
                let known = self.seen.entry(fields.subject.raw.clone()).or_default();
                if known.len() < 8 && !known.iter().any(|other| other.sha256 == certificate.sha256) {
                    known.push(Arc::clone(certificate));
                }
            }
        }
        chain
    }

    fn policy(&self, stack: &StackGuess) -> (Policy, PolicySource) {
        match (self.options.policy, stack.fits.first()) {
            (PolicyChoice::Fixed(policy), _) => (policy, PolicySource::Option),
            (PolicyChoice::Auto, Some(stack)) => (policy_of(*stack), PolicySource::Client),
            (PolicyChoice::Auto, None) => (Policy::Openssl, PolicySource::Default),
        }
    }

    /// A client that refuses a chain which its usual rules take goes by others: a store without the root is enough for a
    /// JDK's own trust manager, and not for one that takes self-signed certificates alone as anchors.
    fn stricter_if_refused(
        &self,
        connection: &Connection,
        policy: (Policy, PolicySource),
        reports: Arc<Vec<PathReport>>,
    ) -> ((Policy, PolicySource), Arc<Vec<PathReport>>) {
        let refused = connection.outcome == Outcome::Failed
            && connection.client_key_exchange.is_none()
            && connection.closed_by().is_none_or(|(side, _)| side == Side::Client);
        let taken = reports.first().is_some_and(|report| report.accepted);
        if policy.1 != PolicySource::Client || !refused || !taken {
            return (policy, reports);
        }
        let untrusted = |report: &PathReport| {
            report.policy == Policy::Openssl
                && report
                    .problems
                    .iter()
                    .any(|problem| problem.fatal && problem.kind == ProblemKind::UntrustedRoot)
        };
        match reports.iter().position(untrusted) {
            Some(at) => {
                let mut reports = (*reports).clone();
                reports.swap(0, at);
                ((Policy::Openssl, PolicySource::Refusal), Arc::new(reports))
            }
            None => (policy, reports),
        }
    }

    /// The path under `first` and then under the other policies.
    fn check(
        &mut self,
        connection: &Connection,
        chain: &[Arc<Certificate>],
        at: i64,
        first: Policy,
        client: bool,
    ) -> Checked {
        let ocsp = connection.server_chain.as_ref().and_then(|at| at.value.ocsp.clone()).filter(|_| !client);
        let elsewhere = self.elsewhere(chain);
        let hashes = |list: &[Arc<Certificate>]| list.iter().map(|c| c.sha256).collect();
        let asked = connection.client_hello.as_ref().is_some_and(|hello| hello.value.asks_ocsp);
        let asked_ocsp = asked && !client;
        let (chain_key, elsewhere_key) = (hashes(chain), hashes(&elsewhere));
        let key = PathKey {
            chain: chain_key,
            client,
            first,
            asked_ocsp,
            ocsp: ocsp.as_ref().map(|response| Sha256::digest(response).into()),
            elsewhere: elsewhere_key,
        };
        if let Some(known) = self.paths.get(&key, at) {
            return known;
        }
        let empty = Store::none();
        let request = PathRequest {
            chain,
            store: if client { &empty } else { &self.options.store },
            at,
            now: self.options.now,
            policy: first,
            client,
            elsewhere: &elsewhere,
            ocsp: ocsp.as_deref(),
            asked_ocsp,
        };
        let signatures = &self.signatures;
        let check = |policy| trust::check_path_with(&PathRequest { policy, ..request }, signatures);
        let mut reports = vec![check(first)];
        if !client {
            reports.extend(POLICIES.into_iter().filter(|policy| *policy != first).map(check));
        }
        let reports = Arc::new(reports);
        self.paths.put(key, &request, &reports);
        Checked { reports, told_at: at }
    }

    /// Certificates that other connections or Mozilla's list have for an issuer that this chain names.
    fn elsewhere(&self, chain: &[Arc<Certificate>]) -> Vec<Arc<Certificate>> {
        let mut found: Vec<Arc<Certificate>> = Vec::new();
        for certificate in chain {
            let Ok(fields) = &certificate.fields else { continue };
            for other in self.seen.get(&fields.issuer.raw).into_iter().flatten() {
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

/// The case with what the path checks gave.
fn with_paths<'c>(case: Case<'c>, server: &'c Checked, client: &'c Checked) -> Case<'c> {
    Case {
        path: server.reports.first(),
        other_paths: server.reports.get(1..).unwrap_or_default(),
        client_path: client.reports.first(),
        ..case
    }
}

/// Mozilla's roots, read once: they name what is missing whatever store was given.
fn mozilla() -> &'static Store {
    static ROOTS: std::sync::OnceLock<Store> = std::sync::OnceLock::new();
    ROOTS.get_or_init(Store::mozilla)
}

/// Both sides sent application data: neither refused the other. (A client that judges the certificate after the handshake
/// closes before that.)
fn data_flowed(c: &Connection) -> bool {
    // In TLS 1.3 a few protected records may all be handshake messages and tickets.
    let records = if c.is_tls13() && !c.decrypted { 8 } else { 1 };
    c.outcome == Outcome::Established && c.tcp.iter().all(|facts| facts.app_records >= records)
}

/// Whose rules a stack follows.
fn policy_of(stack: Stack) -> Policy {
    match stack {
        Stack::Java => Policy::Java,
        Stack::Rustls => Policy::Webpki,
        Stack::OpenSsl
        | Stack::LibreSsl
        | Stack::Python
        | Stack::Node
        | Stack::Php
        | Stack::Ruby
        | Stack::Nginx
        | Stack::HaProxy
        | Stack::Stunnel => Policy::Openssl,
        Stack::Curl
        | Stack::Go
        | Stack::GnuTls
        | Stack::Wget
        | Stack::MbedTls
        | Stack::WolfSsl
        | Stack::Nss
        | Stack::Firefox
        | Stack::Chromium
        | Stack::BoringSsl
        | Stack::Schannel
        | Stack::Apple => Policy::OpensslPartial,
    }
}

/// The stack by the shape of the ClientHello, without those that the client's behaviour excludes.
fn client_stack(connection: &Connection) -> StackGuess {
    let Some(hello) = &connection.client_hello else { return StackGuess::default() };
    let mut guess = recognise(&hello.value);
    guess.refine(&behaviour(connection));
    guess
}

/// What the client did, as far as it tells stacks apart.
fn behaviour(c: &Connection) -> Behaviour {
    let refusal = c.alerts.iter().find(|at| {
        let seen = &at.value;
        seen.sender == Side::Client
            && !seen.after_peer_closed
            && seen.alert.is_none_or(|alert| alert.level == 2)
    });
    let after_server_flight = c.server_hello.is_some() && (c.server_chain.is_some() || c.is_tls13());
    let certificate_alert = |at: &At<SeenAlert>| {
        at.value.alert.is_some_and(|alert| matches!(alert.description.0, 42..=46 | 48 | 113))
    };
    let mut behaviour = Behaviour {
        rejected_with_alert: after_server_flight && refusal.is_some_and(certificate_alert),
        ..Behaviour::default()
    };
    if c.is_tls13() {
        behaviour.clear_alert_in_tls13 = refusal.is_some_and(|at| !at.value.encrypted);
        let server_hello = c.server_hello.as_ref().map_or(0, |at| at.packet);
        let first = c.protected[Side::Client as usize].iter().find(|record| record.packet > server_hello);
        behaviour.first_client_record_len = first.map(|record| record.len);
        behaviour.alert_padded_16 = first.is_some_and(|record| record.len == 35);
        let ccs = c.change_cipher_spec[Side::Client as usize].is_some();
        behaviour.sent_ccs_tls13 = first.is_some().then_some(ccs);
    }
    behaviour
}

/// The name that the client meant to reach, and where it comes from.
fn host(connection: &Connection, options: &Options) -> Option<(String, HostSource)> {
    if let Some(name) = &options.host {
        return Some((name.clone(), HostSource::Option));
    }
    if let Some(name) = connection.sni() {
        return Some((name.to_owned(), HostSource::Sni));
    }
    let target = connection.tunnel.as_ref()?.value.target.as_ref()?;
    let host = target.rsplit_once(':').map_or(target.as_str(), |(host, _)| host);
    Some((host.trim_matches(['[', ']']).to_owned(), HostSource::Tunnel))
}

/// The leaf covers the host asked for under every client's rules, or there is nothing to compare.
fn is_named_as_asked(chain: &[Arc<Certificate>], host: Option<&(String, HostSource)>) -> bool {
    let leaf = chain.first().and_then(|leaf| leaf.fields.as_ref().ok());
    match (leaf, host) {
        (Some(leaf), Some((host, _))) => trust::covers_host_for_all(leaf, host),
        _ => true,
    }
}

/// Whether the signature of the key exchange (TLS 1.2 and below), or of the CertificateVerify, is by the leaf's key.
fn server_signature(c: &Connection, chain: &[Arc<Certificate>]) -> Option<bool> {
    let leaf = chain.first()?.fields.as_ref().ok()?;
    if let Some(at) = &c.server_certificate_verify {
        let signed = at.value.signed.as_ref()?;
        return verified(trust::signature::verify_tls(
            &leaf.key,
            at.value.scheme.map(|s| s.0),
            signed,
            &at.value.signature,
        ));
    }
    let exchange = &c.server_key_exchange.as_ref()?.value;
    if exchange.signature.is_empty() {
        return None;
    }
    let (client, server) = (c.client_hello.as_ref()?, c.server_hello.as_ref()?);
    let message = [&client.value.random[..], &server.value.random, &exchange.params].concat();
    let scheme = exchange.signature_scheme.map(|scheme| scheme.0);
    verified(trust::signature::verify_tls(&leaf.key, scheme, &message, &exchange.signature))
}

/// Holds the client's CertificateVerify against its leaf (RFC 8446 §4.4.3, RFC 5246 §7.4.8).
fn check_client_signature(c: &mut Connection, chain: &[Arc<Certificate>]) {
    let leaf = chain.first().and_then(|leaf| leaf.fields.as_ref().ok());
    if let (Some(at), Some(leaf)) = (&mut c.client_certificate_verify, leaf)
        && let Some(signed) = &at.value.signed
    {
        let scheme = at.value.scheme.map(|scheme| scheme.0);
        at.value.verified =
            verified(trust::signature::verify_tls(&leaf.key, scheme, signed, &at.value.signature));
    }
}

fn verified(state: SignatureState) -> Option<bool> {
    match state {
        SignatureState::Good => Some(true),
        SignatureState::Bad => Some(false),
        SignatureState::CannotCheck(_) => None,
    }
}
