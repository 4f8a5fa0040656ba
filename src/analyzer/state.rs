//! What is kept of one stream: little until TLS shows, everything that matters from then on.

use std::sync::Arc;

use crate::capture::Timestamp;
use crate::connection::{
    At, Connection, DirectionFacts, Event, Gap, Item, PlainText, RecordMap, RoleBasis, RstFacts, Teardown,
    Timeline, Tunnel,
};
use crate::decode::TcpFlags;
use crate::error::Warning;
use crate::limits::Limits;
use crate::tcp::{Delivery, Dir, SegmentKind, SegmentNote, StreamInfo};
use crate::tls::keylog::Secrets;
use crate::tls::message::Side;
use crate::tls::session::{Probe, TlsSession, looks_like_tls};
use crate::tunnel::{Peer, Prelude, Progress};

use super::finish::empty_connection;
use super::renegotiation::Aside;

/// One stream.
pub(super) struct StreamState {
    /// TCP facts by direction: forward, reverse.
    pub(super) tcp: [DirectionFacts; 2],
    /// FIN and RST by direction.
    pub(super) fin: [Option<At<()>>; 2],
    pub(super) rst: [Option<RstFacts>; 2],
    last_ttl: [Option<u8>; 2],
    pub(super) syn: Option<At<()>>,
    pub(super) syn_count: u32,
    pub(super) syn_ack: Option<At<()>>,
    pub(super) timeline: TimelineKeeper,
    /// The packet that is being worked on.
    pub(super) current: Option<SegmentNote>,
    pub(super) gaps: Vec<(Dir, Gap)>,
    pub(super) warnings: Vec<Warning>,
    pub(super) phase: Phase,
}

/// How far the stream is understood.
pub(super) enum Phase {
    /// No payload yet.
    Silent,
    /// Too few bytes to tell.
    Probing([Vec<u8>; 2]),
    /// A preamble that TLS may follow.
    Prelude(Box<PreludePhase>),
    /// TLS.
    Tls(Box<Live>),
    /// Something else: counted only. What was seen first of each direction is kept.
    Plain(Box<[Option<At<PlainText>>; 2]>, Option<At<Tunnel>>),
}

/// A preamble in progress.
#[derive(Default)]
pub(super) struct PreludePhase {
    prelude: Prelude,
    /// The first bytes of each direction.
    first: [Option<At<PlainText>>; 2],
    /// Offsets of the first byte that was given of each direction.
    start: [Option<u64>; 2],
    /// Where TLS begins in each direction, from the first byte given.
    found: [Option<u64>; 2],
    tunnel: Option<At<Tunnel>>,
}

/// A stream that speaks TLS.
pub(super) struct Live {
    pub(super) session: TlsSession,
    pub(super) connection: Connection,
    /// The direction of the client is forward.
    pub(super) client_is_forward: bool,
    /// Offsets at which TLS begins, once known: forward, reverse.
    pub(super) base: [Option<u64>; 2],
    /// The preamble, while it is not known where TLS begins in one direction.
    pub(super) prelude: Option<Box<PreludePhase>>,
    /// Recent deliveries per direction, so that a message can be given its packets.
    pub(super) marks: [Vec<Mark>; 2],
    pub(super) history: String,
    /// The first handshake, while a second one runs.
    pub(super) aside: Option<Aside>,
    /// Directions that still must show their first bytes.
    pub(super) unseen: [bool; 2],
}

impl StreamState {
    pub(super) fn new(_info: &StreamInfo) -> Self {
        Self {
            tcp: [DirectionFacts::default(); 2],
            fin: [None, None],
            rst: [None, None],
            last_ttl: [None, None],
            syn: None,
            syn_count: 0,
            syn_ack: None,
            timeline: TimelineKeeper::default(),
            current: None,
            gaps: Vec::new(),
            warnings: Vec::new(),
            phase: Phase::Silent,
        }
    }

    /// A SYN, or several, and nothing came back.
    pub(super) fn is_unanswered(&self) -> bool {
        matches!(self.phase, Phase::Silent) && self.tcp[1].packets == 0
    }

    /// Bytes of this direction still tell something.
    pub(super) fn wants_data(&self, dir: Dir) -> bool {
        match &self.phase {
            Phase::Tls(live) => live.session.wants_data(live.side(dir)),
            Phase::Plain(first, _) => first[dir.index()].as_ref().is_none_or(|at| !at.value.whole),
            _ => true,
        }
    }

