//! All streams: from addresses and ports to a stream, who is given up when there are too many.

use std::collections::VecDeque;

use crate::capture::Timestamp;
use crate::decode::{Endpoint, IcmpError, Segment, TcpFlags};
use crate::limits::Limits;
use crate::tcp::key::{Key, Keys};
use crate::tcp::over::Over;
use crate::tcp::stream::Stream;
use crate::tcp::{CloseReason, Dir, IcmpNote, Placed, StreamHandler, StreamInfo};

/// What a table counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableStats {
    /// Streams, as Wireshark counts them.
    pub streams: u64,
    /// Streams given up because too many were open.
    pub evicted: u64,
}

/// Follows every TCP connection and tells a handler what happens in it.
pub struct StreamTable<H: StreamHandler> {
    handler: H,
    limits: Limits,
    keys: Keys,
    /// Streams by slot; `None` where a slot is free. This and the links are all that is touched of other streams by a packet, so
    /// each lies close together.
    streams: Vec<Option<Box<Stream<H::State>>>>,
    links: Vec<Link>,
    free: Vec<u32>,
    /// What is left of those that were handed over.
    over: Over,
    /// The memory of streams that are gone serves the next ones.
    spare: Vec<Box<Stream<H::State>>>,
    /// Streams by how much they matter, each list in order of the last packet.
    lists: [List; CLASSES],
    /// Streams that closed, in order of closing: handed over when late packets have had their time.
    closing: VecDeque<(u32, u64)>,
    stats: TableStats,
    /// The capture's clock, which never goes back.
    now: Timestamp,
    next_sweep: i64,
}

/// Closed, and both sides have said so; closed, and late packets may come; unanswered; open: in this order they are given up.
const CLASSES: usize = 4;
const DONE: u8 = 0;
const CLOSED: u8 = 1;
const UNANSWERED: u8 = 2;
const OPEN: u8 = 3;

/// Nanoseconds after closing in which late packets still count.
const LINGER_NS: i64 = 5_000_000_000;
/// SYNs without an answer that are waited for; a flood of them must not cost the open connections.
const KEPT_UNANSWERED: usize = 16_384;
/// Streams that have closed and still wait for late packets.
const LINGERING: usize = 256;
/// Those for which nothing but repeats can be late. They are few, so that they are handed over while their memory is near.
const DONE_LINGERING: usize = 32;
/// Streams that are over and kept so that late packets find their number.
const KEPT_OVER: usize = 8192;
/// Streams whose memory waits for others.
const SPARE: usize = 16;
/// No slot.
const NONE: u32 = u32::MAX;

/// The place of a slot in its list.
#[derive(Clone, Copy)]
struct Link {
    previous: u32,
    next: u32,
    class: u8,
}

/// What is known of a stream with its first packet.
fn begun(
    stream: u64,
    (opener, responder): (Endpoint, Endpoint),
    packet: u64,
    time: Timestamp,
    segment: &Segment<'_>,
) -> StreamInfo {
    StreamInfo {
        stream,
        opener,
        responder,
        first_packet: packet,
        first_time: time,
        first_ttl: segment.ttl,
        saw_syn: false,
        saw_syn_ack: false,
    }
}

/// A SYN that begins a connection.
fn opens(segment: &Segment<'_>) -> bool {
    segment.flags.has(TcpFlags::SYN) && !segment.flags.has(TcpFlags::ACK)
}

/// The direction of the first packet of a stream: who answers did not open it.
fn first_direction(segment: &Segment<'_>) -> Dir {
    match segment.flags.has(TcpFlags::SYN | TcpFlags::ACK) {
        true => Dir::Reverse,
        false => Dir::Forward,
    }
}

/// The direction of a packet of a stream.
fn direction(info: &StreamInfo, source: &Endpoint, destination: &Endpoint) -> Dir {
    match info.opener == *source && info.responder == *destination {
        true => Dir::Forward,
        false => Dir::Reverse,
    }
}

