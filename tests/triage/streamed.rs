//! Engines that hand in names one by one, and users who have enough.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use super::files::{captures, process, rows};

#[test]
fn each_name_is_answered_before_the_next_one_comes() {
    let mut child = process()
        .args(["--stream", "--files-from", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut names = child.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
    let capture = captures().join("seed").join("capture.pcap").display().to_string();
    for name in [capture.as_str(), "no-such-file", "/", capture.as_str()] {
        writeln!(names, "{name}").and_then(|()| names.flush()).expect("it listens");
        let mut line = String::new();
        answers.read_line(&mut line).expect("it answers");
        let row: serde_json::Value = serde_json::from_str(&line).expect("a whole row");
        assert_eq!(row["path"], name);
    }
    drop(names);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_wait_for_names_with_whole_rows() {
    let mut child = process()
        .args(["--stream", "--files-from", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut names = child.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
    writeln!(names, "{}", captures().join("seed/capture.pcap").display()).expect("it listens");
    let mut text = String::new();
    answers.read_line(&mut text).expect("it answers");
    interrupt(&child);
    answers.read_to_string(&mut text).expect("it ends");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(rows(&text).len(), 1);
    drop(names);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_long_capture_with_whole_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(captures().join("seed/capture.pcap"), folder.path().join("a.pcap")).expect("copied");
    std::fs::write(folder.path().join("b.pcap.gz"), super::files::bomb()).expect("written");
    for isolate in ["none", "process"] {
        let mut child = process()
            .args(["--stream", "--isolate", isolate])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut text = String::new();
        answers.read_line(&mut text).expect("it answers");
        interrupt(&child);
        answers.read_to_string(&mut text).expect("it ends");
        assert_eq!(child.wait().expect("it ends").code(), Some(130), "{isolate}");
        assert_eq!(rows(&text).len(), 1, "{isolate}");
    }
}

#[cfg(unix)]
fn interrupt(child: &std::process::Child) {
    let process = libc::pid_t::try_from(child.id()).expect("a process");
    // SAFETY: it sends a signal to a child that was not waited for yet.
    assert_eq!(unsafe { libc::kill(process, libc::SIGINT) }, 0);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child =
        process().arg(captures()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
