//! Workers in processes of their own: a capture that crashes, hangs or takes too much memory costs its own row only.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::triage::engine::Worker;
use crate::triage::input::display_name;
use crate::triage::row::{ErrorKind, Row, Status};

/// Works on captures in a process that is started when it is needed, and started anew when it was lost.
///
/// The process reads names from its standard input, each ended by NUL, and answers on its standard output with rows, a JSON
/// object a line, and an empty line after the last row of a name.
pub struct Isolated {
    command: Box<dyn Fn() -> Command + Send>,
    timeout: Option<Duration>,
    process: Option<Process>,
}

struct Process {
    child: Child,
    names: ChildStdin,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

/// How long a worker may be late beyond the deadline that it watches itself.
const GRACE: Duration = Duration::from_millis(500);

impl Isolated {
    /// A worker that is started by `command`.
    pub fn new(command: Box<dyn Fn() -> Command + Send>, timeout: Option<Duration>) -> Self {
        Self { command, timeout, process: None }
    }

    fn start(&self) -> std::io::Result<Process> {
        let mut child =
            (self.command)().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let missing = || std::io::Error::other("the worker has no pipes");
        let names = child.stdin.take().ok_or_else(missing)?;
        let lines = forward(child.stdout.take().ok_or_else(missing)?);
        let errors = forward(child.stderr.take().ok_or_else(missing)?);
        Ok(Process { child, names, lines, errors })
    }

    /// Asks the process; `Err` says how it was lost.
    fn ask(&mut self, name: &Path, rows: &mut Vec<Row>) -> Result<(), Lost> {
        let mut process = match self.process.take() {
            Some(process) => process,
            None => {
                self.start().map_err(|error| Lost::Crashed(format!("no worker can be started: {error}")))?
            }
        };
        let deadline = self.timeout.map(|timeout| Instant::now() + timeout + GRACE);
        let mut message = name.as_os_str().as_encoded_bytes().to_vec();
        message.push(0);
        if process.names.write_all(&message).and_then(|()| process.names.flush()).is_err() {
            return Err(process.lost());
        }
        loop {
            let line = match deadline {
                None => process.lines.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => {
                    process.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()))
                }
            };
            match line {
                Ok(line) if line.is_empty() => break,
                Ok(line) => match serde_json::from_str(&line) {
                    Ok(row) => rows.push(row),
                    Err(error) => {
                        process.end();
                        return Err(Lost::Crashed(format!("the worker's answer cannot be read: {error}")));
                    }
                },
                Err(RecvTimeoutError::Timeout) => {
                    process.end();
                    return Err(Lost::Late);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(process.lost()),
            }
        }
        self.process = Some(process);
        Ok(())
    }
}

/// How a worker was lost.
enum Lost {
    Late,
    Memory,
    Crashed(String),
}

impl Process {
    /// Kills it and waits for its end.
    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Why it is gone.
    fn lost(&mut self) -> Lost {
        let status = match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let said: Vec<String> = self.errors.iter().collect();
        if said.iter().any(|line| line.contains("memory allocation of") || line.contains("out of memory")) {
            return Lost::Memory;
        }
        Lost::Crashed(format!("the worker ended: {status}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads lines on a thread of its own, so that waiting for one can have an end.
fn forward(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        loop {
            line.clear();
            match from.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line);
                    if sender.send(text.trim_end_matches('\n').to_owned()).is_err() {
                        break;
                    }
                }
            }
        }
    });
    receiver
}

/// Bytes of one row.
const LINE_BYTES: u64 = 16 << 20;

impl Worker for Isolated {
    fn answer(&mut self, name: &Path) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Err(lost) = self.ask(name, &mut rows) {
            let (shown, encoded) = display_name(name);
            let mut row = match lost {
                Lost::Late => {
                    let text = format!("not done within {:?}", self.timeout.unwrap_or_default());
                    Row::failed(shown, Status::Timeout, ErrorKind::Timeout, text)
                }
                Lost::Memory => {
                    Row::failed(shown, Status::Oom, ErrorKind::Memory, "the limit of memory was met")
                }
                Lost::Crashed(text) => Row::failed(shown, Status::Crashed, ErrorKind::Crash, text),
            };
            row.path_encoded = encoded.then_some(true);
            rows.push(row);
        }
        rows
    }
}

/// Ties this process to its parent and bounds its memory; called first thing in a worker.
///
/// # Errors
/// What the system says.
#[cfg(unix)]
pub fn confine(max_memory: Option<u64>) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: PR_SET_PDEATHSIG takes a signal number and changes nothing else.
        let tied = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        if tied != 0 {
            return Err(std::io::Error::last_os_error());
        }
    }
    if let Some(bytes) = max_memory {
        let limit = libc::rlimit { rlim_cur: bytes as libc::rlim_t, rlim_max: bytes as libc::rlim_t };
        // SAFETY: `limit` lives for the call and is only read.
        if unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) } != 0 {
            return Err(std::io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Elsewhere a worker ends when its standard input does.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn confine(_max_memory: Option<u64>) -> std::io::Result<()> {
    Ok(())
}
