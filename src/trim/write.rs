//! The second pass: reads the capture again and writes the packets of the chosen connections.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use crate::analyzer::Analyzer;
use crate::capture::{CaptureReader, CaptureWriter, InterfaceDescription, OutPacket, Packet, Timestamp};
use crate::decode::{Decoded, Decoder, Segment};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::tcp::Placed;
use crate::tls::keylog::Secrets;

use super::cut::Payload;
use super::plan::Plan;
use super::queue::{Queue, Waiting};

/// What was written, beside what was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trimmed {
    /// Packets of the input.
    pub packets: u64,
    /// Bytes of these as captured, without what the file format adds.
    pub bytes: u64,
    /// Packets that were written.
    pub kept_packets: u64,
    /// Bytes of these.
    pub kept_bytes: u64,
    /// IP fragments among them, which are not cut.
    pub fragments: u64,
    /// An empty packet tells when the capture ended, as a chosen connection was silent then.
    pub marks_end: bool,
}

/// Writes what `plan` chose of the capture in `input`, which must be the one that was planned. `path` and `to` are the names of
/// input and output for messages.
///
/// # Errors
/// [`Error::Io`] and [`Error::NotACapture`] as for any capture; [`Error::Output`] when `out` cannot be written.
pub fn write<'a>(
    input: Box<dyn Read + Send>,
    path: &Path,
    limits: &Limits,
    plan: &'a Plan,
    out: &'a mut (dyn Write + 'a),
    to: &Path,
) -> Result<Trimmed> {
    let failed = |source| Error::Output { path: to.to_owned(), source };
    let reader = CaptureReader::open(input, path, limits)?;
    let writer = if plan.is_pcapng {
        CaptureWriter::pcapng(out, plan.key_log.as_bytes()).map_err(failed)?
    } else {
        CaptureWriter::pcap(out)
    };
    let pass = Pass {
        plan,
        reader,
        decoder: Decoder::new(limits),
        analyzer: Analyzer::new(limits, Arc::new(Secrets::default())),
        first: HashMap::new(),
        queue: Queue::default(),
        sink: Sink { writer, plan, trimmed: Trimmed::default(), last: None, last_len: 0 },
    };
    pass.run().map_err(|trouble| match trouble {
        Trouble::Input(error) => error,
        Trouble::Output(source) => failed(source),
    })
}

/// Who failed.
enum Trouble {
    Input(Error),
    Output(std::io::Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Input(error)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(source: std::io::Error) -> Self {
        Self::Output(source)
    }
}

struct Pass<'a> {
    plan: &'a Plan,
    reader: CaptureReader<'static>,
    decoder: Decoder,
    analyzer: Analyzer,
    /// Offset of the first payload byte seen of each direction of a chosen stream: client, server.
    first: HashMap<u64, [Option<u64>; 2]>,
    queue: Queue,
    sink: Sink<'a>,
}

/// What becomes of a packet.
enum Fate {
    /// It is of another connection, or of none.
    Drop,
    /// It is written, but for what this says.
    Keep(Option<PacketCut>),
    /// It is a fragment, of what is not known yet.
    Wait,
}

/// The payload's place in a packet, and what becomes of it.
struct PacketCut {
    at: usize,
    /// Bytes of it that were captured.
    len: usize,
    payload: Payload,
}

impl Pass<'_> {
    fn run(mut self) -> std::result::Result<Trimmed, Trouble> {
        let (mut spare, mut end) = (Vec::new(), None);
        while let Some(time) = self.step(&mut spare)? {
            end = end.max(Some(time));
            self.flush(false, &mut spare)?;
            if self.sink.trimmed.packets.is_multiple_of(POLL_PACKETS) {
                while self.analyzer.poll().is_some() {}
            }
        }
        self.flush(true, &mut spare)?;
        self.finish(end)
    }

    /// Reads a packet, and puts it in the queue if it may be wanted; gives its time.
    fn step(&mut self, spare: &mut Vec<u8>) -> Result<Option<Timestamp>> {
        let Some(packet) = self.reader.next_packet()? else { return Ok(None) };
        let (number, time, original_len) = (packet.number, packet.time, packet.original_len);
        let told = &mut self.sink.trimmed;
        told.packets += 1;
        told.bytes += packet.data.len() as u64;
        let fate = fate(&mut self.decoder, &mut self.analyzer, &mut self.first, self.plan, &packet);
        let pieces = self.decoder.pieces();
        self.queue.decide(pieces, matches!(fate, Fate::Keep(_)));
        let (wanted, cut) = match fate {
            Fate::Drop => (Some(false), None),
            Fate::Wait => (None, None),
            Fate::Keep(cut) => {
                told.fragments += pieces.len() as u64;
                (Some(true), cut)
            }
        };
        self.sink.last_len = original_len;
        if wanted != Some(false) {
            let mut data = std::mem::take(spare);
            data.clear();
            data.extend_from_slice(packet.data);
            cut.into_iter().for_each(|cut| cut.apply(&mut data));
            if let Some(interface) = self.reader.interface() {
                self.queue.push(Waiting { number, time, original_len, interface, data, wanted });
            }
        }
        Ok(Some(time))
    }

    /// Writes what waits for nothing; `spare` gets the memory of what was written.
    fn flush(&mut self, end: bool, spare: &mut Vec<u8>) -> std::io::Result<()> {
        while let Some(packet) = self.queue.pop(end) {
            self.sink.write(&packet)?;
            *spare = packet.data;
        }
        Ok(())
    }

    fn finish(mut self, end: Option<Timestamp>) -> std::result::Result<Trimmed, Trouble> {
        let Some(interface) = self.reader.interface() else { return Ok(self.sink.trimmed) };
        self.sink.writer.describe(&interface)?;
        if let Some(end) = end.filter(|end| self.plan.wants_end && self.sink.last < Some(*end)) {
            self.sink.mark_end(&interface, end)?;
        }
        Ok(self.sink.trimmed)
    }
}

