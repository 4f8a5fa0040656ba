//! The reader of captures: finds format and compression by content, then hands out packets one by one.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::block::Order;
use super::inflate::{Compression, Counted};
use super::interface::InterfaceDescription;
use super::link_type::LinkType;
use super::log::Log;
use super::packet::Packet;
use super::pcap::{self, Pcap};
use super::pcapng::{Pcapng, Step};
use super::sniff;
use super::window::Window;
use crate::error::{Error, Result, Warning};
use crate::limits::Limits;

/// Reads the packets of one capture from a file or a pipe, in order, with bounded memory and without seeking.
pub struct CaptureReader<'a> {
    window: Window<'a>,
    format: Format,
    compression: Option<Compression>,
    stored: Arc<AtomicU64>,
    number: u64,
    /// Bytes of the window that the packet handed out last takes.
    used: usize,
    /// Its interface, by its place in the section.
    interface: u32,
    ended: bool,
    log: Log,
}

enum Format {
    Pcap(Pcap, [LinkType; 1]),
    Pcapng(Box<Pcapng>),
}

impl<'a> CaptureReader<'a> {
    /// Finds the format, and the compression around it, by content. `path` is for messages only; `-` is standard
    /// input.
    ///
    /// Reads a pcapng up to its first interface description.
    ///
    /// # Errors
    ///
    /// [`Error::NotACapture`] says what the input is instead; [`Error::Io`] is what the system said to the first
    /// read.
    pub fn open(input: Box<dyn Read + Send + 'a>, path: &Path, limits: &Limits) -> Result<Self> {
        let (counted, stored) = Counted::new(input);
        let mut window = Window::new(Box::new(counted));
        window.fill(HEAD);
        if window.len() == 0
            && let Some(source) = window.take_trouble()
        {
            return Err(Error::Io { path: path.into(), source });
        }
        let compression = Compression::of(window.bytes());
        if let Some(compression) = compression {
            let source = window.into_source();
            window = Window::new(compression.expand(source, limits.inflated_bytes));
            window.fill(HEAD);
        }
        let not_a_capture = |found| Error::NotACapture { path: path.into(), found };
        let format = match begin(&mut window, limits) {
            Ok(format) => format,
            Err(found) => return Err(not_a_capture(wrapped(found, compression, &mut window))),
        };
        let (number, used, interface, ended, log) = (0, 0, 0, false, Log::default());
        let mut reader = Self { window, format, compression, stored, number, used, interface, ended, log };
        reader.find_interface().map_err(not_a_capture)?;
        Ok(reader)
    }

    /// The next packet, borrowed until the one after it is asked for; `None` at the end.
    ///
    /// Damage and read errors end the reading with a warning.
    ///
    /// # Errors
    ///
    /// None at present: what can fail is done in [`open`](Self::open).
    pub fn next_packet(&mut self) -> Result<Option<Packet<'_>>> {
        if self.ended {
            return Ok(None);
        }
        self.window.consume(self.used);
        let found = match &mut self.format {
            Format::Pcap(pcap, _) => pcap.next(&mut self.window, &mut self.number, &mut self.log),
            Format::Pcapng(pcapng) => pcapng.next(&mut self.window, &mut self.number, &mut self.log),
        };
        let Some(found) = found else {
            self.end();
            return Ok(None);
        };
        self.used = found.whole;
        self.interface = found.interface;
        let data = self.window.bytes().get(found.skip..).and_then(|bytes| bytes.get(..found.len));
        Ok(Some(Packet {
            number: self.number,
            time: found.time,
            link_type: found.link_type,
            original_len: found.original_len,
            data: data.unwrap_or_default(),
        }))
    }

    /// The interface of the packet that was handed out last; `None` before the first.
    pub fn interface(&self) -> Option<InterfaceDescription> {
        match &self.format {
            Format::Pcap(pcap, _) => Some(pcap.describe()),
            Format::Pcapng(pcapng) => pcapng.interface(self.interface),
        }
    }

    /// `pcap` or `pcapng`.
    pub fn format(&self) -> &'static str {
        match self.format {
            Format::Pcap(..) => "pcap",
            Format::Pcapng(_) => "pcapng",
        }
    }

    /// `gzip`, `zstd`, `xz`, or none.
    pub fn compression(&self) -> Option<&'static str> {
        self.compression.map(Compression::name)
    }

    /// The link types of the interfaces seen so far, each once, in order; at most 64.
    pub fn link_types(&self) -> &[LinkType] {
        match &self.format {
            Format::Pcap(_, link_types) => link_types,
            Format::Pcapng(pcapng) => &pcapng.link_types,
        }
    }

    /// Bytes read of the input as it is stored: compressed bytes of a compressed one. It runs ahead of the packets
    /// by what is buffered.
    pub fn bytes_read(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    /// Hands over the warnings since the last call.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        self.log.take()
    }

    /// Hands over the TLS key logs met since the last call: bodies of pcapng Decryption Secrets Blocks.
    pub fn take_secrets(&mut self) -> Vec<Vec<u8>> {
        match &mut self.format {
            Format::Pcap(..) => Vec::new(),
            Format::Pcapng(pcapng) => std::mem::take(&mut pcapng.secrets),
        }
    }

    /// Whether the capture has carried a TLS key log so far.
    pub fn has_secrets(&self) -> bool {
        matches!(&self.format, Format::Pcapng(pcapng) if pcapng.has_secrets)
    }

    /// Reads a pcapng up to its first interface, without which no packet can be understood.
    fn find_interface(&mut self) -> std::result::Result<(), String> {
        let Format::Pcapng(pcapng) = &mut self.format else { return Ok(()) };
        while !pcapng.has_interface() {
            if let Step::End = pcapng.step(&mut self.window, &mut self.number, &mut self.log) {
                self.end();
                break;
            }
        }
        let warnings = self.log.take();
        if warnings.iter().any(|warning| warning.code == "no-interface") {
            return Err("a pcapng file with packets, but without any interface description".into());
        }
        warnings.into_iter().for_each(|warning| self.log.push(warning));
        Ok(())
    }

    #[cold]
    fn end(&mut self) {
        self.ended = true;
        if let Some(error) = self.window.take_trouble() {
            let (after, at) = (self.number, self.window.offset());
            let compression = self.compression();
            self.log.push(read_trouble(&error, compression, after, at));
        }
        self.log.finish();
    }
}