#[derive(Clone, Copy)]
struct List {
    head: u32,
    tail: u32,
    len: usize,
}

impl<H: StreamHandler> StreamTable<H> {
    /// A table that holds no more than `limits` allow.
    pub fn new(handler: H, limits: &Limits) -> Self {
        Self {
            handler,
            limits: limits.clone(),
            keys: Keys::default(),
            streams: Vec::new(),
            links: Vec::new(),
            free: Vec::new(),
            over: Over::new(KEPT_OVER.min(limits.connections / 2)),
            spare: Vec::new(),
            lists: [List { head: NONE, tail: NONE, len: 0 }; CLASSES],
            closing: VecDeque::new(),
            stats: TableStats::default(),
            now: Timestamp::default(),
            next_sweep: i64::MIN,
        }
    }

    /// The handler.
    pub fn handler(&self) -> &H {
        &self.handler
    }

    /// The handler.
    pub fn handler_mut(&mut self) -> &mut H {
        &mut self.handler
    }

    /// Takes the next segment of the capture, and says to which stream it belongs.
    pub fn push(&mut self, packet: u64, time: Timestamp, segment: &Segment<'_>) -> Placed {
        self.now = self.now.max(time);
        if self.now.nanos >= self.next_sweep {
            self.sweep();
        }
        let (key, from_lower) = Key::of(segment.source, segment.destination);
        let slot = match self.keys.find(&key) {
            Some(slot) if opens(segment) && self.is_reused_by(slot, segment) => {
                self.hand_over(slot, CloseReason::Reused);
                self.open(key, None, packet, time, segment)
            }
            Some(slot) => slot,
            None => match self.over.find(&key) {
                Some(rest) if !opens(segment) && !rest.is_only_quoted => {
                    return Placed { stream: rest.stream, offset: None };
                }
                Some(rest) => {
                    // The same ports and initial number once more: Wireshark counts it to the same stream. And the first packet of
                    // one that was only quoted shows its direction itself.
                    let dir = match rest.is_only_quoted {
                        true => first_direction(segment),
                        false => rest.direction(from_lower),
                    };
                    let is_same = rest.start(dir).is_none_or(|start| start == segment.seq);
                    let again = is_same.then_some((rest.stream, dir));
                    self.over.remove(&key);
                    self.open(key, again, packet, time, segment)
                }
                None => self.open(key, None, packet, time, segment),
            },
        };
        let Some(stream) = &mut self.streams[slot as usize] else {
            debug_assert!(false, "a slot that a key leads to is not free");
            return Placed { stream: self.stats.streams, offset: None };
        };
        let dir = direction(&stream.info, &segment.source, &segment.destination);
        let number = stream.info.stream;
        let was_closed = stream.closed_at.is_some();
        let offset = stream.push(&mut self.handler, dir, packet, time, segment, &self.limits);
        if !was_closed && stream.closed_at.is_some() {
            self.closing.push_back((slot, number));
        }
        let class = match stream {
            stream if stream.is_done() => DONE,
            stream if stream.closed_at.is_some() => CLOSED,
            stream if stream.is_unanswered() => UNANSWERED,
            _ => OPEN,
        };
        self.touch(slot, class);
        for (class, most) in [(DONE, DONE_LINGERING), (CLOSED, LINGERING)] {
            let List { head, len, .. } = self.lists[usize::from(class)];
            if len > most {
                self.hand_over(head, CloseReason::Closed);
            }
        }
        Placed { stream: number, offset }
    }

