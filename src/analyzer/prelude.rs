//! What a stream says ahead of TLS, until TLS begins or it proves to be something else.

use crate::connection::{At, Item, PlainItem, PlainText, Tunnel};
use crate::tcp::{Delivery, Dir, StreamInfo};
use crate::tls::message::Side;
use crate::tls::session::{Probe, looks_like_tls};
use crate::tunnel::{Peer, Prelude, Progress, asks_for_tls, identify};

use super::state::{Phase, StreamState, Tools};

/// What each direction began with, where it was no TLS.
pub(super) type FirstBytes = [Option<Box<At<PlainText>>>; 2];

/// A preamble in progress.
#[derive(Default)]
pub(super) struct PreludePhase {
    pub(super) prelude: Prelude,
    /// The first bytes of each direction.
    pub(super) first: FirstBytes,
    /// Offsets of the first byte that was given of each direction.
    start: [Option<u64>; 2],
    /// Where TLS begins in each direction, from the first byte given.
    found: [Option<u64>; 2],
    pub(super) tunnel: Option<Box<At<Tunnel>>>,
}

impl StreamState {
    /// A side begins with a ClientHello although the other has greeted in a protocol without TLS.
    pub(super) fn hello_to_plain(
        &mut self,
        info: &StreamInfo,
        delivery: Delivery<'_>,
        tools: &mut Tools<'_>,
    ) {
        let Phase::Plain(mut first, _) = std::mem::replace(&mut self.phase, Phase::Silent) else { return };
        let other = delivery.dir.flip();
        // What the greeting side sends is not TLS and stays so.
        let mut base = [Some(u64::MAX); 2];
        base[delivery.dir.index()] = Some(delivery.offset);
        self.begin_tls(info, delivery.dir, Some(Side::Client), base, tools);
        if let Phase::Tls(live) = &mut self.phase {
            let side = live.side(other) as usize;
            live.connection.plain[side] = first[other.index()].take();
            live.unseen[other.index()] = false;
        }
        self.tls(delivery, tools);
    }

    /// The first bytes of the stream: TLS, a preamble, or something else.
    pub(super) fn probe(&mut self, info: &StreamInfo, delivery: Delivery<'_>, tools: &mut Tools<'_>) {
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
                self.begin_tls(info, delivery.dir, speaker, [Some(0), Some(0)], tools);
                if !other.is_empty() {
                    // The other side had sent a few bytes that were too short to tell.
                    self.tls(of_other(&delivery, &other), tools);
                }
                self.tls(whole, tools);
            }
            Probe::Unsure | Probe::No => {
                let other = std::mem::take(&mut held[1 - i]);
                self.phase = Phase::Prelude(Box::default());
                if !other.is_empty() {
                    self.prelude(info, of_other(&delivery, &other), tools);
                }
                self.prelude(info, whole, tools);
            }
        }
    }

    /// Bytes of a preamble, until TLS begins or it proves to be something else.
    pub(super) fn prelude(&mut self, info: &StreamInfo, delivery: Delivery<'_>, tools: &mut Tools<'_>) {
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
            extend(&mut phase.first[i], &delivery, from_server);
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
                self.begin_tls(info, delivery.dir, None, begins, tools);
                self.take_over(phase, dir, delivery, tools);
            }
        }
    }

    /// The bytes that the preamble held are the first of the TLS session.
    pub(super) fn take_over(
        &mut self,
        mut phase: Box<PreludePhase>,
        dir: Dir,
        delivery: Delivery<'_>,
        tools: &mut Tools<'_>,
    ) {
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
                self.tls(Delivery { dir, offset, bytes: &held[i], past: &[], ..delivery }, tools);
            }
        }
    }

    /// Bytes of a direction in which it is not known yet where TLS begins.
    pub(super) fn late_side(&mut self, delivery: Delivery<'_>, tools: &mut Tools<'_>) {
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
            self.tls(Delivery { offset, bytes: &held, past: &[], ..delivery }, tools);
        }
    }
}

/// The first bytes of the other side, which were too few to tell what they are.
fn of_other<'a>(delivery: &Delivery<'a>, bytes: &'a [u8]) -> Delivery<'a> {
    Delivery { dir: delivery.dir.flip(), offset: 0, bytes, past: &[], ..*delivery }
}

/// Bytes of a direction that are looked at before it is said to be no TLS.
const PROBE_BYTES: usize = 6;

