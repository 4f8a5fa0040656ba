//! `--watch`: files that come while it runs.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Duration;

use super::files::{process, seed};

#[test]
fn files_get_a_row_each_when_they_are_complete() {
    let folder = tempfile::tempdir().expect("a folder");
    // What the system reports is where the folder really is.
    let root = folder.path().canonicalize().expect("a path");
    std::fs::write(root.join("before.pcap"), seed()).expect("written");
    let mut child = process().arg("--watch").arg(&root).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut answer = || {
        let mut line = String::new();
        answers.read_line(&mut line).expect("it answers");
        let row: serde_json::Value = serde_json::from_str(&line).expect("a whole row");
        assert_eq!((row["status"].as_str(), row["failed"].as_u64()), (Some("ok"), Some(1)), "{row}");
        row["path"].as_str().expect("a path").to_owned()
    };
    let expected = |name: &str| root.join(name).display().to_string();
    assert_eq!(answer(), expected("before.pcap"));

    let (start, rest) = (&seed()[..4000], &seed()[4000..]);
    let mut slow = std::fs::File::create(root.join("slow.pcap")).expect("created");
    slow.write_all(start).expect("written");
    std::thread::sleep(Duration::from_millis(300));
    slow.write_all(rest).expect("written");
    drop(slow);
    assert_eq!(answer(), expected("slow.pcap"));

    std::fs::write(root.join("copy.part"), seed()).expect("written");
    std::fs::rename(root.join("copy.part"), root.join("copy.pcap")).expect("renamed");
    assert_eq!(answer(), expected("copy.pcap"));

    std::fs::create_dir(root.join("new")).expect("created");
    std::fs::write(root.join("new/inner.pcap"), seed()).expect("written");
    assert_eq!(answer(), expected("new/inner.pcap"));
    child.kill().expect("killed");
    child.wait().expect("it ends");
}
