//! `--resume`: rows that are there are not made again, whatever moment the run before was stopped at.
//!
//! Rows go to `OUT.partial` and, when they are whole there, a line about them to `OUT.journal`: where they lie, their
//! hash, and size and modification time of the input. `OUT` appears when every input has its row. A run that resumes
//! first gathers what the runs before left in `OUT.before`, then takes rows from there and puts them in the order of the
//! input, so the result is that of one run. No file is believed without the hash in its line.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tlspcap::error::{Error, Result};
use tlspcap::triage::{Job, Row, SCHEMA, Settings, Stamp, Status};

use super::rows::lines;
use crate::cli::args::TriageFormat;
use crate::cli::output::{Target, target};

/// What is known about the rows of one input.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    /// The name's bytes in hex: a name need not be text.
    name: String,
    size: u64,
    modified_ns: u64,
    /// Where the rows begin, in bytes.
    offset: u64,
    len: u64,
    /// Of the rows, and of the settings under which they were made.
    hash: String,
}

/// Rows on disk with what is known about them.
pub(super) struct Ledger {
    out: PathBuf,
    rows: File,
    journal: File,
    offset: u64,
    settings: String,
}

/// Rows of the runs before.
#[derive(Debug)]
pub(super) struct Known {
    entries: HashMap<String, Entry>,
    rows: Mutex<File>,
    settings: String,
}

impl Ledger {
    /// Takes over what runs before left beside `out`.
    pub(super) fn open(out: &Path, format: TriageFormat, settings: String) -> Result<(Self, Known)> {
        if format != TriageFormat::Ndjson {
            return Err(Error::Usage("--resume needs --format ndjson".to_owned()));
        }
        let Target::File { path: out, .. } =
            target(out).map_err(|source| Error::Output { path: out.to_owned(), source })?
        else {
            return Err(Error::Usage("--resume needs -o FILE, not a device or a pipe".to_owned()));
        };
        let out = out.as_path();
        let journal_path = beside(out, "journal");
        let failed = |source| Error::Output { path: journal_path.clone(), source };
        let mut open = OpenOptions::new();
        let journal =
            open.create(true).read(true).write(true).truncate(false).open(&journal_path).map_err(failed)?;
        if journal.try_lock().is_err() {
            return Err(Error::Usage(format!("another run is writing {}", out.display())));
        }
        let known = gather(out, &settings)?;
        let rows = File::create(beside(out, "partial")).map_err(failed)?;
        journal.set_len(0).map_err(failed)?;
        Ok((Self { out: out.to_owned(), rows, journal, offset: 0, settings }, known))
    }

    /// Writes the rows of one input, then the line about them.
    pub(super) fn write(&mut self, job: &Job) -> Result<()> {
        let text = lines(job.rows.as_deref().unwrap_or_default());
        self.rows
            .write_all(text.as_bytes())
            .map_err(|source| Error::Output { path: beside(&self.out, "partial"), source })?;
        let len = text.len() as u64;
        let offset = self.offset;
        self.offset += len;
        // What was there without a stamp when it was taken cannot be known again.
        let Some(Stamp { size, modified_ns }) = job.stamp else { return Ok(()) };
        let hash = hash(&self.settings, text.as_bytes());
        let entry = Entry { name: key(&job.name), size, modified_ns, offset, len, hash };
        let mut line = serde_json::to_vec(&entry).unwrap_or_default();
        line.push(b'\n');
        self.journal
            .write_all(&line)
            .map_err(|source| Error::Output { path: beside(&self.out, "journal"), source })
    }

    /// Ends the run: with `whole` the output appears.
    pub(super) fn finish(self, whole: bool) -> Result<()> {
        if whole {
            let failed = |source| Error::Output { path: self.out.clone(), source };
            self.rows.sync_all().map_err(failed)?;
            std::fs::rename(beside(&self.out, "partial"), &self.out).map_err(failed)?;
            let _ = std::fs::remove_file(beside(&self.out, "before"));
        }
        Ok(())
    }
}

impl Known {
    /// The job with its stamp, and with its rows when they are known and the input is the same as then.
    pub(super) fn job(&self, mut job: Job) -> Job {
        job.stamp = job.stamp.or_else(|| stamp_of(&job.name));
        if job.rows.is_none()
            && let Some(stamp) = job.stamp
        {
            job.rows = self.rows_of(&job.name, stamp);
        }
        job
    }

    fn rows_of(&self, name: &Path, stamp: Stamp) -> Option<Vec<Row>> {
        let entry = self.entries.get(&key(name))?;
        if stamp != (Stamp { size: entry.size, modified_ns: entry.modified_ns }) {
            return None;
        }
        let text = {
            let mut file = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
            entry.text(&mut file, &self.settings)?
        };
        let rows: Option<Vec<Row>> = text
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| serde_json::from_slice(line).ok())
            .collect();
        // What was given up for want of time or by a crash is tried again.
        let lasting = |row: &Row| {
            !matches!(row.status, Status::Error | Status::Timeout | Status::Oom | Status::Crashed)
        };
        rows.filter(|rows| !rows.is_empty() && rows.iter().all(lasting))
    }
}

