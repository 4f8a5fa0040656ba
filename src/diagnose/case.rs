//! All that a check may see, read-only: the facts of one connection and what the inputs say of them.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::connection::Connection;
use crate::diagnose::Missing;
use crate::diagnose::abort::Ending;
use crate::fingerprint::{Stack, StackGuess};
use crate::tls::message::Side;
use crate::trust::{HostnameReport, PathReport, Policy, Store, StoreKind};
use crate::tunnel::asks_for_tls;
use crate::x509::Certificate;

/// Where the name that the client meant to reach comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostSource {
    /// The user gave it.
    Option,
    /// The server name of the ClientHello.
    Sni,
    /// The target of a CONNECT or SOCKS request.
    Tunnel,
}

impl HostSource {
    /// The word of the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Option => "--host",
            Self::Sni => "SNI",
            Self::Tunnel => "proxy request",
        }
    }
}

/// Why a policy was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicySource {
    /// The user chose it.
    Option,
    /// The recognised client's.
    Client,
    /// No client was recognised: the usual rules.
    Default,
    /// The recognised client's rules take the chain, and this client refused it: stricter ones, under which that is plain.
    Refusal,
}

/// The reports for a chain under every policy but the one that counts. Most verdicts do without, so they are made when they are
/// asked for.
#[derive(Default)]
pub struct OtherPaths<'a> {
    made: OnceCell<Arc<Vec<PathReport>>>,
    make: Option<Box<Make<'a>>>,
}

type Make<'a> = dyn Fn() -> Arc<Vec<PathReport>> + 'a;

impl<'a> OtherPaths<'a> {
    /// Reports that are there already.
    pub fn known(reports: Vec<PathReport>) -> Self {
        Self { made: OnceCell::from(Arc::new(reports)), make: None }
    }

    /// Reports that `make` makes.
    pub fn when_asked(make: impl Fn() -> Arc<Vec<PathReport>> + 'a) -> Self {
        Self { made: OnceCell::new(), make: Some(Box::new(make)) }
    }

    /// The reports; none without a chain.
    pub fn get(&self) -> &[PathReport] {
        self.made.get_or_init(|| self.make.as_ref().map(|make| make()).unwrap_or_default())
    }
}

impl std::fmt::Debug for OtherPaths<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OtherPaths").field(&self.made.get()).finish()
    }
}

/// One connection with everything that is known about it.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// What the capture says.
    pub connection: &'a Connection,
    /// Which stack the client seems to be.
    pub stack: &'a StackGuess,
    /// The server's certificates, parsed, in the order sent.
    pub server_chain: &'a [Arc<Certificate>],
    /// The client's certificates, parsed, in the order sent.
    pub client_chain: &'a [Arc<Certificate>],
    /// What the client is taken to trust.
    pub store: &'a Store,
    /// Whose rules were applied, and why these.
    pub policy: (Policy, PolicySource),
    /// The chain held against the store under that policy; `None` without a chain.
    pub path: Option<&'a PathReport>,
    /// The same under every other policy, so that a verdict can say where they differ.
    pub other_paths: &'a OtherPaths<'a>,
    /// The client's chain, judged for dates, purpose and signatures without an anchor.
    pub client_path: Option<&'a PathReport>,
    /// The host name check, when there is a leaf and a name.
    pub hostname: Option<&'a HostnameReport>,
    /// The name that the client meant to reach, and where it comes from.
    pub host: Option<(&'a str, HostSource)>,
    /// The moment of judgement, seconds since 1970: the packet's, or the user's.
    pub at: i64,
    /// Today, seconds since 1970.
    pub now: Option<i64>,
    /// Keys were given (a key log or embedded secrets), whether or not they fit.
    pub has_keys: bool,
    /// Nobody reads the sentences: they may be left out.
    pub in_brief: bool,
    /// How it ended, once a check has asked for it.
    pub ended: OnceCell<Ending>,
}

impl<'a> Case<'a> {
    /// The server's own certificate.
    pub fn server_leaf(&self) -> Option<&'a Arc<Certificate>> {
        self.server_chain.first()
    }

    /// The name that the client meant to reach.
    pub fn hostname(&self) -> Option<&'a str> {
        self.host.map(|(name, _)| name)
    }

    /// The store is the client's own, as far as the user knows.
    pub fn store_is_given(&self) -> bool {
        self.store.kind == StoreKind::Given
    }

    /// One of these stacks is among those that the client may be.
    pub fn client_may_be(&self, stacks: &[Stack]) -> bool {
        self.stack.fits.iter().any(|stack| stacks.contains(stack))
    }

    /// How the connection ended.
    pub fn ending(&self) -> &Ending {
        self.ended.get_or_init(|| Ending::read(self.connection))
    }

    /// The server answered plain text as a server that expects TLS does.
    pub fn answers_for_tls(&self) -> bool {
        let answer = self.connection.plain[Side::Server as usize].as_ref();
        answer.is_some_and(|at| asks_for_tls(at.value.protocol))
    }

    /// TLS 1.3 was spoken and could not be read.
    pub fn is_hidden(&self) -> bool {
        self.connection.is_tls13() && !self.connection.decrypted
    }

    /// Packets of one side alone were captured, though the other one answered or must have.
    pub fn one_side_only(&self) -> bool {
        let [client, server] = &self.connection.tcp;
        let talk = client.payload_bytes + server.payload_bytes > 0;
        talk && (client.packets == 0 || server.packets == 0)
    }

    /// What would show the server's certificates, when they are not there.
    pub fn missing_chain(&self) -> Missing {
        match self.is_hidden() {
            true => Missing::key_log(self),
            false => Missing::longer_capture(),
        }
    }
}
