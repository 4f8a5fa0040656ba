//! One capture: read, follow, judge; every connection that is TLS or was meant to be is handed out with its diagnosis.

mod check;
mod client;
mod inputs;
mod judge;
mod paths;
mod signed;

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::analyzer::{Analyzer, AnalyzerStats};
use crate::capture::{CaptureReader, Timestamp, read_ahead, scan_secrets};
use crate::connection::{Connection, Outcome};
use crate::decode::{Decoded, Decoder};
use crate::error::{Error, Result, Warning};
use crate::report::{
    CaptureReport, ConnectionReport, Parts, Report, SCHEMA, Summary, ToolReport, WarningReport,
};
use crate::tls::keylog::Secrets;

pub use inputs::{Options, PolicyChoice};
pub use judge::Judge;

/// What is told while a capture is read.
pub trait Listener {
    /// A connection is over and judged; they come in the order in which they end.
    ///
    /// # Errors
    /// What the listener could not do ends the reading.
    fn connection(&mut self, parts: Parts<'_>) -> Result<()>;

    /// Whether a connection that ended like this is to be told in full. Of others the parts hold no more than a line needs,
    /// when the options allow it ([`Options::brief_established`]).
    fn wants_story(&mut self, outcome: Outcome) -> bool {
        let _ = outcome;
        true
    }

    /// Secrets that the capture itself carries were found: all that are known now.
    fn secrets(&mut self, secrets: &Secrets) {
        let _ = secrets;
    }

    /// Bytes of the input read so far; called now and then.
    fn progress(&mut self, bytes: u64) {
        let _ = bytes;
    }

    /// Whether the listener has had enough, as after a deadline; asked now and then.
    fn is_over(&mut self) -> bool {
        false
    }
}

/// Reads `input` to its end and tells `listener` of every connection. `path` is the name for messages; `-` is standard input.
///
/// Damage in the capture is a warning in the report; what could be read is told.
///
/// # Errors
/// [`Error::Io`] and [`Error::NotACapture`] when nothing could be read, or what the listener returns.
pub fn explain(
    input: Box<dyn Read + Send>,
    path: &Path,
    options: &Options,
    listener: &mut dyn Listener,
) -> Result<CaptureReport> {
    explain_with(&mut Judge::new(options), input, path, listener)
}

/// As [`explain`], with a judge that has judged other captures before: what it parsed and checked is not done again, and
/// nothing else of them is remembered.
///
/// # Errors
/// As [`explain`]; [`Error::Stopped`] when the listener had enough.
pub fn explain_with(
    judge: &mut Judge<'_>,
    input: Box<dyn Read + Send + '_>,
    path: &Path,
    listener: &mut dyn Listener,
) -> Result<CaptureReport> {
    judge.begin_capture();
    let mut reader = CaptureReader::open(input, path, &judge.limits)?;
    let mut decoder = Decoder::new(&judge.limits);
    let mut secrets = Arc::clone(&judge.secrets);
    let mut analyzer = Analyzer::new(&judge.limits, Arc::clone(&secrets));
    let mut told = Told { pcapng: reader.format() == "pcapng", ..Told::default() };
    while let Some(packet) = reader.next_packet()? {
        told.packet(packet.number, packet.time);
        match decoder.decode(&packet) {
            Decoded::Tcp(segment) => {
                analyzer.push(packet.number, packet.time, &segment);
                // At once, while what is known of it is at hand.
                while let Some(connection) = analyzer.poll() {
                    tell(connection, judge, &mut told, listener)?;
                }
            }
            Decoded::Icmp(error) => _ = analyzer.icmp(packet.number, packet.time, &error),
            _ => {}
        }
        if reader.has_secrets()
            && add_secrets(&mut reader, path, Arc::make_mut(&mut secrets), &mut told.warnings)
        {
            judge.has_keys = true;
            analyzer.set_secrets(Arc::clone(&secrets));
            listener.secrets(&secrets);
        }
        if told.packets.is_multiple_of(POLL_PACKETS) {
            listener.progress(reader.bytes_read());
            if listener.is_over() {
                return Err(Error::Stopped);
            }
        }
    }
    let (rest, stats) = analyzer.finish();
    for connection in rest {
        tell(connection, judge, &mut told, listener)?;
    }
    judge.has_keys |= add_secrets(&mut reader, path, Arc::make_mut(&mut secrets), &mut told.warnings);
    told.say_what_came_late(&secrets);
    told.warnings.append(&mut reader.take_warnings());
    told.warnings.append(&mut decoder.take_warnings());
    told.say_what_was_left(&stats, decoder.stats());
    Ok(told.report(&reader, path))
}

/// Reads a capture and returns its whole report; for captures whose report fits in memory.
///
/// # Errors
/// As [`explain`].
pub fn explain_to_report(input: Box<dyn Read + Send>, path: &Path, options: &Options) -> Result<Report> {
    let mut collector = Collector::default();
    let capture = explain(input, path, options, &mut collector)?;
    let mut connections = collector.connections;
    connections.sort_by_key(|connection| connection.stream);
    let mut summary = Summary::default();
    for (connection, id) in connections.iter_mut().zip(1..) {
        connection.id = id;
        summary.add(connection.outcome, &connection.verdict.cause);
    }
    Ok(Report { schema: SCHEMA, tool: ToolReport::default(), capture, connections, summary })
}

/// Keeps every report.
#[derive(Default)]
struct Collector {
    connections: Vec<ConnectionReport>,
}

impl Listener for Collector {
    fn connection(&mut self, parts: Parts<'_>) -> Result<()> {
        self.connections.push(crate::report::connection_report(parts));
        Ok(())
    }
}

/// Packets between two looks at what is done.
const POLL_PACKETS: u64 = 1024;

fn tell(
    mut connection: Box<Connection>,
    judge: &mut Judge<'_>,
    told: &mut Told,
    listener: &mut dyn Listener,
) -> Result<()> {
    if connection.open_at_end || connection.closed_by().is_none() {
        connection.quiet_before_end_s = told.last.seconds_since(connection.end).max(0.0);
    }
    told.remember_closed(&connection);
    judge.judge(&mut connection, listener)
}

/// Takes the secrets that the reader has met since; whether there were any.
fn add_secrets(
    reader: &mut CaptureReader,
    path: &Path,
    secrets: &mut Secrets,
    warnings: &mut Vec<Warning>,
) -> bool {
    let bodies = reader.take_secrets();
    for body in &bodies {
        warnings.append(&mut secrets.parse(body, &path.display().to_string()));
    }
    !bodies.is_empty()
}

/// What is to be said of the capture as a whole.
#[derive(Default)]
struct Told {
    packets: u64,
    unread: u64,
    first: Option<Timestamp>,
    earliest: Timestamp,
    last: Timestamp,
    warnings: Vec<Warning>,
    /// The capture may carry secrets.
    pcapng: bool,
    /// Client randoms of connections of a pcapng for which there was no secret in time; at most [`CLOSED`].
    closed: HashSet<[u8; 32]>,
}

/// Connections remembered for which a secret may still come.
const CLOSED: usize = 65_536;

impl Told {
    fn packet(&mut self, number: u64, time: Timestamp) {
        self.packets = number;
        if self.first.is_none() {
            self.first = Some(time);
            self.earliest = time;
        }
        self.last = self.last.max(time);
        self.earliest = self.earliest.min(time);
    }

