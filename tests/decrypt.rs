//! Every capture of `captures/decrypt-*/` opens to the text that was sent.

mod decrypt_support;

use std::fs;

use decrypt_support::{Case, Record, Session, digest, parse_server_hello};
use tlspcap::tls::decrypt::{DecryptError, Decryptor, HashKind, NoKeys};
use tlspcap::tls::keylog::Secrets;
use tlspcap::tls::message::Side;

fn followed(case: &Case, secrets: Secrets) -> Session {
    let mut session = Session::new(secrets);
    for (from, record) in case.records() {
        session.take(from, &record);
    }
    session
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_capture_opens_to_the_text_that_was_sent() {
    let cases = Case::all();
    assert!(cases.len() >= 55, "{}", cases.len());
    for case in cases {
        let session = followed(&case, case.secrets());
        let name = &case.name;
        assert_eq!(session.errors, [], "{name}");
        assert_eq!(text(&session.data[0]), case.text("plaintext_client"), "{name}");
        assert_eq!(text(&session.data[1]), case.text("plaintext_server"), "{name}");
        assert_eq!(session.decryptor.unwrap().suite_name(), case.text("suite"), "{name}");
        // SSL 3.0 has another kind of Finished; every other one must fit its transcript.
        let fits = (case.text("version") != "3.0").then_some(true);
        assert!(session.finished.len() >= 2, "{name}");
        let checked =
            if name.ends_with("post-handshake-authentication") { 2 } else { session.finished.len() };
        assert!(
            session.finished[..checked].iter().all(|found| *found == fits),
            "{name}: {:?}",
            session.finished
        );
    }
}

#[test]
fn a_finished_that_was_changed_does_not_fit() {
    for name in
        ["decrypt-tls13-aes-128-gcm", "decrypt-tls12-aes-128-gcm", "decrypt-tls10-aes-256-cbc-sha-mte"]
    {
        let case = Case::named(name);
        let decryptor = followed(&case, case.secrets()).decryptor.unwrap();
        let hash = digest(decryptor.hash(), b"another transcript");
        assert_eq!(decryptor.verify_finished(Side::Server, &hash, &[0; 12]), Some(false), "{name}");
    }
}

#[test]
fn secrets_of_another_connection_open_nothing() {
    let other = fs::read_to_string(Case::named("decrypt-tls13-retry").folder.join("keys.log")).unwrap();
    for case in Case::all().iter().filter(|case| !case.name.contains("null") && !case.name.contains("early"))
    {
        // The keys of this connection, with every secret replaced.
        let own = fs::read_to_string(case.folder.join("keys.log")).unwrap();
        let wrong: String = own
            .lines()
            .map(|line| {
                let (head, secret) = line.rsplit_once(' ').unwrap();
                format!("{head} {}\n", "5a".repeat(secret.len() / 2))
            })
            .collect();
        let mut secrets = Secrets::default();
        if case.name != "decrypt-tls13-retry" {
            assert_eq!(secrets.parse(other.as_bytes(), "other"), []);
        }
        assert_eq!(secrets.parse(wrong.as_bytes(), "wrong"), [], "{}", case.name);
        let session = followed(case, secrets);
        assert_eq!((session.data[0].len(), session.data[1].len()), (0, 0), "{}", case.name);
        assert!(session.errors.contains(&DecryptError::BadRecord), "{}: {:?}", case.name, session.errors);
    }
}

#[test]
fn a_byte_that_was_changed_anywhere_in_a_record_is_noticed() {
    for case in Case::all() {
        let mut session = Session::new(case.secrets());
        let mut changed = 0;
        for (from, record) in case.records() {
            let protected = session.decryptor.is_some() && record.header[0] == 23;
            if !protected || changed > 0 {
                session.take(from, &record);
                continue;
            }
            for at in 0..record.fragment.len() {
                // Each bit costs a search for the record's number; one per byte is enough.
                let mut broken = record.clone();
                broken.fragment[at] ^= 1 << (at % 8);
                let mut fresh = replayed(&case, &record);
                fresh.errors.clear();
                fresh.take(from, &broken);
                // Padding of SSL 3.0 is arbitrary, so that a change of it can pass.
                assert!(fresh.errors.len() == 1 || case.text("version") == "3.0", "{} byte {at}", case.name);
                changed += 1;
            }
            session.take(from, &record);
        }
        assert!(changed > 0, "{}", case.name);
    }
}

/// A session that has taken every record before this one.
fn replayed(case: &Case, until: &Record) -> Session {
    let mut session = Session::new(case.secrets());
    for (from, record) in case.records() {
        if record.header == until.header && record.fragment == until.fragment {
            break;
        }
        session.take(from, &record);
    }
    session
}

#[test]
fn without_the_early_secret_early_data_is_passed_over() {
    for name in ["decrypt-tls13-early-data-refused", "decrypt-tls13-early-data-retry"] {
        let case = Case::named(name);
        let log = fs::read_to_string(case.folder.join("keys.log")).unwrap();
        let without: Vec<&str> = log.lines().filter(|line| !line.starts_with("CLIENT_EARLY")).collect();
        assert_eq!(without.len() + 1, log.lines().count());
        let mut secrets = Secrets::default();
        secrets.parse(without.join("\n").as_bytes(), "keys.log");
        let session = followed(&case, secrets);
        assert_eq!(session.errors, [DecryptError::EarlyData], "{name}");
        assert_eq!(text(&session.data[0]), "late\n", "{name}");
        assert_eq!(text(&session.data[1]), case.text("plaintext_server"), "{name}");
    }
}

#[test]
fn records_after_a_gap_open_under_a_later_number() {
    let mut tried = 0;
    for case in Case::all().iter().filter(|case| case.text("version") != "1.3") {
        // Nothing tells how far the key stream of RC4 went, and a chained IV needs one more record.
        let stops = case.name.contains("rc4");
        let chained = case.name.contains("cbc") && ["1.0", "3.0"].contains(&case.text("version"));
        let mut session = Session::new(case.secrets());
        let mut after = None;
        for (from, record) in case.records() {
            let protected = from == Side::Server && session.protected[1];
            if protected && after.is_none() {
                // The first protected record, the server's Finished.
                session.decryptor.as_mut().unwrap().lost(Side::Server);
                after = Some(0);
                continue;
            }
            let errors = session.errors.len();
            session.take(from, &record);
            if let Some(count) = after.as_mut().filter(|_| protected) {
                let opened = session.errors.len() == errors;
                let closed = stops || (chained && *count == 0);
                assert_eq!(opened, !closed, "{} record {count} after", case.name);
                *count += 1;
            }
        }
        tried += after.unwrap_or(0);
    }
    assert!(tried > 80, "{tried}");
}

#[test]
fn a_change_cipher_spec_in_a_gap_is_made_up_for() {
    for case in Case::all().iter().filter(|case| case.text("version") == "1.2" && !case.name.contains("rc4"))
    {
        if case.name.contains("renegotiation") {
            continue;
        }
        let mut session = Session::new(case.secrets());
        let mut opened = 0;
        let mut lost = 0;
        for (from, record) in case.records() {
            if from == Side::Client {
                session.take(from, &record);
            } else if lost < 2 && (record.header[0] == 20 || lost == 1) {
                // The server's ChangeCipherSpec and Finished.
                session.decryptor.as_mut().unwrap().lost(Side::Server);
                lost += 1;
            } else if lost == 2 {
                session.open(from, &record);
                opened += 1;
            } else {
                session.take(from, &record);
            }
        }
        assert!(opened > 0, "{}", case.name);
        assert_eq!(session.errors, [], "{}", case.name);
        assert_eq!(text(&session.data[1]), case.text("plaintext_server"), "{}", case.name);
    }
}

#[test]
fn after_a_gap_in_tls_1_3_the_next_keys_are_tried_too() {
    // Every run of the server's records after its first flight is lost in turn; the rest must open.
    for name in ["decrypt-tls13-key-update", "decrypt-tls13-aes-128-ccm-8", "decrypt-tls13-chacha20-poly1305"]
    {
        let case = Case::named(name);
        let records = case.records();
        let of_server: Vec<usize> = (0..records.len())
            .filter(|at| records[*at].0 == Side::Server && records[*at].1.header[0] == 23)
            .collect();
        for run in 1..of_server.len() {
            let until = &records[of_server[run]].1;
            if replayed(&case, until).key_updates[1] > 1 {
                // The keys after two missed updates are not tried.
                break;
            }
            let mut session = Session::new(case.secrets());
            for (at, (from, record)) in records.iter().enumerate() {
                if of_server[..run].contains(&at) {
                    session.decryptor.as_mut().unwrap().lost(Side::Server);
                } else {
                    session.take(*from, record);
                }
            }
            assert_eq!(session.errors, [], "{name}, {run} records lost");
            assert!(!session.alerts[1].is_empty(), "{name}, {run} records lost");
        }
    }
}

#[test]
fn a_record_that_is_skipped_still_counts() {
    let chained = ["decrypt-tls10-", "decrypt-ssl30-", "decrypt-tls12-rc4"];
    let cases = Case::all();
    let of_each_kind = cases.iter().filter(|case| {
        let name = case.name.as_str();
        chained.iter().any(|prefix| name.starts_with(prefix))
            || ["decrypt-tls13-aes-256-gcm", "decrypt-tls12-aes-128-gcm", "decrypt-tls12-aes-128-cbc-sha-mte"]
                .contains(&name)
    });
    let mut tried = 0;
    for case in of_each_kind {
        let name = &case.name;
        tried += 1;
        let mut session = Session::new(case.secrets());
        let mut skipped = false;
        for (from, record) in case.records() {
            let data = record.header[0] == 23 && from == Side::Server && !session.data[0].is_empty();
            if data && !skipped {
                let fragment = &record.fragment;
                let tail = &fragment[fragment.len().saturating_sub(36)..];
                session.decryptor.as_mut().unwrap().skip(Side::Server, fragment.len(), tail);
                skipped = true;
            } else {
                session.take(from, &record);
            }
        }
        assert!(skipped, "{name}");
        assert_eq!(session.errors, [], "{name}");
        assert!(!session.alerts[1].is_empty(), "{name}");
    }
    assert!(tried >= 13, "{tried}");
}

#[test]
fn what_cannot_be_opened_is_named() {
    let case = Case::named("decrypt-tls12-aes-128-gcm");
    let records = case.records();
    let message = &records.iter().find(|(from, _)| *from == Side::Server).unwrap().1.fragment;
    let hello = parse_server_hello(message);
    let client_random: [u8; 32] = records[0].1.fragment[6..38].try_into().unwrap();
    let none =
        |random: &[u8; 32], hello: &_| Decryptor::new(&case.secrets(), random, hello, false).unwrap_err();

    assert_eq!(none(&[0; 32], &hello), NoKeys::NoSecret);
    let mut other = hello.clone();
    other.cipher_suite.0 = 0x0007;
    assert_eq!(none(&client_random, &other), NoKeys::Suite(0x0007));
    other.cipher_suite.0 = 0x1301;
    assert_eq!(none(&client_random, &other), NoKeys::Suite(0x1301), "a TLS 1.3 suite in TLS 1.2");
    let mut other = hello.clone();
    other.version.0 = 0x0302;
    assert_eq!(none(&client_random, &other), NoKeys::Suite(0xc02b), "GCM in TLS 1.1");
    other.version.0 = 0x0002;
    assert_eq!(none(&client_random, &other), NoKeys::Version(2));
    let mut other = hello.clone();
    other.compression = 1;
    assert_eq!(none(&client_random, &other), NoKeys::Compression(1));

    let mut decryptor = Decryptor::new(&case.secrets(), &client_random, &hello, false).unwrap();
    let header = [22, 3, 3, 0, 4];
    assert_eq!(
        decryptor.open(Side::Client, header, &[1, 2, 3, 4], &mut Vec::new()),
        Err(DecryptError::NoKey)
    );
    decryptor.change_cipher_spec(Side::Client);
    assert_eq!(
        decryptor.open(Side::Client, header, &[1, 2, 3, 4], &mut Vec::new()),
        Err(DecryptError::Malformed)
    );
    assert_eq!(decryptor.hash(), HashKind::Sha256);
}

#[test]
fn a_suite_without_encryption_opens_without_a_secret() {
    let case = Case::named("decrypt-tls12-null-sha256");
    let session = followed(&case, Secrets::default());
    assert_eq!(text(&session.data[0]), case.text("plaintext_client"));
    assert_eq!(text(&session.data[1]), case.text("plaintext_server"));
}

#[test]
fn records_of_any_length_and_content_end_in_a_value() {
    for case in Case::all() {
        let mut session = Session::new(case.secrets());
        for (from, record) in case.records() {
            session.take(from, &record);
            let Some(decryptor) = session.decryptor.as_mut() else { continue };
            if record.header[0] != 23 {
                continue;
            }
            for len in (0..80).chain([record.fragment.len().saturating_sub(1)]) {
                let mut cut = record.fragment.clone();
                cut.resize(len, 0xa5);
                assert!(decryptor.open(from, record.header, &cut, &mut Vec::new()).is_err(), "{}", case.name);
            }
            break;
        }
    }
}
