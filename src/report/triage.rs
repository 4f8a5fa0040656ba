//! The summary of many captures as plain data.

/// What a folder of captures shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TriageSummary {
    /// Rows.
    pub rows: u64,
    /// Rows are failed connections, not captures.
    pub per_connection: bool,
    /// Rows with a failed handshake.
    pub captures_failed: u64,
    /// Rows by status.
    pub statuses: Vec<(String, u64)>,
    /// The first inputs of which nothing is known, and why.
    pub unread: Vec<(String, String)>,
    /// By cause: captures in which it matters most, and failed handshakes.
    pub causes: Vec<(String, u64, u64)>,
    /// Failures by server.
    pub servers: Vec<(String, u64)>,
    /// Failures by issuer of the leaf.
    pub issuers: Vec<(String, u64)>,
    /// Failures by client stack.
    pub clients: Vec<(String, u64)>,
    /// The most frequent kinds of failures.
    pub groups: Vec<TriageGroup>,
    /// Kinds beyond those.
    pub more_groups: u64,
}

/// Equal failures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TriageGroup {
    /// Their signature.
    pub signature: String,
    /// Their cause.
    pub cause: String,
    /// How many.
    pub count: u64,
    /// The server of the example.
    pub server: String,
    /// Earliest packet.
    pub first_seen: Option<String>,
    /// Latest packet.
    pub last_seen: Option<String>,
    /// A capture that shows it.
    pub example: String,
}
