//! `tlspcap trim`, and the capture that `explain --export DIR --embed-secrets` writes.

use std::io::IsTerminal;
use std::path::Path;

use tlspcap::error::{Error, Result};
use tlspcap::explain::Options;
use tlspcap::render::escape;
use tlspcap::report::{ConnectionReport, size};
use tlspcap::trim::{Choice, Plan, TrimOptions, Trimmed, plan, write};

use super::Status;
use super::args::Trim;
use super::filter::Filter;
use super::input::Again;
use super::output::Output;

/// Writes the small capture.
pub(crate) fn run(arguments: &Trim) -> Result<Status> {
    let mut options = super::trust::options(&arguments.inputs)?;
    let filter = arguments.filter.as_deref().map(Filter::parse).transpose().map_err(Error::Usage)?;
    options.judge_established = filter.is_some();
    if arguments.output.as_os_str() == "-" && std::io::stdout().is_terminal() {
        return Err(Error::Usage("a capture is not written to a terminal: give -o FILE".to_owned()));
    }
    super::input::standard_input([&arguments.file])?;
    let input = Again::new(&arguments.file)?;
    if input.is(&arguments.output) {
        return Err(Error::Usage(format!(
            "{}: the output is the input; give another name",
            arguments.output.display()
        )));
    }
    let holds = filter.as_ref().map(|filter| |report: &ConnectionReport| filter.holds(report));
    let choice = Choice {
        connections: &arguments.connection,
        streams: &arguments.stream,
        filter: holds.as_ref().map(|holds| holds as &dyn Fn(&ConnectionReport) -> bool),
        all: arguments.all,
    };
    let trim = TrimOptions { keep_data: arguments.keep_data, embed_secrets: arguments.embed_secrets };
    let (plan, trimmed) = both_passes(&input, options, &choice, trim, &arguments.output)?;
    let text = format!("{}: {}", arguments.output.display(), summary(&plan, &trimmed, trim));
    anstream::eprintln!("tlspcap: {}", escape(&text));
    Ok(Status::Done)
}

/// Writes the capture of these streams with their secrets.
pub(crate) fn embed(input: &Again, options: Options, streams: &[u64], to: &Path) -> Result<()> {
    if streams.is_empty() {
        return Ok(());
    }
    let choice = Choice { streams, ..Choice::default() };
    let trim = TrimOptions { embed_secrets: true, ..TrimOptions::default() };
    let (plan, _) = both_passes(input, options, &choice, trim, to)?;
    if plan.with_secrets == 0 {
        anstream::eprintln!("tlspcap: {}: {NO_SECRETS}", escape(&to.display().to_string()));
    }
    Ok(())
}

fn both_passes(
    input: &Again,
    mut options: Options,
    choice: &Choice<'_>,
    trim: TrimOptions,
    to: &Path,
) -> Result<(Plan, Trimmed)> {
    let limits = options.limits.clone();
    let first = input.open(&mut options)?;
    let mut plan = plan(first, input.path(), &options, choice, trim)?;
    let named = !choice.connections.is_empty() || !choice.streams.is_empty();
    if named && choice.filter.is_none() && plan.chosen == 0 {
        return Err(super::explain::no_such_connection(input.path(), plan.connections));
    }
    if trim.embed_secrets {
        plan.make_pcapng();
    }
    let mut output = if plan.with_secrets > 0 { Output::open_private(to)? } else { Output::open(Some(to))? };
    // Secrets were read ahead already.
    let second = input.open(&mut Options::default())?;
    let trimmed = write(second, input.path(), &limits, &plan, &mut output, to)?;
    output.commit()?;
    Ok((plan, trimmed))
}

/// What was kept, in a line or two.
fn summary(plan: &Plan, trimmed: &Trimmed, trim: TrimOptions) -> String {
    let mut text = format!(
        "{} of {} TLS {}, {} of {} packets, {}",
        plan.chosen,
        plan.connections,
        if plan.connections == 1 { "connection" } else { "connections" },
        trimmed.kept_packets,
        trimmed.packets,
        of(trimmed.kept_bytes, trimmed.bytes),
    );
    if plan.chosen == 0 {
        text.push_str("; nothing was chosen: --all takes every connection, --connection ID one");
    }
    if plan.companions > 0 {
        text.push_str("; with another connection to the same server, which shows that it speaks TLS");
    }
    if trimmed.fragments > 0 && !trim.keep_data {
        text.push_str(&format!("; {} IP fragments are whole", trimmed.fragments));
    }
    if trimmed.marks_end {
        text.push_str("; an empty packet marks when the capture ended");
    }
    if trim.embed_secrets && plan.chosen > 0 {
        match plan.with_secrets {
            0 => text.push_str(&format!("; {NO_SECRETS}")),
            1 => text.push_str("; with the SECRETS of 1 connection"),
            count => text.push_str(&format!("; with the SECRETS of {count} connections")),
        }
    }
    text
}

/// Two sizes, with the unit once where it is the same.
fn of(part: u64, whole: u64) -> String {
    let (part, whole) = (size(part), size(whole));
    match (part.rsplit_once(' '), whole.rsplit_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} of {whole}"),
        _ => format!("{part} of {whole}"),
    }
}

const NO_SECRETS: &str = "no secrets are embedded, as none of these connections were given (--keylog FILE)";