    /// Takes note of a packet before its bytes come.
    pub(super) fn segment(&mut self, _info: &StreamInfo, note: &SegmentNote, limits: &Limits) {
        self.current = Some(*note);
        let i = note.dir.index();
        self.count(note);
        let at = At { packet: note.packet, first_packet: note.packet, time: note.time, value: () };
        if note.flags.has(TcpFlags::SYN) {
            if note.flags.has(TcpFlags::ACK) {
                self.syn_ack.get_or_insert(at.clone());
            } else if note.kind != SegmentKind::Duplicate {
                self.syn_count += 1;
                self.syn.get_or_insert(at.clone());
            }
        }
        if note.flags.has(TcpFlags::RST) && self.rst[i].is_none() && note.kind != SegmentKind::Duplicate {
            self.rst[i] = Some(RstFacts {
                packet: note.packet,
                time: note.time,
                ack: note.flags.has(TcpFlags::ACK),
                ttl: note.ttl,
                ip_id: note.ip_id,
                usual_ttl: self.last_ttl[i],
            });
        } else {
            self.last_ttl[i] = Some(note.ttl);
        }
        if note.flags.has(TcpFlags::FIN) && self.fin[i].is_none() {
            self.fin[i] = Some(at);
        }
        let quiet = match &self.phase {
            Phase::Tls(live) => live.is_quiet(),
            Phase::Plain(..) => true,
            _ => false,
        };
        self.timeline.packet(note, quiet, limits);
    }

    fn count(&mut self, note: &SegmentNote) {
        let i = note.dir.index();
        let facts = &mut self.tcp[i];
        facts.packets += 1;
        facts.ttl.get_or_insert(note.ttl);
        match note.kind {
            SegmentKind::Duplicate => facts.duplicates += 1,
            SegmentKind::Retransmission { .. } => facts.retransmissions += 1,
            SegmentKind::KeepAlive => {}
            SegmentKind::Normal | SegmentKind::OutOfOrder | SegmentKind::FillsHole => {
                if note.len > 0 && !note.flags.has(TcpFlags::RST) {
                    facts.payload_bytes += u64::from(note.len);
                    facts.first_data.get_or_insert(note.packet);
                    facts.last_data = Some((note.packet, note.time));
                }
            }
        }
        if let Some(acked) = note.acked {
            let peer = &mut self.tcp[1 - i];
            peer.acked_bytes = peer.acked_bytes.max(acked);
        }
    }

    /// Takes bytes in order.
    pub(super) fn data(
        &mut self,
        info: &StreamInfo,
        delivery: Delivery<'_>,
        limits: &Limits,
        secrets: Option<&Arc<Secrets>>,
    ) {
        if delivery.bytes.is_empty() {
            return;
        }
        match &mut self.phase {
            Phase::Silent => {
                self.phase = Phase::Probing([Vec::new(), Vec::new()]);
                self.probe(info, delivery, limits, secrets);
            }
            Phase::Probing(_) => self.probe(info, delivery, limits, secrets),
            Phase::Prelude(_) => self.prelude(info, delivery, limits, secrets),
            Phase::Tls(_) => self.tls(delivery, limits),
            Phase::Plain(first, _) => {
                let at = plain_at(&delivery, delivery.dir == Dir::Reverse);
                extend(&mut first[delivery.dir.index()], at);
            }
        }
    }

