//! The worker process: names in, rows out.

use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::process::Command;

use tlspcap::error::{Error, Result};
use tlspcap::render::write_json;
use tlspcap::triage::{Local, Settings, confine};

use crate::cli::Status;
use crate::cli::args::Triage;

/// How this very program is started as a worker: with its own arguments and one more.
pub(super) fn command() -> Box<dyn Fn() -> Command + Send> {
    Box::new(|| {
        let program = std::env::current_exe().unwrap_or_else(|_| "tlspcap".into());
        let mut arguments = std::env::args_os().skip(1);
        let mut command = Command::new(program);
        // Right after the subcommand: behind a `--` it would be a name.
        command.args(arguments.next()).arg("--worker").args(arguments);
        // The allocator takes address space as it goes, so that the limit on it counts; else a gibibyte at once.
        command.env("MIMALLOC_ARENA_RESERVE", "0");
        // Ctrl-C on a terminal is for the parent alone, which ends its workers.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    })
}

/// Answers names that are ended by NUL until there are no more.
pub(super) fn serve(arguments: &Triage, settings: &Settings) -> Result<Status> {
    let failed = |source| Error::Output { path: "the parent process".into(), source };
    confine(arguments.max_memory).map_err(failed)?;
    let mut names = BufReader::new(io::stdin().lock());
    let mut out = BufWriter::new(io::stdout().lock());
    let mut local = Local::new(settings);
    let mut name = Vec::new();
    loop {
        name.clear();
        if names.read_until(0, &mut name).map_err(failed)? == 0 || name.pop() != Some(0) {
            return Ok(Status::Done);
        }
        // The bytes came from another instance of this program, as its system encodes names.
        let path = path_of(&name);
        let mut problem = Ok(());
        // Each row at once: the parent's patience begins anew with it.
        local.answer_each(&path, &mut |row| {
            let mut write = || {
                write_json(&mut out, &row)?;
                out.write_all(b"\n")?;
                out.flush()
            };
            if problem.is_ok() {
                problem = write();
            }
        });
        problem.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).map_err(failed)?;
    }
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> std::path::PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> std::path::PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}
