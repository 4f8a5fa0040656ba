//! The names to be answered: paths, folders and lists, one after the other.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tlspcap::error::{Error, Result};
use tlspcap::triage::{Job, Named, Row, display_name, in_shard, is_remote, listed, walk};

use super::shard;
use crate::cli::args::Triage;

/// Where the names come from.
pub(super) struct Names {
    paths: Vec<PathBuf>,
    list: Option<PathBuf>,
    nul: bool,
    follow: bool,
    shard: Option<(u64, u64)>,
    #[cfg(feature = "watch")]
    watch: bool,
    stop: Arc<AtomicBool>,
    trouble: Trouble,
}

/// Why the names ended early, from whichever thread met it.
#[derive(Clone, Default)]
pub(super) struct Trouble(Arc<Mutex<Option<Error>>>);

impl Trouble {
    fn set(&self, error: Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// What went wrong, once.
    pub(super) fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

type Jobs = Box<dyn Iterator<Item = Job> + Send>;

impl Names {
    pub(super) fn new(arguments: &Triage, stop: &Arc<AtomicBool>, trouble: &Trouble) -> Result<Self> {
        let is_input = |path: &PathBuf| path.as_os_str() == "-";
        let from_input = arguments.paths.iter().any(is_input).then(|| PathBuf::from("-"));
        let variable = |name: &str| std::env::var(name).ok();
        Ok(Self {
            paths: arguments.paths.iter().filter(|path| !is_input(path)).cloned().collect(),
            list: arguments.files_from.clone().or(from_input),
            nul: arguments.null,
            follow: arguments.follow,
            shard: arguments.shard.as_deref().map(|text| shard::parse(text, variable)).transpose()?,
            #[cfg(feature = "watch")]
            watch: arguments.watch,
            stop: Arc::clone(stop),
            trouble: trouble.clone(),
        })
    }

    /// How many names there will be, where that can be found out beside the work; it may take long.
    pub(super) fn counter(&self) -> Option<impl FnOnce() -> u64 + Send + 'static> {
        // Listing a bucket twice costs requests.
        if self.list.is_some() || self.paths.iter().any(|path| is_remote(path)) {
            return None;
        }
        let (paths, follow, shard, stop) =
            (self.paths.clone(), self.follow, self.shard, Arc::clone(&self.stop));
        Some(move || {
            let names = walk(paths, follow).take_while(|_| !stop.load(Ordering::Relaxed)).map(job_of);
            names.filter(|job| is_mine(job, shard)).count() as u64
        })
    }

    /// The names in order, with rows for what could not be listed.
    pub(super) fn into_jobs(self) -> Result<Jobs> {
        let list: Option<Box<dyn BufRead + Send>> = match &self.list {
            Some(path) if path.as_os_str() == "-" => Some(Box::new(BufReader::new(io::stdin()))),
            Some(path) => {
                let file = File::open(path).map_err(|source| Error::Io { path: path.clone(), source })?;
                Some(Box::new(BufReader::new(file)))
            }
            None => None,
        };
        let shard = self.shard;
        let walked = walk(self.paths.clone(), self.follow).map(job_of);
        #[cfg(feature = "watch")]
        let watched = self.watch.then(|| (self.paths.clone(), Arc::clone(&self.stop)));
        let listed = list.map(|list| self.listed(list)).into_iter().flatten();
        let jobs: Jobs = Box::new(walked.chain(listed));
        #[cfg(feature = "watch")]
        let jobs = match watched {
            Some((folders, stop)) => Box::new(super::watch::Watch::new(&folders, jobs, stop)?),
            None => jobs,
        };
        Ok(Box::new(jobs.filter(move |job| is_mine(job, shard))))
    }

    /// Reads a list on a thread of its own: whoever waits for its next name can be stopped.
    fn listed(self, list: Box<dyn BufRead + Send>) -> Jobs {
        let (sender, receiver) = sync_channel(1024);
        let path = self.list.unwrap_or_default();
        std::thread::spawn(move || {
            for name in listed(list, self.nul) {
                if sender.send(name).is_err() {
                    break;
                }
            }
        });
        let trouble = self.trouble;
        let stop = self.stop;
        let names = std::iter::from_fn(move || match receive(&receiver, &stop)? {
            Ok(name) => Some(Job::new(name)),
            Err(source) => {
                trouble.set(Error::Io { path: path.clone(), source });
                None
            }
        });
        Box::new(names.fuse())
    }
}

/// The next item; `None` at the end, or when the run is stopped.
fn receive<T>(from: &Receiver<T>, stop: &AtomicBool) -> Option<T> {
    loop {
        match from.recv_timeout(Duration::from_millis(100)) {
            Ok(item) => return Some(item),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn is_mine(job: &Job, shard: Option<(u64, u64)>) -> bool {
    shard.is_none_or(|shard| in_shard(job.name.as_os_str().as_encoded_bytes(), shard))
}

fn job_of(named: Named) -> Job {
    match named {
        Named::File(path, stamp) => Job { stamp, ..Job::new(path) },
        Named::Failed(path, text, kind) => {
            let source = io::Error::new(kind, text);
            let row = Row::of_error(display_name(&path), &Error::Io { path: path.clone(), source });
            Job { rows: Some(vec![row]), ..Job::new(path) }
        }
    }
}

/// Captures worked on at a time.
pub(super) fn threads(arguments: &Triage) -> usize {
    if let Some(jobs) = arguments.jobs {
        return jobs.get();
    }
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    // Objects are waited for more than they are worked on.
    if arguments.paths.iter().any(|path| is_remote(path)) { processors.max(16) } else { processors }
}
