//! The packets of a connection one by one, within bounds.

use crate::connection::{Event, Item, Shown, Stretch, Timeline};
use crate::decode::TcpFlags;
use crate::limits::Limits;
use crate::tcp::{Dir, IcmpNote, SegmentKind, SegmentNote};
use crate::tls::message::Side;

/// Builds a timeline within bounds.
#[derive(Default)]
pub(super) struct TimelineKeeper {
    events: Vec<Event>,
    /// What they show, in order of packet.
    shown: Vec<Shown>,
    /// The packet to which items go, when it is not the current one.
    place: Option<u64>,
}

impl TimelineKeeper {
    /// Adds a packet; `quiet` ones without a control flag join the stretch.
    pub(super) fn packet(&mut self, note: &SegmentNote, quiet: bool, limits: &Limits) {
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
        if control && self.events.len() < limits.timeline_head + limits.timeline_tail {
            self.push(event_of(note));
            return;
        }
        if let Some(Event::Stretch(stretch)) = self.events.last_mut() {
            stretch.packets.1 = note.packet;
            stretch.times.1 = note.time;
            stretch.count += 1;
            stretch.bytes[note.dir.index()] += u64::from(note.len);
            return;
        }
        let mut bytes = [0, 0];
        bytes[note.dir.index()] = u64::from(note.len);
        self.push(Event::Stretch(Box::new(Stretch {
            packets: (note.packet, note.packet),
            times: (note.time, note.time),
            count: 1,
            bytes,
        })));
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

    /// Adds an ICMP error as a packet that goes to the sender of the segment.
    pub(super) fn icmp(&mut self, note: &IcmpNote) {
        if self.events.len() >= MAX_EVENTS {
            return;
        }
        let IcmpNote { packet, time, about, error, .. } = *note;
        let from = if about == Dir::Forward { Side::Server } else { Side::Client };
        self.push(Event::Packet {
            packet,
            time,
            from,
            flags: TcpFlags(0),
            len: 0,
            kind: SegmentKind::Normal,
        });
        self.show(packet, Item::Icmp(Box::new(error)));
    }

    /// The next items go to this packet, where it is listed by itself, and not to the current one.
    pub(super) fn goes_to(&mut self, packet: Option<u64>) {
        self.place = packet;
    }

    /// Adds what became complete with the current packet.
    pub(super) fn item(&mut self, current: Option<&SegmentNote>, item: Item) {
        if let Some(place) = self.place.filter(|place| self.lists(*place)) {
            return self.show(place, item);
        }
        let Some(note) = current else { return };
        // An ICMP error may have come meanwhile.
        let is_past =
            matches!(self.events.last(), Some(Event::Packet { packet, .. }) if *packet > note.packet);
        if is_past && self.lists(note.packet) {
            return self.show(note.packet, item);
        }
        match self.events.last_mut() {
            Some(Event::Packet { packet, .. }) if *packet == note.packet => {}
            last => {
                if let Some(Event::Stretch(stretch)) = last
                    && stretch.packets.1 == note.packet
                {
                    // The packet had joined the stretch before it was known to say something.
                    let Stretch { packets, count, bytes, .. } = &mut **stretch;
                    *count -= 1;
                    bytes[note.dir.index()] = bytes[note.dir.index()].saturating_sub(u64::from(note.len));
                    if *count == 0 {
                        self.events.pop();
                    } else {
                        packets.1 = packets.1.saturating_sub(1).max(packets.0);
                    }
                }
                if self.events.len() >= MAX_EVENTS {
                    return;
                }
                self.push(event_of(note));
            }
        }
        self.show(note.packet, item);
    }

    /// Adds what is known of an earlier packet only now; to the current one where that packet is no longer at hand.
    pub(super) fn item_of(&mut self, number: u64, current: Option<&SegmentNote>, item: Item) {
        match self.lists(number) {
            true => self.show(number, item),
            false => self.item(current, item),
        }
    }

    /// Whether a packet is listed by itself.
    fn lists(&self, number: u64) -> bool {
        let is_it = |event: &Event| matches!(event, Event::Packet { packet, .. } if *packet == number);
        self.events.iter().rev().any(is_it)
    }

    /// Puts an item behind the others of its packet.
    fn show(&mut self, packet: u64, item: Item) {
        let item = match MAX_SHOWN - self.shown.len() {
            0 => return,
            1 => Item::Note("more messages and records, which are not listed".into()),
            _ => item,
        };
        if self.shown.is_empty() {
            self.shown.reserve_exact(SHOWN);
        }
        let at = match self.shown.last() {
            Some(last) if last.packet > packet => self.shown.partition_point(|shown| shown.packet <= packet),
            _ => self.shown.len(),
        };
        self.shown.insert(at, Shown { packet, item });
    }

    pub(super) fn into_timeline(self, client_is_forward: bool) -> Timeline {
        let mut events = self.events;
        if !client_is_forward {
            for event in &mut events {
                match event {
                    Event::Packet { from, .. } => *from = from.peer(),
                    Event::Stretch(stretch) => stretch.bytes.swap(0, 1),
                }
            }
        }
        Timeline { events, shown: self.shown }
    }
}

/// Events for which room is made at once: those of a short connection.
const EVENTS: usize = 16;
/// Events for which room is made at a time in a timeline that has as many.
const EVENTS_STEP: usize = 64;
/// Events kept of one connection whatever the limits say.
const MAX_EVENTS: usize = 2048;
/// Items for which room is made at once: those of a handshake.
const SHOWN: usize = 12;
/// Items kept of one connection: a packet may hold thousands of tiny records.
const MAX_SHOWN: usize = 16_384;

fn event_of(note: &SegmentNote) -> Event {
    Event::Packet {
        packet: note.packet,
        time: note.time,
        from: if note.dir == Dir::Forward { Side::Client } else { Side::Server },
        flags: note.flags,
        len: note.len,
        kind: note.kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Timestamp;

    fn note(packet: u64, len: u32) -> SegmentNote {
        SegmentNote {
            packet,
            time: Timestamp::new(packet.cast_signed(), 6),
            dir: Dir::Forward,
            flags: TcpFlags(TcpFlags::ACK),
            len,
            captured: len,
            kind: SegmentKind::Normal,
            offset: None,
            acked: None,
            window: 0,
            ttl: 64,
            ip_id: None,
        }
    }

    fn data(len: u32) -> Item {
        Item::ApplicationData { len }
    }

    #[test]
    fn what_is_known_late_stands_with_its_packet_and_behind_what_it_said_before() {
        let (mut keeper, limits) = (TimelineKeeper::default(), Limits::default());
        for packet in [3, 5, 8] {
            keeper.packet(&note(packet, 10), false, &limits);
            keeper.item(Some(&note(packet, 10)), data(packet as u32));
        }
        keeper.item_of(5, Some(&note(8, 10)), data(50));
        // A packet that is not listed: it goes to the current one.
        keeper.item_of(4, Some(&note(8, 10)), data(80));
        keeper.goes_to(Some(3));
        keeper.item(Some(&note(8, 10)), data(30));
        let timeline = keeper.into_timeline(true);
        let of =
            |packet| timeline.shown_by(packet).iter().map(|shown| shown.item.clone()).collect::<Vec<_>>();
        assert_eq!(of(3), [data(3), data(30)]);
        assert_eq!(of(4), []);
        assert_eq!(of(5), [data(5), data(50)]);
        assert_eq!(of(8), [data(8), data(80)]);
    }

    #[test]
    fn a_packet_of_a_stretch_that_says_something_is_listed_by_itself() {
        let (mut keeper, limits) = (TimelineKeeper::default(), Limits::default());
        for packet in 1..=3 {
            keeper.packet(&note(packet, 10), true, &limits);
        }
        keeper.item(Some(&note(3, 10)), data(7));
        let timeline = keeper.into_timeline(true);
        let [Event::Stretch(stretch), Event::Packet { packet: 3, .. }] = timeline.events.as_slice() else {
            panic!("{:?}", timeline.events);
        };
        assert_eq!((stretch.count, stretch.packets, stretch.bytes), (2, (1, 2), [20, 0]));
        assert_eq!(timeline.shown_by(3).len(), 1);
    }

    #[test]
    fn tiny_records_without_end_are_bounded() {
        let (mut keeper, limits) = (TimelineKeeper::default(), Limits::default());
        keeper.packet(&note(1, 60_000), false, &limits);
        for _ in 0..2 * MAX_SHOWN {
            keeper.item(Some(&note(1, 60_000)), data(0));
        }
        let timeline = keeper.into_timeline(true);
        assert_eq!(timeline.shown.len(), MAX_SHOWN);
        assert!(matches!(timeline.shown.last(), Some(Shown { item: Item::Note(_), .. })), "it is said");
    }
}
