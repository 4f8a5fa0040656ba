//! The first pass: which connections are chosen, and what is to be cut of each.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use crate::connection::{Connection, Outcome};
use crate::decode::Endpoint;
use crate::error::Result;
use crate::explain::{Listener, Options, explain};
use crate::report::{ConnectionReport, Parts, connection_report};
use crate::tls::keylog::Secrets;
use crate::tls::message::Side;
use crate::tunnel::port_means_tls;

use super::cut::Cuts;

/// Which connections are chosen; without any of these, those that failed.
#[derive(Clone, Copy, Default)]
pub struct Choice<'a> {
    /// By number, as `explain` counts them.
    pub connections: &'a [u64],
    /// By Wireshark's `tcp.stream`.
    pub streams: &'a [u64],
    /// Those for which it holds; with numbers or streams, of these.
    pub filter: Option<&'a dyn Fn(&ConnectionReport) -> bool>,
    /// All of them.
    pub all: bool,
}

/// What is written of the chosen connections.
#[derive(Debug, Clone, Copy, Default)]
pub struct TrimOptions {
    /// Application data is not cut.
    pub keep_data: bool,
    /// The secrets that the chosen connections use are embedded, which makes the output a pcapng.
    pub embed_secrets: bool,
}

/// What the second pass is to write.
#[derive(Debug, Default)]
pub struct Plan {
    /// The chosen streams.
    pub(super) streams: HashMap<u64, Kept>,
    /// What is said of a connection, at its first packet.
    pub(super) comments: HashMap<u64, String>,
    pub(super) key_log: String,
    pub(super) is_pcapng: bool,
    /// How long a connection was silent at the end matters.
    pub(super) wants_end: bool,
    /// TLS connections in the capture.
    pub connections: u64,
    /// Those that were chosen.
    pub chosen: u64,
    /// Connections that are kept because they show that a chosen one was meant to be TLS.
    pub companions: u64,
    /// Connections of which secrets are embedded.
    pub with_secrets: u64,
}

/// One chosen stream.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) client: Endpoint,
    /// What is cut of the client's and the server's direction; `None` keeps all.
    pub(super) cuts: Option<[Cuts; 2]>,
}

impl Plan {
    /// Makes the output a pcapng whatever the input is.
    pub fn make_pcapng(&mut self) {
        self.is_pcapng = true;
    }

    /// Whether the output is a pcapng, and else a pcap.
    pub fn is_pcapng(&self) -> bool {
        self.is_pcapng
    }
}

/// Reads a capture and plans what is to be written of it. `path` is its name for messages.
///
/// # Errors
/// As [`explain`].
pub fn plan(
    input: Box<dyn Read + Send>,
    path: &Path,
    options: &Options,
    choice: &Choice<'_>,
    trim: TrimOptions,
) -> Result<Plan> {
    let mut options = options.clone();
    options.brief_established = false;
    options.limits.mapped_records = if trim.keep_data { 0 } else { MAPPED_RECORDS };
    let mut gather = Gather {
        choice: *choice,
        trim,
        secrets: options.secrets.clone(),
        seen: Vec::new(),
        tls_servers: HashMap::new(),
    };
    let capture = explain(input, path, &options, &mut gather)?;
    let mut plan = gather.plan();
    plan.is_pcapng = capture.format == "pcapng" || !plan.key_log.is_empty();
    Ok(plan)
}

/// What is remembered of a connection until all are known.
struct Seen {
    stream: u64,
    outcome: Outcome,
    details: Option<Box<Details>>,
}

/// What is needed of a connection that may be chosen.
#[derive(Clone)]
struct Details {
    client: Endpoint,
    cuts: Option<[Cuts; 2]>,
    random: Option<[u8; 32]>,
    first_packet: u64,
    about: String,
    is_open: bool,
    /// A connection that shows this one's server to speak TLS, where nothing else does.
    companion: Option<(u64, Box<Details>)>,
}

struct Gather<'a> {
    choice: Choice<'a>,
    trim: TrimOptions,
    secrets: Secrets,
    seen: Vec<Seen>,
    /// Servers on ports that do not mean TLS, with the first connection that spoke TLS with them.
    tls_servers: HashMap<Endpoint, (u64, Box<Details>)>,
}

