//! Two handshakes side by side: which two, what differs, and what of that could explain the failure.

mod catalog;
mod certificates;
mod choose;
mod fact;
mod fields;
mod gather;
mod hello;
mod timing;
mod weigh;

use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
use crate::explain::{Options, explain};
use crate::report::{DIFF_SCHEMA, DiffReport, DiffSide, ToolReport};

use choose::{choose, choose_by_number};
use gather::{Gather, Sheet, Wanted};

/// A capture to take a connection from.
pub struct Input<'a> {
    /// Its bytes.
    pub bytes: Box<dyn Read + Send>,
    /// Its name for messages.
    pub path: &'a Path,
    /// The connection, by its number; otherwise one is chosen.
    pub connection: Option<u64>,
    /// What is known beside the capture.
    pub options: &'a Options,
}

/// Compares a connection of `good` with one of `bad`.
///
/// Without numbers they are an established connection and one that failed: the pair with the same server name and server where there
/// is one, then the failure that is most certain, then the first.
///
/// # Errors
/// As [`explain`]; [`Error::Usage`] when a capture has no such connection.
pub fn compare(good: Input<'_>, bad: Input<'_>) -> Result<DiffReport> {
    let (good_path, good_number) = (good.path.to_owned(), good.connection);
    let (bad_path, bad_number) = (bad.path.to_owned(), bad.connection);
    let good = sheets(good, Wanted::Established)?;
    let bad = sheets(bad, Wanted::Failed)?;
    let good = by_number(good, good_number, &good_path, "established", "--connection-good")?;
    let bad = by_number(bad, bad_number, &bad_path, "failed", "--connection-bad")?;
    let Some((good, bad)) = choose(&good, &bad) else {
        return Err(Error::Usage("nothing to compare".to_owned()));
    };
    Ok(report((good, &good_path), (bad, &bad_path)))
}

fn sheets(input: Input<'_>, wanted: Wanted) -> Result<Vec<Sheet>> {
    let mut options = input.options.clone();
    options.brief_established = false;
    options.judge_established = true;
    let mut gather = Gather::new(if input.connection.is_some() { Wanted::Any } else { wanted });
    explain(input.bytes, input.path, &options, &mut gather)?;
    Ok(gather.into_sheets())
}

/// The candidates of one capture: the one with that number, or all.
fn by_number(
    sheets: Vec<Sheet>,
    number: Option<u64>,
    path: &Path,
    outcome: &str,
    option: &str,
) -> Result<Vec<Sheet>> {
    let path = path.display();
    match number {
        Some(number) => choose_by_number(sheets, number)
            .map(|sheet| vec![sheet])
            .ok_or_else(|| Error::Usage(format!("{path}: there is no TLS connection {number}"))),
        None if sheets.is_empty() => Err(Error::Usage(format!(
            "{path}: no TLS connection in it {outcome}; {option} ID takes another one"
        ))),
        None => Ok(sheets),
    }
}

fn report((good, good_path): (&Sheet, &Path), (bad, bad_path): (&Sheet, &Path)) -> DiffReport {
    let compared = fields::compare(&good.facts, &bad.facts);
    let mut differences = compared.differences;
    weigh::weigh(&mut differences, &bad.causes());
    DiffReport {
        schema: DIFF_SCHEMA,
        tool: ToolReport::default(),
        good: side(good, good_path),
        bad: side(bad, bad_path),
        conclusion: weigh::conclusion(&differences, &compared.same, good, bad),
        differences,
        same: compared.same,
        not_compared: compared.not_compared,
    }
}

fn side(sheet: &Sheet, path: &Path) -> DiffSide {
    let report = &sheet.report;
    DiffSide {
        path: path.display().to_string(),
        id: sheet.number,
        stream: report.stream,
        client: report.client.clone(),
        server: report.server.clone(),
        first_packet: report.first_packet,
        last_packet: report.last_packet,
        start: report.start.clone(),
        sni: report.tls.sni.clone(),
        version: report.tls.version.clone(),
        outcome: report.outcome,
        cause: report.verdict.cause.clone(),
        confidence: report.verdict.confidence,
        summary: report.verdict.summary.clone(),
    }
}
