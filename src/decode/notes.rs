//! What the decoder counts, and the warnings that come of it.

use super::fragments::Fragments;
use super::walk::Fault;
use crate::capture::{LinkType, Packet};
use crate::error::Warning;

/// How often something was seen, and where first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Packets.
    pub count: u64,
    /// The first of them, counted from 1 as Wireshark numbers frames; 0 when there is none.
    pub first: u64,
}

impl Tally {
    /// One more, in packet number `packet`.
    pub(super) fn add(&mut self, packet: u64) {
        if self.count == 0 {
            self.first = packet;
        }
        self.count += 1;
    }
}

/// Counts over all packets that a decoder has seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecodeStats {
    /// All packets.
    pub packets: u64,
    /// Packets that gave a TCP segment.
    pub tcp: u64,
    /// UDP packets with port 443 in the innermost header: QUIC most likely, which is not read.
    pub udp_443: Tally,
    /// UDP packets with a QUIC long header of a version in use (RFC 9000 §17.2).
    pub quic: Tally,
    /// Packets of which the snap length cut something.
    pub cut: Tally,
    /// Packets of which it cut so much that no TCP segment could be read.
    pub cut_headers: Tally,
    /// Fragments of IP datagrams.
    pub fragments: Tally,
    /// Packets with a header that cannot be.
    pub malformed: Tally,
    /// Packets of link types that are not read.
    pub unsupported: Tally,
}

/// The counts, and what the warnings need beyond them.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) stats: DecodeStats,
    /// Captured and original length of the first cut packet.
    first_cut: (usize, u32),
    told_cut: u64,
    link_types: Vec<(LinkType, Tally)>,
    faults: Vec<(Fault, Tally)>,
    too_deep: Tally,
}

impl Notes {
    /// A packet comes.
    #[inline]
    pub(super) fn packet(&mut self, packet: &Packet<'_>) {
        self.stats.packets += 1;
        if packet.data.len() < packet.original_len as usize {
            if self.stats.cut.count == 0 {
                self.first_cut = (packet.data.len(), packet.original_len);
            }
            self.stats.cut.add(packet.number);
        }
    }

    /// It is of a link type that is not read.
    pub(super) fn unsupported(&mut self, link_type: LinkType, packet: u64) {
        self.stats.unsupported.add(packet);
        tally(&mut self.link_types, |seen| *seen == link_type, link_type, packet);
    }

    /// It has a header that cannot be.
    pub(super) fn malformed(&mut self, fault: Fault, packet: u64) {
        self.stats.malformed.add(packet);
        tally(&mut self.faults, |seen| seen.layer == fault.layer, fault, packet);
    }

    /// It has more headers than are followed.
    pub(super) fn too_deep(&mut self, packet: u64) {
        self.too_deep.add(packet);
    }

    /// Says what was counted since the last call.
    pub(super) fn take_warnings(&mut self, fragments: &mut Fragments) -> Vec<Warning> {
        fragments.finish();
        let mut warnings = Vec::new();
        for (link_type, tally) in self.link_types.drain(..) {
            warnings.push(tally.warning("unknown-link-type", |packets| {
                let number = link_type.0.to_string();
                let name = link_type.to_string();
                let named = if name == number { number } else { format!("{name} ({number})") };
                format!("{packets} of link type {named}, which cannot be read")
            }));
        }
        for (fault, tally) in self.faults.drain(..) {
            let Fault { layer, needed, there } = fault;
            warnings.push(tally.warning("malformed-header", |packets| {
                format!("{packets} malformed: {layer}, at least {needed} needed and {there} there")
            }));
        }
        let cut = self.stats.cut;
        if cut.count > std::mem::replace(&mut self.told_cut, cut.count) {
            let (captured, original) = self.first_cut;
            warnings.push(cut.warning("packets-cut", |packets| {
                format!(
                    "{packets} cut by the snap length ({captured} of {original} bytes kept in the first); \
                     capture whole packets (tcpdump -s 0)"
                )
            }));
        }
        if let Some(first) = fragments.first_lost.take() {
            let count = std::mem::take(&mut fragments.lost);
            let text = match count {
                1 => format!(
                    "an IP datagram could not be put together from its fragments, from packet {first} on"
                ),
                _ => format!(
                    "{count} IP datagrams could not be put together from their fragments, the first from packet {first} on"
                ),
            };
            warnings.push(Warning::at("fragments-lost", first, text));
        }
        let too_deep = std::mem::take(&mut self.too_deep);
        if too_deep.count > 0 {
            warnings.push(too_deep.warning("nested-too-deep", |packets| {
                format!("{packets} wrapped in more headers than are followed")
            }));
        }
        warnings
    }
}

impl Tally {
    fn warning(self, code: &'static str, text: impl FnOnce(String) -> String) -> Warning {
        let packets = match self.count {
            1 => format!("packet {} is", self.first),
            count => format!("{count} packets, the first of them packet {}, are", self.first),
        };
        Warning::at(code, self.first, text(packets))
    }
}

/// Counts a packet under its kind, a new one while there is room for it.
fn tally<T>(kinds: &mut Vec<(T, Tally)>, same: impl Fn(&T) -> bool, kind: T, packet: u64) {
    if let Some((_, tally)) = kinds.iter_mut().find(|(seen, _)| same(seen)) {
        tally.add(packet);
    } else if kinds.len() < MAX_KINDS {
        kinds.push((kind, Tally { count: 1, first: packet }));
    }
}

/// Link types and faults told apart.
const MAX_KINDS: usize = 64;

#[cfg(test)]
mod tests {
    use super::super::Decoder;
    use super::super::samples::{ethernet, hello, packet};
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn what_is_odd_is_told_once_a_kind_with_its_count() {
        let mut decoder = Decoder::new(&Limits::default());
        for number in 1..=3 {
            decoder.decode(&packet(220, number, &hello()));
        }
        decoder.decode(&packet(1, 4, &[0; 10]));
        decoder.decode(&packet(1, 5, &ethernet(0x0800, &[0x45; 12])));
        let whole = ethernet(0x0800, &hello());
        decoder.decode(&Packet { original_len: 59, ..packet(1, 6, &whole[..56]) });
        let warnings = decoder.take_warnings();
        let told: Vec<_> = warnings.iter().map(|warning| (warning.code, warning.packet)).collect();
        assert_eq!(
            told,
            [
                ("unknown-link-type", Some(1)),
                ("malformed-header", Some(4)),
                ("malformed-header", Some(5)),
                ("packets-cut", Some(6)),
            ]
        );
        assert_eq!(
            warnings[0].text,
            "3 packets, the first of them packet 1, are of link type USB_LINUX_MMAPPED (220), which cannot be read"
        );
        assert_eq!(
            warnings[1].text,
            "packet 4 is malformed: Ethernet header, at least 14 needed and 10 there"
        );
        assert_eq!(
            warnings[3].text,
            "packet 6 is cut by the snap length (56 of 59 bytes kept in the first); \
             capture whole packets (tcpdump -s 0)"
        );
        assert_eq!(decoder.take_warnings(), []);
        assert_eq!(
            (decoder.stats().packets, decoder.stats().tcp, decoder.stats().unsupported.count),
            (6, 1, 3)
        );
    }
}