    /// The first bytes of the stream: TLS, a preamble, or something else.
    fn probe(
        &mut self,
        info: &StreamInfo,
        delivery: Delivery<'_>,
        limits: &Limits,
        secrets: Option<&Arc<Secrets>>,
    ) {
        let Phase::Probing(held) = &mut self.phase else { return };
        let i = delivery.dir.index();
        let before = held[i].len() as u64;
        let joined;
        let bytes: &[u8] = if held[i].is_empty() {
            delivery.bytes
        } else {
            held[i].extend_from_slice(delivery.bytes);
            joined = std::mem::take(&mut held[i]);
            &joined
        };
        let whole = Delivery { offset: delivery.offset.saturating_sub(before), bytes, ..delivery };
        match looks_like_tls(bytes) {
            Probe::Unsure if bytes.len() < PROBE_BYTES => held[i] = bytes.to_vec(),
            Probe::Yes(speaker) => {
                let other = std::mem::take(&mut held[1 - i]);
                self.begin_tls(info, delivery.dir, speaker, [Some(0), Some(0)], limits, secrets);
                if !other.is_empty() {
                    // The other side had sent a few bytes that were too short to tell.
                    self.tls(
                        Delivery { dir: delivery.dir.flip(), offset: 0, bytes: &other, ..delivery },
                        limits,
                    );
                }
                self.tls(whole, limits);
            }
            Probe::Unsure | Probe::No => {
                let other = std::mem::take(&mut held[1 - i]);
                self.phase = Phase::Prelude(Box::default());
                if !other.is_empty() {
                    self.prelude(
                        info,
                        Delivery { dir: delivery.dir.flip(), offset: 0, bytes: &other, ..delivery },
                        limits,
                        secrets,
                    );
                }
                self.prelude(info, whole, limits, secrets);
            }
        }
    }

    /// Bytes of a preamble, until TLS begins or it proves to be something else.
    fn prelude(
        &mut self,
        info: &StreamInfo,
        delivery: Delivery<'_>,
        limits: &Limits,
        secrets: Option<&Arc<Secrets>>,
    ) {
        let Phase::Prelude(phase) = &mut self.phase else { return };
        let i = delivery.dir.index();
        let from_server = delivery.dir == Dir::Reverse;
        let plain = plain_at(&delivery, from_server);
        let spoken = phase.prelude.spoken();
        let progress = phase.push(&delivery);
        let begins =
            matches!(&progress, Progress::TlsAt { .. }) && phase.begins()[i] == Some(delivery.offset);
        if !begins {
            let item = plain_item(
                spoken.or(phase.prelude.spoken()),
                plain.value.protocol,
                delivery.bytes,
                from_server,
            );
            self.timeline.item(self.current.as_ref(), item);
            extend(&mut phase.first[i], plain);
        }
        match progress {
            Progress::NeedMore | Progress::Refused => {}
            Progress::Plain(_) => {
                let first = std::mem::take(&mut phase.first);
                let tunnel = phase.tunnel.take();
                self.phase = Phase::Plain(Box::new(first), tunnel);
            }
            Progress::TlsAt { .. } => {
                let Phase::Prelude(phase) = std::mem::replace(&mut self.phase, Phase::Silent) else { return };
                let begins = phase.begins();
                let dir = if begins[0].is_some() { Dir::Forward } else { Dir::Reverse };
                self.begin_tls(info, delivery.dir, None, begins, limits, secrets);
                self.take_over(phase, dir, delivery, limits);
            }
        }
    }

    /// The bytes that the preamble held are the first of the TLS session.
    fn take_over(&mut self, mut phase: Box<PreludePhase>, dir: Dir, delivery: Delivery<'_>, limits: &Limits) {
        let held = [phase.prelude.take(Peer::A), phase.prelude.take(Peer::B)];
        let begins = phase.begins();
        let Phase::Tls(live) = &mut self.phase else { return };
        let speaker = held.iter().zip([Dir::Forward, Dir::Reverse]).find_map(|(bytes, dir)| {
            match looks_like_tls(bytes) {
                Probe::Yes(Some(side)) => Some((dir, side)),
                _ => None,
            }
        });
        if let Some((dir, side)) = speaker {
            live.set_client((dir == Dir::Forward) == (side == Side::Client), side);
        }
        live.connection.tunnel = phase.tunnel.take();
        live.keep_plain(&mut phase.first, begins);
        live.prelude = (!phase.prelude.is_done()).then_some(phase);
        for dir in [dir, dir.flip()] {
            let i = dir.index();
            if let Some(offset) = begins[i].filter(|_| !held[i].is_empty()) {
                self.tls(Delivery { dir, offset, bytes: &held[i], ..delivery }, limits);
            }
        }
    }

    /// TLS begins; `speaker` is who the first bytes show their sender to be.
    fn begin_tls(
        &mut self,
        info: &StreamInfo,
        dir: Dir,
        speaker: Option<Side>,
        base: [Option<u64>; 2],
        limits: &Limits,
        secrets: Option<&Arc<Secrets>>,
    ) {
        let (client_is_forward, role) = super::finish::roles(info, dir, speaker);
        let map = || RecordMap::new(limits.mapped_records);
        let maps = [map(), map()];
        self.phase = Phase::Tls(Box::new(Live {
            session: TlsSession::new(limits, secrets.cloned()),
            connection: Connection { maps, ..empty_connection(info, client_is_forward, role) },
            client_is_forward,
            base,
            prelude: None,
            marks: [Vec::new(), Vec::new()],
            history: String::new(),
            aside: None,
            unseen: [true, true],
        }));
    }

