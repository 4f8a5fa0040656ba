//! What the user gives beside the capture.

use crate::limits::Limits;
use crate::tls::keylog::Secrets;
use crate::trust::{Policy, Store};

/// Whose rules decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PolicyChoice {
    /// The recognised client's.
    #[default]
    Auto,
    /// These.
    Fixed(Policy),
}

/// Everything beside the capture that an answer depends on; no clock is read and no file opened from here on.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the client is taken to trust.
    pub store: Store,
    /// Whose rules decide.
    pub policy: PolicyChoice,
    /// The name that the client meant to reach; the SNI otherwise.
    pub host: Option<String>,
    /// Secrets for decryption.
    pub secrets: Secrets,
    /// The moment at which validity is judged, seconds since 1970; the packet's own time otherwise.
    pub at: Option<i64>,
    /// Today, seconds since 1970, so that "expired since" can be told.
    pub now: Option<i64>,
    /// Chains of established connections are held against the store too; without it only dates and names are looked at.
    pub judge_established: bool,
    /// Of established connections no more is wanted than a line: where all went plainly well no check is made, and the
    /// listener is asked which others are to be told in full.
    pub brief_established: bool,
    /// Bounds on memory and work.
    pub limits: Limits,
}

impl Default for Options {
    /// Mozilla's roots, the client's own rules, the packet's time.
    fn default() -> Self {
        Self {
            store: Store::mozilla(),
            policy: PolicyChoice::Auto,
            host: None,
            secrets: Secrets::default(),
            at: None,
            now: None,
            judge_established: true,
            brief_established: false,
            limits: Limits::default(),
        }
    }
}
