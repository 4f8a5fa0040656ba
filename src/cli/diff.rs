//! `tlspcap diff`.

use tlspcap::compare::{Input, compare};
use tlspcap::error::{Error, Result};
use tlspcap::explain::open;
use tlspcap::render::{TextOptions, diff_text, json_string};

use super::Status;
use super::args::{Diff, DiffFormat};
use super::output::{Output, use_color, width};

/// Compares two handshakes.
pub(crate) fn run(arguments: &Diff) -> Result<Status> {
    let options = super::trust::options(&arguments.inputs)?;
    if arguments.good.as_os_str() == "-" && arguments.bad.as_os_str() == "-" {
        return Err(Error::Usage("only one of GOOD and BAD can be standard input".to_owned()));
    }
    super::input::standard_input([&arguments.good, &arguments.bad])?;
    let (mut of_good, mut of_bad) = (options.clone(), options);
    let good = open(&arguments.good, &mut of_good)?;
    let bad = open(&arguments.bad, &mut of_bad)?;
    let report = compare(
        Input {
            bytes: good,
            path: &arguments.good,
            connection: arguments.connection_good,
            options: &of_good,
        },
        Input { bytes: bad, path: &arguments.bad, connection: arguments.connection_bad, options: &of_bad },
    )?;
    let to_file = arguments.output.is_some();
    let text = match arguments.format {
        DiffFormat::Json => format!("{}\n", json_string(&report)),
        DiffFormat::Text => diff_text(
            &report,
            TextOptions {
                width: width(to_file),
                color: use_color(arguments.color, to_file),
                all: arguments.all,
                break_lines: true,
            },
        ),
    };
    let mut output = Output::open(arguments.output.as_deref())?;
    output.write(text.as_bytes())?;
    output.commit()?;
    Ok(Status::Done)
}
