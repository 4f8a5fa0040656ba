//! `tlspcap chain`: the certificates that were sent, as openssl prints them, or as PEM or DER.

use std::path::Path;

use tlspcap::error::{Error, Result};
use tlspcap::explain::{Options, explain_to_report, open};
use tlspcap::render::{chain_text, escape};
use tlspcap::report::{CertificateReport, ChainReport, ConnectionReport, pem};
use tlspcap::trust::Store;

use super::Status;
use super::args::Chain;
use super::output::{Output, width, write_file};

/// Prints or writes the chains.
pub(crate) fn run(arguments: &Chain) -> Result<Status> {
    let mut options = Options {
        store: Store::none(),
        secrets: super::trust::secrets(&arguments.keylog)?,
        judge_established: false,
        ..Options::default()
    };
    super::input::standard_input([&arguments.file])?;
    let input = open(&arguments.file, &mut options)?;
    let report = explain_to_report(input, &arguments.file, &options)?;
    let wanted =
        |c: &&ConnectionReport| arguments.connection.is_empty() || arguments.connection.contains(&c.id);
    if !report.connections.is_empty() && !report.connections.iter().any(|c| wanted(&c)) {
        let count = report.connections.len() as u64;
        return Err(super::explain::no_such_connection(&arguments.file, count));
    }
    let chains: Vec<(&ConnectionReport, &'static str, &ChainReport)> =
        report.connections.iter().filter(wanted).flat_map(sides).collect();
    match &arguments.output {
        Some(folder) => files(arguments, folder, &chains)?,
        None if arguments.der => single(&chains)?,
        None => print(arguments, &chains)?,
    }
    if chains.is_empty() {
        anstream::eprintln!(
            "tlspcap: {}: no certificate is seen in it{}",
            arguments.file.display(),
            why(&report.connections)
        );
    }
    Ok(Status::Done)
}

fn sides(c: &ConnectionReport) -> Vec<(&ConnectionReport, &'static str, &ChainReport)> {
    [("server", &c.server_certificates), ("client", &c.client_certificates)]
        .into_iter()
        .filter_map(|(side, chain)| {
            chain.as_ref().filter(|chain| !chain.chain.is_empty()).map(|chain| (c, side, chain))
        })
        .collect()
}

/// A word on TLS 1.3, which hides certificates.
fn why(connections: &[ConnectionReport]) -> &'static str {
    let hidden = |c: &ConnectionReport| {
        c.tls.version.as_deref().is_some_and(|v| v.starts_with("TLS 1.3")) && !c.tls.decrypted
    };
    if connections.iter().any(hidden) { ": TLS 1.3 encrypts them, give --keylog FILE" } else { "" }
}

fn print(arguments: &Chain, chains: &[(&ConnectionReport, &'static str, &ChainReport)]) -> Result<()> {
    let mut output = Output::open(None)?;
    for (c, side, chain) in chains {
        let mut text = format!(
            "#{} {} {}:{} → {}:{}",
            c.id, side, c.client.addr, c.client.port, c.server.addr, c.server.port
        );
        if let Some(name) = &c.tls.sni {
            text.push_str(&format!(" {}", escape(name)));
        }
        if let Some(packet) = chain.packets.last() {
            text.push_str(&format!(" in #{packet}"));
        }
        if arguments.pem {
            text = format!("# {}\n", text.trim_start_matches('#'));
            for certificate in &chain.chain {
                text.push_str(&one_pem(certificate));
            }
        } else {
            text.push_str("\n---\nCertificate chain\n");
            text.push_str(&chain_text(chain, width(false)));
            text.push_str("---\n");
        }
        output.write(text.as_bytes())?;
    }
    output.commit()
}

/// A certificate as openssl prints it with -showcerts.
fn one_pem(certificate: &CertificateReport) -> String {
    let text = |value: &Option<String>| escape(value.as_deref().unwrap_or("cannot be read")).into_owned();
    format!(
        " {} s:{}\n   i:{}\n{}",
        certificate.position,
        text(&certificate.subject_oneline),
        text(&certificate.issuer_oneline),
        pem(&certificate.der)
    )
}

/// One file per certificate: `1-server-0.pem`.
fn files(
    arguments: &Chain,
    folder: &Path,
    chains: &[(&ConnectionReport, &'static str, &ChainReport)],
) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| Error::Output { path: folder.to_owned(), source })?;
    for (c, side, chain) in chains {
        for certificate in &chain.chain {
            let name = format!("{}-{side}-{}", c.id, certificate.position);
            if arguments.der {
                write_file(&folder.join(format!("{name}.der")), &certificate.der)?;
            } else {
                write_file(&folder.join(format!("{name}.pem")), pem(&certificate.der).as_bytes())?;
            }
        }
    }
    Ok(())
}

/// A single certificate's DER on standard output.
fn single(chains: &[(&ConnectionReport, &'static str, &ChainReport)]) -> Result<()> {
    let all: Vec<_> = chains.iter().flat_map(|(_, _, chain)| &chain.chain).collect();
    let [one] = all.as_slice() else {
        return Err(Error::Usage(format!(
            "--der writes one certificate to standard output, and there are {}: give -o DIR, or --connection ID",
            all.len()
        )));
    };
    let mut output = Output::open(None)?;
    output.write(&one.der)?;
    output.commit()
}
