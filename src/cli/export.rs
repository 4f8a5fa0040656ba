//! `--export DIR`: the chain as sent, the certificates to add, and the commands of the fix.

use std::path::Path;

use tlspcap::error::{Error, Result};
use tlspcap::report::{ConnectionReport, pem};

use super::output::write_file;

/// Writes the files of each failed connection; with more than one, each has a folder of its own by its stream number.
pub(crate) fn write(folder: &Path, reports: &[ConnectionReport]) -> Result<()> {
    for report in reports {
        let folder = match reports.len() {
            1 => folder.to_owned(),
            _ => folder.join(format!("stream-{}", report.stream)),
        };
        std::fs::create_dir_all(&folder).map_err(|source| Error::Output { path: folder.clone(), source })?;
        one(&folder, report)?;
    }
    Ok(())
}

fn one(folder: &Path, report: &ConnectionReport) -> Result<()> {
    if let Some(chain) = &report.server_certificates {
        let text: String = chain.chain.iter().map(|certificate| pem(&certificate.der)).collect();
        write_file(&folder.join("chain.pem"), text.as_bytes())?;
    }
    if let Some(missing) = report.trust.as_ref().and_then(|trust| trust.missing_certificate.as_ref()) {
        // The commands of the fix call it so.
        let is_root = match report.verdict.cause.as_str() {
            "missing-intermediate" => false,
            "untrusted-root" | "self-signed" => true,
            _ => missing.is_root,
        };
        let name = if is_root { "missing-root.pem" } else { "missing-intermediate.pem" };
        let text = format!("{}{}", comment(&missing.found_in), pem(&missing.der));
        write_file(&folder.join(name), text.as_bytes())?;
    }
    let mut commands = String::from("# ");
    commands.push_str(&one_line(&report.verdict.summary));
    commands.push('\n');
    for fix in &report.verdict.fix {
        for (i, line) in fix.lines().enumerate() {
            // The first line of a step is a sentence, what follows are its commands.
            let mark = if i == 0 { "\n# " } else { "" };
            commands.push_str(&format!("{mark}{}\n", one_line(line)));
        }
    }
    write_file(&folder.join("commands.txt"), commands.as_bytes())
}

fn comment(text: &str) -> String {
    format!("# {}\n", one_line(text))
}

/// Text from a capture without anything that could end the line or drive a terminal.
fn one_line(text: &str) -> String {
    tlspcap::render::escape(text).into_owned()
}
