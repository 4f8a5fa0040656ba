//! With keys too, messages, alerts and certificates are where tshark finds them, in captures of others.
//!
//! They are looked for in the folder of `TLSPCAP_CAPTURES`: those with a key log beside them or in a folder `keys`, with
//! secrets in the file, or with a client random that `tests/keylogs/public.keys` knows. Skipped without the folder or
//! tshark. Some are taken by chance; `TLSPCAP_KEYED=all` takes every one.

mod support;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use support::other_captures;
use support::random::Random;
use support::tshark::{Row, ask, read, rows, version};
use tlspcap::capture::scan_secrets;
use tlspcap::explain::{Options, explain_to_report, open};
use tlspcap::limits::Limits;
use tlspcap::report::Report;
use tlspcap::tls::keylog::Secrets;
use tlspcap::trust::Store;

/// A capture, and the key log outside it.
struct Keyed {
    capture: PathBuf,
    keys: Option<PathBuf>,
}

/// Captures taken when not all are asked for.
const SOME: usize = 24;

#[test]
fn captures_of_others_with_keys_agree_with_tshark() {
    let folder = other_captures();
    if version().is_none() || !folder.is_dir() {
        eprintln!("skipped: no tshark, or no captures in {}", folder.display());
        return;
    }
    let mut captures = keyed(&folder);
    assert!(!captures.is_empty(), "no capture with secrets in {}", folder.display());
    if std::env::var_os("TLSPCAP_KEYED").is_none_or(|value| value != "all") {
        captures = Random(0x2545_f491_4f6c_dd1d).sample(captures, SOME);
    }
    let left = Mutex::new(captures.into_iter());
    let found = Mutex::new((Vec::new(), 0, 0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(next) = left.lock().expect("a lock").next() else { break };
                    let (mut differences, compared) = compare(&next);
                    let mut found = found.lock().expect("a lock");
                    found.0.append(&mut differences);
                    found.1 += 1;
                    found.2 += compared;
                }
            });
        }
    });
    let (differences, captures, packets) = found.into_inner().expect("a lock");
    eprintln!("{captures} captures, {packets} packets compared");
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
    assert!(packets > captures, "{packets} packets of {captures} captures compared");
}

/// The differences of one capture that are not known, and how many packets tshark has something to say of.
fn compare(keyed: &Keyed) -> (Vec<String>, usize) {
    let report = report(keyed);
    let theirs = read(&ask(&keyed.capture, keyed.keys.as_deref()).expect("tshark answers"));
    let ours = rows(&report);
    let places: BTreeSet<&(u64, u64)> = theirs.keys().chain(ours.keys()).collect();
    let none = Row::default();
    let mut differences = Vec::new();
    for &&(stream, packet) in &places {
        let (their, our) = (theirs.get(&(stream, packet)), ours.get(&(stream, packet)));
        let (their, our) = (their.unwrap_or(&none), our.unwrap_or(&none));
        // Behind a segment that the snap length cut tshark does not follow its stream.
        let cut = *their == none && is_cut(&report, stream);
        if their != our && !cut {
            let name = keyed.capture.display();
            differences
                .push(format!("{name} stream {stream} packet {packet}: tshark {their:?}, here {our:?}"));
        }
    }
    (differences, theirs.len())
}

fn report(keyed: &Keyed) -> Report {
    let mut options = Options { store: Store::none(), judge_established: false, ..Options::default() };
    if let Some(keys) = &keyed.keys {
        let mut secrets = Secrets::default();
        secrets.read(keys).unwrap_or_else(|error| panic!("{error}"));
        options.secrets = secrets;
    }
    let input = open(&keyed.capture, &mut options).unwrap_or_else(|error| panic!("{error}"));
    explain_to_report(input, &keyed.capture, &options).unwrap_or_else(|error| panic!("{error}"))
}

fn is_cut(report: &Report, stream: u64) -> bool {
    let connection = report.connections.iter().find(|connection| connection.stream == stream);
    connection.is_some_and(|c| c.warnings.iter().any(|warning| warning.code == "snap-length"))
}

/// The captures under a folder for which there are secrets.
fn keyed(folder: &Path) -> Vec<Keyed> {
    let public = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keylogs/public.keys");
    let randoms = client_randoms(&std::fs::read_to_string(&public).expect("a key log"));
    let mut found = Vec::new();
    for capture in files(folder) {
        let Ok(bytes) = std::fs::read(&capture) else { continue };
        if !is_capture(&bytes) {
            continue;
        }
        let keys = if let Some(keys) = beside(&capture) {
            Some(keys)
        } else if randoms.iter().any(|random| memchr::memmem::find(&bytes, random).is_some()) {
            Some(public.clone())
        } else if carries_secrets(&capture) {
            None
        } else {
            continue;
        };
        found.push(Keyed { capture, keys });
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => found.push(path),
            }
        }
    }
    found.sort();
    found
}

/// pcap of either precision in either byte order, or pcapng.
fn is_capture(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xd4, 0xc3, 0xb2, 0xa1, ..]
            | [0x4d, 0x3c, 0xb2, 0xa1, ..]
            | [0xa1, 0xb2, 0xc3, 0xd4, ..]
            | [0xa1, 0xb2, 0x3c, 0x4d, ..]
            | [0x0a, 0x0d, 0x0d, 0x0a, ..]
    )
}

/// `NAME.keys` beside the capture or in a folder `keys` beside its own.
fn beside(capture: &Path) -> Option<PathBuf> {
    let own = capture.with_extension("keys");
    let folder = capture.parent()?.parent()?.join("keys");
    let apart = folder.join(own.file_name()?);
    [own, apart].into_iter().find(|path| path.is_file())
}

fn carries_secrets(capture: &Path) -> bool {
    let file = File::open(capture);
    file.is_ok_and(|mut file| !scan_secrets(&mut file, &Limits::default()).is_empty())
}

/// The client randoms of a key log.
fn client_randoms(keys: &str) -> Vec<Vec<u8>> {
    let mut randoms: Vec<Vec<u8>> = keys
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .map(|random| data_encoding::HEXLOWER.decode(random.as_bytes()).expect("hex"))
        .collect();
    randoms.dedup();
    assert!(randoms.len() > 1);
    randoms
}
