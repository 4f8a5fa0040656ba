//! `--watch`: after what is there, files that come, each when it is complete.
//!
//! A file is complete when it was closed or renamed, or nothing was written, for a while. Names that are gone by then, such as
//! the temporary ones of a copy, get no row; a file that changes again gets another one.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, CreateKind, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tlspcap::error::{Error, Result};
use tlspcap::triage::{Job, Named, Stamp, walk};

use super::resume::stamp_of;

/// After a file was closed or renamed.
const CLOSED: Duration = Duration::from_millis(200);
/// After something was written.
const WRITTEN: Duration = Duration::from_secs(2);
/// How often it is looked whether a file is complete, or the run stopped.
const LOOK: Duration = Duration::from_millis(50);
/// Files remembered, so that none is answered twice.
const SEEN: usize = 1 << 20;

/// Watched folders.
pub(super) struct Watch {
    /// Watches as long as it lives.
    _watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    stop: Arc<AtomicBool>,
    /// Files that are being written, and when they are complete if nothing more happens.
    pending: BTreeMap<PathBuf, Instant>,
    /// What was answered, and how the file was then.
    seen: HashMap<PathBuf, Stamp>,
    /// Names to answer.
    first: Option<Box<dyn Iterator<Item = Job> + Send>>,
}

impl Watch {
    /// Watches `folders` from now on and answers `first` before what comes.
    pub(super) fn new(
        folders: &[PathBuf],
        first: Box<dyn Iterator<Item = Job> + Send>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self> {
        let (sender, events) = channel();
        let mut watcher =
            notify::recommended_watcher(sender).map_err(|error| failed(Path::new(""), error))?;
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            watcher.watch(folder, RecursiveMode::Recursive).map_err(|error| failed(folder, error))?;
        }
        let (pending, seen) = (BTreeMap::new(), HashMap::new());
        Ok(Self { _watcher: watcher, events, stop, pending, seen, first: Some(first) })
    }

    fn take(&mut self, event: &Event) {
        let wait = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => CLOSED,
            EventKind::Create(CreateKind::Folder) => {
                // What was put into a new folder before it was watched.
                event.paths.iter().for_each(|folder| self.look_through(folder));
                return;
            }
            EventKind::Modify(notify::event::ModifyKind::Name(_)) => CLOSED,
            EventKind::Create(_) | EventKind::Modify(_) => WRITTEN,
            EventKind::Any | EventKind::Access(_) | EventKind::Remove(_) | EventKind::Other => return,
        };
        for path in &event.paths {
            if path.is_dir() {
                self.look_through(path);
            } else {
                self.pending.insert(path.clone(), Instant::now() + wait);
            }
        }
    }

    fn look_through(&mut self, folder: &Path) {
        for named in walk(vec![folder.to_owned()], false) {
            if let Named::File(path, _) = named {
                self.pending.entry(path).or_insert_with(|| Instant::now() + WRITTEN);
            }
        }
    }

    /// A file that is complete and not answered as it is.
    fn complete(&mut self) -> Option<Job> {
        let now = Instant::now();
        let due: Vec<PathBuf> =
            self.pending.iter().filter(|(_, at)| **at <= now).map(|(path, _)| path.clone()).collect();
        for path in due {
            self.pending.remove(&path);
            let Some(stamp) = stamp_of(&path) else { continue };
            if self.seen.get(&path) != Some(&stamp) {
                self.remember(&path, stamp);
                return Some(Job { stamp: Some(stamp), ..Job::new(path) });
            }
        }
        None
    }

    fn remember(&mut self, path: &Path, stamp: Stamp) {
        if self.seen.len() >= SEEN {
            self.seen.clear();
        }
        self.seen.insert(path.to_owned(), stamp);
    }
}

impl Iterator for Watch {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        if let Some(job) = self.first.as_mut().and_then(Iterator::next) {
            if let Some(stamp) = stamp_of(&job.name) {
                self.remember(&job.name, stamp);
            }
            return Some(job);
        }
        self.first = None;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(job) = self.complete() {
                return Some(job);
            }
            match self.events.recv_timeout(LOOK) {
                Ok(Ok(event)) => self.take(&event),
                Ok(Err(_)) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}

fn failed(path: &Path, error: notify::Error) -> Error {
    Error::Io { path: path.to_owned(), source: std::io::Error::other(error.to_string()) }
}
