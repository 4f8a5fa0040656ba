//! `tlspcap triage`.

mod progress;
mod resume;
mod rows;
mod worker;

use std::io::{self, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tlspcap::error::{Error, Result};
use tlspcap::triage::{
    ErrorKind, Groups, Isolated, Job, Local, Named, Row, Settings, Status as RowStatus, Worker,
};
use tlspcap::triage::{display_name, in_shard, listed, run as answer, walk};

use super::Status;
use super::args::{Isolate, Triage, TriageFormat};
use progress::Progress;
use rows::RowWriter;

/// Gives every input its rows.
pub(crate) fn run(arguments: &Triage) -> Result<Status> {
    let mut options = super::trust::options(&arguments.inputs)?;
    options.judge_established = false;
    let settings = Settings {
        options,
        per_connection: arguments.connections,
        hash: arguments.hash,
        timeout: arguments.timeout,
    };
    if arguments.worker {
        return worker::serve(arguments, &settings);
    }
    if arguments.paths.is_empty() && arguments.files_from.is_none() {
        return Err(Error::Usage("no input: give captures or folders, or --files-from FILE".to_owned()));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    // Without a handler Ctrl-C ends the process at once; the rows so far are whole then too.
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
    Triaged::new(arguments, stop)?.run(&settings)
}

/// One run.
struct Triaged<'a> {
    arguments: &'a Triage,
    stop: Arc<AtomicBool>,
    shard: Option<(u64, u64)>,
}

impl<'a> Triaged<'a> {
    fn new(arguments: &'a Triage, stop: Arc<AtomicBool>) -> Result<Self> {
        let shard = arguments.shard.as_deref().map(shard_of).transpose()?;
        Ok(Self { arguments, stop, shard })
    }

    fn run(&self, settings: &Settings) -> Result<Status> {
        let arguments = self.arguments;
        let format = arguments.format.unwrap_or(default_format(arguments));
        let mut ledger = match &arguments.output {
            Some(path) if arguments.resume => Some(resume::Ledger::open(path, format)?),
            _ => None,
        };
        let mut writer = match &mut ledger {
            Some(_) => None,
            None => Some(RowWriter::open(arguments.output.as_deref(), format, arguments)?),
        };
        let taken = AtomicU64::new(0);
        let known = ledger.as_ref().map(resume::Ledger::known).unwrap_or_default();
        let jobs = self.names()?.inspect(|_| {
            taken.fetch_add(1, Ordering::Relaxed);
        });
        let jobs = jobs.map(|named| known.job(named));
        let mut groups = Groups::default();
        let mut duplicates = rows::Duplicates::default();
        let mut progress = Progress::new(arguments, &taken);
        let mut problem = None;
        let mut failed = false;
        let all = answer(jobs, self.workers(settings), &self.stop, |name, mut rows| {
            for row in &mut rows {
                duplicates.mark(row);
                failed |= row.failed.is_some_and(|n| n > 0);
                groups.add(row);
            }
            progress.row(&groups);
            let written = match (&mut ledger, &mut writer) {
                (Some(ledger), _) => ledger.write(&name, &rows),
                (None, Some(writer)) => writer.write(&rows),
                (None, None) => Ok(()),
            };
            problem = written.err();
            problem.is_none()
        });
        progress.finish();
        if let Some(error) = problem {
            return closed_pipe(error);
        }
        let interrupted = self.stop.load(Ordering::Relaxed);
        if groups.rows == 0 && !interrupted && taken.load(Ordering::Relaxed) == 0 && self.shard.is_none() {
            return Err(Error::Usage("no input: nothing was found in what was named".to_owned()));
        }
        match (ledger, writer) {
            (Some(ledger), _) => ledger.finish(!interrupted && all)?,
            (None, Some(writer)) => writer.finish(&groups, arguments)?,
            (None, None) => {}
        }
        Ok(match (interrupted, all) {
            (true, _) => Status::Interrupted,
            (false, false) => Status::Failed,
            (false, true) if failed && arguments.exit_code => Status::Failed,
            (false, true) => Status::Done,
        })
    }

    /// The names in order, or rows for what could not be listed.
    fn names(&self) -> Result<Box<dyn Iterator<Item = Job> + Send + 'a>> {
        let arguments = self.arguments;
        let from_input = arguments.paths.iter().any(|path| path.as_os_str() == "-");
        let list: Option<Box<dyn io::BufRead + Send>> = match &arguments.files_from {
            Some(path) if path.as_os_str() != "-" => {
                let file =
                    std::fs::File::open(path).map_err(|source| Error::Io { path: path.clone(), source })?;
                Some(Box::new(BufReader::new(file)))
            }
            Some(_) => Some(Box::new(BufReader::new(io::stdin()))),
            None if from_input => Some(Box::new(BufReader::new(io::stdin()))),
            None => None,
        };
        let paths: Vec<PathBuf> =
            arguments.paths.iter().filter(|path| path.as_os_str() != "-").cloned().collect();
        let walked = walk(paths, arguments.follow).map(job_of);
        let listed =
            list.into_iter().flat_map(|list| listed(list, self.arguments.null)).map(|name| match name {
                Ok(path) => Job::Name(path),
                Err(error) => {
                    let text = format!("the list of names cannot be read: {error}");
                    Job::Rows(
                        PathBuf::new(),
                        vec![Row::failed("-".to_owned(), RowStatus::Error, ErrorKind::Io, text)],
                    )
                }
            });
        let shard = self.shard;
        let mine = move |job: &Job| match (shard, job) {
            (Some(shard), Job::Name(path) | Job::Rows(path, _)) => {
                in_shard(path.as_os_str().as_encoded_bytes(), shard)
            }
            (None, _) => true,
        };
        Ok(Box::new(walked.chain(listed).filter(mine)))
    }

    fn workers<'s>(&self, settings: &'s Settings) -> Vec<Box<dyn Worker + 's>> {
        let arguments = self.arguments;
        let jobs = arguments.jobs.map_or_else(
            || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
            std::num::NonZeroUsize::get,
        );
        let limited = arguments.timeout.is_some() || arguments.max_memory.is_some();
        let isolate = match arguments.isolate {
            Isolate::Process => true,
            Isolate::None => false,
            Isolate::Auto => limited,
        };
        (0..jobs)
            .map(|_| match isolate {
                true => Box::new(Isolated::new(worker::command(), arguments.timeout)) as Box<dyn Worker + 's>,
                false => Box::new(Local::new(settings)),
            })
            .collect()
    }
}

