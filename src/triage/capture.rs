//! One name becomes its rows: a capture, or the members of an archive.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::diagnose::Confidence;
use crate::error::{Error, Result};
use crate::explain::{Judge, Listener, Options, explain_with};
use crate::report::{CaptureReport, ConnectionReport, Parts, Summary, connection_report};
use crate::triage::archive::{Kind, Next, expanded_limit, kind_of, members};
use crate::triage::engine::Worker;
use crate::triage::hashing::Hashing;
use crate::triage::input::{display_name, member_name, remote};
use crate::triage::row::{ErrorKind, Row, Status};
use crate::triage::source::Source;

/// What a run does with every capture.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Trust store, host name, secrets and limits. No row depends on the clock: `now` is not looked at.
    pub options: Options,
    /// One row per failed connection instead of one per capture.
    pub per_connection: bool,
    /// Hash the content.
    pub hash: bool,
    /// A capture that takes longer is given up.
    pub timeout: Option<Duration>,
    /// Set from outside, it ends the work on the capture at hand; its row is then of no worth.
    pub stop: Arc<AtomicBool>,
}

/// Works on captures in this process.
pub struct Local<'a> {
    settings: &'a Settings,
    judge: Judge<'a>,
    #[cfg(feature = "cloud")]
    stores: Option<crate::triage::cloud::Stores>,
}

impl<'a> Local<'a> {
    /// A worker with its own caches.
    pub fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            judge: Judge::new(&settings.options),
            #[cfg(feature = "cloud")]
            stores: None,
        }
    }

    /// The input that a name stands for; `None` for what is no regular file.
    fn open(&mut self, path: &Path) -> io::Result<Option<Source>> {
        match remote(path) {
            Some(name) => self.fetch(name).map(Some),
            None => Source::open(path),
        }
    }

    #[cfg(feature = "cloud")]
    fn fetch(&mut self, name: &str) -> io::Result<Source> {
        let stores = match &mut self.stores {
            Some(stores) => stores,
            none => none.insert(crate::triage::cloud::Stores::new()?),
        };
        stores.fetch(name)
    }

    #[cfg(not(feature = "cloud"))]
    fn fetch(&mut self, _name: &str) -> io::Result<Source> {
        let text = "object stores are read by builds with the feature `cloud`";
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }

    /// The rows of a name, handed out one by one.
    fn rows(&mut self, path: &Path, emit: &mut dyn FnMut(Row)) {
        let name = display_name(path);
        let failed = |source| Row::of_error(name.clone(), &Error::Io { path: path.to_owned(), source });
        let mut source = match self.open(path) {
            Ok(Some(source)) => source,
            Ok(None) => {
                let text = "no regular file: a folder, FIFO, socket or device";
                return emit(Row::failed(name, Status::Error, ErrorKind::NotAFile, text));
            }
            Err(error) => return emit(failed(error)),
        };
        match kind_of(&mut source) {
            Err(error) => emit(failed(error)),
            Ok(Kind::Single) => {
                self.judge.limits.inflated_bytes = expanded_limit(source.len());
                explain_rows(&mut self.judge, self.settings, path, name, &mut source, emit);
            }
            Ok(Kind::Pcapng) => self.pcapng(path, name, source, emit),
            Ok(kind) => self.archive(path, name, kind, source, emit),
        }
    }

    /// A pcapng may carry secrets behind the packets that need them, so they are looked for first.
    fn pcapng(&mut self, path: &Path, name: Name, mut source: Source, emit: &mut dyn FnMut(Row)) {
        let embedded = crate::capture::scan_secrets(&mut source, &self.settings.options.limits);
        if embedded.is_empty() {
            return explain_rows(&mut self.judge, self.settings, path, name, &mut source, emit);
        }
        let mut options = self.settings.options.clone();
        for body in embedded {
            // What is wrong with them is said when the reader meets them.
            let _ = options.secrets.parse(&body, "embedded secrets");
        }
        explain_rows(&mut Judge::new(&options), self.settings, path, name, &mut source, emit);
    }

    /// A row per member, and one for the archive itself where that has none or breaks off.
    fn archive(&mut self, path: &Path, name: Name, kind: Kind, source: Source, emit: &mut dyn FnMut(Row)) {
        let mut count = 0u64;
        let stored = source.len();
        let ended = members(kind, source, &mut |member, content| {
            count += 1;
            let inner = member_name(path, member);
            match content {
                Err(text) => emit(Row::failed(inner, Status::Unreadable, ErrorKind::Archive, text)),
                Ok(content) => {
                    self.judge.limits.inflated_bytes = expanded_limit(stored);
                    explain_rows(&mut self.judge, self.settings, path, inner, content, emit);
                }
            }
            if self.settings.stop.load(Ordering::Relaxed) { Next::Stop } else { Next::Go }
        });
        match ended {
            Err(text) => emit(Row::failed(name, Status::Unreadable, ErrorKind::Archive, text)),
            Ok(()) if count == 0 => {
                let text = "the archive has no files";
                emit(Row::failed(name, Status::Unreadable, ErrorKind::Empty, text));
            }
            Ok(()) => {}
        }
    }
}

