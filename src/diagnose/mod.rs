//! Facts become a judgement: causes, findings, and the verdict.

mod case;
mod cause;
mod finding;

pub use case::{Case, HostSource, PolicySource};
pub use cause::{Cause, Judgement, Missing, Party, Stage};
pub use finding::{
    Alternative, ClientError, Confidence, Diagnosis, Evidence, Finding, RuledOut, Severity, Verdict,
};
