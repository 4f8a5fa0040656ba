//! `--resume`: whatever moment a run is killed at, the next one ends with the file of a single run.

use std::path::Path;
use std::time::Duration;

use super::files::{collection, process, rows, seed, text, triage};

#[test]
fn runs_killed_at_any_moment_end_with_the_rows_of_one_run() {
    let folder = collection(400);
    let expected = text(triage().args(["--jobs", "2"]).arg(folder.path()));
    let out = tempfile::tempdir().expect("a folder");
    let path = out.path().join("rows.ndjson");
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut finished = 0;
    for _ in 0..50 {
        let mut child = process()
            .args(["--resume", "--jobs", "2", "-o"])
            .arg(&path)
            .arg(folder.path())
            .spawn()
            .expect("it runs");
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        std::thread::sleep(Duration::from_millis(random % 150));
        let _ = child.kill();
        finished += usize::from(child.wait().expect("it ends").success());
    }
    triage().args(["--resume", "--jobs", "2", "-o"]).arg(&path).arg(folder.path()).assert().code(0);
    assert_eq!(std::fs::read_to_string(&path).expect("written"), expected, "{finished} runs were not killed");
    assert_eq!(std::fs::read_dir(out.path()).expect("a folder").count(), 2, "rows and journal");
}

/// Replaces the content but not the time.
fn replace(path: &Path, bytes: &[u8]) {
    let modified = path.metadata().and_then(|metadata| metadata.modified()).expect("a time");
    std::fs::write(path, bytes).expect("written");
    std::fs::File::options()
        .write(true)
        .open(path)
        .and_then(|file| file.set_modified(modified))
        .expect("set");
}

#[test]
fn what_has_a_row_is_not_done_again_unless_the_file_or_the_settings_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let capture = folder.path().join("a.pcap");
    let out = tempfile::tempdir().expect("a folder");
    let path = out.path().join("rows.ndjson");
    let failed = |options: &[&str]| {
        triage().args(["--resume", "-o"]).arg(&path).args(options).arg(folder.path()).assert().code(0);
        rows(&std::fs::read_to_string(&path).expect("written"))[0]["failed"].as_u64()
    };
    std::fs::write(&capture, seed()).expect("written");
    assert_eq!(failed(&[]), Some(1));
    // The same size and time: taken for the same file.
    replace(&capture, &vec![0; seed().len()]);
    assert_eq!(failed(&[]), Some(1));
    // Other settings: done again.
    assert_eq!(failed(&["--host", "other.example"]), None);
    // Another size: done again.
    std::fs::write(&capture, [seed(), vec![0]].concat()).expect("written");
    assert_eq!(failed(&["--host", "other.example"]), Some(1));
}

#[test]
fn what_could_not_be_read_is_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let capture = folder.path().join("late.pcap");
    let path = folder.path().join("rows.ndjson");
    triage().args(["--resume", "-o"]).arg(&path).arg(&capture).assert().code(0);
    std::fs::write(&capture, seed()).expect("written");
    triage().args(["--resume", "-o"]).arg(&path).arg(&capture).assert().code(0);
    let rows = rows(&std::fs::read_to_string(&path).expect("written"));
    assert_eq!((rows.len(), rows[0]["failed"].as_u64()), (1, Some(1)));
}