/// Reads the file header; else says what the content is.
fn begin(window: &mut Window<'_>, limits: &Limits) -> std::result::Result<Format, String> {
    let head = window.bytes();
    if pcap::is_magic(head) {
        return match Pcap::open(window, limits) {
            Some(pcap) => {
                let link_types = [pcap.link_type];
                Ok(Format::Pcap(pcap, link_types))
            }
            None => Err(format!("a pcap header cut short: it needs 24 bytes and {} are there", window.len())),
        };
    }
    if head.starts_with(&SECTION) {
        if !window.fill(28) {
            let there = window.len();
            return Err(format!(
                "a pcapng section header cut short: it needs 28 bytes and {there} are there"
            ));
        }
        let mark = window.bytes().get(8..).and_then(|bytes| bytes.first_chunk());
        return match mark.and_then(|mark| Order::of_mark(*mark)) {
            Some(_) => Ok(Format::Pcapng(Box::new(Pcapng::new(limits)))),
            None => Err("a pcapng section header without a byte-order mark".into()),
        };
    }
    if let Some(again) = Compression::of(head) {
        return Err(format!("{} data again; expand it once more", again.name()));
    }
    let whole = window.fill(DESCRIBED);
    let head = window.bytes();
    Err(sniff::describe(head.get(..DESCRIBED).unwrap_or(head), !whole))
}

/// Adds what is around the content that was found.
fn wrapped(found: String, compression: Option<Compression>, window: &mut Window<'_>) -> String {
    let Some(name) = compression.map(Compression::name) else { return found };
    match window.take_trouble() {
        Some(error) if window.len() == 0 => format!("{name} data that cannot be expanded: {error}"),
        _ => format!("{name} data, and in it: {found}"),
    }
}

/// The warning for an error that the input gave after it had begun.
fn read_trouble(error: &std::io::Error, compression: Option<&str>, after: u64, at: u64) -> Warning {
    let place = format!("after packet {after}, at offset {at} of the capture");
    let (code, text) = match (compression, error.kind()) {
        (Some(name), ErrorKind::UnexpectedEof) => {
            ("compressed-cut", format!("the {name} stream ends early {place}"))
        }
        (Some(name), ErrorKind::FileTooLarge) => (
            "inflated-limit",
            format!("the {name} stream expands to more than is allowed; reading stopped {place}"),
        ),
        (Some(name), ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other) => {
            ("compressed-damaged", format!("the {name} stream cannot be expanded further {place}: {error}"))
        }
        _ => ("read-error", format!("reading failed {place}: {error}")),
    };
    Warning { code, packet: None, text }
}

/// Bytes that tell a format or a compression.
const HEAD: usize = 12;

/// Bytes looked at to say what an unknown content is.
const DESCRIBED: usize = 512;

/// How every pcapng begins.
const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

#[cfg(test)]
mod tests;
