//! One name becomes its rows: a capture, or the members of an archive.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::explain::{Judge, Listener, Options, explain_with};
use crate::report::{CaptureReport, ConnectionReport, Parts, Summary, connection_report};
use crate::triage::archive::{Kind, kind_of, members};
use crate::triage::engine::Worker;
use crate::triage::input::display_name;
use crate::triage::row::{ErrorKind, Row, Status};

/// What a run does with every capture.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Trust store, host name, secrets and limits.
    pub options: Options,
    /// One row per failed connection instead of one per capture.
    pub per_connection: bool,
    /// Hash the content.
    pub hash: bool,
    /// A capture that takes longer is given up with what was read.
    pub timeout: Option<Duration>,
}

/// Works on captures in this process.
pub struct Local<'a> {
    settings: &'a Settings,
    judge: Judge<'a>,
}

impl<'a> Local<'a> {
    /// A worker with its own caches.
    pub fn new(settings: &'a Settings) -> Self {
        Self { settings, judge: Judge::new(&settings.options) }
    }

    /// The rows of a name, handed out one by one.
    pub fn rows(&mut self, path: &Path, emit: &mut dyn FnMut(Row)) {
        let (name, encoded) = display_name(path);
        let mut emit = |mut row: Row| {
            row.path_encoded = encoded.then_some(true);
            emit(row);
        };
        let mut file = match open(path) {
            Ok(file) => file,
            Err(error) => return emit(Row::of_error(name, &error)),
        };
        match kind_of(&mut file) {
            Err(source) => emit(Row::of_error(name, &Error::Io { path: path.to_owned(), source })),
            Ok(Kind::Single) => self.single(path, name, file, &mut emit),
            Ok(kind) => self.archive(path, &name, kind, file, &mut emit),
        }
    }

    fn single(&mut self, path: &Path, name: String, mut file: File, emit: &mut dyn FnMut(Row)) {
        let mut options = None;
        let embedded = crate::capture::scan_secrets(&mut file, &self.settings.options.limits);
        if !embedded.is_empty() {
            let mut own = self.settings.options.clone();
            for body in embedded {
                // What is wrong with them is said when the reader meets them.
                let _ = own.secrets.parse(&body, "embedded secrets");
            }
            options = Some(own);
        }
        match options {
            None => explain_rows(&mut self.judge, self.settings, path, name, Box::new(file), emit),
            Some(options) => {
                explain_rows(&mut Judge::new(&options), self.settings, path, name, Box::new(file), emit);
            }
        }
    }

    fn archive(&mut self, path: &Path, name: &str, kind: Kind, file: File, emit: &mut dyn FnMut(Row)) {
        let mut count = 0u64;
        let ended = members(kind, file, &mut |member, content| {
            count += 1;
            let inner = format!("{name}!{member}");
            // A reader that borrows the archive cannot outlive it: the member is read here, within the limits.
            let mut bytes = Vec::new();
            let limit = MEMBER_BYTES;
            match content.take(limit + 1).read_to_end(&mut bytes) {
                Err(source) => {
                    emit(Row::failed(inner, Status::Unreadable, ErrorKind::Archive, source.to_string()));
                }
                Ok(len) if len as u64 > limit => emit(Row::failed(
                    inner,
                    Status::Unreadable,
                    ErrorKind::Limit,
                    format!("the member is larger than {} MiB", limit >> 20),
                )),
                Ok(_) => explain_rows(
                    &mut self.judge,
                    self.settings,
                    path,
                    inner,
                    Box::new(io::Cursor::new(bytes)),
                    emit,
                ),
            }
        });
        if let Err(text) = ended {
            emit(Row::failed(name.to_owned(), Status::Unreadable, ErrorKind::Archive, text));
        } else if count == 0 {
            emit(Row::failed(
                name.to_owned(),
                Status::Unreadable,
                ErrorKind::Empty,
                "the archive has no files",
            ));
        }
    }
}

/// Bytes of an archive's member; a larger one is named and not read.
const MEMBER_BYTES: u64 = 64 << 20;

impl Worker for Local<'_> {
    fn answer(&mut self, name: &Path) -> Vec<Row> {
        let mut rows = Vec::new();
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.rows(name, &mut |row| rows.push(row));
        }));
        if caught.is_err() {
            // The caches may be in any state.
            self.judge = Judge::new(&self.settings.options);
            rows.push(Row::failed(
                display_name(name).0,
                Status::Crashed,
                ErrorKind::Crash,
                "the analysis failed on this capture",
            ));
        }
        rows
    }
}

/// Opens a regular file; anything else could block or never end.
fn open(path: &Path) -> Result<File> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let metadata = std::fs::metadata(path).map_err(io)?;
    if !metadata.is_file() {
        return Err(Error::Input { path: path.to_owned(), message: "is no regular file".to_owned() });
    }
    File::open(path).map_err(io)
}