    /// Bytes of a TLS stream.
    fn tls(&mut self, delivery: Delivery<'_>, limits: &Limits) {
        let Phase::Tls(live) = &mut self.phase else { return };
        let i = delivery.dir.index();
        let Some(base) = live.base[i] else { return self.late_side(delivery, limits) };
        let skip = base.saturating_sub(delivery.offset).min(delivery.bytes.len() as u64) as usize;
        let bytes = &delivery.bytes[skip..];
        if bytes.is_empty() {
            return;
        }
        let offset = delivery.offset + skip as u64;
        live.mark(i, Mark { offset, packet: delivery.packet, time: delivery.time });
        let side = live.side(delivery.dir);
        if std::mem::take(&mut live.unseen[i]) && matches!(looks_like_tls(bytes), Probe::No) {
            self.timeline.item(
                self.current.as_ref(),
                Item::Plain {
                    protocol: crate::tunnel::identify(bytes, side == Side::Server).unwrap_or("unknown"),
                    sample: crate::tunnel::sample(bytes),
                },
            );
            live.connection.plain[side as usize] =
                Some(plain_at(&Delivery { bytes, ..delivery }, side == Side::Server));
        } else if !live.connection.speaks_tls[side as usize]
            && let Some(first) = live.connection.plain[side as usize].as_mut().filter(|at| !at.value.whole)
        {
            first.value.extend(&plain_at(&Delivery { bytes, ..delivery }, side == Side::Server).value);
        }
        let current = self.current;
        let mut folder = super::fold::Folder {
            connection: &mut live.connection,
            timeline: &mut self.timeline,
            history: &mut live.history,
            aside: &mut live.aside,
            marks: &live.marks[i],
            current: current.as_ref(),
            at_end: false,
            closed: [
                closed_before(&self.fin, &self.rst, live.client_is_forward, Side::Client),
                closed_before(&self.fin, &self.rst, live.client_is_forward, Side::Server),
            ],
        };
        live.session.push(side, offset, bytes, &mut |event| folder.event(event));
        let begun = live.session.begun(side, offset + bytes.len() as u64);
        live.forget(i, begun);
    }

    /// Bytes of a direction in which it is not known yet where TLS begins.
    fn late_side(&mut self, delivery: Delivery<'_>, limits: &Limits) {
        let Phase::Tls(live) = &mut self.phase else { return };
        let side = live.side(delivery.dir);
        let Some(phase) = &mut live.prelude else { return };
        let i = delivery.dir.index();
        let spoken = phase.prelude.spoken();
        let progress = phase.push(&delivery);
        let begins = phase.begins()[i];
        if begins != Some(delivery.offset) {
            let from_server = side == Side::Server;
            let plain = plain_at(&delivery, from_server);
            let item = plain_item(
                spoken.or(phase.prelude.spoken()),
                plain.value.protocol,
                delivery.bytes,
                from_server,
            );
            self.timeline.item(self.current.as_ref(), item);
            live.connection.plain[side as usize].get_or_insert(plain);
        }
        if let (Progress::TlsAt { .. }, Some(offset)) = (progress, begins) {
            let held = phase.prelude.take(peer(delivery.dir));
            live.connection.tunnel = phase.tunnel.take();
            live.prelude = None;
            live.base[i] = Some(offset);
            self.tls(Delivery { offset, bytes: &held, ..delivery }, limits);
        }
    }