/// What a side says ahead of TLS. The protocol that is being followed names it better than its first bytes do.
fn plain_item(spoken: Option<&'static str>, seems: &'static str, bytes: &[u8], from_server: bool) -> Item {
    let protocol = match spoken {
        Some("HTTP") if seems.starts_with("HTTP") => seems,
        Some(spoken) => spoken,
        None => seems,
    };
    Item::Plain(Box::new(PlainItem { protocol, sample: crate::tunnel::told(protocol, bytes, from_server) }))
}

/// The first line of a side may come in several packets.
pub(super) fn extend(first: &mut Option<Box<At<PlainText>>>, delivery: &Delivery<'_>, from_server: bool) {
    match first {
        Some(first) => grow(&mut first.value, delivery, from_server),
        none => *none = Some(plain_at(delivery, from_server)),
    }
}

/// Adds what came next to the first line. What it is may show only now.
pub(super) fn grow(first: &mut PlainText, delivery: &Delivery<'_>, from_server: bool) {
    if !first.is_open() {
        return;
    }
    let room = PlainText::HEAD.saturating_sub(first.head.len());
    first.head.extend(delivery.bytes.iter().take(room));
    first.extend(&plain_at(delivery, from_server).value);
    match identify(&first.head, from_server) {
        Some(name) if first.protocol == UNKNOWN || asks_for_tls(name) => first.protocol = name,
        _ => {}
    }
}

/// Bytes of which nobody knows what they are.
const UNKNOWN: &str = "unknown";

pub(super) fn plain_at(delivery: &Delivery<'_>, from_server: bool) -> Box<At<PlainText>> {
    let sample = crate::tunnel::sample(delivery.bytes);
    // An escaped byte takes up to four characters.
    let whole = delivery.bytes.contains(&b'\n') || sample.len() > 76;
    let protocol = identify(delivery.bytes, from_server).unwrap_or(UNKNOWN);
    let mut value = PlainText { protocol, sample, whole, head: Vec::new() };
    if value.is_open() {
        value.head.extend(delivery.bytes.iter().take(PlainText::HEAD));
    }
    Box::new(At { packet: delivery.packet, first_packet: delivery.packet, time: delivery.time, value })
}

impl PreludePhase {
    /// Gives the next bytes of a direction.
    fn push(&mut self, delivery: &Delivery<'_>) -> Progress {
        self.start[delivery.dir.index()].get_or_insert(delivery.offset);
        let progress = self.prelude.push(peer(delivery.dir), delivery.bytes);
        if let Progress::TlsAt { from_a, from_b } = progress {
            self.found = [from_a, from_b];
        }
        let summary = self.prelude.summary();
        if summary.is_none() {
            self.tunnel = None;
        }
        if let Some(passed) = summary {
            let value = Tunnel {
                kind: passed.kind,
                target: passed.target,
                refusal: passed.refusal,
                granted: passed.granted,
                withheld: passed.withheld,
                asked_again: passed.asked_again,
                went_on: passed.went_on,
            };
            let known = self.tunnel.as_ref().is_some_and(|at| at.value == value);
            if !known {
                let first_packet = self.tunnel.as_ref().map_or(delivery.packet, |at| at.first_packet);
                // A refusal keeps its packet, whatever its asker does behind it.
                let refused = self.tunnel.as_ref().filter(|at| {
                    at.value.refusal.is_some() && at.value.refusal == value.refusal && !at.value.asked_again
                });
                let (packet, time) =
                    refused.map_or((delivery.packet, delivery.time), |at| (at.packet, at.time));
                self.tunnel = Some(Box::new(At { packet, first_packet, time, value }));
            }
        }
        progress
    }

    /// Offsets in the stream at which TLS begins.
    fn begins(&self) -> [Option<u64>; 2] {
        [0, 1].map(|i| self.found[i].map(|found| found + self.start[i].unwrap_or(0)))
    }

    /// The first bytes of each direction, and what the preamble was.
    pub(super) fn into_facts(self) -> (FirstBytes, Option<Box<At<Tunnel>>>) {
        (self.first, self.tunnel)
    }
}

/// The opener is the first peer.
pub(super) const fn peer(dir: Dir) -> Peer {
    match dir {
        Dir::Forward => Peer::A,
        Dir::Reverse => Peer::B,
    }
}
