//! Path checks agree with rustls-webpki, with OpenSSL and with the JDK on seeded chains; where they do not, it is known why.
//!
//! The reasons are listed in `docs/ORACLE.md`. OpenSSL and the JDK are asked where they are installed.

#[path = "oracle/ask.rs"]
mod ask;
#[path = "oracle/cases.rs"]
mod cases;

use std::collections::BTreeMap;
use std::sync::Arc;

use ask::Answer;
use cases::{Case, Fault};
use tlspcap::trust::path::{PathReport, PathRequest, check_with};
use tlspcap::trust::{Entry, EntryKind, Policy, ProblemKind, SignatureCache, Store, StoreKind};
use tlspcap::x509::Certificate;

/// A kind of disagreement that is known: its name in `docs/ORACLE.md`, and what it looks like.
struct Known {
    name: &'static str,
    is: fn(&Disagreement<'_>) -> bool,
}

struct Disagreement<'a> {
    case: &'a Case,
    ours: &'a PathReport,
    theirs: &'a Answer,
}

const KNOWN: &[Known] = &[
    // rustls-webpki looks at a leaf's key only when the leaf signs the handshake, which comes after the path.
    Known {
        name: "leaf-key-judged-in-the-handshake",
        is: |of| {
            of.ours.policy == Policy::Webpki && of.theirs.is_ok() && refused_for(of, &[ProblemKind::WeakKey])
        },
    },
    // The test's provider, ring, has no P-521; AWS-LC, which rustls takes by default, has.
    Known {
        name: "p521-not-in-ring",
        is: |of| of.ours.policy == Policy::Webpki && of.case.label == "p521-root",
    },
    // What follows a certificate in a PEM block does not reach OpenSSL; in TLS it does, and is refused.
    Known {
        name: "trailing-bytes-in-pem",
        is: |of| {
            of.case.has(Fault::LeafTrailingBytes)
                && of.theirs.is_ok()
                && refused_for(of, &[ProblemKind::Malformed])
        },
    },
    // OpenSSL looks for no issuer of a certificate with an extension that is there twice, and takes it when it is trusted.
    Known {
        name: "trusted-leaf-with-extension-twice",
        is: |of| {
            let trusted = of.case.has(Fault::StoreOfLeaf) || of.case.has(Fault::StoreOfLeafAndIntermediate);
            of.case.has(Fault::LeafExtensionTwice) && trusted && of.theirs.is_ok()
        },
    },
];

/// We refuse it for these reasons alone.
fn refused_for(of: &Disagreement<'_>, kinds: &[ProblemKind]) -> bool {
    of.ours.problems.iter().filter(|problem| problem.fatal).all(|problem| kinds.contains(&problem.kind))
}

fn read(der: &[u8]) -> Arc<Certificate> {
    Arc::new(Certificate::from_der(Arc::from(der)))
}

fn ours(case: &Case, policy: Policy, signatures: &SignatureCache) -> PathReport {
    let chain: Vec<Arc<Certificate>> = case.chain.iter().map(|der| read(der)).collect();
    let entries =
        case.store.iter().map(|der| Entry { alias: None, kind: EntryKind::Certificate(read(der)) }).collect();
    let store = Store { source: "store.pem".to_owned(), kind: StoreKind::Given, entries, ..Store::default() };
    let request = PathRequest {
        chain: &chain,
        store: &store,
        at: case.at,
        now: None,
        policy,
        client: false,
        elsewhere: &[],
        ocsp: None,
        asked_ocsp: false,
    };
    check_with(&request, signatures)
}

/// Compares all answers; a disagreement that is not known fails.
fn compare(policy: Policy, cases: &[Case], answers: &[Answer]) {
    assert_eq!(cases.len(), answers.len());
    let signatures = SignatureCache::default();
    let mut met: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut unexplained = BTreeMap::new();
    let mut accepted = 0;
    for (case, theirs) in cases.iter().zip(answers) {
        let ours = ours(case, policy, &signatures);
        accepted += usize::from(theirs.is_ok());
        if ours.accepted == theirs.is_ok() {
            continue;
        }
        let disagreement = Disagreement { case, ours: &ours, theirs };
        match KNOWN.iter().find(|known| (known.is)(&disagreement)) {
            Some(known) => *met.entry(known.name).or_default() += 1,
            None => {
                let problems: Vec<_> =
                    ours.problems.iter().filter(|problem| problem.fatal).map(|p| p.kind).collect();
                let key = format!("{}: ours {problems:?}, theirs {theirs:?}", case.label);
                *unexplained.entry(key).or_insert(0) += 1;
            }
        }
    }
    println!("{}: {} cases, {accepted} accepted, known disagreements {met:?}", policy.name(), cases.len());
    for (what, count) in &unexplained {
        println!("  {count} {what}");
    }
    assert!(unexplained.is_empty(), "{} disagreements that nobody explained", unexplained.len());
    let page = include_str!("../docs/ORACLE.md");
    assert!(
        KNOWN.iter().all(|known| page.contains(&format!("`{}`", known.name))),
        "docs/ORACLE.md lists them all"
    );
    // A comparison in which nothing is accepted, or everything, would say nothing.
    assert!(accepted > cases.len() / 10 && accepted < cases.len() * 9 / 10);
}

/// Another seed than the usual one finds other cases: `TLSPCAP_ORACLE_SEED=7 cargo test --test oracle`.
fn seed() -> u64 {
    std::env::var("TLSPCAP_ORACLE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn all(seed: u64, count: usize) -> Vec<Case> {
    cases::cases(seed, count).into_iter().chain(cases::weak()).collect()
}

#[test]
fn rustls_webpki_agrees() {
    let cases = all(seed(), 2_000);
    let answers: Vec<Answer> = cases.iter().map(ask::webpki).collect();
    compare(Policy::Webpki, &cases, &answers);
}

#[test]
fn openssl_agrees() {
    if !ask::is_installed("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cases = all(seed() + 1_000, 360);
    for (policy, partial) in [(Policy::Openssl, false), (Policy::OpensslPartial, true)] {
        let answers: Vec<Answer> =
            cases.iter().map(|case| ask::openssl(case, folder.path(), partial)).collect();
        compare(policy, &cases, &answers);
    }
}

#[test]
fn the_jdk_agrees() {
    if !ask::is_installed("java") {
        return;
    }
    let cases = all(seed() + 2_000, 900);
    compare(Policy::Java, &cases, &ask::java(&cases));
}