/// A name as a row has it, and whether it is percent-encoded.
type Name = (String, bool);

impl Worker for Local<'_> {
    fn answer(&mut self, name: &Path) -> Vec<Row> {
        let mut rows = Vec::new();
        self.answer_each(name, &mut |row| rows.push(row));
        rows
    }
}

impl Local<'_> {
    /// As [`Worker::answer`], each row handed out as soon as it is there.
    pub fn answer_each(&mut self, name: &Path, emit: &mut dyn FnMut(Row)) {
        let work = std::panic::AssertUnwindSafe(|| self.rows(name, emit));
        if std::panic::catch_unwind(work).is_err() {
            // The caches may be in any state.
            self.judge = Judge::new(&self.settings.options);
            let text = "the analysis failed on this capture";
            emit(Row::failed(display_name(name), Status::Crashed, ErrorKind::Crash, text));
        }
    }
}

fn explain_rows(
    judge: &mut Judge<'_>,
    settings: &Settings,
    path: &Path,
    name: Name,
    input: &mut (dyn Read + Send),
    emit: &mut dyn FnMut(Row),
) {
    let mut best = Best::new(settings);
    let mut hashing = Hashing::new(input, settings.hash);
    let told = explain_with(judge, Box::new(&mut hashing), path, &mut best);
    let rows = match told {
        Err(Error::Stopped) => {
            let text = format!("not done within {:?}", settings.timeout.unwrap_or_default());
            return emit(Row::failed(name, Status::Timeout, ErrorKind::Timeout, text));
        }
        told => {
            let sha256 = hashing.finish(&mut || best.is_over());
            let mut rows = match told {
                Ok(capture) => best.rows(name, &capture),
                Err(error) => vec![Row::of_error(name, &error)],
            };
            rows.iter_mut().for_each(|row| row.sha256.clone_from(&sha256));
            rows
        }
    };
    rows.into_iter().for_each(emit);
}

/// Keeps the failed connection that matters most: the most certain, then the first.
struct Best<'a> {
    settings: &'a Settings,
    deadline: Option<Instant>,
    /// Stream numbers of all connections, to number them.
    streams: Vec<u64>,
    kept: Vec<ConnectionReport>,
    /// How sure the one is that is kept.
    confidence: Confidence,
    summary: Summary,
}

/// Failed connections of one capture that get a row each.
const ROWS: usize = 65_536;

impl Listener for Best<'_> {
    fn connection(&mut self, parts: Parts<'_>) -> Result<()> {
        let stream = parts.case.connection.stream;
        self.streams.push(stream);
        let outcome = parts.diagnosis.outcome.name();
        let verdict = &parts.diagnosis.verdict;
        self.summary.add(outcome, verdict.cause);
        if outcome != "failed" {
            return Ok(());
        }
        if self.settings.per_connection {
            if self.kept.len() < ROWS {
                self.kept.push(short(parts));
            }
        } else if self.kept.first().is_none_or(|kept| {
            verdict.confidence > self.confidence
                || (verdict.confidence == self.confidence && stream < kept.stream)
        }) {
            self.confidence = verdict.confidence;
            self.kept = vec![short(parts)];
        }
        Ok(())
    }

    fn is_over(&mut self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
            || self.settings.stop.load(Ordering::Relaxed)
    }
}

/// A report without what no row shows.
fn short(parts: Parts<'_>) -> ConnectionReport {
    connection_report(parts)
}

impl<'a> Best<'a> {
    fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            deadline: settings.timeout.map(|timeout| Instant::now() + timeout),
            streams: Vec::new(),
            kept: Vec::new(),
            confidence: Confidence::Possible,
            summary: Summary::default(),
        }
    }

    fn rows(mut self, name: Name, capture: &CaptureReport) -> Vec<Row> {
        self.streams.sort_unstable();
        for report in &mut self.kept {
            report.id = self.streams.partition_point(|stream| *stream < report.stream) as u64 + 1;
        }
        self.kept.sort_by_key(|report| report.stream);
        let plain = Row::of_capture(name, capture, &self.summary);
        if self.kept.is_empty() {
            return vec![plain];
        }
        let told = |report| {
            let mut row = plain.clone();
            row.tell(report);
            row
        };
        self.kept.iter().map(told).collect()
    }
}
