//! What `--help`, `--version` and the man page say beside the options: examples, exit status, environment.

use std::fmt::Write as _;
use std::io;
use std::sync::LazyLock;

use clap::CommandFactory;
use clap_mangen::Man;
use tlspcap::render::wrap_hanging;

use super::args::Arguments;

/// Commands, and what each is for.
const EXAMPLES: &[(&str, &str)] = &[
    ("tlspcap explain case.pcap", "Why did the handshakes fail?"),
    (
        "tlspcap explain case.pcap --truststore cacerts.jks --host api.example.com",
        "The same, with what the client trusts and the name that it meant.",
    ),
    ("tlspcap explain case.pcap --keylog keys.log", "TLS 1.3 hides certificates and alerts: with a key log."),
    ("tcpdump -i any -s 0 -U -w - port 443 | tlspcap explain -", "As it happens, until Ctrl-C."),
    ("tlspcap explain case.pcap --format html -o case.html", "A page to hand on."),
    (
        "tlspcap explain case.pcap --all --color always | less -R",
        "Every connection in full, a screen at a time.",
    ),
    (
        "tlspcap explain case.pcap --filter 'tls.sni contains example'",
        "Connections by any field of the JSON report.",
    ),
    ("tlspcap triage uploads/", "What do many captures show?"),
    ("tlspcap trim case.pcap -o small.pcap", "Just the failed connections, without their data."),
    ("tlspcap diff works.pcap fails.pcap", "What is different where it fails?"),
    ("tlspcap causes untrusted-root", "The chapter of a cause."),
];

/// Exit statuses, and what they mean.
const EXIT: &[(&str, &str)] = &[
    ("0", "The work was done, whatever was found. A damaged capture is read as far as it goes."),
    (
        "1",
        "With --exit-code: a handshake failed. Of triage also: an output could not be written, or an input went unanswered.",
    ),
    ("2", "Wrong usage, or an input that could not be read at all."),
    ("130", "triage was stopped by Ctrl-C; the rows so far are whole."),
];

/// Variables of the environment that are read.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("NO_COLOR", "No colour, unless --color always is given."),
    ("CLICOLOR_FORCE", "Colour also where the output is no terminal."),
    ("TLSPCAP_TRUSTSTORE_PASSWORD", "The password of a JKS or PKCS#12 trust store."),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "Where --roots system looks first."),
    (
        "JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX, SLURM_ARRAY_TASK_ID",
        "The index of triage --shard auto.",
    ),
];

/// What `--version` says; `-V` gives the number alone.
pub(super) fn long_version() -> &'static str {
    LONG_VERSION.as_str()
}

static LONG_VERSION: LazyLock<String> = LazyLock::new(|| {
    let features = [
        ("parquet", cfg!(feature = "parquet")),
        ("cloud", cfg!(feature = "cloud")),
        ("watch", cfg!(feature = "watch")),
    ];
    let features: Vec<String> =
        features.iter().map(|(name, is_in)| format!("{}{name}", if *is_in { '+' } else { '-' })).collect();
    format!(
        "{}\nfeatures: {}\nroots: Mozilla's (webpki-root-certs {ROOTS})",
        env!("CARGO_PKG_VERSION"),
        features.join(" ")
    )
});

/// The release of Mozilla's list that is embedded.
const ROOTS: &str = "1.0.11";

/// What `--help` says below the options.
pub(super) fn long_help() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let mut text = short_help().to_owned();
        text.push_str("\n\nExit status:\n");
        entries(&mut text, EXIT);
        text.push_str("\nEnvironment:\n");
        entries(&mut text, ENVIRONMENT);
        text.trim_end().to_owned()
    });
    TEXT.as_str()
}

/// What `-h` says below the options: the examples.
pub(super) fn short_help() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let mut text = "Examples:\n".to_owned();
        for (command, what) in EXAMPLES {
            let _ = write!(text, "  {what}\n      {command}\n");
        }
        text.trim_end().to_owned()
    });
    TEXT.as_str()
}

/// Names and what they mean, as clap shows options.
fn entries(text: &mut String, entries: &[(&str, &str)]) {
    for (name, meaning) in entries {
        let _ = writeln!(text, "  {name}");
        wrap_hanging(text, "          ", 10, meaning, 80);
    }
}

