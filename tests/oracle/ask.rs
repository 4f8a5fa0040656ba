//! Asks rustls-webpki, OpenSSL and the JDK for their answers. The latter two only where they are installed.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::cases::Case;

/// An answer: accepted, or why not.
pub type Answer = Result<(), String>;

/// The answer of rustls-webpki.
pub fn webpki(case: &Case) -> Answer {
    let store: Vec<CertificateDer<'_>> = case.store.iter().map(|der| CertificateDer::from(&**der)).collect();
    let anchors: Vec<_> = store.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect();
    let chain: Vec<CertificateDer<'_>> = case.chain.iter().map(|der| CertificateDer::from(&**der)).collect();
    let leaf = EndEntityCert::try_from(&chain[0]).map_err(|error| format!("{error:?}"))?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(case.at.try_into().unwrap()));
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &chain[1..],
        time,
        KeyUsage::server_auth(),
        None,
        None,
    )
    .map(drop)
    .map_err(|error| format!("{error:?}"))
}

/// The answer of `openssl verify` at security level 2.
pub fn openssl(case: &Case, folder: &Path, partial: bool) -> Answer {
    let write = |name: &str, certificates: &[Vec<u8>]| {
        let path = folder.join(name);
        fs::write(&path, certificates.iter().map(|der| pem(der)).collect::<String>()).unwrap();
        path
    };
    let mut command = Command::new("openssl");
    command.args([
        "verify",
        "-no-CApath",
        "-no-CAstore",
        "-purpose",
        "sslserver",
        "-auth_level",
        "2",
        "-attime",
    ]);
    command.arg(case.at.to_string()).arg("-CAfile").arg(write("store.pem", &case.store));
    if partial {
        command.arg("-partial_chain");
    }
    if case.chain.len() > 1 {
        command.arg("-untrusted").arg(write("sent.pem", &case.chain[1..]));
    }
    let output = command.arg(write("leaf.pem", &case.chain[..1])).output().unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).replace('\n', " ")),
    }
}

/// The answers of the JDK's trust manager, all in one run.
pub fn java(cases: &[Case]) -> Vec<Answer> {
    let list = |certificates: &[Vec<u8>]| {
        certificates.iter().map(|der| HEXLOWER.encode(der)).collect::<Vec<_>>().join(" ")
    };
    let questions: String = cases
        .iter()
        .map(|case| format!("{}\t{}\t{}\n", case.at, list(&case.chain), list(&case.store)))
        .collect();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/Oracle.java");
    let mut child =
        Command::new("java").arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(questions.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the Java program failed");
    let answers = String::from_utf8(output.stdout).unwrap();
    answers.lines().map(|line| if line == "ok" { Ok(()) } else { Err(line.to_owned()) }).collect()
}

/// Whether a program can be started at all.
pub fn is_installed(program: &str) -> bool {
    Command::new(program).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64.encode(der))
}
