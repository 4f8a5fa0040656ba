//! Limits that the tool itself enforces, in worker processes that die with it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::files::{bomb, collection, process, rows, seed, text, triage};

#[test]
fn a_capture_that_takes_too_long_costs_its_own_row_only() {
    let folder = collection(5);
    std::fs::write(folder.path().join("0002b.pcap.gz"), bomb()).expect("written");
    let begin = Instant::now();
    let rows = rows(&text(triage().args(["--timeout", "400ms"]).arg(folder.path())));
    assert!(begin.elapsed() < Duration::from_secs(30));
    let statuses: Vec<&str> = rows.iter().filter_map(|row| row["status"].as_str()).collect();
    assert_eq!(statuses, ["ok", "ok", "ok", "timeout", "ok", "ok"]);
    assert_eq!(rows[3]["error"], "not done within 400ms");
}

#[test]
fn a_capture_that_needs_too_much_memory_costs_its_own_row_only() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.pcap"), seed()).expect("written");
    std::fs::write(folder.path().join("c.pcap"), seed()).expect("written");
    // A single packet of 60 MB, which is held in one piece.
    let mut head = seed()[..24].to_vec();
    head[16..20].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
    head.extend([1u32, 0, 60_000_000, 60_000_000].iter().flat_map(|n| n.to_le_bytes()));
    std::fs::write(folder.path().join("b.pcap"), head).expect("written");
    let file = std::fs::File::options().write(true).open(folder.path().join("b.pcap")).expect("opened");
    file.set_len(60_000_040).expect("a sparse file");
    let rows = rows(&text(triage().args(["--max-memory", "64MiB", "--jobs", "1"]).arg(folder.path())));
    let statuses: Vec<&str> = rows.iter().filter_map(|row| row["status"].as_str()).collect();
    assert_eq!(statuses, ["ok", "oom", "ok"], "{rows:?}");
    let free = super::rows(&text(triage().arg(folder.path())));
    assert_eq!(free[1]["status"], "ok", "without the limit it is a capture like another");
}

/// The processes that `parent` started.
fn children(parent: u32) -> Vec<u32> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let stat = |path: PathBuf| std::fs::read_to_string(path.join("stat")).ok();
    processes
        .filter_map(|entry| stat(entry.ok()?.path()))
        .filter_map(|text| {
            // PID (name) state PPID: the name may hold blanks.
            let (start, rest) = text.split_once(" (")?;
            let mut fields = rest.rsplit_once(") ")?.1.split(' ');
            let (state, ppid) = (fields.next()?, fields.next()?.parse::<u32>().ok()?);
            (ppid == parent && state != "Z").then(|| start.parse().ok())?
        })
        .collect()
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn kill(process: u32) {
    let process = libc::pid_t::try_from(process).expect("a process");
    // SAFETY: it only sends a signal.
    unsafe { libc::kill(process, libc::SIGKILL) };
}

#[test]
fn workers_die_with_their_parent() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.pcap.gz", "b.pcap.gz"] {
        std::fs::write(folder.path().join(name), bomb()).expect("written");
    }
    let mut parent = process()
        .args(["--isolate", "process", "--jobs", "2"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("it runs");
    let workers = wait_for("two workers", || Some(children(parent.id())).filter(|found| found.len() == 2));
    // They are in the middle of a capture, where no closed pipe would be noticed.
    std::thread::sleep(Duration::from_millis(100));
    parent.kill().expect("killed");
    parent.wait().expect("it ends");
    let is_gone = |worker: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{worker}/stat")).unwrap_or_default();
        !stat.contains("(tlspcap) ") || stat.contains(") Z ")
    };
    wait_for("no worker is left", || workers.iter().all(is_gone).then_some(()));
}

#[test]
fn a_worker_that_is_killed_leaves_no_name_unanswered() {
    let folder = collection(300);
    let expected = text(triage().arg(folder.path()));
    let child = process()
        .args(["--isolate", "process", "--jobs", "2"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let parent = child.id();
    let killer = std::thread::spawn(move || {
        for _ in 0..6 {
            std::thread::sleep(Duration::from_millis(40));
            if let Some(worker) = children(parent).first() {
                kill(*worker);
            }
        }
    });
    let output = child.wait_with_output().expect("it ends");
    killer.join().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let answered = rows(&String::from_utf8(output.stdout).expect("UTF-8"));
    let expected = rows(&expected);
    assert_eq!(answered.len(), expected.len());
    for (row, expected) in answered.iter().zip(&expected) {
        assert_eq!(row["path"], expected["path"]);
    }
    let given_up = answered.iter().filter(|row| row["status"] == "crashed").count();
    assert!(given_up <= 3, "a capture is given up when its worker died twice: {given_up}");
}