impl Entry {
    /// The rows from where they are said to lie, if it is they.
    fn text(&self, file: &mut File, settings: &str) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(self.offset)).ok()?;
        file.take(self.len).read_to_end(&mut text).ok()?;
        (hash(settings, &text) == self.hash).then_some(text)
    }
}

/// Puts what is known together in `OUT.before`: for every input a line about it, then its rows.
fn gather(out: &Path, settings: &str) -> Result<Known> {
    let before = beside(out, "before");
    let merged_path = beside(out, "merge");
    let failed = |source| Error::Output { path: merged_path.clone(), source };
    let mut merged = Merged {
        file: BufWriter::new(File::create(&merged_path).map_err(failed)?),
        at: 0,
        entries: HashMap::new(),
    };
    let journal = journal_entries(&beside(out, "journal"));
    let newer: HashSet<&str> = journal.iter().map(|entry| entry.name.as_str()).collect();
    if let Ok(mut file) = File::open(&before) {
        for entry in before_entries(&before) {
            if !newer.contains(entry.name.as_str()) {
                merged.add(entry, &mut file, settings).map_err(failed)?;
            }
        }
    }
    if let Ok(mut file) = File::open(current_rows(out)) {
        for entry in journal {
            merged.add(entry, &mut file, settings).map_err(failed)?;
        }
    }
    merged.file.flush().map_err(failed)?;
    merged.file.get_ref().sync_all().map_err(failed)?;
    std::fs::rename(&merged_path, &before).map_err(failed)?;
    let rows = Mutex::new(File::open(&before).map_err(failed)?);
    Ok(Known { entries: merged.entries, rows, settings: settings.to_owned() })
}

/// The file that is being put together.
struct Merged {
    file: BufWriter<File>,
    at: u64,
    entries: HashMap<String, Entry>,
}

impl Merged {
    fn add(&mut self, mut entry: Entry, from: &mut File, settings: &str) -> std::io::Result<()> {
        let Some(text) = entry.text(from, settings) else { return Ok(()) };
        // The place in this file follows from the lines and is not told in them.
        entry.offset = 0;
        let mut line = serde_json::to_vec(&entry).unwrap_or_default();
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.write_all(&text)?;
        entry.offset = self.at + line.len() as u64;
        self.at = entry.offset + entry.len;
        self.entries.insert(entry.name.clone(), entry);
        Ok(())
    }
}

/// The entries of a journal; its last line may be half written.
fn journal_entries(path: &Path) -> Vec<Entry> {
    let Ok(file) = File::open(path) else { return Vec::new() };
    let lines = BufReader::new(file).lines().map_while(std::result::Result::ok);
    lines.map_while(|line| serde_json::from_str(&line).ok()).collect()
}

/// The entries of a gathered file, with the places of their rows.
fn before_entries(path: &Path) -> Vec<Entry> {
    let Ok(file) = File::open(path) else { return Vec::new() };
    let mut file = BufReader::new(file);
    let (mut entries, mut at) = (Vec::new(), 0u64);
    let mut line = Vec::new();
    while let Ok(len @ 1..) = file.read_until(b'\n', &mut line) {
        let Ok(mut entry) = serde_json::from_slice::<Entry>(&line) else { break };
        entry.offset = at + len as u64;
        let Some(next) = entry.offset.checked_add(entry.len) else { break };
        let Ok(distance) = i64::try_from(entry.len) else { break };
        if file.seek_relative(distance).is_err() {
            break;
        }
        at = next;
        entries.push(entry);
        line.clear();
    }
    entries
}

/// What rows depend on beside the input: another version, store, host, key or form makes other rows.
///
/// # Errors
/// [`Error::Io`] when a key log cannot be read.
pub(super) fn fingerprint(settings: &Settings, keylogs: &[PathBuf]) -> Result<String> {
    let options = &settings.options;
    let mut hash = Sha256::new();
    let mut field = |text: &[u8]| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    field(SCHEMA.as_bytes());
    field(env!("CARGO_PKG_VERSION").as_bytes());
    field(format!("{:?} {:?} {:?}", options.policy, options.host, options.at).as_bytes());
    field(format!("{} {}", settings.per_connection, settings.hash).as_bytes());
    for path in keylogs {
        field(&std::fs::read(path).map_err(|source| Error::Io { path: path.clone(), source })?);
    }
    for entry in &options.store.entries {
        field(&entry.certificate().map(|certificate| certificate.sha256).unwrap_or_default());
        field(entry.alias.as_deref().unwrap_or_default().as_bytes());
    }
    Ok(data_encoding::HEXLOWER.encode(&hash.finalize()))
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
    data_encoding::HEXLOWER.encode(name.as_os_str().as_encoded_bytes())
}

fn hash(settings: &str, text: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(settings);
    hash.update(text);
    data_encoding::HEXLOWER.encode(hash.finalize().get(..16).unwrap_or_default())
}

/// Size and modification time of a regular file.
pub(super) fn stamp_of(name: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(name).ok().filter(std::fs::Metadata::is_file)?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Stamp { size: metadata.len(), modified_ns: u64::try_from(modified.as_nanos()).ok()? })
}
