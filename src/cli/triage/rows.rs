//! Rows as NDJSON, CSV or a summary.

use std::collections::HashMap;
use std::path::Path;

use tlspcap::error::{Error, Result};
use tlspcap::render::{json_string, summary_page, summary_table};
use tlspcap::triage::{COLUMNS, Groups, Row};

#[cfg(feature = "parquet")]
use super::parquet::ParquetWriter;
use crate::cli::args::{Triage, TriageFormat};
use crate::cli::output::{Output, use_color, width};

/// Writes rows in one of the forms.
pub(super) struct RowWriter {
    form: Form,
    flush: bool,
}

enum Form {
    /// Nothing until the end.
    Table(Output),
    /// Nothing until the end either.
    Html(Output),
    Ndjson(Output),
    Csv(Output),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetWriter>),
}

impl RowWriter {
    pub(super) fn open(path: Option<&Path>, format: TriageFormat, arguments: &Triage) -> Result<Self> {
        let form = match format {
            TriageFormat::Table => Form::Table(Output::open(path)?),
            TriageFormat::Html => Form::Html(Output::open(path)?),
            TriageFormat::Ndjson => Form::Ndjson(Output::open(path)?),
            #[cfg(feature = "parquet")]
            TriageFormat::Parquet => Form::Parquet(Box::new(ParquetWriter::open(path)?)),
            TriageFormat::Csv => {
                let mut output = Output::open(path)?;
                output.write(csv(std::iter::once(header()))?.as_bytes())?;
                Form::Csv(output)
            }
        };
        Ok(Self { form, flush: arguments.stream || watches(arguments) })
    }

    pub(super) fn write(&mut self, rows: &[Row]) -> Result<()> {
        let output = match &mut self.form {
            Form::Table(_) | Form::Html(_) => return Ok(()),
            #[cfg(feature = "parquet")]
            Form::Parquet(writer) => return writer.write(rows),
            Form::Ndjson(output) => {
                output.write(lines(rows).as_bytes())?;
                output
            }
            Form::Csv(output) => {
                output.write(csv(rows.iter().map(cells))?.as_bytes())?;
                output
            }
        };
        if self.flush { output.flush() } else { Ok(()) }
    }

    pub(super) fn finish(self, groups: &Groups, arguments: &Triage) -> Result<()> {
        match self.form {
            Form::Table(mut output) => {
                output.write(summary_text(groups, arguments, arguments.output.is_some()).as_bytes())?;
                output.commit()
            }
            Form::Html(mut output) => {
                output.write(summary_page(&summary(groups)).as_bytes())?;
                output.commit()
            }
            Form::Ndjson(output) | Form::Csv(output) => output.commit(),
            #[cfg(feature = "parquet")]
            Form::Parquet(writer) => writer.finish(),
        }
    }
}

/// Whether rows come for as long as the user waits.
fn watches(arguments: &Triage) -> bool {
    #[cfg(feature = "watch")]
    let watches = arguments.watch;
    #[cfg(not(feature = "watch"))]
    let watches = {
        let _ = arguments;
        false
    };
    watches
}

/// Prints the summary on standard output, when the rows went elsewhere.
pub(super) fn print_summary(groups: &Groups, arguments: &Triage) -> Result<()> {
    let mut output = Output::open(None)?;
    output.write(summary_text(groups, arguments, false).as_bytes())?;
    output.commit()
}

fn summary_text(groups: &Groups, arguments: &Triage, to_file: bool) -> String {
    summary_table(&summary(groups), width(to_file), use_color(arguments.color, to_file))
}

/// The tables of the summary, as plain data.
fn summary(groups: &Groups) -> tlspcap::report::TriageSummary {
    let table = |table| Groups::most(table, 10).into_iter().map(|(key, n)| (key.to_owned(), n)).collect();
    let largest = groups.largest();
    tlspcap::report::TriageSummary {
        rows: groups.rows,
        per_connection: groups.per_connection,
        statuses: Groups::most(&groups.statuses, 10)
            .into_iter()
            .map(|(key, n)| (key.to_owned(), n))
            .collect(),
        unread: groups.unread.clone(),
        captures_failed: groups.failures(),
        causes: Groups::most(&groups.causes, usize::MAX)
            .into_iter()
            .map(|(key, n)| (key.to_owned(), n, groups.handshakes.get(key).copied().unwrap_or(n)))
            .collect(),
        servers: table(&groups.servers),
        issuers: table(&groups.issuers),
        clients: table(&groups.clients),
        more_groups: largest.len().saturating_sub(GROUPS) as u64,
        groups: largest
            .into_iter()
            .take(GROUPS)
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

/// Kinds of failures that the summary tells of.
const GROUPS: usize = 10;

/// One object a line.
pub(super) fn lines(rows: &[Row]) -> String {
    rows.iter().map(|row| json_string(row) + "\n").collect()
}

/// Comma-separated values (RFC 4180).
fn csv(records: impl Iterator<Item = Vec<String>>) -> Result<String> {
    let failed =
        |error: &dyn std::fmt::Display| Error::Usage(format!("the rows cannot be written as CSV: {error}"));
    let mut writer = ::csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    for record in records {
        writer.write_record(record).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

fn header() -> Vec<String> {
    COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// The cells of a row; those that a spreadsheet would take for a formula begin with an apostrophe.
fn cells(row: &Row) -> Vec<String> {
    match serde_json::to_value(row) {
        Ok(serde_json::Value::Object(fields)) => fields.values().map(cell).collect(),
        _ => Vec::new(),
    }
}

fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => {
            let text = tlspcap::render::escape(text).into_owned();
            // Blanks in front do not keep a spreadsheet from calculating.
            if text.trim_start().starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
        }
        other => other.to_string(),
    }
}

/// Which content was seen first under which path.
#[derive(Default)]
pub(super) struct Duplicates {
    first: HashMap<[u8; 16], Box<str>>,
}

/// Contents remembered: about 100 MB for names of 60 bytes.
const CONTENTS: usize = 1 << 20;

impl Duplicates {
    /// Names the earlier input with the same content.
    pub(super) fn mark(&mut self, row: &mut Row) {
        row.duplicate_of = None;
        let Some(key) = row.sha256.as_deref().and_then(key) else { return };
        match self.first.get(&key) {
            Some(path) if **path != *row.path => row.duplicate_of = Some(path.to_string()),
            Some(_) => {}
            None if self.first.len() < CONTENTS => {
                self.first.insert(key, row.path.as_str().into());
            }
            None => {}
        }
    }
}

/// Half of a SHA-256 tells contents apart.
fn key(hex: &str) -> Option<[u8; 16]> {
    data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlspcap::triage::Status;

    #[test]
    fn a_cell_is_never_a_formula() {
        let mut row = Row::named("=cmd|' /C calc'!A0".to_owned(), Status::Ok);
        row.sni = Some("@SUM(A1)".to_owned());
        row.alpn = Some(" +1".to_owned());
        let text = csv([header(), cells(&row)].into_iter()).unwrap();
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        assert!(record.iter().all(|cell| !cell.trim_start().starts_with(['=', '@', '+', '-'])), "{record:?}");
        assert_eq!(reader.headers().unwrap().iter().nth(1), Some("path"));
    }
}
