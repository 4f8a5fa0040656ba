//! Takes the connections of one capture that may be compared.

use std::collections::HashMap;

use crate::error::Result;
use crate::explain::Listener;
use crate::report::{ConnectionReport, Parts, connection_report};

use super::fact::Fact;
use super::{certificates, hello, timing};

/// Which connections are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Any,
    Established,
    Failed,
}

/// One connection with all that is compared.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    /// Its number, as `explain` counts.
    pub(super) number: u64,
    pub(super) report: ConnectionReport,
    pub(super) facts: Vec<Fact>,
}

impl Sheet {
    /// What was asked for and of whom, by which connections are alike.
    pub(super) fn name_and_server(&self) -> (Option<&str>, (&str, u16)) {
        (self.report.tls.sni.as_deref(), (&self.report.server.addr, self.report.server.port))
    }

    /// The cause, then the alternatives.
    pub(super) fn causes(&self) -> Vec<String> {
        let verdict = &self.report.verdict;
        let others = verdict.alternatives.iter().map(|other| other.cause.clone());
        std::iter::once(verdict.cause.clone()).chain(others).collect()
    }
}

/// Keeps the first connection of each kind, or all where one is wanted by number.
pub(super) struct Gather {
    wanted: Wanted,
    streams: Vec<u64>,
    sheets: Vec<Sheet>,
    /// How many of a kind are kept.
    kinds: HashMap<String, usize>,
}

impl Gather {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self { wanted, streams: Vec::new(), sheets: Vec::new(), kinds: HashMap::new() }
    }

    /// The sheets in order of their connections' first packets, numbered.
    pub(super) fn into_sheets(mut self) -> Vec<Sheet> {
        self.streams.sort_unstable();
        self.sheets.sort_by_key(|sheet| sheet.report.stream);
        for sheet in &mut self.sheets {
            let before = self.streams.partition_point(|stream| *stream < sheet.report.stream);
            sheet.number = before as u64 + 1;
        }
        self.sheets
    }

    fn is_wanted(&mut self, parts: Parts<'_>) -> bool {
        let outcome = parts.diagnosis.outcome.name();
        let fits = match self.wanted {
            Wanted::Any => return true,
            Wanted::Established => outcome == "established",
            Wanted::Failed => outcome == "failed",
        };
        let c = parts.case.connection;
        let verdict = &parts.diagnosis.verdict;
        let kind = format!("{:?} {} {} {}", c.sni(), c.server, verdict.cause, verdict.confidence.name());
        fits && (self.kinds.len() < KINDS || self.kinds.contains_key(&kind)) && {
            let count = self.kinds.entry(kind).or_default();
            *count += 1;
            *count <= OF_A_KIND
        }
    }
}

impl Listener for Gather {
    fn connection(&mut self, parts: Parts<'_>) -> Result<()> {
        self.streams.push(parts.case.connection.stream);
        if self.is_wanted(parts) {
            let mut report = connection_report(parts);
            report.events = Vec::new();
            let mut facts = hello::facts(parts, &report);
            facts.extend(certificates::facts(parts, &report));
            facts.extend(timing::facts(parts, &report));
            self.sheets.push(Sheet { number: 0, report, facts });
        }
        Ok(())
    }
}

/// Connections kept that ask the same name of the same server with the same verdict: they end in another order than they begin.
const OF_A_KIND: usize = 16;
/// Kinds kept of one capture.
const KINDS: usize = 1024;
