//! What differs between two handshakes, as plain data: the types of `tlspcap.diff/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{EndpointReport, ToolReport};

/// The schema's name and version.
pub const DIFF_SCHEMA: &str = "tlspcap.diff/1";

/// The value of what a handshake ended before.
pub const NOT_REACHED: &str = "it did not come to that";

/// Two handshakes held against each other.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DiffReport {
    /// `tlspcap.diff/1`.
    pub schema: &'static str,
    /// Who wrote this.
    pub tool: ToolReport,
    /// The handshake that worked.
    pub good: DiffSide,
    /// The one that failed.
    pub bad: DiffSide,
    /// What the comparison comes to, a sentence each.
    pub conclusion: Vec<String>,
    /// What differs; what could explain the failure first.
    pub differences: Vec<DifferenceReport>,
    /// Fields that are the same in both.
    pub same: Vec<SameField>,
    /// Fields that at least one of the captures does not show, and that could therefore not be compared.
    pub not_compared: Vec<NotCompared>,
}

/// One of the two connections.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DiffSide {
    /// The capture as named by the user.
    pub path: String,
    /// The connection's number, as `explain` counts.
    pub id: u64,
    /// Wireshark's `tcp.stream`.
    pub stream: u64,
    /// The client.
    pub client: EndpointReport,
    /// The server.
    pub server: EndpointReport,
    /// Its first packet.
    pub first_packet: u64,
    /// Its last packet.
    pub last_packet: u64,
    /// Time of the first packet, RFC 3339 in UTC.
    pub start: String,
    /// The server name that the client asked for.
    pub sni: Option<String>,
    /// The version that the server chose.
    pub version: Option<String>,
    /// `established`, `failed` or `incomplete`.
    pub outcome: &'static str,
    /// The verdict's cause.
    pub cause: String,
    /// How sure it is.
    pub confidence: &'static str,
    /// The verdict in a sentence or two.
    pub summary: String,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DifferenceReport {
    /// A fixed word such as `cipher-suites-offered`.
    pub field: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// `client-hello`, `server-choice`, `certificates`, `client-certificate`, `path` or `result`.
    pub group: &'static str,
    /// `likely` when the verdict's cause is about this, `possible` when an alternative is or the cause leaves it open; `null` for what
    /// follows from the failure or has nothing to do with it.
    pub explains: Option<&'static str>,
    /// The value in the good one; `null` for a list, and when there is none.
    pub good: Option<String>,
    /// The value in the bad one.
    pub bad: Option<String>,
    /// Values of a list that only the good one has.
    pub only_good: Vec<String>,
    /// Values of a list that only the bad one has.
    pub only_bad: Vec<String>,
    /// How many values both lists have.
    pub common: usize,
    /// The lists have the same values in another order.
    pub other_order: bool,
    /// The packet that shows it in the good one.
    pub good_packet: Option<u64>,
    /// The packet that shows it in the bad one.
    pub bad_packet: Option<u64>,
}

/// A field that is the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SameField {
    /// The field.
    pub field: &'static str,
    /// The same for people.
    pub title: &'static str,
}

/// A field that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotCompared {
    /// The field.
    pub field: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// Why.
    pub why: String,
}

/// The JSON Schema of `tlspcap.diff/1`.
pub fn diff_schema() -> schemars::Schema {
    schemars::schema_for!(DiffReport)
}
