//! Whether a leaf is for the host asked for (RFC 9525 §6).

/// What the comparison of a leaf's names with the name asked for gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostnameReport {
    /// The name asked for, as it was given.
    pub expected: String,
    /// Whether a name of the leaf covers it, under the policy.
    pub matches: bool,
    /// The name that covers it.
    pub matched: Option<String>,
    /// It matched only by the common name, because the leaf has no DNS name in its SAN.
    pub by_common_name: bool,
    /// The names that the leaf presents: DNS and IP entries of the SAN; without any, the common name.
    pub names: Vec<String>,
    /// Why a name that looks alike does not cover it: a wildcard that spans labels, a trailing dot, an IDNA form…
    pub note: Option<String>,
}