/// The man page: every command with its options in one page.
///
/// # Errors
/// What writing to `out` returns, and memory does not fail.
pub(super) fn man_page() -> io::Result<Vec<u8>> {
    let mut root = Arguments::command();
    root.build();
    let page = Man::new(root.clone());
    let mut out = Vec::new();
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    page.render_synopsis_section(&mut out)?;
    out.extend_from_slice(b".SH DESCRIPTION\n");
    out.extend_from_slice(DESCRIPTION.as_bytes());
    out.extend_from_slice(b".SH COMMANDS\n");
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        one_command(&mut out, command)?;
    }
    out.extend_from_slice(tail().as_bytes());
    Ok(out)
}

const DESCRIPTION: &str = "\
Reads packet captures, follows every TLS handshake in them, holds the certificates that were sent against what the client trusts \
and the name that it asked for, and states the cause of a failure with its evidence, how sure it is, what else it could be, and \
what to change. Packets are numbered as Wireshark numbers them. Nothing is sent over the network.\n.PP\n\
A FILE is a pcap or pcapng, also in gzip, zstd or xz; - is standard input.\n";

/// A command as a subsection, its options below it.
fn one_command(out: &mut Vec<u8>, command: &clap::Command) -> io::Result<()> {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let _ = io::Write::write_fmt(out, format_args!(".SS \"{}\"\n{}\n.PP\n", roff(name), roff(&about)));
    // The options that every command has say nothing here.
    let command = command.clone().mut_args(|argument| match argument.get_id().as_str() {
        "help" | "version" => argument.hide(true),
        _ => argument,
    });
    let page = Man::new(command);
    let mut text = Vec::new();
    page.render_synopsis_section(&mut text)?;
    page.render_options_section(&mut text)?;
    for line in String::from_utf8_lossy(&text).lines() {
        match line.strip_prefix(".SH ") {
            Some("SYNOPSIS" | "OPTIONS") => {}
            Some(heading) => {
                let heading = heading.trim_matches('"');
                let _ = io::Write::write_fmt(out, format_args!(".PP\n\\fI{heading}\\fR\n"));
            }
            None => {
                out.extend_from_slice(line.as_bytes());
                out.push(b'\n');
            }
        }
    }
    Ok(())
}

/// Examples, exit status, environment.
fn tail() -> String {
    let mut text = ".SH EXAMPLES\n".to_owned();
    for (command, what) in EXAMPLES {
        let _ = write!(text, ".PP\n{}\n.RS 4\n.nf\n{}\n.fi\n.RE\n", roff(what), roff(command));
    }
    for (heading, entries) in [("EXIT STATUS", EXIT), ("ENVIRONMENT", ENVIRONMENT)] {
        let _ = writeln!(text, ".SH \"{heading}\"");
        for (name, meaning) in entries {
            let _ = write!(text, ".TP\n\\fB{}\\fR\n{}\n", roff(name), roff(meaning));
        }
    }
    text.push_str(".SH \"SEE ALSO\"\n.BR tshark (1),\n.BR tcpdump (1),\n.BR openssl\\-s_client (1)\n");
    text
}

/// Text in which groff finds no request, and hyphens that can be copied.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_man_page_has_every_command_and_option() {
        let page = String::from_utf8(man_page().unwrap()).unwrap();
        for command in Arguments::command().get_subcommands() {
            assert!(
                page.contains(&format!(".SS \"tlspcap {}\"", command.get_name())),
                "{}",
                command.get_name()
            );
            for option in command.get_arguments().filter(|option| !option.is_hide_set()) {
                let Some(long) = option.get_long() else { continue };
                assert!(page.contains(&roff(&format!("--{long}"))), "{long}");
            }
        }
        assert!(!page.contains("worker"));
        for heading in ["EXAMPLES", "EXIT STATUS", "ENVIRONMENT"] {
            assert!(page.contains(heading), "{heading}");
        }
    }

    #[test]
    fn the_examples_are_commands_that_are_understood() {
        for (command, _) in EXAMPLES {
            let command = command.rsplit("tlspcap ").next().unwrap().split(" | ").next().unwrap();
            let words = command.replace("'tls.sni contains example'", "tls.sni");
            let words = std::iter::once("tlspcap").chain(words.split(' '));
            assert!(<Arguments as clap::Parser>::try_parse_from(words).is_ok(), "{command}");
        }
    }

    #[test]
    fn the_roots_are_those_of_the_lock_file() {
        let lock = include_str!("../../Cargo.lock");
        assert!(lock.contains(&format!("name = \"webpki-root-certs\"\nversion = \"{ROOTS}\"")));
    }
}
