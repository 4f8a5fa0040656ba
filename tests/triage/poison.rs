//! A folder that holds what nobody should have to read.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::files::{gzip, rows, seed, text, triage};

/// The row of the file of that name.
fn row_of<'r>(rows: &'r [Value], name: &str) -> &'r Value {
    let named: Vec<&Value> = rows
        .iter()
        .filter(|row| row["path"].as_str().is_some_and(|path| path.ends_with(&format!("/{name}"))))
        .collect();
    assert_eq!(named.len(), 1, "one row for {name}");
    named[0]
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).expect("written");
}

/// Files that any system can have.
fn fill(folder: &Path) {
    let seed = seed();
    write(folder, "whole.pcap", &seed);
    write(folder, "cut.pcap", &seed[..seed.len() - 100]);
    write(folder, "cut.pcap.gz", &gzip(&seed)[..3000]);
    write(folder, "empty.pcap", b"");
    write(folder, "text.pcap", b"12:00:01.5 IP 10.0.0.1.443 > 10.0.0.2.5000: Flags [S]\n");
    write(folder, "=cmd.pcap", &seed);
    // Link type 147 is left to users.
    let mut other = seed;
    other[20..24].copy_from_slice(&147u32.to_le_bytes());
    write(folder, "link.pcap", &other);
    let sparse = std::fs::File::create(folder.join("sparse.pcap")).expect("created");
    sparse.set_len(10 << 30).expect("a sparse file");
}

#[test]
fn every_input_of_a_poisoned_folder_gets_one_row() {
    let folder = tempfile::tempdir().expect("a folder");
    fill(folder.path());
    let begin = Instant::now();
    let rows = rows(&text(triage().arg(folder.path())));
    assert!(begin.elapsed() < Duration::from_secs(60));
    assert_eq!(rows.len(), 8);
    for (name, status, kind) in [
        ("whole.pcap", "ok", None),
        ("=cmd.pcap", "ok", None),
        ("cut.pcap", "partial", Some("damaged")),
        ("cut.pcap.gz", "partial", Some("damaged")),
        ("empty.pcap", "unreadable", Some("empty")),
        ("text.pcap", "unreadable", Some("not-a-capture")),
        ("link.pcap", "unreadable", Some("link-type")),
        ("sparse.pcap", "unreadable", Some("not-a-capture")),
    ] {
        let row = row_of(&rows, name);
        assert_eq!((row["status"].as_str(), row["error_kind"].as_str()), (Some(status), kind), "{row}");
        assert_eq!(row["error"].is_null(), kind.is_none(), "{row}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_and_names_that_are_no_text_get_a_row() {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &[u8]| folder.path().join(std::ffi::OsStr::from_bytes(name));
    let fifo = std::ffi::CString::new(path(b"fifo").into_os_string().into_vec()).expect("a name");
    // SAFETY: the name is a string that ends in NUL and lives for the call.
    assert_eq!(unsafe { libc::mkfifo(fifo.as_ptr(), 0o600) }, 0);
    let _socket = std::os::unix::net::UnixListener::bind(path(b"socket")).expect("a socket");
    let mut expected = vec!["fifo", "socket"];
    // Some file systems take only text as names.
    for (name, shown) in [
        (&b"new\nline.pcap"[..], "new\nline.pcap"),
        (b"\"quote\".pcap", "\"quote\".pcap"),
        (b"\xff\xfe%.pcap", "%FF%FE%25.pcap"),
    ] {
        if std::fs::write(path(name), seed()).is_ok() {
            expected.push(shown);
        }
    }
    let rows = rows(&text(triage().arg(folder.path())));
    assert_eq!(rows.len(), expected.len());
    for name in expected {
        let row = row_of(&rows, name);
        let odd = matches!(name, "fifo" | "socket");
        assert_eq!(row["error_kind"].as_str(), odd.then_some("not-a-file"), "{row}");
        assert_eq!(row["failed"].as_u64(), (!odd).then_some(1), "{row}");
        assert_eq!(row["path_encoded"].as_bool(), name.starts_with('%').then_some(true), "{row}");
    }
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).expect("created");
    write(&closed, "inner.pcap", &seed());
    write(folder.path(), "open.pcap", &seed());
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).expect("closed");
    // Nothing is closed to root.
    let is_closed = std::fs::read_dir(&closed).is_err();
    let rows = rows(&text(triage().arg(folder.path())));
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).expect("opened");
    assert_eq!(rows.len(), 2);
    if is_closed {
        let row = row_of(&rows, "closed");
        assert_eq!((row["status"].as_str(), row["error_kind"].as_str()), (Some("error"), Some("permission")));
    }
}

#[test]
fn links_below_folders_are_followed_only_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "a.pcap", &seed());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("a.pcap", folder.path().join("b.pcap")).expect("a link");
        std::os::unix::fs::symlink("nowhere", folder.path().join("c.pcap")).expect("a link");
        std::os::unix::fs::symlink(".", folder.path().join("d")).expect("a link");
        assert_eq!(rows(&text(triage().arg(folder.path()))).len(), 1);
        let followed = rows(&text(triage().arg("--follow").arg(folder.path())));
        assert_eq!(row_of(&followed, "b.pcap")["failed"], 1);
        assert_eq!(followed.len(), 4, "{followed:?}");
    }
}

#[test]
fn members_of_archives_get_a_row_each_and_nested_ones_are_not_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut add = |name: &str, bytes: &[u8]| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("in memory");
        zip.write_all(bytes).expect("in memory");
    };
    add("../up.pcap", &seed());
    add("packed.pcap.gz", &gzip(&seed()));
    add("inner.zip", b"PK\x03\x04 and so on");
    add("empty", b"");
    // A bomb: a megabyte that expands to a gigabyte of no capture.
    let zeros = vec![0; 1 << 20];
    zip.start_file("zeros", zip::write::SimpleFileOptions::default()).expect("in memory");
    for _ in 0..1024 {
        zip.write_all(&zeros).expect("in memory");
    }
    let bytes = zip.finish().expect("in memory").into_inner();
    write(folder.path(), "case.zip", &bytes);
    write(folder.path(), "cut.zip", &bytes[..bytes.len() - 30]);
    let rows = rows(&text(triage().arg("--hash").arg(folder.path())));
    assert_eq!(rows.len(), 6);
    for (name, status, failed) in [
        ("case.zip!../up.pcap", "ok", Some(1)),
        ("case.zip!packed.pcap.gz", "ok", Some(1)),
        ("case.zip!inner.zip", "unreadable", None),
        ("case.zip!empty", "unreadable", None),
        ("case.zip!zeros", "unreadable", None),
        ("cut.zip", "unreadable", None),
    ] {
        let row = row_of(&rows, name);
        assert_eq!((row["status"].as_str(), row["failed"].as_u64()), (Some(status), failed), "{row}");
        assert_eq!(row["sha256"].is_null(), name == "cut.zip", "{row}");
    }
}
