//! Every capture, cut at random places and with bytes changed, ends in a report or in a clear error; never in a panic, and
//! never in an endless search.

mod support;

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::packets::{Capture, Form};
use support::random::Random;
use support::{cases, other_captures, rounds};
use tlspcap::explain::{Options, explain_to_report};

/// A capture to be damaged.
struct Sample {
    name: String,
    bytes: Vec<u8>,
    rounds: usize,
}

/// The project's own captures, and those of a folder beside it, if any.
fn samples() -> Vec<Sample> {
    let read = |path: &Path| std::fs::read(path).expect("a capture");
    let own = cases().into_iter().map(|case| Sample {
        bytes: read(&case.capture()),
        name: case.name.clone(),
        rounds: rounds(4),
    });
    let other = other_paths().into_iter().map(|path| Sample {
        bytes: read(&path),
        name: path.display().to_string(),
        rounds: rounds(1),
    });
    own.chain(other).filter(|sample| !sample.bytes.is_empty()).collect()
}

fn other_paths() -> Vec<PathBuf> {
    let folders = ["conditions", "public", "lab/pcap"].map(|folder| other_captures().join(folder));
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| {
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let small = path.metadata().is_ok_and(|metadata| metadata.len() < 200_000);
        !is_json && small && path.is_file()
    });
    paths.sort();
    paths
}

/// Explains bytes; an error is an answer too.
fn explain(bytes: Vec<u8>, options: &Options) {
    if let Ok(report) = explain_to_report(Box::new(Cursor::new(bytes)), Path::new("damaged.pcap"), options) {
        // The report must also be drawable.
        assert!(!tlspcap::render::json_string(&report).is_empty());
    }
}

/// Explains damaged bytes; when that panics or takes too long they are kept for a closer look.
fn survives(bytes: &[u8], options: &Options, what: &str) {
    let start = Instant::now();
    let (damaged, options) = (bytes.to_vec(), std::panic::AssertUnwindSafe(options));
    let done = std::panic::catch_unwind(move || explain(damaged, &options));
    if done.is_err() || start.elapsed() > LONGEST {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("damaged.pcap");
        std::fs::write(&kept, bytes).expect("a writable folder");
        panic!("{what}: {:?}; the bytes are in {}", start.elapsed(), kept.display());
    }
}

/// Far above what the largest of the captures takes on a slow machine.
const LONGEST: Duration = Duration::from_secs(30);

/// Changes some bytes.
fn damage(bytes: &mut [u8], random: &mut Random) {
    for _ in 0..1 + random.below(8) {
        let at = random.below(bytes.len());
        let Some(byte) = bytes.get_mut(at) else { return };
        *byte = match random.below(4) {
            0 => 0,
            1 => 0xff,
            2 => *byte ^ (1 << random.below(8)),
            _ => random.below(256) as u8,
        };
    }
}

#[test]
fn a_capture_cut_anywhere_ends_in_a_report() {
    let options = Options::default();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for sample in samples() {
        for _ in 0..sample.rounds {
            let cut = random.below(sample.bytes.len() + 1);
            survives(&sample.bytes[..cut], &options, &format!("{} cut after {cut} bytes", sample.name));
        }
    }
}

#[test]
fn a_capture_with_bytes_changed_ends_in_a_report() {
    let options = Options::default();
    let mut random = Random(0xd1b5_4a32_d192_ed03);
    for sample in samples() {
        for round in 0..sample.rounds {
            let mut damaged = sample.bytes.clone();
            damage(&mut damaged, &mut random);
            survives(&damaged, &options, &format!("{} with bytes changed, round {round}", sample.name));
        }
    }
}

/// Damage within packets leaves the file whole, so that it reaches what reads TCP, TLS and certificates.
#[test]
fn packets_with_bytes_changed_end_in_a_report() {
    let options = Options::default();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for sample in samples() {
        let Some(capture) = Capture::read(&sample.bytes) else { continue };
        for round in 0..sample.rounds {
            let mut damaged = capture.clone();
            for packet in &mut damaged.packets {
                // Behind the usual headers, so that most packets still belong to their connection.
                if let Some(payload) = packet.data.get_mut(HEADERS..)
                    && random.below(3) == 0
                {
                    damage(payload, &mut random);
                }
            }
            let bytes = damaged.write(Form::Little);
            survives(&bytes, &options, &format!("{} with packets changed, round {round}", sample.name));
        }
    }
}

/// Bytes of Ethernet, IPv4 and TCP headers with the usual options.
const HEADERS: usize = 66;
