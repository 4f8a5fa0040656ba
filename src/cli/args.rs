//! Every option, in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Says why a TLS handshake failed, from a packet capture.
#[derive(Debug, Parser)]
#[command(
    name = "tlspcap",
    version,
    long_version = super::manual::long_version(),
    after_help = super::manual::short_help(),
    after_long_help = super::manual::long_help(),
    max_term_width = 100,
    arg_required_else_help = true,
    propagate_version = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Explain every TLS handshake in a capture; failed ones in full
    Explain(Explain),
    /// Give every capture of a folder, list or archive one row, and a summary
    Triage(Triage),
    /// Show or export the certificates that were sent
    Chain(Chain),
    /// Write a small capture with just the chosen connections, application data cut away
    Trim(Trim),
    /// Compare a handshake that worked with one that failed
    Diff(Diff),
    /// List the failure causes, or print the chapter of one
    Causes(Causes),
    /// Print the JSON Schema of an output
    Schema(Schema),
    /// Print shell completions
    Completions(Completions),
    /// Print the man page
    Man,
}

/// What a report looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One report object (schema tlspcap.report/1)
    Json,
    /// One connection per line
    Ndjson,
    /// A page for a browser, in one file
    Html,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Whose rules decide what is an anchor and what is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TrustPolicy {
    /// Those of the recognised client
    Auto,
    /// JDK: every certificate of the trust store is an anchor
    Java,
    /// OpenSSL: only self-signed certificates are anchors
    Openssl,
    /// OpenSSL with -partial_chain, curl, GnuTLS, NSS, Go: every certificate is an anchor
    OpensslPartial,
    /// rustls-webpki
    Webpki,
    /// The root must be in the trust store; SHA-1, MD5 and small keys are refused
    Strict,
}

/// What is trusted where no trust store is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Roots {
    /// Mozilla's list, embedded
    Mozilla,
    /// The roots of this machine
    System,
    /// Nothing
    None,
}

/// What is known beside the capture.
#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// What the client trusts: PEM, DER, PKCS#7, JKS, PKCS#12, a folder, a keystore API's JSON (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "What is known beside the capture")]
    pub(crate) truststore: Vec<PathBuf>,
    /// Password of a JKS or PKCS#12 trust store
    #[arg(
        long,
        value_name = "TEXT",
        env = "TLSPCAP_TRUSTSTORE_PASSWORD",
        hide_env_values = true,
        help_heading = "What is known beside the capture"
    )]
    pub(crate) truststore_password: Option<String>,
    /// File whose first line is that password
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "truststore_password",
        help_heading = "What is known beside the capture"
    )]
    pub(crate) truststore_password_file: Option<PathBuf>,
    /// What is trusted where no --truststore is given
    #[arg(long, value_enum, default_value_t = Roots::Mozilla, help_heading = "What is known beside the capture")]
    pub(crate) roots: Roots,
    /// Whose rules decide what is an anchor and what is refused
    #[arg(long, value_enum, default_value_t = TrustPolicy::Auto, help_heading = "What is known beside the capture")]
    pub(crate) trust_policy: TrustPolicy,
    /// The name that the client meant to reach; default: the server name that it sent
    #[arg(
        long,
        value_name = "NAME",
        value_parser = clap::builder::NonEmptyStringValueParser::new(),
        help_heading = "What is known beside the capture"
    )]
    pub(crate) host: Option<String>,
    /// Key log (NSS format) for decryption (repeatable); secrets inside a pcapng are used without asking
    #[arg(long, value_name = "FILE", help_heading = "What is known beside the capture")]
    pub(crate) keylog: Vec<PathBuf>,
    /// Judge validity at this time (RFC 3339, or seconds since 1970); default: the packet's own time
    #[arg(long, value_name = "TIME", help_heading = "What is known beside the capture")]
    pub(crate) at: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Captures: pcap or pcapng, also in gzip, zstd or xz; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What the report looks like
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Write there instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Show only these connections, by number (repeatable, or separated by commas)
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Which connections")]
    pub(crate) connection: Vec<u64>,
    /// Show only connections for which EXPR holds, such as 'outcome == failed and server.port == 443'
    #[arg(long, value_name = "EXPR", help_heading = "Which connections")]
    pub(crate) filter: Option<String>,
    /// Show every connection in full
    #[arg(long, help_heading = "Which connections")]
    pub(crate) all: bool,
    /// Write chain.pem as sent, the certificates to add, and the commands of the fix into DIR
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) export: Option<PathBuf>,
    /// With --export: write the connections as trim does, as a pcapng with the secrets that they use
    #[arg(long, requires = "export")]
    pub(crate) embed_secrets: bool,
    /// Colour
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// Exit with status 1 when a handshake failed
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// What triage writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TriageFormat {
    /// A summary for people
    Table,
    /// One row a line (schema tlspcap.triage/1)
    Ndjson,
    /// Comma-separated values with a header
    Csv,
    /// The summary as a page for a browser
    Html,
    /// Apache Parquet (needs -o FILE)
    #[cfg(feature = "parquet")]
    Parquet,
}

