//! Follows what comes before TLS in both directions of a connection.

use super::direction::{Direction, HELD_BYTES};
use super::layer::{Layer, UNKNOWN_PRELUDE};
use super::look::{begins_like_answer, begins_like_client_hello, begins_like_tls};
use super::step::{Passed, Peer, Step};

/// What is known after the latest bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// TLS may still begin.
    NeedMore,
    /// TLS records begin at these offsets, counted from the first byte that was given (or said to be lost) of each
    /// direction. One of them may be known later: go on giving that direction's bytes, unless the [`Prelude`] has
    /// nothing more to say ([`Prelude::is_done`]). The bytes from the offset on that were given already are in
    /// [`Prelude::take`].
    TlsAt {
        /// In the direction from A.
        from_a: Option<u64>,
        /// In the direction from B.
        from_b: Option<u64>,
    },
    /// The answer to a request for TLS or a tunnel was no; [`Prelude::summary`] has its words. The asker may ask
    /// again, so go on.
    Refused,
    /// It is this protocol, and TLS does not follow from it: nothing more needs to be given.
    Plain(&'static str),
}

/// Reads both directions of a connection that does not begin with TLS until it can say where TLS begins.
///
/// It holds at most [`HELD_BYTES`](Self::HELD_BYTES) of each direction and gives up after
/// [`MOST_BYTES`](Self::MOST_BYTES) of either.
#[derive(Debug, Default)]
pub struct Prelude {
    directions: [Direction; 2],
    layer: Layer,
    passed: Vec<Passed>,
    refused: bool,
    /// Who said that it does not offer TLS.
    withheld_by: Option<Peer>,
    /// Set once there is nothing more to find.
    plain: Option<&'static str>,
}

impl Prelude {
    /// Bytes of one direction that are held at most between two calls.
    pub const HELD_BYTES: usize = HELD_BYTES;
    /// Bytes of one direction after which TLS is no longer looked for.
    pub const MOST_BYTES: u64 = 64 << 10;
    /// Segments of one direction after which TLS is no longer looked for in a protocol that cannot be followed.
    pub const MOST_SEGMENTS: u32 = 32;
    /// Protocols one inside the other.
    pub const MOST_LAYERS: usize = 4;

    /// Begins before the first byte of both directions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next in-order bytes of a direction, any cut of them. In a protocol that cannot be followed TLS is
    /// found only where `bytes` begins with it, so give segments as they were delivered.
    pub fn push(&mut self, from: Peer, bytes: &[u8]) -> Progress {
        let answered = self.direction(from.other()).tls.is_some();
        if self.plain.is_some() || bytes.is_empty() || self.direction(from).tls.is_some() {
            return self.progress();
        }
        let direction = self.direction_mut(from);
        direction.segments += 1;
        let begins = begins_like_client_hello(bytes) || answered && begins_like_answer(bytes);
        if begins && direction.skip == 0 {
            let whole_before = direction.held().is_empty();
            direction.begin_at_segment(bytes);
            if !whole_before && matches!(self.layer, Layer::Fresh) {
                self.layer = Layer::Scan;
            }
            self.tls_begins(from);
        } else {
            direction.hold(bytes);
        }
        self.run();
        self.give_up_if_spent(from);
        self.progress()
    }

    /// Says that the next `len` bytes of a direction are not in the capture.
    pub fn lost(&mut self, from: Peer, len: u64) {
        let direction = self.direction_mut(from);
        if direction.tls.is_some() {
            return;
        }
        let within_skipped = len <= direction.skip;
        direction.lose(len);
        // Lines and elements are found again behind the hole, lengths are not.
        if !within_skipped && !matches!(self.layer, Layer::Text(_) | Layer::Xmpp(_) | Layer::Fresh) {
            self.layer = Layer::Scan;
        }
    }

    /// The bytes from the beginning of TLS on that were already given; empty when TLS has not begun in this direction.
    pub fn take(&mut self, from: Peer) -> Vec<u8> {
        let direction = self.direction_mut(from);
        if direction.tls.is_some() { direction.take() } else { Vec::new() }
    }

