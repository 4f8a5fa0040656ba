//! What the checks found, and the verdict that is drawn from it.

use std::borrow::Cow;

use crate::diagnose::{Missing, Party};

/// How sure a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// It fits, and so do others.
    Possible,
    /// It fits best.
    Likely,
    /// The capture and the inputs prove it.
    Certain,
}

impl Confidence {
    /// The word of the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Some clients refuse it, or soon will.
    Warning,
    /// The client at hand, or most clients, refuse it.
    Error,
}

impl Severity {
    /// The word of the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A packet and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The packet; `None` for what the inputs show.
    pub packet: Option<u64>,
    /// What it shows, one sentence.
    pub text: String,
}

/// A fault that is there, whether or not it ended the handshake.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The cause's code, or another kebab-case word for what can be no cause.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is that the fault is there.
    pub confidence: Confidence,
    /// Position in the chain as sent, when it is about one certificate.
    pub certificate: Option<usize>,
    /// One sentence.
    pub text: String,
    /// What shows it.
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// The finding without its story.
    pub(super) fn bare(this: Cow<'_, Self>) -> Self {
        Self { text: String::new(), evidence: Vec::new(), ..*this }
    }
}

/// Another cause that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// Its code.
    pub cause: &'static str,
    /// How sure.
    pub confidence: Confidence,
    /// Why it fits, and what would tell.
    pub why: String,
}

/// A cause that was excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuledOut {
    /// Its code.
    pub cause: &'static str,
    /// Why.
    pub why: String,
}

/// What the client's log says about this cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientError {
    /// The stack, as the report names it.
    pub stack: String,
    /// Its words; places that vary are in angle brackets.
    pub text: String,
}

/// Why the handshake failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// A code of the list of causes; `none` when established.
    pub cause: &'static str,
    /// How sure.
    pub confidence: Confidence,
    /// Who gave up.
    pub failed_by: Party,
    /// One or two sentences.
    pub summary: String,
    /// Packets and what they show, in order.
    pub evidence: Vec<Evidence>,
    /// What the client's log says.
    pub client_error: Option<ClientError>,
    /// Who changes what, with commands.
    pub fix: Vec<String>,
    /// What else it could be.
    pub alternatives: Vec<Alternative>,
    /// What it is not.
    pub ruled_out: Vec<RuledOut>,
    /// What would settle it.
    pub missing: Vec<Missing>,
}

impl Verdict {
    /// A verdict without its story.
    pub fn bare(cause: &'static str, confidence: Confidence, failed_by: Party) -> Self {
        Self {
            cause,
            confidence,
            failed_by,
            summary: String::new(),
            evidence: Vec::new(),
            client_error: None,
            fix: Vec::new(),
            alternatives: Vec::new(),
            ruled_out: Vec::new(),
            missing: Vec::new(),
        }
    }
}

/// The whole answer for one connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// How it ended, now that refusals after the handshake are weighed.
    pub outcome: crate::connection::Outcome,
    /// Why.
    pub verdict: Verdict,
    /// All faults, also those that the client let pass.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Whether both say the same but for the words.
    pub fn is_outline_of(&self, whole: &Self) -> bool {
        let findings = |of: &Self| {
            of.findings.iter().map(|one| (one.code, one.severity, one.confidence)).collect::<Vec<_>>()
        };
        let verdict = |of: &Self| (of.outcome, of.verdict.cause, of.verdict.confidence, of.verdict.failed_by);
        verdict(self) == verdict(whole) && findings(self) == findings(whole)
    }
}
