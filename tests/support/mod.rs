//! What several test programs share: the project's own captures.

#![allow(dead_code)]

pub mod packets;
pub mod random;
pub mod tool;
pub mod tshark;

use std::path::{Path, PathBuf};

use tlspcap::explain::{Options, explain_to_report, open};
use tlspcap::report::Report;
use tlspcap::tls::keylog::Secrets;
use tlspcap::trust::Store;

/// One folder of `captures/`.
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// `case.toml`.
    pub settings: toml::Table,
}

/// The project's own captures, by name.
pub fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut cases: Vec<Case> = std::fs::read_dir(&root)
        .expect("captures/")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("case.toml").exists())
        .map(|folder| {
            let text = std::fs::read_to_string(folder.join("case.toml")).expect("a readable case.toml");
            Case {
                name: folder.file_name().expect("a name").to_string_lossy().into_owned(),
                settings: text.parse().unwrap_or_else(|error| panic!("{}: {error}", folder.display())),
                folder,
            }
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(cases.len() >= 25, "{} cases", cases.len());
    cases
}

impl Case {
    /// A setting that is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.settings.get(key).and_then(toml::Value::as_str)
    }

    /// The capture.
    pub fn capture(&self) -> PathBuf {
        self.folder.join(self.text("capture").unwrap_or("capture.pcap"))
    }

    /// The inputs that the case gives.
    pub fn options(&self) -> Options {
        let mut options = Options { now: Some(NOW), ..Options::default() };
        if let Some(store) = self.text("truststore") {
            options.store = Store::load(&self.folder.join(store), self.text("truststore_password"))
                .unwrap_or_else(|error| panic!("{}: {error}", self.name));
            options.store.source = store.to_owned();
        }
        options.host = self.text("host").map(str::to_owned);
        if let Some(keys) = self.text("keylog") {
            let mut secrets = Secrets::default();
            secrets.read(&self.folder.join(keys)).unwrap_or_else(|error| panic!("{}: {error}", self.name));
            options.secrets = secrets;
        }
        options
    }

    /// The report, with the capture named as it is in its folder.
    pub fn report(&self) -> Report {
        self.report_with(self.options())
    }

    /// The report of the capture alone, judged by Mozilla's roots.
    pub fn blind_report(&self) -> Report {
        self.report_with(Options { now: Some(NOW), ..Options::default() })
    }

    fn report_with(&self, mut options: Options) -> Report {
        let path = self.capture();
        let input = open(&path, &mut options).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let name = Path::new(path.file_name().expect("a name"));
        explain_to_report(input, name, &options).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

/// A folder of other captures that the tests run over where it exists: `TLSPCAP_CAPTURES`, or one beside the project.
pub fn other_captures() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    std::env::var_os("TLSPCAP_CAPTURES").map_or_else(beside, PathBuf::from)
}

/// How often each capture is changed: `TLSPCAP_MUTATIONS` asks for more.
pub fn rounds(default: usize) -> usize {
    std::env::var("TLSPCAP_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A fixed today, so that no snapshot changes with the calendar: 2026-12-01.
pub const NOW: i64 = 1_796_083_200;
