//! `tlspcap schema`.

use tlspcap::error::Result;

use super::Status;
use super::args::{Schema, SchemaName};
use super::output::Output;

/// Prints the schema of an output.
pub(crate) fn run(arguments: &Schema) -> Result<Status> {
    let schema = match arguments.name {
        SchemaName::Report => tlspcap::report::report_schema(),
        SchemaName::Diff => tlspcap::report::diff_schema(),
        SchemaName::Triage => tlspcap::triage::triage_schema(),
    };
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    let mut output = Output::open(None)?;
    output.write(text.as_bytes())?;
    output.commit()?;
    Ok(Status::Done)
}
