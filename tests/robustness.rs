//! Every capture, cut at random places and with bytes changed, ends in a report or in a clear error; never in a panic.

mod support;

use std::io::Cursor;
use std::path::Path;

use support::cases;
use tlspcap::explain::explain_to_report;

/// A small generator with a seed, so that every run tries the same bytes (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound.max(1)
    }
}

/// Captures to be damaged: the project's own, and those of a folder that is named in the environment, if any.
fn captures() -> Vec<(String, Vec<u8>)> {
    let mut captures: Vec<(String, Vec<u8>)> = cases()
        .iter()
        .map(|case| (case.name.clone(), std::fs::read(case.capture()).expect("a capture")))
        .collect();
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    for folder in ["conditions", "public", "lab/pcap"] {
        let Ok(entries) = std::fs::read_dir(shared.join(folder)) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_json = path.extension().is_some_and(|extension| extension == "json");
            let small = path.metadata().is_ok_and(|metadata| metadata.len() < 200_000);
            if !is_json && small && path.is_file() {
                captures.push((path.display().to_string(), std::fs::read(&path).expect("a capture")));
            }
        }
    }
    captures
}

/// Explains bytes; an error is an answer too.
fn explain(bytes: Vec<u8>, options: &tlspcap::explain::Options) {
    if let Ok(report) = explain_to_report(Box::new(Cursor::new(bytes)), Path::new("damaged.pcap"), options) {
        // The report must also be drawable.
        assert!(!tlspcap::render::json_string(&report).is_empty());
    }
}

/// How often each capture is damaged: `TLSPCAP_MUTATIONS` asks for more.
fn rounds(default: usize) -> usize {
    std::env::var("TLSPCAP_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn a_capture_cut_anywhere_ends_in_a_report() {
    let options = tlspcap::explain::Options::default();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (name, bytes) in captures() {
        for _ in 0..rounds(4) {
            let cut = random.below(bytes.len() + 1);
            let damaged = bytes[..cut].to_vec();
            let options = options.clone();
            std::panic::catch_unwind(move || explain(damaged, &options))
                .unwrap_or_else(|_| panic!("{name} cut after {cut} bytes"));
        }
    }
}

#[test]
fn a_capture_with_bytes_changed_ends_in_a_report() {
    let options = tlspcap::explain::Options::default();
    let mut random = Random(0xd1b5_4a32_d192_ed03);
    for (name, bytes) in captures() {
        for round in 0..rounds(4) {
            let mut damaged = bytes.clone();
            if damaged.is_empty() {
                continue;
            }
            for _ in 0..1 + random.below(8) {
                let at = random.below(damaged.len());
                damaged[at] = match random.below(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => damaged[at] ^ (1 << random.below(8)),
                    _ => random.below(256) as u8,
                };
            }
            let options = options.clone();
            std::panic::catch_unwind(move || explain(damaged, &options))
                .unwrap_or_else(|_| panic!("{name} with bytes changed, round {round}"));
        }
    }
}
