//! Equal failures together: how many, since when, and one to look at.

use std::collections::BTreeMap;

use crate::triage::{Row, Status};

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
    /// The first inputs of which nothing is known, and why.
    pub unread: Vec<(String, String)>,
    /// Rows are failed connections, not captures.
    pub per_connection: bool,
    /// Rows with a failed handshake by cause, of each capture the one that matters most.
    pub causes: BTreeMap<String, u64>,
    /// All failed handshakes by cause.
    pub handshakes: BTreeMap<String, u64>,
    /// Failures by server.
    pub servers: BTreeMap<String, u64>,
    /// Failures by issuer of the leaf.
    pub issuers: BTreeMap<String, u64>,
    /// Failures by client stack.
    pub clients: BTreeMap<String, u64>,
    groups: BTreeMap<String, Group>,
}

/// Inputs of which nothing is known that are kept with their names.
const UNREAD: usize = 5;

/// Different keys counted in one table; what is beyond is counted as `other`.
const KEYS: usize = 65_536;

impl Groups {
    /// Nothing counted; with `per_connection` for rows that are failed connections.
    pub fn new(per_connection: bool) -> Self {
        Self { per_connection, ..Self::default() }
    }

    /// Rows with a failed handshake.
    pub fn failures(&self) -> u64 {
        self.causes.values().sum()
    }

    /// Counts a row.
    pub fn add(&mut self, row: &Row) {
        self.rows += 1;
        count(&mut self.statuses, &format!("{:?}", row.status).to_lowercase(), 1);
        if !matches!(row.status, Status::Ok | Status::Partial) && self.unread.len() < UNREAD {
            self.unread.push((row.path.clone(), row.error.clone().unwrap_or_default()));
        }
        let Some(cause) = &row.cause else { return };
        count(&mut self.causes, cause, 1);
        if self.per_connection {
            count(&mut self.handshakes, cause, 1);
        } else {
            for (cause, n) in causes_of(row) {
                count(&mut self.handshakes, cause, n);
            }
        }
        let server = row.sni.clone().or_else(|| row.server.clone()).unwrap_or_default();
        count(&mut self.servers, &server, 1);
        if let Some(issuer) = &row.leaf_issuer {
            count(&mut self.issuers, issuer, 1);
        }
        if let Some(client) = &row.client_stack {
            count(&mut self.clients, client, 1);
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

/// `untrusted-root:3 expired:1` in parts.
fn causes_of(row: &Row) -> impl Iterator<Item = (&str, u64)> {
    let parts = row.causes.as_deref().unwrap_or_default().split(' ');
    parts.filter_map(|part| part.split_once(':')).filter_map(|(cause, n)| Some((cause, n.parse().ok()?)))
}

fn count(table: &mut BTreeMap<String, u64>, key: &str, by: u64) {
    if let Some(n) = table.get_mut(key) {
        *n += by;
    } else if table.len() < KEYS {
        table.insert(key.to_owned(), by);
    } else {
        *table.entry("other".to_owned()).or_default() += by;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::Status;

    fn row(path: &str, cause: &str, causes: &str, time: &str) -> Row {
        let mut row = Row::named(path.to_owned(), Status::Ok);
        row.cause = Some(cause.to_owned());
        row.causes = Some(causes.to_owned());
        row.signature = Some(cause.to_owned());
        row.sni = Some("a.example".to_owned());
        row.first_time = Some(time.to_owned());
        row.last_time = Some(time.to_owned());
        row
    }

    #[test]
    fn captures_count_once_and_handshakes_all() {
        let mut groups = Groups::new(false);
        groups.add(&row("b", "expired", "expired:3 untrusted-root:2", "2026-02-01T00:00:00.000000Z"));
        groups.add(&row("a", "expired", "expired:1", "2026-01-01T00:00:00.000000Z"));
        groups.add(&Row::named("c".to_owned(), Status::Unreadable));
        assert_eq!((groups.rows, groups.failures()), (3, 2));
        assert_eq!(groups.handshakes.values().copied().collect::<Vec<_>>(), [4, 2]);
        let largest = groups.largest();
        assert_eq!((largest.len(), largest[0].count, largest[0].example.as_str()), (1, 2, "b"));
        assert_eq!(largest[0].first_seen.as_deref(), Some("2026-01-01T00:00:00.000000Z"));
        assert_eq!(largest[0].last_seen.as_deref(), Some("2026-02-01T00:00:00.000000Z"));
    }

    #[test]
    fn what_does_not_fit_in_a_table_is_counted_as_other() {
        let mut table = BTreeMap::new();
        for key in 0..KEYS + 5 {
            count(&mut table, &key.to_string(), 1);
        }
        assert_eq!(table.get("other"), Some(&5));
    }
}