/// Where captures are worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Isolate {
    /// In processes of their own, where those can read what beside the captures was given
    Auto,
    /// In processes of their own
    Process,
    /// In this process
    None,
}

#[derive(Debug, Args)]
pub(crate) struct Triage {
    /// Captures, folders, and archives (.zip, .tar, .tar.gz); - reads names from standard input
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Names, one a line; - is standard input
    #[arg(long, value_name = "FILE", help_heading = "Which captures")]
    pub(crate) files_from: Option<PathBuf>,
    /// Names are separated by NUL
    #[arg(short = '0', long = "null", help_heading = "Which captures")]
    pub(crate) null: bool,
    /// Follow symbolic links below folders
    #[arg(long, help_heading = "Which captures")]
    pub(crate) follow: bool,
    /// After what is there, wait for files that come into the folders, until Ctrl-C
    #[cfg(feature = "watch")]
    #[arg(long, conflicts_with = "resume", help_heading = "Which captures")]
    pub(crate) watch: bool,
    /// Only the names of shard I of N, from 0; auto reads the index that Kubernetes, AWS Batch or Slurm sets
    #[arg(long, value_name = "I/N", help_heading = "Which captures")]
    pub(crate) shard: Option<String>,
    /// With -o: what has a row for the same path, size and modification time is not done again
    #[arg(long, requires = "output", help_heading = "Which captures")]
    pub(crate) resume: bool,
    /// What is written; default: table on a terminal, ndjson otherwise
    #[arg(long, value_enum)]
    pub(crate) format: Option<TriageFormat>,
    /// Write there instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// One row out, flushed, as soon as a name is answered
    #[arg(long)]
    pub(crate) stream: bool,
    /// One row per failed connection instead of one per capture
    #[arg(long)]
    pub(crate) connections: bool,
    /// Hash every file: sha256 and duplicate_of
    #[arg(long)]
    pub(crate) hash: bool,
    /// Captures worked on at a time; default: the number of processors
    #[arg(short, long, value_name = "N", help_heading = "Limits")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
    /// Give a capture up after this time, such as 30s
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Limits")]
    pub(crate) timeout: Option<std::time::Duration>,
    /// Give a capture up above this memory, such as 256MiB
    #[arg(long, value_name = "SIZE", value_parser = bytes, help_heading = "Limits")]
    pub(crate) max_memory: Option<u64>,
    /// Work on captures in processes of their own
    #[arg(long, value_enum, default_value_t = Isolate::Auto, help_heading = "Limits")]
    pub(crate) isolate: Isolate,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Colour
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// Exit with status 1 when a handshake failed
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Answer names from standard input for a parent process
    #[arg(long, hide = true)]
    pub(crate) worker: bool,
}

/// A time: a number with `ms`, `s`, `m` or `h`; seconds without.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("'{unit}' is no unit of time: ms, s, m or h")),
    };
    let number: f64 = number.parse().map_err(|_| format!("'{text}' is no time such as 30s"))?;
    std::time::Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

