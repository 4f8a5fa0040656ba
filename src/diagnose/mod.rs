//! Facts become a judgement: causes, findings, and the verdict.

mod abort;
mod alert_words;
mod alerts;
mod beside;
mod brief;
mod case;
mod cause;
mod causes;
mod client_error;
mod course;
#[cfg(test)]
mod doubts;
mod finding;
mod fix;
mod fix_steps;
mod fix_trust;
mod fix_tunnel;
mod hidden;
#[cfg(test)]
mod late;
mod moment;
mod others;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod scenarios_hello;
mod shell;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod testing_case;
mod verdict;
mod weigh;
mod words;

pub use abort::{Act, ClientAuth, Ending, How, Moment};
pub use alerts::{Fit, Row, Sends};
pub use brief::{established_in_brief, is_plainly_established};
pub use case::{Case, HostSource, OtherPaths, PolicySource};
pub use cause::{Cause, Judgement, Missing, Party, Stage};
pub use causes::{CAUSES, cause};
pub use client_error::client_error;
pub use finding::{
    Alternative, ClientError, Confidence, Diagnosis, Evidence, Finding, RuledOut, Severity, Verdict,
};
pub use hidden::{Hidden, HiddenAuth, Short};
pub use verdict::{diagnose, outline};
