//! Conversations for the tests: played whole, byte by byte, and in odd cuts, with the same end.

use super::{Passed, Peer, Prelude, Progress};

/// Beginnings of the records of a ClientHello and of a ServerHello.
pub(super) const HELLO: &[u8] = &[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 1, 2, 3];
pub(super) const ANSWER: &[u8] = &[0x16, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3, 9];

/// What a conversation comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) a: Option<u64>,
    pub(super) b: Option<u64>,
    pub(super) refused: bool,
    pub(super) plain: Option<&'static str>,
    pub(super) summary: Option<Passed>,
}

pub(super) fn a(bytes: impl AsRef<[u8]>) -> (Peer, Vec<u8>) {
    (Peer::A, bytes.as_ref().to_vec())
}

pub(super) fn b(bytes: impl AsRef<[u8]>) -> (Peer, Vec<u8>) {
    (Peer::B, bytes.as_ref().to_vec())
}

/// Plays the conversation in several cuts and returns the end that they share.
pub(super) fn play(turns: &[(Peer, Vec<u8>)]) -> End {
    let whole = play_cut(turns, usize::MAX);
    for cut in [1, 2, 3, 7, 40] {
        assert_eq!(play_cut(turns, cut), whole, "cut into pieces of {cut}");
    }
    whole
}

fn play_cut(turns: &[(Peer, Vec<u8>)], cut: usize) -> End {
    let mut prelude = Prelude::new();
    let mut end = End { a: None, b: None, refused: false, plain: None, summary: None };
    for (from, bytes) in turns {
        for piece in bytes.chunks(cut.min(bytes.len().max(1))) {
            match prelude.push(*from, piece) {
                Progress::NeedMore => {}
                Progress::TlsAt { from_a, from_b } => (end.a, end.b) = (from_a, from_b),
                Progress::Refused => end.refused = true,
                Progress::Plain(name) => end.plain = Some(name),
            }
        }
    }
    end.summary = prelude.summary();
    end
}

/// Asserts that TLS begins in both directions after the given plain bytes, with what was passed.
pub(super) fn assert_begins(turns: &[(Peer, Vec<u8>)], kind: &str, target: Option<&str>) {
    let plain =
        |peer| turns.iter().filter(|turn| turn.0 == peer).map(|turn| turn.1.len() as u64).sum::<u64>();
    let mut all = turns.to_vec();
    // The side that asked is the TLS client; without a request it is A.
    all.extend([a(HELLO), b(ANSWER)]);
    let end = play(&all);
    assert_eq!((end.a, end.b, end.plain), (Some(plain(Peer::A)), Some(plain(Peer::B)), None));
    let passed = end.summary.unwrap();
    assert_eq!((passed.kind, passed.target.as_deref(), passed.granted), (kind, target, true));
    assert_eq!(passed.refusal, None);
}

/// Asserts that the conversation ends with a refusal in these words.
pub(super) fn assert_refused(turns: &[(Peer, Vec<u8>)], kind: &str, words: &str) -> Passed {
    let end = play(turns);
    assert!(end.refused);
    assert_eq!((end.a, end.b), (None, None));
    let passed = end.summary.unwrap();
    assert_eq!((passed.kind, passed.refusal.as_deref(), passed.granted), (kind, Some(words), false));
    passed
}
