//! `tlspcap explain`.

use std::io::IsTerminal;
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tlspcap::connection::Outcome;
use tlspcap::error::{Error, Result};
use tlspcap::explain::{Listener, Options, explain, open};
use tlspcap::render::{HtmlRenderer, JsonRenderer, Renderer, TextOptions, TextRenderer, json_string};
use tlspcap::report::{ConnectionReport, Parts, Summary, brief, connection_report};

use super::Status;
use super::args::{Explain, Format};
use super::collect::{Place, Shelf};
use super::filter::Filter;
use super::input::{Again, standard_input};
use super::output::{Output, use_color, width};

/// Explains every file.
pub(crate) fn run(arguments: &Explain) -> Result<Status> {
    let mut options = super::trust::options(&arguments.inputs)?;
    let filter = arguments.filter.as_deref().map(Filter::parse).transpose().map_err(Error::Usage)?;
    let text = arguments.format == Format::Text;
    options.judge_established = !text || arguments.all || filter.is_some();
    options.brief_established = !options.judge_established && arguments.connection.is_empty();
    one_report(arguments)?;
    let to_file = arguments.output.is_some();
    let renderer: Box<dyn Renderer> = match arguments.format {
        Format::Json => Box::new(JsonRenderer { lines: false }),
        Format::Ndjson => Box::new(JsonRenderer { lines: true }),
        Format::Text => Box::new(TextRenderer::new(TextOptions {
            width: width(to_file),
            color: use_color(arguments.color, to_file),
            all: arguments.all,
            break_lines: !to_file && std::io::stdout().is_terminal(),
        })),
        Format::Html => Box::new(HtmlRenderer),
    };
    standard_input(&arguments.files)?;
    let mut output = Output::open(arguments.output.as_deref())?;
    let mut failed = false;
    let mut first_error = None;
    for (position, path) in arguments.files.iter().enumerate() {
        if text && position > 0 {
            output.write(b"\n")?;
        }
        let one = One { arguments, renderer: renderer.as_ref(), filter: filter.as_ref(), path };
        match one.run(options.clone(), &mut output) {
            Ok(summary) => failed |= summary.failed > 0,
            Err(error @ Error::Output { .. }) => return Err(error),
            Err(error) if arguments.files.len() == 1 => return Err(error),
            Err(error) => {
                anstream::eprintln!("tlspcap: {}", tlspcap::render::escape(&error.to_string()));
                first_error.get_or_insert(error);
            }
        }
    }
    output.commit()?;
    match first_error {
        Some(error) => Err(error),
        None if failed && arguments.exit_code => Ok(Status::Failed),
        None => Ok(Status::Done),
    }
}

/// A JSON report and a page hold one capture.
fn one_report(arguments: &Explain) -> Result<()> {
    let instead = match arguments.format {
        Format::Json => "--format json is one report: give one file, or use --format ndjson",
        Format::Html => "--format html is one page: give one file",
        Format::Text | Format::Ndjson => return Ok(()),
    };
    if arguments.files.len() > 1 { Err(Error::Usage(instead.to_owned())) } else { Ok(()) }
}

/// One file of the command.
struct One<'a> {
    arguments: &'a Explain,
    renderer: &'a dyn Renderer,
    filter: Option<&'a Filter>,
    path: &'a Path,
}