    /// The protocol that is being followed, as far as it is known: `SMTP`, `LDAP`, `HTTP`, ….
    pub fn spoken(&self) -> Option<&'static str> {
        self.layer.spoken()
    }

    /// Whether nothing more will be found: both offsets are known, or the search was given up.
    pub fn is_done(&self) -> bool {
        self.plain.is_some() || self.directions.iter().all(|direction| direction.tls.is_some())
    }

    /// The protocols passed, outermost first; the last may not have been granted.
    pub fn passed(&self) -> &[Passed] {
        &self.passed
    }

    /// All of them in one: kind and answer of the innermost, and the innermost target that was named.
    pub fn summary(&self) -> Option<Passed> {
        let last = self.passed.last()?;
        let target = self.passed.iter().rev().find_map(|passed| passed.target.clone());
        Some(Passed { target, ..last.clone() })
    }

    fn direction(&self, peer: Peer) -> &Direction {
        let [a, b] = &self.directions;
        if peer == Peer::A { a } else { b }
    }

    fn direction_mut(&mut self, peer: Peer) -> &mut Direction {
        let [a, b] = &mut self.directions;
        if peer == Peer::A { a } else { b }
    }

    fn progress(&mut self) -> Progress {
        let [a, b] = &self.directions;
        let (from_a, from_b) = (a.tls, b.tls);
        if from_a.is_some() || from_b.is_some() {
            return Progress::TlsAt { from_a, from_b };
        }
        match self.plain {
            _ if std::mem::take(&mut self.refused) => Progress::Refused,
            Some(name) => Progress::Plain(name),
            None => Progress::NeedMore,
        }
    }

    /// Lets both directions advance, in turns, for as long as one of them can.
    fn run(&mut self) {
        loop {
            let advanced = [Peer::A, Peer::B].map(|peer| self.advance(peer));
            if self.plain.is_some() || !advanced.contains(&true) {
                break;
            }
        }
        for direction in &mut self.directions {
            direction.trim();
        }
    }

    /// Makes one step in a direction; false when it can make none.
    fn advance(&mut self, peer: Peer) -> bool {
        if self.plain.is_some() {
            return false;
        }
        let direction = self.direction(peer);
        if direction.tls.is_some() || direction.held().is_empty() {
            return false;
        }
        if matches!(self.layer, Layer::Scan) {
            let all = direction.held().len();
            self.direction_mut(peer).used(all);
            return false;
        }
        match begins_like_tls(direction.held()) {
            None => false,
            Some(true) => {
                self.tls_begins(peer);
                true
            }
            Some(false) => self.step(peer),
        }
    }

    fn step(&mut self, peer: Peer) -> bool {
        let Self { directions: [a, b], layer, .. } = self;
        let held = if peer == Peer::A { a.held() } else { b.held() };
        match layer.step(peer, held) {
            Some(step) => self.apply(peer, step),
            None => self.detect(peer),
        }
    }

    fn apply(&mut self, peer: Peer, step: Step) -> bool {
        if self.withheld_by == Some(peer.other()) && step != Step::Wait && !self.is_farewell(peer, &step) {
            self.takes_it();
        }
        match step {
            Step::Wait => return false,
            Step::Used(used) => self.direction_mut(peer).used(used),
            Step::Asks(used) => {
                self.direction_mut(peer).used(used);
                let passed = self.open_passed();
                passed.asked_again = passed.refusal.is_some();
            }
            Step::Begins(used) => {
                self.direction_mut(peer).used(used);
                self.grant();
                for direction in &mut self.directions {
                    direction.tls.get_or_insert(direction.start.saturating_add(direction.skip));
                }
            }
            Step::Opens(used) => {
                self.direction_mut(peer).used(used);
                self.grant();
                self.note_target();
                self.layer = Layer::Fresh;
                if self.passed.len() >= Self::MOST_LAYERS {
                    self.plain = Some("tunnel");
                }
            }
            Step::Refuses(used, words) => {
                self.direction_mut(peer).used(used);
                let passed = self.open_passed();
                passed.refusal = Some(words);
                passed.asked_again = false;
                self.refused = true;
            }
            Step::Withholds(used, words) => {
                self.direction_mut(peer).used(used);
                self.withhold(peer, words);
            }
            Step::Plain(name) => {
                self.plain = Some(name);
                if let Some(passed) =
                    self.passed.last_mut().filter(|passed| passed.kind.starts_with("starttls"))
                {
                    passed.went_on = passed.refusal.is_some();
                }
            }
            Step::Unknown => self.layer = Layer::Scan,
        }
        self.note_target();
        true
    }

    /// A grant takes an earlier refusal back.
    fn grant(&mut self) {
        let passed = self.open_passed();
        (passed.refusal, passed.asked_again) = (None, false);
        passed.granted = true;
    }

    /// The entry of the protocol that is being followed.
    fn open_passed(&mut self) -> &mut Passed {
        let kind = self.layer.kind();
        let open = self.passed.last().is_some_and(|passed| passed.kind == kind && !passed.granted);
        if !open {
            self.passed.push(Passed { kind, ..Passed::default() });
        }
        let last = self.passed.len() - 1;
        &mut self.passed[last]
    }

    /// The message of a step is the command with which a client leaves.
    fn is_farewell(&self, peer: Peer, step: &Step) -> bool {
        let Step::Used(used) = *step else { return false };
        let line = self.direction(peer).held().get(..used).unwrap_or_default().trim_ascii();
        let word = line.rsplit(|&byte| byte == b' ').next().unwrap_or(line);
        word.eq_ignore_ascii_case(b"QUIT") || word.eq_ignore_ascii_case(b"LOGOUT")
    }

    /// What a refusal or a grant has said before counts for more.
    fn withhold(&mut self, peer: Peer, words: String) {
        let kind = self.layer.kind();
        if self.passed.last().is_none_or(|passed| passed.kind != kind) {
            self.passed.push(Passed { kind, withheld: Some(words), ..Passed::default() });
            self.withheld_by = Some(peer);
        }
    }

    /// The other side goes on, with a request for TLS or without.
    fn takes_it(&mut self) {
        self.withheld_by = None;
        self.passed.pop_if(|passed| passed.withheld.is_some());
    }

    fn note_target(&mut self) {
        if let (Some(target), Some(passed)) = (self.layer.target(), self.passed.last_mut())
            && passed.target.as_deref() != Some(target)
        {
            passed.target = Some(target.to_owned());
        }
    }

    /// TLS begins at the front of a direction. In a protocol of which nothing was read yet it begins in both.
    fn tls_begins(&mut self, peer: Peer) {
        let direction = self.direction_mut(peer);
        let start = direction.start;
        direction.tls = Some(start);
        let fresh = matches!(self.layer, Layer::Fresh);
        let other = self.direction_mut(peer.other());
        if fresh && other.held().is_empty() {
            other.tls.get_or_insert(other.start.saturating_add(other.skip));
        }
        // The request was lost, or it is none that is known. At the very beginning nothing was passed.
        if self.passed.is_empty() && start > 0 {
            let kind = if self.layer.name() == "text" { UNKNOWN_PRELUDE } else { self.layer.kind() };
            self.passed.push(Passed { kind, ..Passed::default() });
        }
    }

    /// Names the protocol that begins at the front of a direction; false while there are too few bytes.
    fn detect(&mut self, peer: Peer) -> bool {
        let held = self.direction(peer).held();
        match Layer::detect(held) {
            None => return false,
            Some(Ok(layer)) => self.layer = layer,
            Some(Err(name)) => self.plain = Some(name),
        }
        true
    }

    fn give_up_if_spent(&mut self, peer: Peer) {
        let direction = self.direction(peer);
        let read = direction.start.saturating_add(direction.held().len() as u64);
        let scanned = matches!(self.layer, Layer::Scan) && direction.segments >= Self::MOST_SEGMENTS;
        if direction.tls.is_none() && self.plain.is_none() && (read >= Self::MOST_BYTES || scanned) {
            self.plain = Some(self.layer.name());
        } else if direction.tls.is_none() && direction.held().len() > Self::HELD_BYTES {
            self.layer = Layer::Scan;
            let all = self.direction(peer).held().len();
            let direction = self.direction_mut(peer);
            direction.used(all);
            direction.trim();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{ANSWER, HELLO, a, b, play};
    use super::*;

    #[test]
    fn tls_after_an_unknown_protocol_is_found_where_a_segment_begins() {
        let mut prelude = Prelude::new();
        assert_eq!(prelude.push(Peer::A, &[0xee, 1, 2, 3, 4, 5, 6]), Progress::NeedMore);
        assert_eq!(prelude.push(Peer::B, &[0xee, 9]), Progress::NeedMore);
        assert_eq!(prelude.push(Peer::A, HELLO), Progress::TlsAt { from_a: Some(7), from_b: None });
        assert_eq!(prelude.push(Peer::B, ANSWER), Progress::TlsAt { from_a: Some(7), from_b: Some(2) });
        assert_eq!((prelude.take(Peer::A), prelude.take(Peer::B)), (HELLO.to_vec(), ANSWER.to_vec()));
        assert_eq!(prelude.summary().unwrap().kind, "plaintext-prelude");
        assert!(prelude.is_done());
    }

    #[test]
    fn an_unknown_protocol_is_given_up_after_its_segments() {
        let mut prelude = Prelude::new();
        let mut pushed = 0;
        while prelude.push(Peer::A, &[0xee; 100]) == Progress::NeedMore {
            pushed += 1;
        }
        assert_eq!(pushed, 31);
        assert!(prelude.is_done());
    }

    #[test]
    fn endless_bytes_are_not_held() {
        let starts: [&[u8]; 8] = [
            b"x",
            b"CONNECT ",
            b"<stream ",
            &[0x30, 0x84, 0, 0xff, 0xff, 0xff, 2, 1],
            &[5, 1, 0],
            &[3, 0, 4, 0, 0, 0xe0],
            &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f],
            b"PROXY ",
        ];
        for start in starts {
            let mut prelude = Prelude::new();
            prelude.push(Peer::A, start);
            for _ in 0..100 {
                prelude.push(Peer::A, &[b'x'; 1000]);
                let held = prelude.directions.iter().map(|direction| direction.capacity()).max().unwrap();
                assert!(held <= 2 * Prelude::HELD_BYTES, "{held} bytes held after {start:?}");
            }
            assert!(matches!(prelude.push(Peer::A, b"x"), Progress::Plain(_)), "{start:?}");
        }
    }

    #[test]
    fn a_segment_of_nothing_but_line_ends_is_read_once() {
        let mut prelude = Prelude::new();
        prelude.push(Peer::A, b"hello there, who are you?\r\n");
        assert!(matches!(prelude.push(Peer::A, &[b'\n'; 1 << 20]), Progress::Plain("text")));
        assert_eq!(prelude.directions[0].held().len(), 0);
    }

    #[test]
    fn what_came_along_with_the_answer_is_kept() {
        let mut prelude = Prelude::new();
        prelude.push(Peer::A, b"\0\0\0\x08\x04\xd2\x16\x2f");
        let progress = prelude.push(Peer::B, &[b"S", ANSWER].concat());
        assert_eq!(progress, Progress::TlsAt { from_a: Some(8), from_b: Some(1) });
        assert_eq!(prelude.take(Peer::B), ANSWER);
        assert!(prelude.take(Peer::A).is_empty());
    }

    #[test]
    fn tls_is_found_behind_a_hole() {
        let mut prelude = Prelude::new();
        prelude.push(Peer::B, b"220 mail.example ESMTP\r\n");
        prelude.lost(Peer::A, 16);
        prelude.lost(Peer::B, 100);
        prelude.push(Peer::A, HELLO);
        let progress = prelude.push(Peer::B, ANSWER);
        assert_eq!(progress, Progress::TlsAt { from_a: Some(16), from_b: Some(124) });
    }

    #[test]
    fn a_client_that_speaks_tls_to_a_plain_server_has_passed_nothing() {
        let end = play(&[b("220 mail.example ESMTP\r\n"), a(HELLO), b("500 5.5.1 what?\r\n")]);
        assert_eq!((end.a, end.b, end.summary), (Some(0), None, None));
    }

    #[test]
    fn a_refusal_stands_until_the_next_answer() {
        let turns = [a("CONNECT b:443 HTTP/1.1\r\n\r\n"), b("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")];
        let again = a("CONNECT b:443 HTTP/1.1\r\nProxy-Authorization: x\r\n\r\n");
        let asked = play(&[&turns[..], std::slice::from_ref(&again)].concat()).summary.unwrap();
        assert_eq!((asked.refusal.as_deref(), asked.asked_again), (Some("HTTP/1.1 407 No"), true));
        let granted = play(&[&turns[..], &[again, b("HTTP/1.1 200 OK\r\n\r\n")]].concat()).summary.unwrap();
        assert_eq!((granted.refusal, granted.asked_again, granted.granted), (None, false, true));
    }

    #[test]
    fn a_client_that_goes_on_without_tls_is_known_from_one_that_leaves() {
        let turns = [a(b"\0\0\0\x08\x04\xd2\x16\x2f"), b("N")];
        assert!(!play(&turns).summary.unwrap().went_on);
        let end = play(&[&turns[..], &[a(b"\0\0\0\x12\0\x03\0\0user\0me\0\0\0")]].concat());
        assert_eq!((end.plain, end.summary.unwrap().went_on), (Some("PostgreSQL"), true));
    }

    #[test]
    fn layers_end_somewhere() {
        let header = "PROXY TCP4 192.0.2.7 192.0.2.1 5 25\r\n";
        let end = play(&[a(header.repeat(5))]);
        assert_eq!(end.plain, Some("tunnel"));
    }

    #[test]
    fn a_protocol_that_has_no_tls_is_named() {
        assert_eq!(play(&[b("SSH-2.0-OpenSSH_9.6\r\n")]).plain, Some("SSH"));
        assert_eq!(play(&[a(b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0")]).plain, Some("MQTT"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_in_any_cut_are_taken(pieces in proptest::collection::vec(piece(), 0..40)) {
            let mut prelude = Prelude::new();
            for (from, bytes, lost) in pieces {
                let from = if from { Peer::A } else { Peer::B };
                if lost > 0 {
                    prelude.lost(from, lost);
                }
                prelude.push(from, &bytes);
            }
            proptest::prop_assert!(prelude.passed().len() <= Prelude::MOST_LAYERS + 1);
        }
    }

    /// Beginnings that some protocol knows, followed by anything.
    fn piece() -> impl proptest::strategy::Strategy<Value = (bool, Vec<u8>, u64)> {
        use proptest::prelude::*;
        let starts: Vec<&'static [u8]> = vec![
            b"",
            b"STARTTLS\r\n",
            b"220 ",
            b"CONNECT a:1 HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 200\r\n\r\n",
            b"<starttls>",
            b"<proceed/>",
            &[5, 1, 0],
            &[5, 0],
            &[5, 1, 0, 3],
            &[4, 1],
            &[0x30, 0x0c, 2, 1, 1, 0x77],
            &[3, 0, 0, 19, 14, 0xe0],
            &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f],
            b"S",
            b"PROXY ",
            b"\r\n\r\n\0\r\nQUIT\n",
            HELLO,
        ];
        let start = proptest::sample::select(starts);
        let rest = proptest::collection::vec(any::<u8>(), 0..60);
        let lost = prop_oneof![9 => Just(0), 1 => any::<u32>().prop_map(u64::from)];
        (any::<bool>(), start, rest, lost)
            .prop_map(|(from, start, rest, lost)| (from, [start, &rest[..]].concat(), lost))
    }
}