    /// Bytes that the capture lacks.
    pub(super) fn gap(
        &mut self,
        _info: &StreamInfo,
        dir: Dir,
        offset: u64,
        len: u64,
        around: (Option<u64>, Option<u64>),
        limits: &Limits,
    ) {
        let snaplen = self
            .current
            .is_some_and(|note| note.dir == dir && note.captured < note.len && around.0 == Some(note.packet));
        let sender = match &self.phase {
            Phase::Tls(live) => live.side(dir),
            _ if dir == Dir::Forward => Side::Client,
            _ => Side::Server,
        };
        let in_data = match &self.phase {
            Phase::Tls(live) => live.session.is_in_data(live.side(dir), len),
            Phase::Plain(first, _) => first[dir.index()].is_some(),
            _ => false,
        };
        if self.gaps.len() < limits.timeline_tail {
            let (before, after) = around;
            self.gaps.push((dir, Gap { sender, offset, len, before, after, snaplen, in_data }));
        }
        let quiet = matches!(&self.phase, Phase::Tls(live) if live.is_quiet())
            || matches!(self.phase, Phase::Plain(..));
        if !quiet {
            self.timeline.item(self.current.as_ref(), Item::Gap { len, snaplen });
        }
        if let Phase::Tls(live) = &mut self.phase {
            let side = live.side(dir);
            let i = dir.index();
            let mut folder = super::fold::Folder {
                connection: &mut live.connection,
                timeline: &mut self.timeline,
                history: &mut live.history,
                aside: &mut live.aside,
                marks: &live.marks[i],
                current: self.current.as_ref(),
                at_end: false,
                closed: [None, None],
            };
            live.session.gap(side, offset, len, &mut |event| folder.event(event));
        } else if let Phase::Prelude(phase) = &mut self.phase {
            phase.prelude.lost(peer(dir), len);
        } else if let Phase::Probing(held) = &mut self.phase {
            // What was held cannot be joined with what comes after the hole.
            held[dir.index()].clear();
        }
    }

    pub(super) fn warning(&mut self, warning: Warning) {
        if self.warnings.len() < 32 {
            self.warnings.push(warning);
        }
    }
}

/// Bytes of a direction that are looked at before it is said to be no TLS.
const PROBE_BYTES: usize = 6;

