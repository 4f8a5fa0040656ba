//! Both directions of a connection: classifies packets, delivers bytes, declares holes.

use crate::capture::Timestamp;
use crate::decode::{Segment, TcpFlags};
use crate::error::Warning;
use crate::limits::Limits;
use crate::tcp::assembler::{Arrival, Assembler, Piece};
use crate::tcp::{
    CloseReason, Delivery, Dir, Ending, Hole, SegmentKind, SegmentNote, StreamHandler, StreamInfo,
};

/// One connection.
pub(super) struct Stream<S> {
    pub(super) info: StreamInfo,
    pub(super) state: Option<S>,
    dirs: [Assembler; 2],
    /// The last packets of each direction, to know a second copy.
    recent: [[Seen; RECENT]; 2],
    /// Packets so far.
    packets: u64,
    pub(super) last_packet: u64,
    pub(super) last_time: Timestamp,
    /// When both sides had closed, or one had reset.
    pub(super) closed_at: Option<Timestamp>,
    warned: bool,
}

/// Packets per direction that a copy is compared with.
const RECENT: usize = 2;

/// What makes two packets the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Seen {
    seq: u32,
    ack: u32,
    flags: u8,
    len: u32,
    ip_id: Option<u16>,
    nanos: i64,
}

impl<S> Stream<S> {
    pub(super) fn new(info: StreamInfo) -> Self {
        Self {
            info,
            state: None,
            dirs: [Assembler::default(), Assembler::default()],
            recent: [[Seen::default(); RECENT]; 2],
            packets: 0,
            last_packet: info.first_packet,
            last_time: info.first_time,
            closed_at: None,
            warned: false,
        }
    }

    /// The initial sequence number of a direction, once it is known.
    pub(super) fn start(&self, dir: Dir) -> Option<u32> {
        let known = &self.dirs[dir.index()];
        known.is_anchored().then_some(known.base)
    }

    /// Bytes held in both directions.
    pub(super) fn held(&self) -> usize {
        self.dirs.iter().map(Assembler::held).sum()
    }

    /// Gives back what was held: only the numbers are still needed.
    pub(super) fn give_back(&mut self) {
        self.state = None;
        self.dirs.iter_mut().for_each(Assembler::give_back);
    }

    /// Begins anew as another connection.
    pub(super) fn renew(&mut self, info: StreamInfo) {
        let mut dirs = std::mem::take(&mut self.dirs);
        dirs.iter_mut().for_each(Assembler::renew);
        *self = Self { dirs, ..Self::new(info) };
    }

    /// Hands the stream over for good.
    pub(super) fn close<H: StreamHandler<State = S>>(&mut self, handler: &mut H, reason: CloseReason) {
        let ending = Ending {
            last_packet: self.last_packet,
            last_time: self.last_time,
            reason,
            past: [self.dirs[0].past(), self.dirs[1].past()],
        };
        handler.closed(&mut self.state, &self.info, ending);
    }

    /// Payload was delivered.
    pub(super) fn has_data(&self) -> bool {
        self.dirs.iter().any(Assembler::has_data)
    }

    /// Each side has closed, and has acknowledged that the other one has (RFC 9293 §3.6).
    pub(super) fn is_done(&self) -> bool {
        self.closed_at.is_some() && self.dirs.iter().all(Assembler::is_done)
    }

    /// A SYN, or several, without any answer.
    pub(super) const fn is_unanswered(&self) -> bool {
        self.info.saw_syn && !self.dirs[1].is_anchored()
    }