    /// Takes an ICMP error about a segment, and says to which stream that belongs. Wireshark counts a stream for a segment that it
    /// sees only there, when its whole header is quoted.
    pub fn icmp(&mut self, packet: u64, time: Timestamp, error: &IcmpError) -> Option<u64> {
        let (key, from_lower) = Key::of(error.source, error.destination);
        if let Some(slot) = self.keys.find(&key) {
            let stream = self.streams[slot as usize].as_mut()?;
            let about = direction(&stream.info, &error.source, &error.destination);
            let StreamInfo { saw_syn, saw_syn_ack, .. } = stream.info;
            let starts = if about == Dir::Forward { saw_syn } else { saw_syn_ack };
            let is_of_start = starts && stream.start(about) == Some(error.seq);
            let note = IcmpNote { packet, time, about, is_of_start, error: *error };
            self.handler.icmp(&mut stream.state, &stream.info, &note);
            return Some(stream.info.stream);
        }
        if let Some(rest) = self.over.find(&key) {
            return Some(rest.stream);
        }
        error.is_whole.then(|| {
            self.stats.streams += 1;
            self.over.put(key, from_lower, self.stats.streams - 1, None);
            self.stats.streams - 1
        })
    }

    /// Ends the capture: what is open is handed over in order of its number.
    pub fn finish(mut self) -> (H, TableStats) {
        let mut open: Vec<(u64, u32)> = (0u32..)
            .zip(&self.streams)
            .filter_map(|(index, stream)| Some((stream.as_ref()?.info.stream, index)))
            .collect();
        open.sort_unstable();
        for (_, slot) in open {
            self.hand_over(slot, CloseReason::EndOfCapture);
        }
        (self.handler, self.stats)
    }

    /// Whether a SYN is that of another connection.
    fn is_reused_by(&self, slot: u32, segment: &Segment<'_>) -> bool {
        let Some(stream) = &self.streams[slot as usize] else { return false };
        let dir = direction(&stream.info, &segment.source, &segment.destination);
        stream.start(dir).is_some_and(|start| start != segment.seq)
    }

    /// Begins a stream, or goes on with one that was handed over: `again` is its number and the direction of the packet.
    fn open(
        &mut self,
        key: Key,
        again: Option<(u64, Dir)>,
        packet: u64,
        time: Timestamp,
        segment: &Segment<'_>,
    ) -> u32 {
        self.make_room();
        let (number, dir) = again.unwrap_or_else(|| {
            self.stats.streams += 1;
            (self.stats.streams - 1, first_direction(segment))
        });
        let ends = match dir {
            Dir::Forward => (segment.source, segment.destination),
            Dir::Reverse => (segment.destination, segment.source),
        };
        let stream = Some(self.stream(begun(number, ends, packet, time, segment)));
        let slot = match self.free.pop() {
            Some(slot) => {
                self.streams[slot as usize] = stream;
                slot
            }
            None => {
                grow(&mut self.streams);
                grow(&mut self.links);
                self.streams.push(stream);
                self.links.push(Link { previous: NONE, next: NONE, class: OPEN });
                (self.streams.len() - 1) as u32
            }
        };
        self.keys.insert(key, slot);
        self.link(slot, OPEN);
        slot
    }

    fn stream(&mut self, info: StreamInfo) -> Box<Stream<H::State>> {
        match self.spare.pop() {
            Some(mut stream) => {
                stream.renew(info);
                stream
            }
            None => Box::new(Stream::new(info)),
        }
    }

    /// Gives up what matters least until one more stream has room.
    fn make_room(&mut self) {
        while self.lists[usize::from(UNANSWERED)].len
            >= (self.limits.connections / 4).clamp(1, KEPT_UNANSWERED)
        {
            self.drop_first(UNANSWERED);
        }
        while self.lists.iter().map(|list| list.len).sum::<usize>() >= self.limits.connections.max(1) {
            let class =
                (0..CLASSES as u8).find(|class| self.lists[usize::from(*class)].len > 0).unwrap_or(OPEN);
            self.drop_first(class);
        }
    }

    fn drop_first(&mut self, class: u8) {
        let slot = self.lists[usize::from(class)].head;
        if slot == NONE {
            return;
        }
        self.stats.evicted += u64::from(class > CLOSED);
        self.hand_over(slot, CloseReason::Evicted);
    }