/// A size: a number with `k`, `M`, `G` (powers of 1000) or `KiB`, `MiB`, `GiB`; bytes without.
fn bytes(text: &str) -> Result<u64, String> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "kib" => 1 << 10,
        "m" | "mb" => 1_000_000,
        "mib" => 1 << 20,
        "g" | "gb" => 1_000_000_000,
        "gib" => 1 << 30,
        _ => return Err(format!("'{unit}' is no unit of size: KiB, MiB, GiB, k, M or G")),
    };
    let number: u64 = number.parse().map_err(|_| format!("'{text}' is no size such as 256MiB"))?;
    number.checked_mul(factor).ok_or_else(|| format!("'{text}' is too large"))
}

#[derive(Debug, Args)]
pub(crate) struct Chain {
    /// A capture; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only these connections, by number (repeatable, or separated by commas)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) connection: Vec<u64>,
    /// Print PEM
    #[arg(long, conflicts_with = "der")]
    pub(crate) pem: bool,
    /// Write DER; needs -o DIR, or a single certificate
    #[arg(long)]
    pub(crate) der: bool,
    /// Write one file per certificate into DIR
    #[arg(short, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,
    /// Key log (NSS format) for decryption (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Trim {
    /// A capture: pcap or pcapng, also in gzip, zstd or xz; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Write there; - is standard output
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// These connections, by number (repeatable, or separated by commas); default: the failed ones
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Which connections")]
    pub(crate) connection: Vec<u64>,
    /// These connections, by Wireshark's tcp.stream (repeatable, or separated by commas)
    #[arg(long, value_name = "N", value_delimiter = ',', help_heading = "Which connections")]
    pub(crate) stream: Vec<u64>,
    /// Only connections for which EXPR holds, such as 'outcome == failed and server.port == 443'
    #[arg(long, value_name = "EXPR", help_heading = "Which connections")]
    pub(crate) filter: Option<String>,
    /// All TLS connections
    #[arg(long, help_heading = "Which connections")]
    pub(crate) all: bool,
    /// Do not cut application data
    #[arg(long)]
    pub(crate) keep_data: bool,
    /// Embed the secrets that the chosen connections use, as a pcapng: whoever has the file can decrypt them
    #[arg(long)]
    pub(crate) embed_secrets: bool,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
}

/// What a comparison looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people
    Text,
    /// One object (schema tlspcap.diff/1)
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A capture with a handshake that worked; - is standard input
    #[arg(value_name = "GOOD")]
    pub(crate) good: PathBuf,
    /// A capture with one that failed; may be the same file
    #[arg(value_name = "BAD")]
    pub(crate) bad: PathBuf,
    /// The connection of GOOD, by number; default: an established one, to the same name and server where there is one
    #[arg(long, value_name = "ID", help_heading = "Which connections")]
    pub(crate) connection_good: Option<u64>,
    /// The connection of BAD, by number; default: a failed one, that which matters most
    #[arg(long, value_name = "ID", help_heading = "Which connections")]
    pub(crate) connection_bad: Option<u64>,
    /// What the comparison looks like
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub(crate) format: DiffFormat,
    /// Write there instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Show long lists whole
    #[arg(long)]
    pub(crate) all: bool,
    /// Colour
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
}

/// Takes any text, as `causes` says itself what is like an unknown code; shells complete the known ones.
#[derive(Debug, Clone)]
struct Code;

impl clap::builder::TypedValueParser for Code {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        clap::builder::StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = clap::builder::PossibleValue> + '_>> {
        let codes = tlspcap::diagnose::CAUSES.iter();
        Some(Box::new(codes.map(|cause| clap::builder::PossibleValue::new(cause.code).help(cause.meaning))))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Causes {
    /// A cause's code, such as untrusted-root
    #[arg(value_name = "CODE", value_parser = Code, hide_possible_values = true)]
    pub(crate) code: Option<String>,
}

/// The outputs that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaName {
    /// explain --format json
    Report,
    /// triage --format ndjson
    Triage,
    /// diff --format json
    Diff,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Which output
    #[arg(value_enum)]
    pub(crate) name: SchemaName,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
