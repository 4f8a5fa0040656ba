//! Holds one connection against the inputs and asks for the diagnosis.

use std::cell::OnceCell;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::{HashMap, HashSet};
use smallvec::SmallVec;

use crate::connection::{Connection, Outcome};
use crate::diagnose::{
    Case, Ending, HostSource, OtherPaths, PolicySource, diagnose, established_in_brief,
    is_plainly_established, outline,
};
use crate::error::Result;
use crate::explain::client::{client_stack, policy_of};
use crate::explain::paths::{Checked, PathCache};
use crate::explain::signed::{check_client_signature, server_signature};
use crate::explain::{Listener, Options, PolicyChoice};
use crate::fingerprint::{Recogniser, StackGuess};
use crate::limits::Limits;
use crate::report::Parts;
use crate::tls::keylog::Secrets;
use crate::trust::{self, Policy, SignatureCache};
use crate::x509::{Certificate, CertificateCache, Part};

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
    stacks: Recogniser,
    /// CA certificates seen in this capture, by subject.
    pub(super) seen: HashMap<Part, Vec<Arc<Certificate>>, RandomState>,
    /// SHA-256 of those that were looked at for that.
    looked_at: HashSet<[u8; 32], RandomState>,
    pub(super) paths: PathCache,
    pub(super) signatures: SignatureCache,
    named: Named,
}

/// What established connections sent, where the leaf is named as asked: what is there need not be parsed again. It is known by a
/// hash of 128 bits with keys of this run; a false match would cost an established connection its warning about the name.
#[derive(Default)]
struct Named {
    keys: [RandomState; 2],
    known: HashSet<[u64; 2], RandomState>,
}

/// Chains and host names remembered as fitting.
const NAMED: usize = 8192;

impl Named {
    fn key(&self, chains: [&[Arc<[u8]>]; 2], host: Option<&(String, HostSource)>) -> [u64; 2] {
        let host = host.map(|(name, _)| name);
        self.keys.each_ref().map(|key| key.hash_one((chains, host)))
    }

    fn has(&self, key: [u64; 2]) -> bool {
        self.known.contains(&key)
    }

    fn put(&mut self, key: [u64; 2]) {
        if self.known.len() >= NAMED {
            self.known.clear();
        }
        self.known.insert(key);
    }
}

/// Signature checks remembered.
const SIGNATURES: usize = 16_384;
/// CA certificates that are looked at, so as to be remembered as seen elsewhere.
const SEEN: usize = 4096;

impl<'a> Judge<'a> {
    /// A judge with the user's inputs.
    pub fn new(options: &'a Options) -> Self {
        Self {
            options,
            secrets: Arc::new(options.secrets.clone()),
            limits: options.limits.clone(),
            has_keys: !options.secrets.is_empty(),
            cache: CertificateCache::new(options.limits.certificate_cache),
            stacks: Recogniser::default(),
            seen: HashMap::default(),
            looked_at: HashSet::default(),
            paths: PathCache::default(),
            signatures: SignatureCache::new(SIGNATURES),
            named: Named::default(),
        }
    }