    /// Hands over what closed a while ago, and what has been silent for too long.
    fn sweep(&mut self) {
        self.next_sweep = self.now.nanos.saturating_add(SWEEP_NS);
        while let Some((slot, number)) = self.closing.front().copied() {
            let closed = self.streams[slot as usize]
                .as_ref()
                .filter(|stream| stream.info.stream == number && stream.closed_at.is_some());
            let waits = closed.is_some_and(|stream| {
                let linger = if stream.has_data() { LINGER_NS } else { self.limits.idle_ns };
                stream.last_time.nanos.saturating_add(linger) > self.now.nanos
            });
            if waits {
                break;
            }
            let is_closed = closed.is_some();
            self.closing.pop_front();
            if is_closed {
                self.hand_over(slot, CloseReason::Closed);
            }
        }
        for class in [DONE, CLOSED, UNANSWERED, OPEN] {
            loop {
                let slot = self.lists[usize::from(class)].head;
                if slot == NONE {
                    break;
                }
                let last =
                    self.streams[slot as usize].as_ref().map_or(i64::MIN, |stream| stream.last_time.nanos);
                if last.saturating_add(self.limits.idle_ns) > self.now.nanos {
                    break;
                }
                self.hand_over(slot, CloseReason::Idle);
            }
        }
        let held: usize = self.streams.iter().flatten().map(|stream| stream.held()).sum();
        if held > self.limits.buffered_bytes {
            self.drop_first(OPEN);
        }
    }

    /// Tells the handler that a stream is over, and frees its slot. It is remembered unless its ports are used again already, or
    /// it had to go for others: what comes of it then is looked at once more.
    fn hand_over(&mut self, slot: u32, reason: CloseReason) {
        let Some(mut stream) = self.streams[slot as usize].take() else { return };
        stream.finish(&mut self.handler);
        let StreamInfo { stream: number, opener, responder, .. } = stream.info;
        let (key, opened_by_lower) = Key::of(opener, responder);
        self.keys.remove(&key);
        self.unlink(slot);
        self.free.push(slot);
        if !matches!(reason, CloseReason::Reused | CloseReason::Evicted) {
            let starts = [Dir::Forward, Dir::Reverse].map(|dir| stream.start(dir));
            self.over.put(key, opened_by_lower, number, Some(starts));
        }
        let reason = if stream.closed_at.is_some() && reason != CloseReason::Reused {
            CloseReason::Closed
        } else {
            reason
        };
        stream.close(&mut self.handler, reason);
        if self.spare.len() < SPARE {
            stream.give_back();
            self.spare.push(stream);
        }
    }

    fn touch(&mut self, slot: u32, class: u8) {
        if self.links[slot as usize].class == class && self.lists[usize::from(class)].tail == slot {
            return;
        }
        self.unlink(slot);
        self.link(slot, class);
    }

    fn link(&mut self, slot: u32, class: u8) {
        let list = &mut self.lists[usize::from(class)];
        let tail = list.tail;
        list.tail = slot;
        list.len += 1;
        if tail == NONE {
            list.head = slot;
        } else {
            self.links[tail as usize].next = slot;
        }
        self.links[slot as usize] = Link { previous: tail, next: NONE, class };
    }

    fn unlink(&mut self, slot: u32) {
        let Link { previous, next, class } = self.links[slot as usize];
        let list = &mut self.lists[usize::from(class)];
        list.len -= 1;
        if previous == NONE {
            list.head = next;
        } else {
            self.links[previous as usize].next = next;
        }
        if next == NONE {
            list.tail = previous;
        } else {
            self.links[next as usize].previous = previous;
        }
    }
}

/// Makes room for one more, by a quarter and not by as much again: a long capture soon has all the streams it will ever have at a time.
fn grow<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() / 4).max(FEWEST));
    }
}

/// Streams for which room is made at once.
const FEWEST: usize = 64;
/// Nanoseconds of capture time between two looks at what can be handed over.
const SWEEP_NS: i64 = 500_000_000;
