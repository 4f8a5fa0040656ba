//! `tlspcap triage`.

mod names;
#[cfg(feature = "parquet")]
mod parquet;
mod progress;
mod resume;
mod rows;
mod shard;
#[cfg(feature = "watch")]
mod watch;
mod worker;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tlspcap::error::{Error, Result};
use tlspcap::triage::{Groups, Isolated, Local, Settings, Worker, run as answer};

use super::Status;
use super::args::{Isolate, Triage, TriageFormat};
use names::{Names, Trouble};
use progress::Progress;
use resume::{Known, Ledger};
use rows::{Duplicates, RowWriter};

/// Gives every input its rows.
pub(crate) fn run(arguments: &Triage) -> Result<Status> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut options = super::trust::options(&arguments.inputs)?;
    options.judge_established = false;
    // The same input gives the same row on any day.
    options.now = None;
    let settings = Settings {
        options,
        per_connection: arguments.connections,
        hash: arguments.hash,
        timeout: arguments.timeout,
        stop: Arc::clone(&stop),
    };
    if arguments.worker {
        return worker::serve(arguments, &settings);
    }
    if let Some(path) = read_once(arguments).filter(|_| is_isolated(arguments)) {
        return Err(Error::Input {
            path: path.to_owned(),
            message: "workers cannot read it again; give a file, or --isolate none without limits".to_owned(),
        });
    }
    if arguments.paths.is_empty() && arguments.files_from.is_none() {
        return Err(Error::Usage("no input: give captures or folders, or --files-from FILE".to_owned()));
    }
    on_interrupt(stop);
    match Triaged::new(arguments, &settings)?.run() {
        // What is no fault of the options or the input, and no closed pipe, is status 1.
        Err(Error::Output { path, source }) if source.kind() != io::ErrorKind::BrokenPipe => {
            super::complain(&Error::Output { path, source });
            Ok(Status::Failed)
        }
        other => other,
    }
}

/// The first Ctrl-C lets the rows at hand be written, the second ends the process.
fn on_interrupt(stop: Arc<AtomicBool>) {
    // Without a handler Ctrl-C ends the process at once; the rows so far are whole then too.
    let _ = ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
}

/// One run.
struct Triaged<'a> {
    arguments: &'a Triage,
    settings: &'a Settings,
    trouble: Trouble,
    /// Names taken from the input so far.
    taken: AtomicU64,
    groups: Groups,
    duplicates: Duplicates,
    failed: bool,
}

/// Where rows go.
enum Sink {
    Ledger(Ledger),
    Writer(RowWriter),
}

impl<'a> Triaged<'a> {
    fn new(arguments: &'a Triage, settings: &'a Settings) -> Result<Self> {
        Ok(Self {
            arguments,
            settings,
            trouble: Trouble::default(),
            taken: AtomicU64::new(0),
            groups: Groups::new(arguments.connections),
            duplicates: Duplicates::default(),
            failed: false,
        })
    }

    fn run(mut self) -> Result<Status> {
        let arguments = self.arguments;
        let stop = Arc::clone(&self.settings.stop);
        let format = arguments.format.unwrap_or(default_format(arguments));
        let names = Names::new(arguments, &stop, &self.trouble)?;
        let (mut sink, known) = self.open(format)?;
        let progress = Progress::start(arguments, format, &names);
        let taken = &self.taken;
        let jobs = names.into_jobs()?.inspect(|_| {
            taken.fetch_add(1, Ordering::Relaxed);
        });
        let jobs = jobs.map(|job| match &known {
            Some(known) => known.job(job),
            None => job,
        });
        let mut problem = None;
        let (groups, duplicates, failed) = (&mut self.groups, &mut self.duplicates, &mut self.failed);
        let all = answer(jobs, workers(arguments, self.settings), &stop, |mut job| {
            for row in job.rows.iter_mut().flatten() {
                duplicates.mark(row);
                *failed |= row.failed.is_some_and(|n| n > 0);
                groups.add(row);
            }
            progress.answered(groups);
            let written = match &mut sink {
                Sink::Ledger(ledger) => ledger.write(&job),
                Sink::Writer(writer) => writer.write(job.rows.as_deref().unwrap_or_default()),
            };
            problem = written.err();
            problem.is_none()
        });
        progress.finish();
        match problem {
            Some(error) => Err(error),
            None => self.finish(sink, all),
        }
    }

