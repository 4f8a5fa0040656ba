//! Facts become a judgement: causes, findings, and the verdict.

mod case;
mod cause;
mod finding;

pub use case::{Case, HostSource, PolicySource};
pub use cause::{Cause, Judgement, Missing, Party, Stage};
pub use finding::{
    Alternative, ClientError, Confidence, Diagnosis, Evidence, Finding, RuledOut, Severity, Verdict,
};
/// stub
pub const CAUSES: &[&Cause] = &[];
/// stub
pub fn cause(_c: &str) -> Option<&'static Cause> {
    None
}
/// stub
pub fn diagnose(case: &Case<'_>) -> Diagnosis {
    Diagnosis {
        outcome: case.connection.outcome,
        verdict: Verdict {
            cause: "none",
            confidence: Confidence::Possible,
            failed_by: Party::Unknown,
            summary: String::new(),
            evidence: vec![],
            client_error: None,
            fix: vec![],
            alternatives: vec![],
            ruled_out: vec![],
            missing: vec![],
        },
        findings: vec![],
    }
}