/// Finds out what becomes of a packet.
fn fate(
    decoder: &mut Decoder,
    analyzer: &mut Analyzer,
    first: &mut HashMap<u64, [Option<u64>; 2]>,
    plan: &Plan,
    packet: &Packet<'_>,
) -> Fate {
    let segment = match decoder.decode(packet) {
        Decoded::Tcp(segment) => segment,
        Decoded::Fragment => return Fate::Wait,
        Decoded::Icmp(error) => {
            // What it quotes of the data would have to be cut.
            let stream = analyzer.icmp(packet.number, packet.time, &error).filter(|_| !error.has_payload);
            return match stream.is_some_and(|stream| plan.streams.contains_key(&stream)) {
                true => Fate::Keep(None),
                false => Fate::Drop,
            };
        }
        _ => return Fate::Drop,
    };
    let placed = analyzer.push(packet.number, packet.time, &segment);
    if plan.streams.contains_key(&placed.stream) {
        Fate::Keep(cut(plan, placed, &segment, packet.data, first))
    } else {
        Fate::Drop
    }
}

/// What is cut of a packet of a chosen connection.
fn cut(
    plan: &Plan,
    placed: Placed,
    segment: &Segment<'_>,
    data: &[u8],
    first: &mut HashMap<u64, [Option<u64>; 2]>,
) -> Option<PacketCut> {
    let kept = plan.streams.get(&placed.stream)?;
    let side = usize::from(segment.source != kept.client);
    let cuts = kept.cuts.as_ref()?.get(side)?;
    let at = place_of(segment.payload, data)?;
    // A late packet repeats what the connection had; nothing of it counts.
    let payload = placed.offset.map_or_else(Payload::default, |offset| {
        let first = first.entry(placed.stream).or_default().get_mut(side);
        let first = first.map_or(offset, |first| *first.get_or_insert(offset));
        cuts.payload(offset, segment.payload.len(), first)
    });
    Some(PacketCut { at, len: segment.payload.len(), payload })
}

/// Where in a packet its payload lies; `None` when there is none, or it was put together from fragments.
fn place_of(payload: &[u8], data: &[u8]) -> Option<usize> {
    let at = (payload.as_ptr() as usize).checked_sub(data.as_ptr() as usize)?;
    let inside = !payload.is_empty() && at.checked_add(payload.len()).is_some_and(|end| end <= data.len());
    inside.then_some(at)
}

impl PacketCut {
    fn apply(&self, data: &mut Vec<u8>) {
        for blank in &self.payload.blank {
            if let Some(bytes) = data.get_mut(self.at + blank.start..self.at + blank.end) {
                bytes.fill(0);
            }
        }
        if self.payload.keep < self.len {
            // With the payload's end goes what lies behind it: padding.
            data.truncate(self.at + self.payload.keep);
        }
    }
}

/// Where packets go, counted.
struct Sink<'a> {
    writer: CaptureWriter<&'a mut dyn Write>,
    plan: &'a Plan,
    trimmed: Trimmed,
    last: Option<Timestamp>,
    last_len: u32,
}

impl Sink<'_> {
    fn write(&mut self, packet: &Waiting) -> std::io::Result<()> {
        let comment = self.plan.comments.get(&packet.number).map(String::as_str);
        let Waiting { time, original_len, .. } = *packet;
        self.writer
            .write(&packet.interface, &OutPacket { time, original_len, data: &packet.data, comment })?;
        self.trimmed.kept_packets += 1;
        self.trimmed.kept_bytes += packet.data.len() as u64;
        self.last = self.last.max(Some(time));
        Ok(())
    }

    /// A packet of which nothing was captured, at the time of the capture's last.
    fn mark_end(&mut self, interface: &InterfaceDescription, time: Timestamp) -> std::io::Result<()> {
        let comment = Some("tlspcap: the original capture ends here; nothing of its last packet is kept");
        let packet = OutPacket { time, original_len: self.last_len, data: &[], comment };
        self.writer.write(interface, &packet)?;
        self.trimmed.marks_end = true;
        Ok(())
    }
}

/// Packets between two looks at the connections that are over.
const POLL_PACKETS: u64 = 1024;