impl One<'_> {
    fn run(&self, mut options: Options, output: &mut Output) -> Result<Summary> {
        let again = self.arguments.embed_secrets.then(|| Again::new(self.path)).transpose()?;
        let input = match &again {
            Some(again) => again.open(&mut options)?,
            None => open(self.path, &mut options)?,
        };
        let mut gather = Gather {
            one: self,
            shelf: Shelf::default(),
            summary: Summary::default(),
            stories: 0,
            left_out: 0,
            exports: Vec::new(),
            bar: progress_bar(self.path),
        };
        let capture = explain(input, self.path, &options, &mut gather)?;
        gather.bar.finish_and_clear();
        let Gather { mut shelf, summary, left_out, exports, .. } = gather;
        let asked = &self.arguments.connection;
        if !asked.is_empty() && !asked.iter().any(|number| (1..=summary.connections).contains(number)) {
            return Err(no_such_connection(self.path, summary.connections));
        }
        let renderer = self.renderer;
        output.write(renderer.start(&capture, &summary).as_bytes())?;
        let wanted =
            |number: u64| self.arguments.connection.is_empty() || self.arguments.connection.contains(&number);
        let mut written = 0u64;
        for place in [Place::Story, Place::Line] {
            shelf.take(place, wanted, |text| {
                if written > 0 {
                    output.write(renderer.between().as_bytes())?;
                }
                written += 1;
                output.write(text)
            })?;
        }
        if written == 0 && self.filter.is_some() && self.arguments.format == Format::Text {
            output.write(b"--filter holds for none of them.\n")?;
        }
        if left_out > 0 {
            let text = format!(
                "\nOnly the first {STORIES} failed connections are told in full; the other {left_out} have a line each. \
                 --all tells every one, --connection ID one of them.\n"
            );
            output.write(text.as_bytes())?;
        }
        output.write(renderer.finish(&capture, &summary).as_bytes())?;
        if let Some(folder) = &self.arguments.export {
            super::export::write(folder, &exports)?;
            if let Some(again) = &again {
                let streams: Vec<u64> = exports.iter().map(|report| report.stream).collect();
                super::trim::embed(again, options, &streams, &folder.join("capture.pcapng"))?;
            }
        }
        Ok(summary)
    }
}

/// Adds the capture to a connection's line, as lines of several files may follow each other.
fn name_capture(line: &mut String, path: &Path) {
    if line.pop() == Some('}') {
        line.push_str(&format!(",\"capture\":{}}}", json_string(&path.to_string_lossy())));
    }
}

/// `--connection` names none of the capture's.
pub(crate) fn no_such_connection(path: &Path, connections: u64) -> Error {
    let path = path.to_owned();
    Error::Input { path, message: format!("no such connection; the capture has {connections} with TLS") }
}

/// Failed connections told in full without `--all`.
const STORIES: u64 = 50;

/// Takes connections as they end.
struct Gather<'a> {
    one: &'a One<'a>,
    shelf: Shelf,
    summary: Summary,
    stories: u64,
    left_out: u64,
    exports: Vec<ConnectionReport>,
    bar: ProgressBar,
}

impl Gather<'_> {
    /// Whether a connection that ended like this is told in full, rather than in a line.
    fn in_full(&self, outcome: Outcome) -> bool {
        let arguments = self.one.arguments;
        let all = arguments.format != Format::Text || arguments.all || !arguments.connection.is_empty();
        all || outcome == Outcome::Failed && self.stories < STORIES
    }
}

impl Listener for Gather<'_> {
    fn wants_story(&mut self, outcome: Outcome) -> bool {
        self.in_full(outcome)
    }

    fn connection(&mut self, parts: Parts<'_>) -> Result<()> {
        let stream = parts.case.connection.stream;
        let outcome = parts.diagnosis.outcome.name();
        self.summary.add(outcome, parts.diagnosis.verdict.cause);
        let one = self.one;
        let full = self.in_full(parts.diagnosis.outcome);
        if !full && one.filter.is_none() {
            self.left_out += u64::from(outcome == "failed");
            if let Some(fragment) = one.renderer.brief(&brief(parts)) {
                return self.shelf.put(stream, Place::Line, &fragment, true);
            }
        }
        let report = connection_report(parts);
        let shown = one.filter.is_none_or(|filter| filter.holds(&report));
        self.stories += u64::from(full && outcome == "failed" && shown);
        let in_order = matches!(one.arguments.format, Format::Json | Format::Ndjson);
        let place = if outcome == "failed" || in_order { Place::Story } else { Place::Line };
        let mut fragment = one.renderer.connection(&report);
        if one.arguments.format == Format::Ndjson {
            name_capture(&mut fragment.text, one.path);
        }
        if one.arguments.export.is_some() && outcome == "failed" && shown {
            self.exports.push(report);
        }
        self.shelf.put(stream, place, &fragment, shown)
    }

    fn progress(&mut self, bytes: u64) {
        self.bar.set_position(bytes);
    }
}

/// A bar on standard error for files that take a while, on a terminal only.
fn progress_bar(path: &Path) -> ProgressBar {
    const WORTH_A_BAR: u64 = 64 << 20;
    let size = std::fs::metadata(path).map(|metadata| metadata.len()).unwrap_or(0);
    if size < WORTH_A_BAR || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("{bytes} of {total_bytes} {wide_bar} {bytes_per_sec} {eta} left")
    {
        bar.set_style(style);
    }
    bar
}