/// When a side closed, as far as seen: the packet of its first FIN or RST.
fn closed_before(
    fin: &[Option<At<()>>; 2],
    rst: &[Option<RstFacts>; 2],
    client_is_forward: bool,
    side: Side,
) -> Option<u64> {
    let i = usize::from((side == Side::Client) != client_is_forward);
    let fin = fin[i].as_ref().map(|at| at.packet);
    let rst = rst[i].as_ref().map(|rst| rst.packet);
    match (fin, rst) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// What a side says ahead of TLS. The protocol that is being followed names it better than its first bytes do.
fn plain_item(spoken: Option<&'static str>, seems: &'static str, bytes: &[u8], from_server: bool) -> Item {
    let protocol = match spoken {
        Some("HTTP") if seems.starts_with("HTTP") => seems,
        Some(spoken) => spoken,
        None => seems,
    };
    Item::Plain { protocol, sample: crate::tunnel::told(protocol, bytes, from_server) }
}

/// The first line of a side may come in several packets.
fn extend(first: &mut Option<At<PlainText>>, next: At<PlainText>) {
    match first {
        Some(first) => first.value.extend(&next.value),
        none => *none = Some(next),
    }
}

fn plain_at(delivery: &Delivery<'_>, from_server: bool) -> At<PlainText> {
    let sample = crate::tunnel::sample(delivery.bytes);
    // An escaped byte takes up to four characters.
    let whole = delivery.bytes.contains(&b'\n') || sample.len() > 76;
    At {
        packet: delivery.packet,
        first_packet: delivery.packet,
        time: delivery.time,
        value: PlainText {
            protocol: crate::tunnel::identify(delivery.bytes, from_server).unwrap_or("unknown"),
            sample,
            whole,
        },
    }
}

impl PreludePhase {
    /// Gives the next bytes of a direction.
    fn push(&mut self, delivery: &Delivery<'_>) -> Progress {
        self.start[delivery.dir.index()].get_or_insert(delivery.offset);
        let progress = self.prelude.push(peer(delivery.dir), delivery.bytes);
        if let Progress::TlsAt { from_a, from_b } = progress {
            self.found = [from_a, from_b];
        }
        if let Some(passed) = self.prelude.summary() {
            let value = Tunnel {
                kind: passed.kind,
                target: passed.target,
                refusal: passed.refusal,
                granted: passed.granted,
            };
            let known = self.tunnel.as_ref().is_some_and(|at| at.value == value);
            if !known {
                let first_packet = self.tunnel.as_ref().map_or(delivery.packet, |at| at.first_packet);
                self.tunnel = Some(At { packet: delivery.packet, first_packet, time: delivery.time, value });
            }
        }
        progress
    }

    /// Offsets in the stream at which TLS begins.
    fn begins(&self) -> [Option<u64>; 2] {
        [0, 1].map(|i| self.found[i].map(|found| found + self.start[i].unwrap_or(0)))
    }

    /// The first bytes of each direction, and what the preamble was.
    pub(super) fn into_facts(self) -> ([Option<At<PlainText>>; 2], Option<At<Tunnel>>) {
        (self.first, self.tunnel)
    }
}

/// The opener is the first peer.
const fn peer(dir: Dir) -> Peer {
    match dir {
        Dir::Forward => Peer::A,
        Dir::Reverse => Peer::B,
    }
}

impl Live {
    /// Who sends in a direction.
    pub(super) fn side(&self, dir: Dir) -> Side {
        if (dir == Dir::Forward) == self.client_is_forward { Side::Client } else { Side::Server }
    }

    /// It is known now which direction is the client's.
    fn set_client(&mut self, forward: bool, shown_by: Side) {
        if self.client_is_forward != forward {
            self.client_is_forward = forward;
            std::mem::swap(&mut self.connection.client, &mut self.connection.server);
        }
        self.connection.role = match shown_by {
            Side::Client => RoleBasis::ClientHello,
            Side::Server => RoleBasis::ServerMessage,
        };
    }

    /// Bytes before TLS in a direction are no fault where a preamble was recognised.
    fn keep_plain(&mut self, first: &mut [Option<At<PlainText>>; 2], begins: [Option<u64>; 2]) {
        if self.connection.tunnel.is_some() {
            return;
        }
        for dir in [Dir::Forward, Dir::Reverse] {
            let i = dir.index();
            if begins[i].is_none() {
                let side = self.side(dir) as usize;
                self.connection.plain[side] = first[i].take();
            }
        }
    }

    /// The handshake is over: packets of data and acknowledgments say nothing new.
    fn is_quiet(&self) -> bool {
        let c = &self.connection;
        let finished = c.finished.iter().all(Option::is_some);
        let flowing = c.tcp.iter().map(|d| d.app_records).sum::<u64>() > QUIET_RECORDS;
        finished && c.application_data.iter().any(Option::is_some) || flowing
    }

    /// Forgets the deliveries before the one with this offset.
    fn forget(&mut self, i: usize, offset: u64) {
        let marks = &mut self.marks[i];
        let before = marks.partition_point(|mark| mark.offset <= offset).saturating_sub(1);
        marks.drain(..before);
    }

    fn mark(&mut self, i: usize, mut mark: Mark) {
        let marks = &mut self.marks[i];
        // Bytes that came ahead of their turn are there with the packet that closes the gap before them, as in Wireshark.
        if let Some(before) = marks.last().filter(|before| before.packet > mark.packet) {
            mark = Mark { offset: mark.offset, ..*before };
        }
        if marks.len() >= MARKS {
            marks.drain(..MARKS / 2);
        }
        marks.push(mark);
    }
}

/// Where a delivery begins in its direction, and the packet with which it and all before it was there.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) offset: u64,
    pub(super) packet: u64,
    pub(super) time: Timestamp,
}

/// Deliveries remembered per direction, to name the packet in which a message began.
const MARKS: usize = 256;
/// Application data records after which a TLS 1.3 connection without keys is taken to be past its handshake.
const QUIET_RECORDS: u64 = 24;

/// Builds a timeline within bounds.
#[derive(Default)]
pub(super) struct TimelineKeeper {
    pub(super) events: Vec<Event>,
    /// Packets kept after the head was full, in a ring.
    tail: std::collections::VecDeque<Event>,
    /// The packet to which items go, when it is not the current one.
    place: Option<u64>,
}