fn explain_rows(
    judge: &mut Judge<'_>,
    settings: &Settings,
    path: &Path,
    name: String,
    input: Box<dyn Read + Send>,
    emit: &mut dyn FnMut(Row),
) {
    let mut best = Best {
        per_connection: settings.per_connection,
        deadline: settings.timeout.map(|timeout| Instant::now() + timeout),
        streams: Vec::new(),
        kept: Vec::new(),
        summary: Summary::default(),
        late: false,
    };
    let (input, hash) = if settings.hash {
        let (input, hash) = Hashing::new(input);
        (Box::new(input) as Box<dyn Read + Send>, Some(hash))
    } else {
        (input, None)
    };
    let told = explain_with(judge, input, path, &mut best);
    let sha256 = hash.map(|hash| hash.finish());
    let late = best.late;
    let rows = match told {
        Ok(capture) => best.rows(name, &capture),
        Err(_) if late => {
            let limit = settings.timeout.unwrap_or_default();
            let text = format!("not done within {limit:?}");
            vec![Row::failed(name, Status::Timeout, ErrorKind::Timeout, text)]
        }
        Err(error) => vec![Row::of_error(name, &without_path(error, path))],
    };
    for mut row in rows {
        row.sha256.clone_from(&sha256);
        emit(row);
    }
}

/// The row has the name already, and a member's is another.
fn without_path(error: Error, _path: &Path) -> Error {
    error
}

/// Keeps the failed connection that matters most: the most certain, then the first.
struct Best {
    per_connection: bool,
    deadline: Option<Instant>,
    /// Stream numbers of all connections, to number them.
    streams: Vec<u64>,
    kept: Vec<ConnectionReport>,
    summary: Summary,
    late: bool,
}

/// Failed connections of one capture that get a row each.
const ROWS: usize = 65_536;

impl Listener for Best {
    fn connection(&mut self, parts: Parts<'_>) -> Result<()> {
        let c = parts.case.connection;
        self.streams.push(c.stream);
        let outcome = parts.diagnosis.outcome.name();
        self.summary.add(outcome, parts.diagnosis.verdict.cause);
        if outcome != "failed" {
            return Ok(());
        }
        let rank = (std::cmp::Reverse(parts.diagnosis.verdict.confidence), c.stream);
        let better = |kept: &ConnectionReport| rank < (std::cmp::Reverse(confidence(kept)), kept.stream);
        if self.per_connection {
            if self.kept.len() < ROWS {
                self.kept.push(connection_report(parts));
            }
        } else if self.kept.first().is_none_or(better) {
            self.kept = vec![connection_report(parts)];
        }
        Ok(())
    }

    fn is_over(&mut self) -> bool {
        self.late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        self.late
    }
}

fn confidence(report: &ConnectionReport) -> crate::diagnose::Confidence {
    use crate::diagnose::Confidence;
    match report.verdict.confidence {
        "certain" => Confidence::Certain,
        "likely" => Confidence::Likely,
        _ => Confidence::Possible,
    }
}

impl Best {
    fn rows(mut self, name: String, capture: &CaptureReport) -> Vec<Row> {
        self.streams.sort_unstable();
        for report in &mut self.kept {
            report.id = self.streams.partition_point(|stream| *stream < report.stream) as u64 + 1;
        }
        self.kept.sort_by_key(|report| report.stream);
        let plain = Row::of_capture(name, capture, &self.summary);
        if self.kept.is_empty() {
            return vec![plain];
        }
        self.kept
            .iter()
            .map(|report| {
                let mut row = plain.clone();
                row.tell(report);
                row
            })
            .collect()
    }
}

/// Hashes what is read through it.
struct Hashing {
    inner: Box<dyn Read + Send>,
    hash: std::sync::Arc<std::sync::Mutex<Sha256>>,
}

/// The hash of what was read.
struct Hash(std::sync::Arc<std::sync::Mutex<Sha256>>);

impl Hashing {
    fn new(inner: Box<dyn Read + Send>) -> (Self, Hash) {
        let hash = std::sync::Arc::new(std::sync::Mutex::new(Sha256::new()));
        (Self { inner, hash: std::sync::Arc::clone(&hash) }, Hash(hash))
    }
}

impl Hash {
    fn finish(self) -> String {
        let hash = self.0.lock().map(|hash| hash.clone()).unwrap_or_default();
        data_encoding::HEXLOWER.encode(&hash.finalize())
    }
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        if let Ok(mut hash) = self.hash.lock() {
            hash.update(&buffer[..len]);
        }
        Ok(len)
    }
}
