//! A ClientHello as lists of numbers: what the recognition of stacks looks at.

use super::ja3::is_grease;
use crate::tls::message::ClientHello;

/// The lists of a hello in the order sent, without GREASE and signalling suites.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    pub(super) hello: &'a ClientHello,
    /// Some list holds a GREASE value (RFC 8701).
    pub(super) grease: bool,
    pub(super) suites: Vec<u16>,
    pub(super) kinds: Vec<u16>,
    pub(super) groups: Vec<u16>,
    /// Signature schemes without those for post-quantum signatures, which newer versions put ahead of the others.
    pub(super) schemes: Vec<u16>,
    pub(super) versions: Vec<u16>,
    /// Where each kind of extension below 64 stands, from 1; 0 when it is not there.
    places: [u8; 64],
    /// Kinds of extensions that stand more than once.
    repeated: Vec<u16>,
}

/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 §3.3) and TLS_FALLBACK_SCSV (RFC 7507).
const SIGNALS: [u16; 2] = [RENEGOTIATION_SIGNAL, 0x5600];
/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV.
pub(super) const RENEGOTIATION_SIGNAL: u16 = 0x00ff;

impl<'a> Shape<'a> {
    pub(super) fn new(hello: &'a ClientHello) -> Self {
        let mut grease = false;
        let mut listed = |values: &mut dyn Iterator<Item = u16>| -> Vec<u16> {
            values
                .filter(|&value| {
                    !is_grease(value) || {
                        grease = true;
                        false
                    }
                })
                .collect()
        };
        let mut suites = listed(&mut hello.cipher_suites.iter().map(|suite| suite.0));
        let kinds = listed(&mut hello.extensions.iter().flatten().map(|extension| extension.kind.0));
        let groups = listed(&mut hello.groups.iter().map(|group| group.0));
        let mut schemes = listed(&mut hello.signature_schemes.iter().map(|scheme| scheme.0));
        let versions = listed(&mut hello.supported_versions.iter().map(|version| version.0));
        suites.retain(|suite| !SIGNALS.contains(suite));
        schemes.retain(|scheme| scheme >> 8 != 9);
        let mut places = [0; 64];
        let mut repeated = Vec::new();
        for (&kind, place) in kinds.iter().zip(1..=u8::MAX) {
            match places.get_mut(usize::from(kind)) {
                Some(known) if *known != 0 => repeated.push(kind),
                Some(known) => *known = place,
                None if kinds.iter().take(usize::from(place) - 1).any(|before| *before == kind) => {
                    repeated.push(kind);
                }
                None => {}
            }
        }
        Self { hello, grease, suites, kinds, groups, schemes, versions, places, repeated }
    }

    /// Where a kind of extension stands.
    fn place_of(&self, kind: u16) -> Option<usize> {
        match self.places.get(usize::from(kind)) {
            Some(place) => usize::from(*place).checked_sub(1),
            None => self.kinds.iter().position(|other| *other == kind),
        }
    }

    pub(super) fn has(&self, kind: u16) -> bool {
        self.kinds.contains(&kind)
    }

    /// The body of an extension, one of [`BODIES`].
    pub(super) fn body(&self, kind: u16) -> Option<&[u8]> {
        debug_assert!(BODIES.contains(&kind), "guesses are remembered by what they depend on");
        self.hello.extensions.as_ref()?.find(kind).map(|extension| extension.body)
    }

    pub(super) fn offers_tls13(&self) -> bool {
        self.versions.contains(&0x0304)
    }

    /// TLS 1.3 alone is offered, so that the list of suites says next to nothing.
    pub(super) fn only_tls13_suites(&self) -> bool {
        !self.suites.is_empty() && self.suites.iter().all(|&suite| is_tls13(suite))
    }

    /// The suites of TLS 1.3, in order.
    pub(super) fn tls13_suites(&self) -> Vec<u16> {
        self.suites.iter().copied().filter(|&suite| is_tls13(suite)).collect()
    }

    /// The suites of TLS 1.2 and below, in order.
    pub(super) fn older_suites(&self) -> Vec<u16> {
        self.suites.iter().copied().filter(|&suite| !is_tls13(suite)).collect()
    }

    /// The signalling suite of RFC 5746 is in the list.
    pub(super) fn signals_renegotiation(&self) -> bool {
        self.hello.cipher_suites.iter().any(|suite| suite.0 == RENEGOTIATION_SIGNAL)
    }

    /// How many extensions agree with an order: all must, and those that it does not name are left aside. `None` when
    /// two stand the other way round, or one stands twice.
    pub(super) fn agrees_with(&self, order: &[u16]) -> Option<usize> {
        // One walk over the order, which names each once; there are dozens of orders and one hello.
        let mut last = None;
        let mut agreeing = 0;
        for kind in order {
            let Some(place) = self.place_of(*kind) else { continue };
            if last.is_some_and(|last| last > place) || self.repeated.contains(kind) {
                return None;
            }
            last = Some(place);
            agreeing += 1;
        }
        Some(agreeing)
    }
}

/// Kinds of extensions whose body matters to a guess beside what the lists of the hello hold: modes of pre-shared keys, and
/// signature schemes for messages and for certificates.
pub(super) const BODIES: [u16; 3] = [13, 45, 50];

/// Bytes of the whole message, header included.
pub(super) fn message_len(hello: &ClientHello) -> usize {
    let extensions = hello
        .extensions
        .as_ref()
        .map_or(0, |all| 2 + all.iter().map(|each| 4 + each.body.len()).sum::<usize>());
    4 + 2
        + 32
        + 1
        + hello.session_id.len()
        + 2
        + 2 * hello.cipher_suites.len()
        + 1
        + hello.compression.len()
        + extensions
}

/// Whether a hello of this length is padded by those who pad at all (RFC 7685 §4).
pub(super) fn is_padded_length(len: usize) -> bool {
    (256..512).contains(&len)
}

const fn is_tls13(suite: u16) -> bool {
    suite >> 8 == 0x13
}