fn job_of(named: Named) -> Job {
    match named {
        Named::File(path) => Job::Name(path),
        Named::Failed(path, text, denied) => {
            let kind = if denied { ErrorKind::Permission } else { ErrorKind::Io };
            let (name, encoded) = display_name(&path);
            let mut row = Row::failed(name, RowStatus::Error, kind, text);
            row.path_encoded = encoded.then_some(true);
            Job::Rows(path, vec![row])
        }
    }
}

fn default_format(arguments: &Triage) -> TriageFormat {
    let by_name = |path: &Path| match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => TriageFormat::Csv,
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

/// `I/N`, or the index that the scheduler sets.
fn shard_of(text: &str) -> Result<(u64, u64)> {
    let wrong =
        || Error::Usage(format!("--shard {text}: expected I/N with I from 0 and below N, or auto, auto/N"));
    let variable = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let (index, count) = text.split_once('/').unwrap_or((text, ""));
    let index = match index {
        "auto" => ["JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX", "SLURM_ARRAY_TASK_ID"]
            .into_iter()
            .find_map(variable)
            .ok_or_else(|| {
                Error::Usage(
                    "--shard auto: neither JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX nor SLURM_ARRAY_TASK_ID is set"
                        .to_owned(),
                )
            })?,
        number => number.parse().map_err(|_| wrong())?,
    };
    let count = match count {
        "" => ["JOB_COMPLETIONS", "AWS_BATCH_JOB_ARRAY_SIZE", "SLURM_ARRAY_TASK_COUNT"]
            .into_iter()
            .find_map(variable)
            .ok_or_else(wrong)?,
        number => number.parse().map_err(|_| wrong())?,
    };
    if index < count { Ok((index, count)) } else { Err(wrong()) }
}

/// Whoever read the rows has enough: that is no error of ours.
fn closed_pipe(error: Error) -> Result<Status> {
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_below_the_number_of_shards() {
        assert_eq!(shard_of("0/4").unwrap(), (0, 4));
        assert_eq!(shard_of("3/4").unwrap(), (3, 4));
        for text in ["4/4", "x/4", "1", "1/x", "", "/"] {
            assert!(shard_of(text).is_err(), "{text}");
        }
    }
}
