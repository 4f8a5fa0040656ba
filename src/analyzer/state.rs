//! What is kept of one stream: little until TLS shows, everything that matters from then on.

use std::sync::Arc;

use crate::connection::{At, DirectionFacts, Gap, Item, PlainItem, RecordMap, RstFacts, Tunnel};
use crate::decode::TcpFlags;
use crate::error::Warning;
use crate::limits::Limits;
use crate::tcp::{Delivery, Dir, Hole, IcmpNote, SegmentKind, SegmentNote, StreamInfo};
use crate::tls::keylog::Secrets;
use crate::tls::message::Side;
use crate::tls::session::{Probe, Sink, TlsEvent, TlsSession, looks_like_tls};
use crate::tunnel::begins_like_client_hello;
use crate::x509::CertificateBytes;

use super::finish::empty_connection;
use super::fold::Folder;
use super::live::{Live, Mark};
use super::prelude::{FirstBytes, PreludePhase, extend, grow, peer, plain_at};
use super::timeline::TimelineKeeper;

/// What a stream needs of the analyzer.
pub(super) struct Tools<'a> {
    pub(super) limits: &'a Limits,
    pub(super) secrets: Option<&'a Arc<Secrets>>,
    pub(super) certificates: &'a mut CertificateBytes,
}

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
    /// ICMP errors about its segments, the first ones.
    pub(super) icmp: Vec<IcmpNote>,
    pub(super) warnings: Vec<Warning>,
    /// The handshake is over, as [`Live::is_quiet`] said last: most packets need not look there.
    quiet: bool,
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
    Plain(Box<FirstBytes>, Option<Box<At<Tunnel>>>),
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
            icmp: Vec::new(),
            warnings: Vec::new(),
            quiet: false,
            phase: Phase::Silent,
        }
    }

    /// A SYN, or several, and nothing came back.
    pub(super) fn is_unanswered(&self) -> bool {
        matches!(self.phase, Phase::Silent) && self.tcp[1].packets == 0
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
        self.timeline.packet(note, self.is_quiet(), limits);
    }

    /// Takes note of an ICMP error about a segment. Of many only the first are kept.
    pub(super) fn icmp(&mut self, note: &IcmpNote) {
        if self.icmp.len() < ICMP_ERRORS {
            self.icmp.push(*note);
            self.timeline.icmp(note);
        }
    }

    /// Packets of data and acknowledgments say nothing new.
    pub(super) fn is_quiet(&self) -> bool {
        debug_assert!(!matches!(&self.phase, Phase::Tls(live) if live.is_quiet() != self.quiet));
        self.quiet || matches!(self.phase, Phase::Plain(..))
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
    pub(super) fn data(&mut self, info: &StreamInfo, delivery: Delivery<'_>, tools: &mut Tools<'_>) {
        if delivery.bytes.is_empty() {
            return;
        }
        match &mut self.phase {
            Phase::Silent => {
                self.phase = Phase::Probing([Vec::new(), Vec::new()]);
                self.probe(info, delivery, tools);
            }
            Phase::Probing(_) => self.probe(info, delivery, tools),
            Phase::Prelude(_) => self.prelude(info, delivery, tools),
            Phase::Tls(_) => self.tls(delivery, tools),
            Phase::Plain(first, _) => {
                let (i, from_server) = (delivery.dir.index(), delivery.dir == Dir::Reverse);
                // Its first bytes may have come alone.
                let held = first[i].take_if(|at| at.value.head.len() < HELLO_START && at.value.is_open());
                let joined = held.as_ref().map(|at| [&at.value.head, delivery.bytes].concat());
                let bytes = joined.as_deref().unwrap_or(delivery.bytes);
                if first[i].is_none() && begins_like_client_hello(bytes) {
                    let before = (bytes.len() - delivery.bytes.len()) as u64;
                    let offset = delivery.offset.saturating_sub(before);
                    let whole = Delivery { offset, bytes, ..delivery };
                    return self.hello_to_plain(info, whole, tools);
                }
                if held.is_some() {
                    first[i] = held;
                }
                extend(&mut first[i], &delivery, from_server);
            }
        }
    }

    /// TLS begins; `speaker` is who the first bytes show their sender to be.
    pub(super) fn begin_tls(
        &mut self,
        info: &StreamInfo,
        dir: Dir,
        speaker: Option<Side>,
        base: [Option<u64>; 2],
        tools: &mut Tools<'_>,
    ) {
        let (client_is_forward, role) = super::finish::roles(info, dir, speaker);
        let mut connection = Box::new(empty_connection(info, client_is_forward, role));
        if tools.limits.mapped_records > 0 {
            connection.maps = [(); 2].map(|()| RecordMap::new(tools.limits.mapped_records));
        }
        self.phase = Phase::Tls(Box::new(Live {
            session: TlsSession::new(tools.limits, tools.secrets.cloned()),
            connection,
            client_is_forward,
            base,
            prelude: None,
            marks: Default::default(),
            history: String::with_capacity(HISTORY),
            aside: None,
            unseen: [true, true],
        }));
    }

    /// Bytes of a TLS stream.
    pub(super) fn tls(&mut self, delivery: Delivery<'_>, tools: &mut Tools<'_>) {
        let Phase::Tls(live) = &mut self.phase else { return };
        let i = delivery.dir.index();
        let Some(base) = live.base[i] else { return self.late_side(delivery, tools) };
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
                Item::Plain(Box::new(PlainItem {
                    protocol: crate::tunnel::identify(bytes, side == Side::Server).unwrap_or("unknown"),
                    sample: crate::tunnel::sample(bytes),
                })),
            );
            live.connection.plain[side as usize] =
                Some(plain_at(&Delivery { bytes, ..delivery }, side == Side::Server));
        } else if !live.connection.speaks_tls[side as usize]
            && let Some(first) = live.connection.plain[side as usize].as_mut().filter(|at| !at.value.whole)
        {
            let from_server = side == Side::Server;
            grow(&mut first.value, &Delivery { bytes, ..delivery }, from_server);
        }
        let current = self.current;
        let folder = Folder {
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
        live.session.push(
            side,
            offset,
            bytes,
            delivery.past,
            &mut Told { folder, certificates: tools.certificates },
        );
        let begun = live.session.begun(side, offset + bytes.len() as u64);
        live.forget(i, begun);
        self.quiet = live.is_quiet();
    }

    /// Bytes that the capture lacks.
    pub(super) fn gap(&mut self, hole: Hole<'_>, tools: &mut Tools<'_>) {
        let Hole { dir, offset, len, before, after, past } = hole;
        let snaplen = self
            .current
            .is_some_and(|note| note.dir == dir && note.captured < note.len && before == Some(note.packet));
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
        if self.gaps.len() < tools.limits.timeline_tail {
            self.gaps.push((dir, Gap { sender, offset, len, before, after, snaplen, in_data }));
        }
        if !self.is_quiet() {
            self.timeline.item(self.current.as_ref(), Item::Gap { len, snaplen });
        }
        if let Phase::Tls(live) = &mut self.phase {
            let side = live.side(dir);
            let i = dir.index();
            let folder = Folder {
                connection: &mut live.connection,
                timeline: &mut self.timeline,
                history: &mut live.history,
                aside: &mut live.aside,
                marks: &live.marks[i],
                current: self.current.as_ref(),
                at_end: false,
                closed: [None, None],
            };
            live.session.gap(side, offset, len, past, &mut Told { folder, certificates: tools.certificates });
            self.quiet = live.is_quiet();
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

/// Takes what the session tells.
struct Told<'a> {
    folder: Folder<'a>,
    certificates: &'a mut CertificateBytes,
}

impl Sink for Told<'_> {
    fn event(&mut self, event: TlsEvent) {
        self.folder.event(event);
    }

    fn certificate(&mut self, der: &[u8]) -> Arc<[u8]> {
        self.certificates.hold(der)
    }
}

/// ICMP errors of one connection that are kept.
const ICMP_ERRORS: usize = 4;
/// Letters for which a history has room at once.
const HISTORY: usize = 24;
/// Bytes by which a ClientHello is known for one.
const HELLO_START: usize = 11;

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
