//! `tlspcap completions` and `tlspcap man`.

use std::path::PathBuf;

use clap::CommandFactory;
use tlspcap::error::{Error, Result};

use super::Status;
use super::args::{Arguments, Completions};
use super::output::Output;

/// Prints the completions of a shell.
pub(crate) fn run(arguments: &Completions) -> Result<Status> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "tlspcap", &mut text);
    print(&text)
}

/// Prints the man page.
pub(crate) fn man() -> Result<Status> {
    let text = super::manual::man_page()
        .map_err(|source| Error::Output { path: PathBuf::from("the man page"), source })?;
    print(&text)
}

fn print(text: &[u8]) -> Result<Status> {
    let mut output = Output::open(None)?;
    output.write(text)?;
    output.commit()?;
    Ok(Status::Done)
}
