//! The command line: reads options, opens inputs and outputs, sets the exit status.

mod args;
mod causes;
mod chain;
mod collect;
mod completions;
mod diff;
mod explain;
mod export;
mod filter;
mod input;
mod manual;
mod output;
mod schema;
mod triage;
mod trim;
mod trust;

use std::process::ExitCode;

use clap::Parser;
use tlspcap::error::Error;

use args::{Arguments, Command};

/// What a command did, as an exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// The work was done.
    Done,
    /// With `--exit-code`: a handshake failed. Of `triage` also: an input went unanswered.
    Failed,
    /// Stopped by Ctrl-C; what was written is whole.
    Interrupted,
}

/// Runs the command that was given.
pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Command::Explain(options) => explain::run(options),
        Command::Triage(options) => triage::run(options),
        Command::Trim(options) => trim::run(options),
        Command::Diff(options) => diff::run(options),
        Command::Chain(options) => chain::run(options),
        Command::Causes(options) => causes::run(options),
        Command::Schema(options) => schema::run(options),
        Command::Completions(options) => completions::run(options),
        Command::Man => completions::man(),
    };
    match done {
        Ok(Status::Done) => ExitCode::SUCCESS,
        Ok(Status::Failed) => ExitCode::from(1),
        Ok(Status::Interrupted) => ExitCode::from(130),
        Err(error) => report(&error),
    }
}

/// A closed pipe ends quietly; everything else is said on standard error.
fn report(error: &Error) -> ExitCode {
    if let Error::Output { source, .. } = error
        && source.kind() == std::io::ErrorKind::BrokenPipe
    {
        return ExitCode::SUCCESS;
    }
    complain(error);
    ExitCode::from(2)
}

/// Says on standard error what went wrong.
pub(crate) fn complain(error: &Error) {
    anstream::eprintln!("tlspcap: {}", tlspcap::render::escape(&error.to_string()));
}