    /// Takes a packet, and gives the offset of its first payload byte.
    pub(super) fn push<H: StreamHandler<State = S>>(
        &mut self,
        handler: &mut H,
        dir: Dir,
        packet: u64,
        time: Timestamp,
        segment: &Segment<'_>,
        limits: &Limits,
    ) -> Option<u64> {
        self.packets += 1;
        self.last_packet = packet;
        self.last_time = time;
        let flags = segment.flags;
        let i = dir.index();
        let duplicate = self.is_duplicate(i, time, segment);
        if flags.has(TcpFlags::SYN) {
            if flags.has(TcpFlags::ACK) {
                self.info.saw_syn_ack = true;
            } else {
                self.info.saw_syn = true;
            }
        }
        if flags.has(TcpFlags::SYN) && !flags.has(TcpFlags::ACK) && !duplicate {
            // The client tries again after a reset: the connection is open once more.
            self.closed_at = None;
        }
        let fresh_syn = flags.has(TcpFlags::SYN) && !self.dirs[i].is_anchored();
        if flags.has(TcpFlags::SYN) {
            self.dirs[i].syn(segment.seq);
        } else if !self.dirs[i].is_anchored() {
            let keep_alive = segment.payload_len == 1 && segment.payload == [0];
            self.dirs[i].anchor(if keep_alive { segment.seq.wrapping_add(1) } else { segment.seq });
        }
        if flags.has(TcpFlags::ACK) {
            self.dirs[1 - i].acknowledged(segment.ack);
        }
        let data_seq = if flags.has(TcpFlags::SYN) { segment.seq.wrapping_add(1) } else { segment.seq };
        let carries = segment.payload_len > 0 && !flags.has(TcpFlags::RST);
        let mut arrival = None;
        let mut kind = SegmentKind::Normal;
        if duplicate {
            kind = SegmentKind::Duplicate;
        } else if self.is_keep_alive(i, data_seq, segment) {
            kind = SegmentKind::KeepAlive;
        } else if carries {
            let behind_hole = self.dirs[i].has_hole();
            let bare = flags.0 & (TcpFlags::PSH | TcpFlags::FIN | TcpFlags::SYN) == 0;
            let placed = self.dirs[i].place(
                data_seq,
                segment.payload,
                segment.payload_len,
                bare,
                packet,
                time,
                limits,
            );
            kind = match placed {
                Arrival::InOrder { .. } if behind_hole => SegmentKind::FillsHole,
                Arrival::InOrder { .. } | Arrival::Padding => SegmentKind::Normal,
                Arrival::Early => SegmentKind::OutOfOrder,
                Arrival::Old { differs } => SegmentKind::Retransmission { differs },
            };
            arrival = Some(placed);
        } else if (flags.has(TcpFlags::SYN) && !fresh_syn)
            || (flags.has(TcpFlags::FIN) && self.dirs[i].fin.is_some())
        {
            kind = SegmentKind::Retransmission { differs: false };
        }
        if flags.has(TcpFlags::FIN) && !duplicate {
            let end = self.dirs[i].offset_of(data_seq).map(|offset| offset + u64::from(segment.payload_len));
            if self.dirs[i].fin.is_none() {
                self.dirs[i].fin = end;
            }
        }
        let note = SegmentNote {
            packet,
            time,
            dir,
            flags,
            len: segment.payload_len,
            captured: u32::try_from(segment.payload.len()).unwrap_or(u32::MAX),
            kind,
            offset: self.dirs[i].offset_of(data_seq),
            acked: flags.has(TcpFlags::ACK).then(|| self.dirs[1 - i].offset_of(segment.ack)).flatten(),
            window: segment.window,
            ttl: segment.ttl,
            ip_id: segment.ip_id,
        };
        handler.segment(&mut self.state, &self.info, &note);
        self.deliver(handler, dir, packet, time, data_seq, segment, arrival, limits);
        self.close_if_done(time, flags);
        note.offset
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one packet")]
    fn deliver<H: StreamHandler<State = S>>(
        &mut self,
        handler: &mut H,
        dir: Dir,
        packet: u64,
        time: Timestamp,
        seq: u32,
        segment: &Segment<'_>,
        arrival: Option<Arrival>,
        limits: &Limits,
    ) {
        let i = dir.index();
        match arrival {
            Some(Arrival::InOrder { skip }) => {
                if skip > 0 && self.dirs[i].overlap_differs(seq, segment.payload, skip) {
                    self.warn(handler, packet, dir);
                }
                let bytes = &segment.payload[skip..];
                let offset = self.dirs[i].offset;
                if !bytes.is_empty() {
                    self.dirs[i].advance(bytes, packet, handler.needs_past(&self.state));
                    let past = self.dirs[i].past();
                    let delivery = Delivery { dir, offset, bytes, past, packet, time };
                    handler.data(&mut self.state, &self.info, delivery);
                }
                let cut =
                    u64::from(segment.payload_len).saturating_sub(segment.payload.len().max(skip) as u64);
                if cut > 0 {
                    let piece = self.dirs[i].skip(cut, None);
                    self.hand(handler, dir, piece);
                }
            }
            Some(Arrival::Old { differs: true }) => self.warn(handler, packet, dir),
            _ => {}
        }
        self.drain(handler, dir);
        for dir in [dir, dir.flip()] {
            self.settle(handler, dir, time, limits);
        }
    }

    /// Hands up what is in order now.
    fn drain<H: StreamHandler<State = S>>(&mut self, handler: &mut H, dir: Dir) {
        while let Some(piece) = self.dirs[dir.index()].ready(handler.needs_past(&self.state)) {
            self.hand(handler, dir, Some(piece));
        }
    }

    fn hand<H: StreamHandler<State = S>>(&mut self, handler: &mut H, dir: Dir, piece: Option<Piece>) {
        let past = self.dirs[dir.index()].past();
        match piece {
            Some(Piece::Bytes { offset, bytes, packet, time }) => {
                let delivery = Delivery { dir, offset, bytes: &bytes, past, packet, time };
                handler.data(&mut self.state, &self.info, delivery);
            }
            Some(Piece::Hole { offset, len, before, after }) => {
                let hole = Hole { dir, offset, len, before, after, past };
                handler.gap(&mut self.state, &self.info, hole);
            }
            None => {}
        }
    }

    /// Decides whether a hole can still be filled.
    fn settle<H: StreamHandler<State = S>>(
        &mut self,
        handler: &mut H,
        dir: Dir,
        time: Timestamp,
        limits: &Limits,
    ) {
        let packets = self.packets;
        let assembler = &mut self.dirs[dir.index()];
        if !assembler.has_hole() {
            assembler.waiting = None;
            return;
        }
        let (since, at) = *assembler.waiting.get_or_insert((time, packets));
        // Queues of a capture may hold packets back for a moment; a hole that the peer has long acknowledged stays one.
        let long = packets - at >= PATIENCE_PACKETS || time.seconds_since(since) >= PATIENCE_SECONDS;
        if assembler.is_over(limits)
            || (long && assembler.is_acked_beyond())
            || packets - at >= PATIENCE_PACKETS * 8
        {
            let hole = assembler.give_up_hole();
            assembler.waiting = None;
            self.hand(handler, dir, hole);
            self.drain(handler, dir);
        }
    }

    /// The stream ends: what is held is handed up, with the holes in it.
    pub(super) fn finish<H: StreamHandler<State = S>>(&mut self, handler: &mut H) {
        for dir in [Dir::Forward, Dir::Reverse] {
            self.drain(handler, dir);
            while self.dirs[dir.index()].has_hole() {
                let hole = self.dirs[dir.index()].give_up_hole();
                self.hand(handler, dir, hole);
                self.drain(handler, dir);
            }
            let tail = self.dirs[dir.index()].missing_tail();
            self.hand(handler, dir, tail);
        }
    }

    fn warn<H: StreamHandler<State = S>>(&mut self, handler: &mut H, packet: u64, dir: Dir) {
        if std::mem::replace(&mut self.warned, true) {
            return;
        }
        let from = if dir == Dir::Forward { self.info.opener } else { self.info.responder };
        let text = format!("bytes from {from} were sent again with other content; the first copy was kept");
        handler.warning(&mut self.state, &self.info, Warning::at("conflicting-overlap", packet, text));
    }

    /// The same packet captured twice, as by a mirror port or `-i any`.
    fn is_duplicate(&mut self, i: usize, time: Timestamp, segment: &Segment<'_>) -> bool {
        let seen = Seen {
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags.0,
            len: segment.payload_len,
            ip_id: segment.ip_id,
            nanos: time.nanos,
        };
        let same = self.recent[i].iter().any(|old| {
            let alike = Seen { nanos: 0, ..*old } == Seen { nanos: 0, ..seen } && old.nanos != 0;
            // An IP identification is not used twice within so short a time; without one only the moment tells.
            let within = match segment.ip_id {
                Some(id) if id != 0 => 2_000_000_000,
                _ => 1_000_000,
            };
            alike && seen.nanos.saturating_sub(old.nanos).abs() <= within
        });
        if !same {
            self.recent[i].rotate_right(1);
            self.recent[i][0] = seen;
        }
        same
    }

    /// A probe of 0 or 1 bytes before the next one (RFC 9293 §3.8.4).
    fn is_keep_alive(&self, i: usize, seq: u32, segment: &Segment<'_>) -> bool {
        let control = segment.flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST) != 0;
        let before = self.dirs[i].offset_of(seq).is_some_and(|offset| offset + 1 == self.dirs[i].offset);
        !control
            && segment.payload_len <= 1
            && before
            && self.packets > 3
            && segment.payload.iter().all(|b| *b == 0)
    }

    fn close_if_done(&mut self, time: Timestamp, flags: TcpFlags) {
        let both = self.dirs.iter().all(|dir| dir.fin.is_some());
        if (both || flags.has(TcpFlags::RST)) && self.closed_at.is_none() {
            self.closed_at = Some(time);
        }
    }
}

/// Packets of a stream after which an acknowledged hole is given up.
const PATIENCE_PACKETS: u64 = 32;
/// Seconds of capture time after which it is.
const PATIENCE_SECONDS: f64 = 2.0;
