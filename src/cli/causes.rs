//! `tlspcap causes`.

use std::io::IsTerminal;

use tlspcap::diagnose::{CAUSES, cause};
use tlspcap::error::{Error, Result};

use super::Status;
use super::args::{Causes, Color};
use super::output::Output;

/// Lists the causes, or prints a chapter.
pub(crate) fn run(arguments: &Causes) -> Result<Status> {
    let text = match &arguments.code {
        None => list(),
        Some(code) => cause(code).map(|cause| chapter(cause.chapter)).ok_or_else(|| unknown(code))?,
    };
    let mut output = Output::open(None)?;
    output.write(text.as_bytes())?;
    output.commit()?;
    Ok(Status::Done)
}

/// A chapter as it is read on a terminal; for programs, the Markdown that it is.
fn chapter(markdown: &str) -> String {
    if !std::io::stdout().is_terminal() {
        return markdown.to_owned();
    }
    tlspcap::render::chapter_text(
        markdown,
        super::output::width(false),
        super::output::use_color(Color::Auto, false),
    )
}

fn list() -> String {
    let widest = CAUSES.iter().map(|cause| cause.code.len()).max().unwrap_or(0);
    let mut text = String::new();
    for cause in CAUSES {
        let first = format!("{:<widest$}  ", cause.code);
        tlspcap::render::wrap_hanging(
            &mut text,
            &first,
            widest + 2,
            cause.meaning,
            super::output::width(false),
        );
    }
    text.push_str("\ntlspcap causes CODE prints the chapter of one.\n");
    text
}

fn unknown(code: &str) -> Error {
    let near: Vec<_> = CAUSES
        .iter()
        .map(|cause| cause.code)
        .filter(|known| known.split('-').any(|word| code.split('-').any(|part| part == word)))
        .collect();
    let hint = if near.is_empty() {
        "tlspcap causes lists them".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    Error::Usage(format!("no cause is called {code}: {hint}"))
}
