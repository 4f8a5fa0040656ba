//! Operational errors (we could not do the work) and warnings (the capture is odd).

use std::path::PathBuf;

/// Why the work could not be done. It names the input, the place in it, and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input could not be opened or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file as the user named it; `-` is standard input.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The input is no capture that can be read.
    #[error("{}: not a capture that can be read: {found}", path.display())]
    NotACapture {
        /// The file as the user named it.
        path: PathBuf,
        /// What its first bytes are.
        found: String,
    },
    /// A key log, trust store or option value is unusable.
    #[error("{}: {message}", path.display())]
    Input {
        /// The file as the user named it.
        path: PathBuf,
        /// The place in it and what was expected there.
        message: String,
    },
    /// An output could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Output {
        /// The file as the user named it.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Whoever listened had enough, as after a deadline.
    #[error("stopped before the end")]
    Stopped,
    /// An option's value makes no sense.
    #[error("{0}")]
    Usage(String),
}

/// The result of work that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Something odd about the capture. The analysis went on; the report shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What kind it is: a kebab-case word of a closed set, such as `cut-short`.
    pub code: &'static str,
    /// The packet where it was seen, counted from 1 as Wireshark numbers frames.
    pub packet: Option<u64>,
    /// One sentence: the layer, the length needed and the length there.
    pub text: String,
}

impl Warning {
    /// A warning about one packet.
    pub fn at(code: &'static str, packet: u64, text: impl Into<String>) -> Self {
        Self { code, packet: Some(packet), text: text.into() }
    }

    /// A warning about the whole capture or connection.
    pub fn general(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, packet: None, text: text.into() }
    }
}