impl Listener for Gather<'_> {
    fn connection(&mut self, parts: Parts<'_>) -> Result<()> {
        let connection = parts.case.connection;
        let may_be_chosen = match self.choice.filter {
            Some(filter) => filter(&connection_report(parts)),
            None => self.is_default_choice(connection.stream, parts.diagnosis.outcome),
        };
        let shows_tls = connection.speaks_tls[Side::Server as usize]
            && !port_means_tls(connection.server.port)
            && self.tls_servers.len() < SERVERS;
        let details = (may_be_chosen || shows_tls).then(|| self.details(parts));
        if shows_tls && let Some(details) = &details {
            self.tls_servers
                .entry(connection.server)
                .or_insert_with(|| (connection.stream, Box::new(details.clone())));
        }
        self.seen.push(Seen {
            stream: connection.stream,
            outcome: parts.diagnosis.outcome,
            details: details.filter(|_| may_be_chosen).map(Box::new),
        });
        Ok(())
    }

    fn secrets(&mut self, secrets: &Secrets) {
        self.secrets = secrets.clone();
    }
}

impl Gather<'_> {
    fn is_default_choice(&self, stream: u64, outcome: Outcome) -> bool {
        let by_name = !self.choice.connections.is_empty() || self.choice.streams.contains(&stream);
        self.choice.all || by_name || (self.choice.streams.is_empty() && outcome == Outcome::Failed)
    }

    fn details(&self, parts: Parts<'_>) -> Details {
        let c = parts.case.connection;
        let silent = !c.speaks_tls.contains(&true) && !port_means_tls(c.server.port);
        Details {
            client: c.client,
            cuts: (!self.trim.keep_data).then(|| [Side::Client, Side::Server].map(|side| Cuts::of(c, side))),
            random: c.client_hello.as_ref().map(|hello| hello.value.random),
            first_packet: c.first_packet,
            about: about(parts),
            is_open: is_open(c),
            companion: self.tls_servers.get(&c.server).filter(|_| silent).cloned(),
        }
    }

    fn plan(mut self) -> Plan {
        self.seen.sort_by_key(|seen| seen.stream);
        let mut plan = Plan { connections: self.seen.len() as u64, ..Plan::default() };
        let seen = std::mem::take(&mut self.seen);
        for (seen, number) in seen.into_iter().zip(1u64..) {
            let named = self.choice.connections.contains(&number)
                || self.choice.streams.contains(&seen.stream)
                || (self.choice.connections.is_empty() && self.choice.streams.is_empty());
            let wanted = named || (self.choice.all && self.choice.filter.is_none());
            if let Some(details) = seen.details.filter(|_| wanted) {
                plan.chosen += 1;
                let text =
                    format!("tlspcap: connection {number}, tcp.stream {}: {}", seen.stream, details.about);
                plan.comments.insert(details.first_packet, text);
                plan.wants_end |= details.is_open && seen.outcome != Outcome::Established;
                self.keep(&mut plan, seen.stream, *details);
            }
        }
        plan
    }

    fn keep(&self, plan: &mut Plan, stream: u64, details: Details) {
        if let Some((stream, companion)) = details.companion
            && !plan.streams.contains_key(&stream)
        {
            plan.companions += 1;
            self.keep(plan, stream, *companion);
        }
        if let Some(random) = details.random.filter(|_| self.trim.embed_secrets) {
            let lines = self.secrets.lines(&random);
            plan.with_secrets += u64::from(!lines.is_empty());
            plan.key_log.push_str(&lines);
        }
        let kept = Kept { client: details.client, cuts: details.cuts };
        plan.streams
            .entry(stream)
            // The same ports and initial number once more: offsets of two connections in one stream.
            .and_modify(|known| known.cuts = None)
            .or_insert(kept);
    }
}

/// Neither side was seen to close.
fn is_open(c: &Connection) -> bool {
    c.closed_by().is_none()
}

/// The verdict in a line, without anything of this machine.
fn about(parts: Parts<'_>) -> String {
    let c = parts.case.connection;
    let verdict = &parts.diagnosis.verdict;
    let packets = format!("packets {} to {} of the original", c.first_packet, c.last_packet);
    let outcome = parts.diagnosis.outcome.name();
    if verdict.cause == "none" || parts.diagnosis.outcome != Outcome::Failed {
        return format!("{outcome}; {packets}");
    }
    let meaning = crate::diagnose::CAUSES.iter().find(|cause| cause.code == verdict.cause);
    let meaning = meaning.map_or(String::new(), |cause| format!(": {}", cause.meaning));
    format!("{outcome}, {} ({}){meaning}; {packets}", verdict.cause, verdict.confidence.name())
}

/// Records mapped in each direction of a connection; data after these is cut with its headers.
const MAPPED_RECORDS: usize = 1 << 18;

/// Servers remembered that speak TLS on other ports.
const SERVERS: usize = 1024;