    fn remember_closed(&mut self, connection: &Connection) {
        if self.pcapng
            && connection.lacks_secret
            && self.closed.len() < CLOSED
            && let Some(hello) = &connection.client_hello
        {
            self.closed.insert(hello.value.random);
        }
    }

    /// Secrets of a capture count for what comes behind them.
    fn say_what_came_late(&mut self, secrets: &Secrets) {
        let late = self.closed.iter().filter(|random| secrets.contains(random)).count();
        if late > 0 {
            let connections =
                if late == 1 { "1 connection".to_owned() } else { format!("{late} connections") };
            self.warnings.push(Warning::general(
                "late-secrets",
                format!(
                    "the secrets of {connections} stand behind the packets, too far to be read ahead, and were not used; \
                     give the key log itself (--keylog keys.log), or put it first: \
                     editcap --discard-all-secrets --inject-secrets tls,keys.log in.pcapng out.pcapng"
                ),
            ));
        }
    }

    fn say_what_was_left(&mut self, stats: &AnalyzerStats, decode: &crate::decode::DecodeStats) {
        if stats.unanswered_syns > 0 {
            self.warnings.push(Warning::general(
                "unanswered-syns",
                format!(
                    "{} SYNs got no answer and were given up because too many connections were open; they are counted, not listed",
                    stats.unanswered_syns
                ),
            ));
        }
        self.unread = decode.unsupported.count;
        if decode.quic.count > 0 {
            self.warnings.push(Warning::general(
                "quic",
                format!(
                    "{} QUIC packets (UDP) were not looked at: tlspcap reads TLS over TCP",
                    decode.quic.count
                ),
            ));
        }
    }

    fn report(self, reader: &CaptureReader, path: &Path) -> CaptureReport {
        CaptureReport {
            path: path.display().to_string(),
            format: reader.format().to_owned(),
            compression: reader.compression().map(str::to_owned),
            link_types: reader.link_types().iter().map(ToString::to_string).collect(),
            packets: self.packets,
            bytes: reader.bytes_read(),
            first_time: self.first.map(|_| self.earliest.to_string()),
            last_time: self.first.map(|_| self.last.to_string()),
            has_keys: reader.has_secrets(),
            unread_packets: self.unread,
            warnings: self.warnings.iter().map(WarningReport::from).collect(),
        }
    }
}

impl Summary {
    /// Counts one connection.
    pub fn add(&mut self, outcome: &str, cause: &str) {
        self.connections += 1;
        match outcome {
            "established" => self.established += 1,
            "failed" => {
                self.failed += 1;
                match self.causes.get_mut(cause) {
                    Some(count) => *count += 1,
                    None => _ = self.causes.insert(cause.to_owned(), 1),
                }
            }
            _ => self.incomplete += 1,
        }
    }
}

/// Opens a file, or standard input for `-`. The embedded secrets of a pcapng are read ahead, so that they count wherever
/// they stand in its first 256 MiB; standard input is put aside for that, see [`read_ahead`].
///
/// # Errors
/// [`Error::Io`] when it cannot be opened, or is a folder.
pub fn open(path: &Path, options: &mut Options) -> Result<Box<dyn Read + Send>> {
    if path.as_os_str() == "-" {
        let (input, secrets) = read_ahead(Box::new(std::io::stdin()), &options.limits);
        add_ahead(&secrets, path, options);
        return Ok(input);
    }
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut file = std::fs::File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if metadata.is_dir() {
        return Err(Error::Input {
            path: path.to_owned(),
            message: "is a folder; tlspcap triage reads folders".to_owned(),
        });
    }
    if metadata.is_file() {
        add_ahead(&scan_secrets(&mut file, &options.limits), path, options);
    }
    Ok(Box::new(file))
}

fn add_ahead(bodies: &[Vec<u8>], path: &Path, options: &mut Options) {
    for body in bodies {
        // What is wrong with them is said when the reader meets them.
        let _ = options.secrets.parse(body, &path.display().to_string());
    }
}