    /// The user's inputs.
    pub fn options(&self) -> &'a Options {
        self.options
    }

    /// Forgets what was seen in the capture before; what was parsed and checked stays.
    pub fn begin_capture(&mut self) {
        self.cache.begin_capture();
        self.seen.clear();
        self.looked_at.clear();
        // Their CA certificates were remembered as seen in the capture before, not in this one.
        self.named.known.clear();
        self.has_keys = !self.options.secrets.is_empty();
    }

    /// Judges `connection` and tells `listener`.
    ///
    /// # Errors
    /// What the listener returns.
    pub fn judge(&mut self, connection: &mut Connection, listener: &mut dyn Listener) -> Result<()> {
        self.cache.advance(connection.last_packet);
        let host = host(connection, self.options);
        let at = self.options.at.unwrap_or(connection.start.seconds());
        let ended = OnceCell::new();
        let sent = [&connection.server_chain, &connection.client_chain]
            .map(|chain| chain.as_ref().map_or(&[][..], |at| &at.value.certificates));
        let passes = self.options.brief_established
            && (sent[0].is_empty() || data_flowed(connection))
            && is_plainly_established(connection, ended.get_or_init(|| Ending::read(connection)));
        let named = passes.then(|| self.named.key(sent, host.as_ref()));
        if named.is_some_and(|key| self.named.has(key)) {
            return self.brief(connection, at, listener);
        }
        let [server_chain, client_chain] = sent.map(|chain| self.parse(chain));
        if let Some(key) = named
            && is_named_as_asked(&server_chain, host.as_ref())
        {
            self.named.put(key);
            return self.brief(connection, at, listener);
        }
        for certificate in server_chain.iter().chain(&client_chain) {
            self.cache.keep(certificate);
        }
        let cheap = !self.options.judge_established && data_flowed(connection);
        if !cheap && connection.outcome != Outcome::Established {
            // A handshake that completed shows that the client found it good.
            connection.server_signature_good = server_signature(connection, &server_chain);
            check_client_signature(connection, &client_chain);
        }
        let stack = client_stack(connection, &mut self.stacks);
        let assumed = self.policy(&stack);
        let (mut server_paths, mut client_paths, policy) =
            self.paths(connection, &server_chain, &client_chain, at, assumed, cheap);
        let others = Arc::clone(&server_paths.others);
        let other_paths = match server_paths.first {
            None => OtherPaths::default(),
            Some(_) => {
                OtherPaths::when_asked(|| self.others(connection, &server_chain, at, assumed.0, &others))
            }
        };
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
            other_paths: &other_paths,
            client_path: None,
            hostname: hostname.as_ref(),
            host: host.as_ref().map(|(name, source)| (name.as_str(), *source)),
            at,
            now: self.options.now,
            has_keys: self.has_keys,
            in_brief: false,
            ended: ended.clone(),
        };
        let mut in_brief = None;
        if self.options.brief_established {
            let case = Case { in_brief: true, ..with_paths(case(), &server_paths, &client_paths) };
            let diagnosis = outline(&case);
            if !listener.wants_story(diagnosis.outcome) {
                return listener.connection(Parts { case: &case, diagnosis: &diagnosis });
            }
            in_brief = Some(diagnosis);
        }
        server_paths.tell_moment(at, self.options.now);
        client_paths.tell_moment(at, self.options.now);
        let case = with_paths(case(), &server_paths, &client_paths);
        let diagnosis = diagnose(&case);
        debug_assert!(in_brief.is_none_or(|outline| outline.is_outline_of(&diagnosis)), "{diagnosis:?}");
        listener.connection(Parts { case: &case, diagnosis: &diagnosis })
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
            other_paths: &OtherPaths::default(),
            client_path: None,
            hostname: None,
            host: None,
            at,
            now: self.options.now,
            has_keys: self.has_keys,
            in_brief: true,
            ended: OnceCell::new(),
        };
        listener.connection(Parts { case: &case, diagnosis: &established_in_brief() })
    }

    fn parse(&mut self, chain: &[Arc<[u8]>]) -> SmallVec<[Arc<Certificate>; 4]> {
        let chain: SmallVec<[_; 4]> = chain
            .iter()
            .take(self.options.limits.chain_certificates)
            .map(|der| self.cache.get(der))
            .collect();
        for certificate in &chain {
            let Ok(fields) = &certificate.fields else { continue };
            let fits = self.looked_at.len() < SEEN && certificate.der.len() <= CertificateCache::LONGEST;
            if fields.is_ca() && fits && self.looked_at.insert(certificate.sha256) {
                let known = self.seen.entry(fields.subject.raw.clone()).or_default();
                if known.len() < 8 {
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
}

/// The case with what the path checks gave.
fn with_paths<'c>(case: Case<'c>, server: &'c Checked, client: &'c Checked) -> Case<'c> {
    Case { path: server.first.as_deref(), client_path: client.first.as_deref(), ..case }
}

/// Both sides sent application data: neither refused the other. (A client that judges the certificate after the handshake
/// closes before that.)
fn data_flowed(c: &Connection) -> bool {
    // In TLS 1.3 a few protected records may all be handshake messages and tickets.
    let records = if c.is_tls13() && !c.decrypted { 8 } else { 1 };
    c.outcome == Outcome::Established && c.tcp.iter().all(|facts| facts.app_records >= records)
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
