//! Workers in processes of their own: a capture that crashes, hangs or takes too much memory costs its own row only.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
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
    stop: Arc<AtomicBool>,
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

/// How often it is looked whether the run was stopped.
const LOOK: Duration = Duration::from_millis(100);

impl Isolated {
    /// A worker that is started by `command`. `timeout` is for one capture, a member of an archive too; `stop` ends the work
    /// at once.
    pub fn new(
        command: Box<dyn Fn() -> Command + Send>,
        timeout: Option<Duration>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self { command, timeout, stop, process: None }
    }

    fn start(&self) -> Result<Process, Lost> {
        let missing = || io::Error::other("it has no pipes");
        let start = || {
            let mut child = (self.command)()
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()?;
            let names = child.stdin.take().ok_or_else(missing)?;
            let lines = forward(child.stdout.take().ok_or_else(missing)?);
            let errors = forward(child.stderr.take().ok_or_else(missing)?);
            Ok(Process { child, names, lines, errors })
        };
        start().map_err(|error: io::Error| Lost::Crashed(format!("no worker can be started: {error}")))
    }

    /// The process, with the name written to it. One that died since its last answer is replaced.
    fn ask(&mut self, name: &Path) -> Result<Process, Lost> {
        let mut message = name.as_os_str().as_encoded_bytes().to_vec();
        message.push(0);
        let send =
            |process: &mut Process| process.names.write_all(&message).and_then(|()| process.names.flush());
        if let Some(mut process) = self.process.take()
            && send(&mut process).is_ok()
        {
            return Ok(process);
        }
        let mut process = self.start()?;
        match send(&mut process) {
            Ok(()) => Ok(process),
            Err(_) => Err(process.lost()),
        }
    }

    /// Takes the rows of one name; `Err` says how the process was lost.
    fn rows(&mut self, name: &Path, rows: &mut Vec<Row>) -> Result<(), Lost> {
        let mut process = self.ask(name)?;
        loop {
            let line = self.line(&mut process)?;
            if line.is_empty() {
                self.process = Some(process);
                return Ok(());
            }
            let row = serde_json::from_str(&line)
                .map_err(|error| Lost::Crashed(format!("the worker's answer cannot be read: {error}")))?;
            rows.push(row);
        }
    }

    /// The row of a capture for which no worker has an answer.
    fn given_up(&self, shown: (String, bool), lost: Lost) -> Row {
        match lost {
            Lost::Late => {
                let text = format!("not done within {:?}", self.timeout.unwrap_or_default());
                Row::failed(shown, Status::Timeout, ErrorKind::Timeout, text)
            }
            Lost::Memory => {
                Row::failed(shown, Status::Oom, ErrorKind::Memory, "it needs more memory than is allowed")
            }
            Lost::Crashed(text) => Row::failed(shown, Status::Crashed, ErrorKind::Crash, text),
        }
    }

    /// The next line, within the time of one capture.
    fn line(&self, process: &mut Process) -> Result<String, Lost> {
        let deadline = self.timeout.map(|timeout| Instant::now() + timeout + GRACE);
        loop {
            let left = deadline.map_or(LOOK, |deadline| deadline.saturating_duration_since(Instant::now()));
            match process.lines.recv_timeout(left.min(LOOK)) {
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Disconnected) => return Err(process.lost()),
                Err(RecvTimeoutError::Timeout) if self.stop.load(Ordering::Relaxed) => {
                    return Err(Lost::Late);
                }
                Err(RecvTimeoutError::Timeout) if left.is_zero() => return Err(Lost::Late),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// How a worker was lost.
enum Lost {
    Late,
    Memory,
    Crashed(String),
}

impl Process {
    /// Why it is gone.
    fn lost(&mut self) -> Lost {
        let status = match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let said: Vec<String> = self.errors.iter().take(ERROR_LINES).collect();
        if said.iter().any(|line| line.contains("memory allocation of") || line.contains("out of memory")) {
            return Lost::Memory;
        }
        let said = said.last().map(|line| format!(": {line}")).unwrap_or_default();
        Lost::Crashed(format!("the worker ended ({status}){said}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines of a dead worker's standard error that are looked at.
const ERROR_LINES: usize = 100;

/// Reads lines on a thread of its own, so that waiting for one can have an end.
fn forward(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = sync_channel(LINES);
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

/// Lines read ahead.
const LINES: usize = 1024;

/// Bytes of one row.
const LINE_BYTES: u64 = 16 << 20;

impl Worker for Isolated {
    fn answer(&mut self, name: &Path) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut ended = self.rows(name, &mut rows);
        // The worker may have died of something else than this capture, which is given up when it happens twice.
        if matches!(ended, Err(Lost::Crashed(_))) {
            rows.clear();
            ended = self.rows(name, &mut rows);
        }
        if let Err(lost) = ended {
            let shown = display_name(name);
            // What came of an archive's members stands; of the capture itself this is the one row.
            rows.retain(|row| row.path != shown.0);
            rows.push(self.given_up(shown, lost));
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
        // A parent that died before that leaves a closed standard input behind, which ends the worker too.
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_dies_behind_its_row_leaves_one_row_for_the_capture_and_those_of_members() {
        let row = |path: &str| {
            let row = Row::failed((path.to_owned(), false), Status::Error, ErrorKind::Empty, "an empty file");
            serde_json::to_string(&row).expect("a row")
        };
        let answer = |first: &str| {
            let script = format!("head -c 1 >/dev/null; printf '%s\\n' '{}'", row(first));
            let command = move || {
                let mut command = Command::new("sh");
                command.args(["-c", &script]);
                command
            };
            let mut worker = Isolated::new(Box::new(command), None, Arc::default());
            let rows = worker.answer(Path::new("a.pcap"));
            rows.into_iter().map(|row| (row.path, row.status)).collect::<Vec<_>>()
        };
        assert_eq!(answer("a.pcap"), [("a.pcap".to_owned(), Status::Crashed)]);
        assert_eq!(
            answer("a.pcap/member.pcap"),
            [("a.pcap/member.pcap".to_owned(), Status::Error), ("a.pcap".to_owned(), Status::Crashed)]
        );
    }
}
