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
    if arguments.shell == clap_complete::Shell::Fish {
        text.extend_from_slice(fish_values().as_bytes());
    }
    print(&text)
}

/// The values of arguments without a name, which the generator for fish leaves out.
fn fish_values() -> String {
    let mut text = String::new();
    for command in Arguments::command().get_subcommands() {
        for value in command.get_positionals().flat_map(|argument| argument.get_possible_values()) {
            let help = value.get_help().map(ToString::to_string).unwrap_or_default();
            text.push_str(&format!(
                "complete -c tlspcap -n \"__fish_tlspcap_using_subcommand {}\" -f -a \"{}\" -d '{}'\n",
                command.get_name(),
                value.get_name(),
                help.replace('\\', "\\\\").replace('\'', "\\'")
            ));
        }
    }
    text
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