impl TimelineKeeper {
    /// Adds a packet; `quiet` ones without a control flag join the stretch.
    fn packet(&mut self, note: &SegmentNote, quiet: bool, limits: &Limits) {
        let control = note.flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST) != 0;
        if note.kind == SegmentKind::Duplicate {
            return;
        }
        if (quiet && !control) || self.events.len() >= limits.timeline_head {
            self.stretch(note, limits, control);
            return;
        }
        self.push(event_of(note));
    }

    fn stretch(&mut self, note: &SegmentNote, limits: &Limits, control: bool) {
        if control
            && self.tail.len() < limits.timeline_tail
            && self.events.len() < limits.timeline_head + limits.timeline_tail
        {
            self.push(event_of(note));
            return;
        }
        if let Some(Event::Stretch { packets, times, count, bytes }) = self.events.last_mut() {
            packets.1 = note.packet;
            times.1 = note.time;
            *count += 1;
            bytes[note.dir.index()] += u64::from(note.len);
            return;
        }
        let mut bytes = [0, 0];
        bytes[note.dir.index()] = u64::from(note.len);
        self.events.push(Event::Stretch {
            packets: (note.packet, note.packet),
            times: (note.time, note.time),
            count: 1,
            bytes,
        });
    }

    fn push(&mut self, event: Event) {
        if self.events.is_empty() {
            self.events.reserve_exact(EVENTS);
        } else if self.events.len() == self.events.capacity() && self.events.len() >= EVENTS_STEP {
            // Doubling would leave half of a long timeline empty.
            self.events.reserve_exact(EVENTS_STEP);
        }
        self.events.push(event);
    }

    /// The next items go to this packet, where it is listed by itself, and not to the current one.
    pub(super) fn goes_to(&mut self, packet: Option<u64>) {
        self.place = packet;
    }

    /// Adds what became complete with the current packet.
    pub(super) fn item(&mut self, current: Option<&SegmentNote>, item: Item) {
        if let Some(items) = self.place.and_then(|place| self.items_of(place)) {
            return items.push(item);
        }
        let Some(note) = current else { return };
        match self.events.last_mut() {
            Some(Event::Packet { packet, items, .. }) if *packet == note.packet => items.push(item),
            last => {
                if let Some(Event::Stretch { packets, count, bytes, times }) = last
                    && packets.1 == note.packet
                {
                    // The packet had joined the stretch before it was known to say something.
                    *count -= 1;
                    bytes[note.dir.index()] = bytes[note.dir.index()].saturating_sub(u64::from(note.len));
                    if *count == 0 {
                        self.events.pop();
                    } else {
                        packets.1 = packets.1.saturating_sub(1).max(packets.0);
                        let _ = times;
                    }
                }
                if self.events.len() < MAX_EVENTS {
                    let mut event = event_of(note);
                    if let Event::Packet { items, .. } = &mut event {
                        items.push(item);
                    }
                    self.events.push(event);
                }
            }
        }
    }

    /// Adds what is known of an earlier packet only now; to the current one where that packet is no longer at hand.
    pub(super) fn item_of(&mut self, number: u64, current: Option<&SegmentNote>, item: Item) {
        match self.items_of(number) {
            Some(items) => items.push(item),
            None => self.item(current, item),
        }
    }

    /// What a packet that is listed by itself said.
    fn items_of(&mut self, number: u64) -> Option<&mut Vec<Item>> {
        self.events.iter_mut().rev().find_map(|event| match event {
            Event::Packet { packet, items, .. } if *packet == number => Some(items),
            _ => None,
        })
    }

    pub(super) fn into_timeline(self, client_is_forward: bool) -> Timeline {
        let mut events = self.events;
        if !client_is_forward {
            for event in &mut events {
                match event {
                    Event::Packet { from, .. } => *from = from.peer(),
                    Event::Stretch { bytes, .. } => bytes.swap(0, 1),
                }
            }
        }
        Timeline { events }
    }
}

/// Events for which room is made at once: those of a short connection.
const EVENTS: usize = 16;
/// Events for which room is made at a time in a timeline that has as many.
const EVENTS_STEP: usize = 64;
/// Events kept of one connection whatever the limits say.
const MAX_EVENTS: usize = 2048;

fn event_of(note: &SegmentNote) -> Event {
    Event::Packet {
        packet: note.packet,
        time: note.time,
        from: if note.dir == Dir::Forward { Side::Client } else { Side::Server },
        flags: note.flags,
        len: note.len,
        kind: note.kind,
        items: Vec::new(),
    }
}

/// Teardown facts by side.
pub(super) fn teardown(
    fin: [Option<At<()>>; 2],
    rst: [Option<RstFacts>; 2],
    client_is_forward: bool,
) -> Teardown {
    let mut teardown = Teardown { fin, rst };
    if !client_is_forward {
        teardown.fin.swap(0, 1);
        teardown.rst.swap(0, 1);
    }
    teardown
}
