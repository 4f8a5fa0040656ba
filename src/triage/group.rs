//! Equal failures together: how many, since when, and one to look at.

use std::collections::BTreeMap;

use crate::triage::Row;

/// Failures with one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The signature.
    pub signature: String,
    /// Its cause.
    pub cause: String,
    /// How many.
    pub count: u64,
    /// Earliest first packet.
    pub first_seen: Option<String>,
    /// Latest last packet.
    pub last_seen: Option<String>,
    /// The first capture that shows it.
    pub example: String,
    /// The server name or address of that one.
    pub server: String,
}

/// What a folder of captures shows, counted row by row; memory is bounded whatever the number of rows.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    /// Rows.
    pub rows: u64,
    /// Rows by status.
    pub statuses: BTreeMap<String, u64>,
    /// Failed connections by cause, the one that matters most of each capture.
    pub causes: BTreeMap<String, u64>,
    /// Failures by server.
    pub servers: BTreeMap<String, u64>,
    /// Failures by issuer of the leaf.
    pub issuers: BTreeMap<String, u64>,
    /// Failures by client stack.
    pub clients: BTreeMap<String, u64>,
    groups: BTreeMap<String, Group>,
}

/// Different keys counted in one table; what is beyond is counted as `other`.
const KEYS: usize = 65_536;

impl Groups {
    /// Counts a row.
    pub fn add(&mut self, row: &Row) {
        self.rows += 1;
        count(&mut self.statuses, &format!("{:?}", row.status).to_lowercase());
        let Some(cause) = &row.cause else { return };
        count(&mut self.causes, cause);
        let server = row.sni.clone().or_else(|| row.server.clone()).unwrap_or_default();
        count(&mut self.servers, &server);
        if let Some(issuer) = &row.leaf_issuer {
            count(&mut self.issuers, issuer);
        }
        if let Some(client) = &row.client_stack {
            count(&mut self.clients, client);
        }
        let Some(signature) = &row.signature else { return };
        if let Some(group) = self.groups.get_mut(signature) {
            group.count += 1;
            group.first_seen = min(group.first_seen.take(), row.first_time.clone());
            group.last_seen = max(group.last_seen.take(), row.last_time.clone());
        } else if self.groups.len() < KEYS {
            self.groups.insert(
                signature.clone(),
                Group {
                    signature: signature.clone(),
                    cause: cause.clone(),
                    count: 1,
                    first_seen: row.first_time.clone(),
                    last_seen: row.last_time.clone(),
                    example: row.path.clone(),
                    server,
                },
            );
        }
    }

    /// The groups, the largest first; of equal ones by signature.
    pub fn largest(&self) -> Vec<&Group> {
        let mut groups: Vec<&Group> = self.groups.values().collect();
        groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.signature.cmp(&b.signature)));
        groups
    }

    /// The entries of a table, the most frequent first.
    pub fn most(table: &BTreeMap<String, u64>, limit: usize) -> Vec<(&str, u64)> {
        let mut entries: Vec<(&str, u64)> = table.iter().map(|(key, n)| (key.as_str(), *n)).collect();
        entries.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        entries.truncate(limit);
        entries
    }
}

fn count(table: &mut BTreeMap<String, u64>, key: &str) {
    if let Some(n) = table.get_mut(key) {
        *n += 1;
    } else if table.len() < KEYS {
        table.insert(key.to_owned(), 1);
    } else {
        *table.entry("other".to_owned()).or_default() += 1;
    }
}

fn min(a: Option<String>, b: Option<String>) -> Option<String> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn max(a: Option<String>, b: Option<String>) -> Option<String> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}
