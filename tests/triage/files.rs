//! Captures and commands that the tests share.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// `tlspcap triage`, with rows on standard output.
pub fn triage() -> Command {
    let mut command = Command::cargo_bin("tlspcap").expect("the binary");
    command.arg("triage").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// The same for a test that talks with the process.
pub fn process() -> std::process::Command {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("tlspcap"));
    command.arg("triage");
    command
}

/// Standard output of a command that must succeed.
pub fn text(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The rows of NDJSON.
pub fn rows(text: &str) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with('\n'), "the last row is whole");
    text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

/// The project's own captures.
pub fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

/// A capture with a failed handshake.
pub fn seed() -> Vec<u8> {
    std::fs::read(captures().join("seed").join("capture.pcap")).expect("a capture")
}

/// A folder of `count` captures, made of the project's own in turn.
pub fn collection(count: usize) -> TempDir {
    let mut sources: Vec<PathBuf> = std::fs::read_dir(captures())
        .expect("captures/")
        .map(|entry| entry.expect("an entry").path().join("capture.pcap"))
        .filter(|path| path.metadata().is_ok_and(|metadata| metadata.len() < 200_000))
        .collect();
    sources.sort();
    assert!(sources.len() > 20, "{} captures", sources.len());
    let folder = tempfile::tempdir().expect("a folder");
    for (number, source) in sources.iter().cycle().take(count).enumerate() {
        std::fs::copy(source, folder.path().join(format!("{number:04}.pcap"))).expect("copied");
    }
    folder
}

/// A capture of small packets in gzip that expands to gigabytes: members of gzip may be repeated.
pub fn bomb() -> Vec<u8> {
    let packet: Vec<u8> = [1u32, 0, 60, 60].iter().flat_map(|n| n.to_le_bytes()).chain([0; 60]).collect();
    let mut bytes = gzip(&seed()[..24]);
    let chunk = gzip(&packet.repeat(20_000));
    for _ in 0..3000 {
        bytes.extend_from_slice(&chunk);
    }
    bytes
}

/// One member of gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}
