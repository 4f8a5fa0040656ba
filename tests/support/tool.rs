//! The command under test.

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// The command, without what the environment says of colours.
pub fn tlspcap() -> Command {
    let mut command = Command::cargo_bin("tlspcap").expect("the binary");
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// The capture of one of the project's own cases.
pub fn capture(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(case).join("capture.pcap")
}
