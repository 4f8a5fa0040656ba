//! Packets, messages, alerts and certificates agree with tshark, case by case.
//!
//! What tshark says is kept in `captures/<case>/tshark.tsv`, so that the comparison needs no tshark. Where it is installed,
//! `TLSPCAP_REFRESH=1` writes the files anew, and without it a few of them are checked to be what it says today.

mod support;

use std::collections::BTreeSet;

use support::random::Random;
use support::tshark::{Row, ask, read, rows};
use support::{Case, cases};

/// A case, its packets, and why tshark and this tool differ there.
type Differences = &'static [(&'static str, &'static [u64], &'static str)];

/// Where tshark 4.0 sees less than the capture holds; `docs/TSHARK.md` tells more.
const TSHARK_LACKS: Differences = &[
    ("decrypt-tls12-aria-128-gcm", &[8, 9, 12, 14], ARIA),
    ("decrypt-tls12-aria-256-gcm", &[8, 9, 12, 14], ARIA),
    (
        "decrypt-tls13-post-handshake-authentication",
        &[27],
        "it loses the keys after the late client certificate",
    ),
    (
        "ng-secrets-behind",
        &[6],
        "secrets are taken when they are met, and the packets before them stay closed",
    ),
    ("snap96", &[10], CUT),
    ("snap96-tls12", &[8], CUT),
];

const ARIA: &str = "ARIA in GCM mode is not among the suites that it opens";
const CUT: &str = "behind a segment that the snap length cut, its stream is not followed";

/// Where this tool says it otherwise.
const WE_DIFFER: Differences = &[
    (
        "decrypt-tls12-renegotiation",
        &[15],
        "a chain that a renegotiation sends again is listed where it was sent first",
    ),
    (
        "decrypt-tls12-renegotiation-refused",
        &[6],
        "the handshake that failed is the second one, and the chain is listed where that sent it again",
    ),
];

#[test]
fn messages_alerts_and_certificates_are_where_tshark_finds_them() {
    let refresh = std::env::var_os("TLSPCAP_REFRESH").is_some();
    let mut differences = Vec::new();
    let mut excused = BTreeSet::new();
    let mut compared = 0;
    let excuses = [TSHARK_LACKS, WE_DIFFER].concat();
    for case in cases() {
        let path = case.folder.join("tshark.tsv");
        if refresh {
            let text = ask_tshark(&case).expect("tshark is not installed");
            std::fs::write(&path, text).expect("a writable folder");
        }
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|_| panic!("{} is missing: TLSPCAP_REFRESH=1 makes it", path.display()));
        let (theirs, ours) = (read(&text), rows(&case.report()));
        compared += theirs.len();
        let places: BTreeSet<&(u64, u64)> = theirs.keys().chain(ours.keys()).collect();
        for &&(stream, packet) in &places {
            let none = Row::default();
            let (their, our) = (theirs.get(&(stream, packet)), ours.get(&(stream, packet)));
            let (their, our) = (their.unwrap_or(&none), our.unwrap_or(&none));
            if their == our {
                continue;
            }
            let known =
                excuses.iter().position(|(name, packets, _)| *name == case.name && packets.contains(&packet));
            match known {
                Some(at) => drop(excused.insert((at, packet))),
                None => differences.push(format!(
                    "{} stream {stream} packet {packet}: tshark {their:?}, here {our:?}",
                    case.name
                )),
            }
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
    let needless: Vec<_> = excuses
        .iter()
        .enumerate()
        .flat_map(|(at, (name, packets, _))| {
            let left = packets.iter().filter(|packet| !excused.contains(&(at, **packet)));
            left.map(|packet| (*name, *packet)).collect::<Vec<_>>()
        })
        .collect();
    assert!(needless.is_empty(), "these do not differ any longer: {needless:?}");
    assert!(compared >= 500, "{compared} packets compared");
}

#[test]
fn what_is_kept_of_tshark_is_what_it_says() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for case in random.sample(cases(), 5) {
        let kept = std::fs::read_to_string(case.folder.join("tshark.tsv")).unwrap_or_default();
        // Another version may see more or less.
        let Some(now) = ask_tshark(&case).filter(|now| now.lines().next() == kept.lines().next()) else {
            continue;
        };
        assert_eq!(now, kept, "{}", case.name);
    }
}

/// What tshark says of a case; `None` where it is not installed.
fn ask_tshark(case: &Case) -> Option<String> {
    ask(&case.capture(), case.text("keylog").map(|keys| case.folder.join(keys)).as_deref())
}