    fn open(&self, format: TriageFormat) -> Result<(Sink, Option<Known>)> {
        match &self.arguments.output {
            Some(path) if self.arguments.resume => {
                let settings = resume::fingerprint(self.settings, &self.arguments.inputs.keylog)?;
                let (ledger, known) = Ledger::open(path, format, settings)?;
                Ok((Sink::Ledger(ledger), Some(known)))
            }
            path => Ok((Sink::Writer(RowWriter::open(path.as_deref(), format, self.arguments)?), None)),
        }
    }

    fn finish(self, sink: Sink, all: bool) -> Result<Status> {
        let arguments = self.arguments;
        let interrupted = self.settings.stop.load(Ordering::Relaxed);
        let trouble = self.trouble.take();
        let empty = self.taken.load(Ordering::Relaxed) == 0;
        // A shard, or an engine that hands out names, may have none to hand out.
        if empty && trouble.is_none() && !interrupted && arguments.shard.is_none() && !arguments.stream {
            return Err(Error::Usage("no input: nothing was found in what was named".to_owned()));
        }
        match sink {
            Sink::Ledger(ledger) => ledger.finish(!interrupted && all && trouble.is_none())?,
            Sink::Writer(writer) => writer.finish(&self.groups, arguments)?,
        }
        if arguments.output.is_some() && io::stdout().is_terminal() && !interrupted {
            rows::print_summary(&self.groups, arguments)?;
        }
        if let Some(error) = &trouble {
            super::complain(error);
        }
        Ok(match (interrupted, all && trouble.is_none()) {
            (true, _) => Status::Interrupted,
            (false, false) => Status::Failed,
            (false, true) if self.failed && arguments.exit_code => Status::Failed,
            (false, true) => Status::Done,
        })
    }
}

fn workers<'s>(arguments: &Triage, settings: &'s Settings) -> Vec<Box<dyn Worker + 's>> {
    let worker = || match is_isolated(arguments) {
        true => {
            let stop = Arc::clone(&settings.stop);
            Box::new(Isolated::new(worker::command(), arguments.timeout, stop)) as Box<dyn Worker + 's>
        }
        false => Box::new(Local::new(settings)),
    };
    (0..names::threads(arguments)).map(|_| worker()).collect()
}

/// Whether captures are worked on in processes of their own: always, unless those could not read what this one read.
fn is_isolated(arguments: &Triage) -> bool {
    match arguments.isolate {
        Isolate::Process => true,
        Isolate::None => false,
        Isolate::Auto => is_limited(arguments) || read_once(arguments).is_none(),
    }
}

fn is_limited(arguments: &Triage) -> bool {
    arguments.timeout.is_some() || arguments.max_memory.is_some()
}

/// An input beside the captures that can be read only once, such as a pipe.
fn read_once(arguments: &Triage) -> Option<&Path> {
    let inputs = &arguments.inputs;
    let files = inputs.truststore.iter().chain(&inputs.truststore_password_file).chain(&inputs.keylog);
    let again = |path: &Path| std::fs::metadata(path).is_ok_and(|about| about.is_file() || about.is_dir());
    files.map(PathBuf::as_path).find(|path| !again(path))
}

fn default_format(arguments: &Triage) -> TriageFormat {
    let by_name = |path: &Path| match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => TriageFormat::Csv,
        Some("html" | "htm") => TriageFormat::Html,
        #[cfg(feature = "parquet")]
        Some("parquet") => TriageFormat::Parquet,
        _ => TriageFormat::Ndjson,
    };
    match &arguments.output {
        Some(path) => by_name(path),
        None if arguments.stream || !io::stdout().is_terminal() => TriageFormat::Ndjson,
        None => TriageFormat::Table,
    }
}
