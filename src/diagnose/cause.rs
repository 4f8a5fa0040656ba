//! A cause: what it is called, when it can be at work, and the check that looks for it.

use std::borrow::Cow;

use crate::diagnose::{Case, Finding};
use crate::fingerprint::Stack;
use crate::tls::message::Side;

/// Who gives up, or could.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The client.
    Client,
    /// The server.
    Server,
    /// The network, or something in it.
    Network,
    /// Nobody.
    None,
    /// It cannot be told.
    Unknown,
}

impl Party {
    /// The word of the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Network => "network",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// The part of a handshake in which a cause can be at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// TCP.
    Connect,
    /// STARTTLS, a proxy, or a side that does not speak TLS.
    Tunnel,
    /// From the ClientHello to the ServerHello.
    Hello,
    /// The server's certificate.
    Certificate,
    /// The client's certificate.
    ClientAuth,
    /// Key exchange and Finished.
    Finished,
    /// At any time.
    Any,
}

/// What a check answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// The fault is there.
    Found(Finding),
    /// It is not, and why.
    RuledOut(Cow<'static, str>),
    /// It cannot be told for want of something.
    Unknown(Missing),
    /// It has nothing to do with this connection.
    NotApplicable,
}

/// What would settle an open question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Missing {
    /// `trust-store`, `hostname`, `key-log`, `server-certificate`, `other-direction`, `longer-capture`, …
    pub what: &'static str,
    /// The option or the command that gives it.
    pub how: Cow<'static, str>,
}

impl Missing {
    /// The certificates that the client trusts.
    pub fn trust_store() -> Self {
        Self { what: "trust-store", how: "--truststore FILE".into() }
    }

    /// The name that the client meant to reach.
    pub fn hostname() -> Self {
        Self { what: "hostname", how: "--host NAME".into() }
    }

    /// The session's keys, and how the client at hand writes them.
    pub fn key_log(case: &Case<'_>) -> Self {
        let how = match case.has_keys {
            true => "the keys given do not fit this session; --keylog FILE with those of this run",
            false => key_log_of(case.stack.fits.first().copied()),
        };
        Self { what: "key-log", how: how.into() }
    }

    /// The packets of both directions.
    pub fn other_direction() -> Self {
        Self {
            what: "other-direction",
            how: "capture where both directions pass: tcpdump -i any -s 0 -w FILE".into(),
        }
    }

    /// What a side wrote down.
    pub fn log_of(side: Side) -> Self {
        let (what, how) = match side {
            Side::Client => ("client-log", "the client's log at the time of the last packet"),
            Side::Server => ("server-log", "the server's log at the time of the last packet"),
        };
        Self { what, how: how.into() }
    }

    /// Whole packets, from the SYN to the end.
    pub fn longer_capture() -> Self {
        Self {
            what: "longer-capture",
            how: "capture whole packets from the first one on: tcpdump -i any -s 0 -w FILE".into(),
        }
    }
}

fn key_log_of(stack: Option<Stack>) -> &'static str {
    match stack {
        Some(Stack::Java) => {
            "--keylog FILE, written by a Java agent (extract-tls-secrets) in the client's JVM"
        }
        Some(Stack::Go) => "--keylog FILE, written through tls.Config.KeyLogWriter",
        Some(Stack::Node) => "--keylog FILE, written by node --tls-keylog=FILE",
        Some(Stack::Rustls) => "--keylog FILE, written with rustls::KeyLogFile and SSLKEYLOGFILE=FILE",
        Some(Stack::OpenSsl) => {
            "--keylog FILE, written by openssl s_client -keylogfile FILE, or by what honours SSLKEYLOGFILE=FILE"
        }
        _ => "--keylog FILE, which many clients write when SSLKEYLOGFILE=FILE is set for them",
    }
}

/// One failure cause that the tool can name.
#[derive(Debug)]
pub struct Cause {
    /// The fault in kebab case; once released it keeps its meaning.
    pub code: &'static str,
    /// One line: what it means.
    pub meaning: &'static str,
    /// Who gives up.
    pub gives_up: Party,
    /// When.
    pub stage: Stage,
    /// Codes of findings that are mere consequences of this one.
    pub explains: &'static [&'static str],
    /// Its chapter: Markdown, with the headings of docs/causes/.
    pub chapter: &'static str,
    /// Looks for it.
    pub check: fn(&Case<'_>) -> Judgement,
}
