//! `--resume`: rows that are there are not made again, whatever moment the run before was stopped at.
//!
//! Rows go to `OUT.partial` and, when they are whole there, a line about them to `OUT.journal`: where they lie, and size
//! and modification time of the input. `OUT` appears when every input has its row. A run that resumes takes rows
//! from what the runs before left and puts them in the order of the input, so the result is that of one run.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use tlspcap::error::{Error, Result};
use tlspcap::triage::{Job, Row, Status};

use super::rows::lines;
use crate::cli::args::TriageFormat;

/// What is known about the rows of one input.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    /// The name's bytes in hex: a name need not be text.
    name: String,
    size: u64,
    modified_ns: u64,
    offset: u64,
    len: u64,
}

/// Rows on disk with what is known about them.
pub(super) struct Ledger {
    out: PathBuf,
    rows: File,
    journal: File,
    offset: u64,
    known: Known,
}

/// Rows of the runs before.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    entries: HashMap<String, Entry>,
    rows: Option<PathBuf>,
}

impl Ledger {
    /// Takes over what runs before left beside `out`.
    pub(super) fn open(out: &Path, format: TriageFormat) -> Result<Self> {
        if format != TriageFormat::Ndjson {
            return Err(Error::Usage("--resume needs --format ndjson".to_owned()));
        }
        let known = gather(out)?;
        let create = |path: &Path| {
            OpenOptions::new()
                .create(true)
                .write(true)
                .truncate(true)
                .open(path)
                .map_err(|source| output(path, source))
        };
        let rows = create(&beside(out, "partial"))?;
        let journal = create(&beside(out, "journal"))?;
        Ok(Self { out: out.to_owned(), rows, journal, offset: 0, known })
    }

    /// The rows that need not be made again.
    pub(super) fn known(&self) -> Known {
        self.known.clone()
    }

    /// Writes the rows of one input, then the line about them.
    pub(super) fn write(&mut self, name: &Path, rows: &[Row]) -> Result<()> {
        let partial = beside(&self.out, "partial");
        let text = lines(rows);
        self.rows.write_all(text.as_bytes()).map_err(|source| output(&partial, source))?;
        let (size, modified_ns) = state_of(name).unwrap_or_default();
        let entry = Entry { name: key(name), size, modified_ns, offset: self.offset, len: text.len() as u64 };
        self.offset += entry.len;
        let mut line = serde_json::to_string(&entry).unwrap_or_default();
        line.push('\n');
        self.journal
            .write_all(line.as_bytes())
            .map_err(|source| output(&beside(&self.out, "journal"), source))
    }

    /// Ends the run: with `whole` the output appears.
    pub(super) fn finish(self, whole: bool) -> Result<()> {
        if whole {
            let partial = beside(&self.out, "partial");
            self.rows.sync_all().map_err(|source| output(&partial, source))?;
            std::fs::rename(&partial, &self.out).map_err(|source| output(&self.out, source))?;
            let _ = std::fs::remove_file(beside(&self.out, "before"));
            let _ = std::fs::remove_file(beside(&self.out, "before.journal"));
        }
        Ok(())
    }
}

impl Known {
    /// The rows of a job, when they are known and the input is the same as then.
    pub(super) fn job(&self, job: Job) -> Job {
        match job {
            Job::Name(name) => match self.rows_of(&name) {
                Some(rows) => Job::Rows(name, rows),
                None => Job::Name(name),
            },
            other => other,
        }
    }

    fn rows_of(&self, name: &Path) -> Option<Vec<Row>> {
        let entry = self.entries.get(&key(name))?;
        if state_of(name)? != (entry.size, entry.modified_ns) {
            return None;
        }
        let mut file = File::open(self.rows.as_ref()?).ok()?;
        file.seek(SeekFrom::Start(entry.offset)).ok()?;
        let mut text = String::new();
        file.take(entry.len).read_to_string(&mut text).ok()?;
        if text.len() as u64 != entry.len {
            return None;
        }
        let rows: Option<Vec<Row>> = text.lines().map(|line| serde_json::from_str(line).ok()).collect();
        // What was given up for want of time or by a crash is tried again.
        let lasting = |row: &Row| {
            !matches!(row.status, Status::Error | Status::Timeout | Status::Oom | Status::Crashed)
        };
        rows.filter(|rows| !rows.is_empty() && rows.iter().all(lasting))
    }
}

/// Puts together the rows of all runs before in one file with one journal.
fn gather(out: &Path) -> Result<Known> {
    let before = beside(out, "before");
    let before_journal = beside(out, "before.journal");
    let sources = [(before.clone(), before_journal.clone()), (current_rows(out), beside(out, "journal"))];
    let merged = beside(out, "merge");
    let merged_journal = beside(out, "merge.journal");
    let mut entries = HashMap::new();
    let mut rows = File::create(&merged).map_err(|source| output(&merged, source))?;
    let mut journal = File::create(&merged_journal).map_err(|source| output(&merged_journal, source))?;
    let mut offset = 0;
    for (source, source_journal) in sources {
        let (Ok(mut file), Ok(lines)) = (File::open(&source), File::open(&source_journal)) else { continue };
        let size = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
        for line in BufReader::new(lines).lines().map_while(std::result::Result::ok) {
            // The last line may be half written.
            let Ok(mut entry) = serde_json::from_str::<Entry>(&line) else { continue };
            if entry.offset.checked_add(entry.len).is_none_or(|end| end > size) {
                continue;
            }
            let mut text = vec![0; usize::try_from(entry.len).unwrap_or(0)];
            let read = file.seek(SeekFrom::Start(entry.offset)).and_then(|_| file.read_exact(&mut text));
            if read.is_err() {
                continue;
            }
            rows.write_all(&text).map_err(|source| output(&merged, source))?;
            entry.offset = offset;
            offset += entry.len;
            let mut line = serde_json::to_string(&entry).unwrap_or_default();
            line.push('\n');
            journal.write_all(line.as_bytes()).map_err(|source| output(&merged_journal, source))?;
            entries.insert(entry.name.clone(), entry);
        }
    }
    rows.sync_all().map_err(|source| output(&merged, source))?;
    // The rows first: a journal without its rows is not believed, rows without a journal are only made again.
    std::fs::rename(&merged_journal, &before_journal).map_err(|source| output(&before_journal, source))?;
    std::fs::rename(&merged, &before).map_err(|source| output(&before, source))?;
    Ok(Known { entries, rows: Some(before) })
}

/// The rows that the journal speaks of: those of an unfinished run, or the finished output.
fn current_rows(out: &Path) -> PathBuf {
    let partial = beside(out, "partial");
    if partial.exists() { partial } else { out.to_owned() }
}

fn beside(out: &Path, what: &str) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    PathBuf::from(name)
}

fn key(name: &Path) -> String {
    name.as_os_str().as_encoded_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Size and modification time.
fn state_of(name: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(name).ok()?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((metadata.len(), u64::try_from(modified.as_nanos()).ok()?))
}

fn output(path: &Path, source: std::io::Error) -> Error {
    Error::Output { path: path.to_owned(), source }
}
