//! Rows as NDJSON, CSV or a summary.

use std::collections::HashMap;
use std::path::Path;

use tlspcap::error::{Error, Result};
use tlspcap::render::{json_string, summary_table};
use tlspcap::triage::{Groups, Row};

use crate::cli::args::{Triage, TriageFormat};
use crate::cli::output::{Output, use_color, width};

/// Writes rows in one of the forms.
pub(super) struct RowWriter {
    output: Output,
    format: TriageFormat,
    flush: bool,
    header: bool,
}

impl RowWriter {
    pub(super) fn open(path: Option<&Path>, format: TriageFormat, arguments: &Triage) -> Result<Self> {
        Ok(Self { output: Output::open(path)?, format, flush: arguments.stream, header: true })
    }

    pub(super) fn write(&mut self, rows: &[Row]) -> Result<()> {
        let text = match self.format {
            TriageFormat::Table => return Ok(()),
            TriageFormat::Ndjson => lines(rows),
            TriageFormat::Csv => csv(rows, std::mem::take(&mut self.header))?,
        };
        self.output.write(text.as_bytes())?;
        if self.flush { self.output.flush() } else { Ok(()) }
    }

    pub(super) fn finish(mut self, groups: &Groups, arguments: &Triage) -> Result<()> {
        let to_file = arguments.output.is_some();
        if self.format == TriageFormat::Table {
            let text = summary_table(&summary(groups), width(to_file), use_color(arguments.color, to_file));
            self.output.write(text.as_bytes())?;
        } else if self.format == TriageFormat::Csv && self.header {
            self.output.write(csv(&[], true)?.as_bytes())?;
        }
        self.output.commit()
    }
}

/// The tables of the summary, as plain data.
fn summary(groups: &Groups) -> tlspcap::report::TriageSummary {
    let table = |table| Groups::most(table, 10).into_iter().map(|(key, n)| (key.to_owned(), n)).collect();
    tlspcap::report::TriageSummary {
        captures: groups.rows,
        statuses: Groups::most(&groups.statuses, 10)
            .into_iter()
            .map(|(key, n)| (key.to_owned(), n))
            .collect(),
        causes: Groups::most(&groups.causes, usize::MAX)
            .into_iter()
            .map(|(key, n)| (key.to_owned(), n))
            .collect(),
        servers: table(&groups.servers),
        issuers: table(&groups.issuers),
        clients: table(&groups.clients),
        groups: groups
            .largest()
            .into_iter()
            .take(20)
            .map(|group| tlspcap::report::TriageGroup {
                signature: group.signature.clone(),
                cause: group.cause.clone(),
                count: group.count,
                server: group.server.clone(),
                first_seen: group.first_seen.clone(),
                last_seen: group.last_seen.clone(),
                example: group.example.clone(),
            })
            .collect(),
    }
}

/// One object a line.
pub(super) fn lines(rows: &[Row]) -> String {
    rows.iter().map(|row| json_string(row) + "\n").collect()
}

/// Comma-separated values; cells that a spreadsheet would take for a formula begin with an apostrophe.
fn csv(rows: &[Row], header: bool) -> Result<String> {
    let failed =
        |error: &dyn std::fmt::Display| Error::Usage(format!("the rows cannot be written as CSV: {error}"));
    let mut writer = ::csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    if header {
        writer.write_record(columns()).map_err(|error| failed(&error))?;
    }
    for row in rows {
        let value = serde_json::to_value(row).map_err(|error| failed(&error))?;
        let cells = columns().into_iter().map(|column| cell(value.get(&column)));
        writer.write_record(cells).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

/// The fields of a row in order.
fn columns() -> Vec<String> {
    match serde_json::to_value(Row::named(String::new(), tlspcap::triage::Status::Ok)) {
        Ok(serde_json::Value::Object(fields)) => fields.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

fn cell(value: Option<&serde_json::Value>) -> String {
    match value {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => {
            let text = tlspcap::render::escape(text).into_owned();
            if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
        }
        Some(other) => other.to_string(),
    }
}

/// Which content was seen first under which path.
#[derive(Default)]
pub(super) struct Duplicates {
    first: HashMap<String, String>,
}

/// Contents remembered.
const CONTENTS: usize = 1 << 20;

impl Duplicates {
    /// Names the earlier input with the same content.
    pub(super) fn mark(&mut self, row: &mut Row) {
        let Some(hash) = &row.sha256 else { return };
        match self.first.get(hash) {
            Some(path) if *path != row.path => row.duplicate_of = Some(path.clone()),
            Some(_) => {}
            None if self.first.len() < CONTENTS => {
                self.first.insert(hash.clone(), row.path.clone());
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlspcap::triage::Status;

    #[test]
    fn a_cell_is_never_a_formula() {
        let mut row = Row::named("=cmd|' /C calc'!A0".to_owned(), Status::Ok);
        row.sni = Some("@SUM(A1)".to_owned());
        let text = csv(&[row], true).unwrap();
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        assert!(record.iter().all(|cell| !cell.starts_with(['=', '@', '+', '-'])), "{record:?}");
        assert_eq!(reader.headers().unwrap().iter().nth(1), Some("path"));
    }
}
