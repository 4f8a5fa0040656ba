//! Verdicts on clients that complete the handshake and leave without data: some refuse a certificate so, and probes do the same.

use crate::connection::{At, Connection, Gap, Outcome, SeenAlert};
use crate::diagnose::testing::Builder;
use crate::diagnose::testing_case::{Inputs, report};
use crate::diagnose::{Confidence, Diagnosis, OtherPaths, Party, Severity, diagnose};
use crate::fingerprint::Stack;
use crate::tls::message::Side;
use crate::trust::{Policy, ProblemKind};

const ROOT: [(ProblemKind, bool); 1] = [(ProblemKind::UntrustedRoot, true)];

fn judge(inputs: &Inputs) -> Diagnosis {
    diagnose(&inputs.case())
}

/// A whole handshake, and then an alert of the client that cannot be read.
fn hidden_close(builder: Builder) -> Connection {
    let mut connection = builder.fin(Side::Client).build();
    let fin = connection.teardown.fin[0].as_ref().map_or(0, |at| at.packet);
    let value = SeenAlert { sender: Side::Client, alert: None, encrypted: true, after_peer_closed: false };
    connection.alerts.push(At { packet: fin, first_packet: fin, time: connection.end, value });
    connection
}

#[test]
fn a_server_that_answers_the_close_notify_with_its_fin_did_not_give_up() {
    let builder = Builder::tls12().finished().alert(Side::Client, 1, 0).fin(Side::Server);
    let connection = builder.rst(Side::Client, 64).build();
    let found = judge(&Inputs::new(connection).stack(Stack::GnuTls).problems(&ROOT));
    assert_eq!((found.outcome, found.verdict.cause), (Outcome::Failed, "untrusted-root"));
    assert_eq!(found.verdict.failed_by, Party::Client);
    // The same by lengths: a Finished, a close_notify, the server's tickets and its FIN.
    let builder = Builder::tls13(0x1302).server_records(&[1500, 281]).client_records(&[69, 19]);
    let connection = builder.server_records(&[250]).fin(Side::Server).rst(Side::Client, 64).build();
    let found = judge(&Inputs::new(connection).stack(Stack::GnuTls));
    assert_eq!((found.verdict.cause, found.verdict.failed_by), ("certificate-rejected", Party::Client));
    assert_eq!(found.verdict.confidence, Confidence::Possible);
}

#[test]
fn a_probe_that_closes_is_at_most_possibly_a_refusal() {
    let mut inputs =
        Inputs::new(hidden_close(Builder::tls12().finished())).stack(Stack::OpenSsl).problems(&ROOT);
    inputs = inputs.without_store();
    assert_eq!(
        judge(&inputs).outcome,
        Outcome::Established,
        "OpenSSL's alert would come before its Finished"
    );
    inputs.stack.fits.push(Stack::Nginx);
    let found = judge(&inputs).verdict;
    assert_eq!((found.cause, found.confidence), ("untrusted-root", Confidence::Possible));
    assert!(found.summary.contains("A probe"), "{}", found.summary);
    inputs.stack.fits = vec![Stack::Nss];
    assert_eq!(judge(&inputs).verdict.confidence, Confidence::Likely, "NSS judges after its Finished");
}

#[test]
fn what_the_clients_rules_take_is_no_reason_after_a_whole_handshake() {
    let closed = || Builder::tls12().finished().fin(Side::Client).build();
    let mut inputs = Inputs::new(closed()).stack(Stack::OpenSsl);
    inputs.stack.fits.push(Stack::Nginx);
    if let Some(names) = &mut inputs.hostname {
        names.by_common_name = true;
    }
    let found = judge(&inputs);
    assert_eq!(found.outcome, Outcome::Established);
    assert!(
        found.findings.iter().any(|one| one.code == "hostname-mismatch" && one.severity < Severity::Error)
    );
    let mut inputs = Inputs::new(closed()).stack(Stack::OpenSsl);
    inputs.stack.fits.push(Stack::Nginx);
    inputs.others = OtherPaths::known(vec![report(Policy::Webpki, &[(ProblemKind::WrongEku, true)])]);
    assert_eq!(judge(&inputs).outcome, Outcome::Established, "other rules refuse it");
}

#[test]
fn a_hidden_alert_behind_lost_bytes_of_the_server_may_be_a_close_notify() {
    let mut connection = hidden_close(Builder::tls12().client_certificates(0));
    let before = connection.client_key_exchange.as_ref().map(|at| at.packet);
    let after = connection.teardown.fin[0].as_ref().map(|at| at.packet);
    connection.gaps.push(Gap {
        sender: Side::Server,
        offset: 2000,
        len: 242,
        before,
        after,
        snaplen: false,
        in_data: false,
    });
    assert_eq!(judge(&Inputs::new(connection).stack(Stack::OpenSsl)).outcome, Outcome::Incomplete);
}

#[test]
fn a_fault_for_what_this_client_trusts_is_named_though_its_stack_says_more_by_itself() {
    // A program imitates a browser's hello, and asks its library for the verdict afterwards.
    let closed = || Builder::tls12().finished().fin(Side::Client).build();
    let inputs = Inputs::new(closed()).stack(Stack::Chromium).problems(&ROOT);
    let found = judge(&inputs).verdict;
    assert_eq!((found.cause, found.confidence), ("untrusted-root", Confidence::Possible));
    assert_eq!(found.client_error, None, "Chromium itself would have sent an alert");
    assert_eq!(judge(&inputs.without_store()).outcome, Outcome::Established, "its trust is not known");
    // A program closes where its library would have sent an alert.
    let silent = Builder::tls12().fin(Side::Client).build();
    let found = judge(&Inputs::new(silent).stack(Stack::Go).problems(&ROOT)).verdict;
    assert_eq!((found.cause, found.confidence), ("untrusted-root", Confidence::Possible));
}

#[test]
fn programs_on_openssl_may_check_the_name_after_the_handshake() {
    let closed = Builder::tls12().finished().fin(Side::Client).build();
    let found = judge(&Inputs::new(closed).stack(Stack::OpenSsl).wrong_name());
    assert_eq!((found.outcome, found.verdict.cause), (Outcome::Failed, "hostname-mismatch"));
}

#[test]
fn a_client_that_goes_back_to_plain_text_behind_the_handshake_gave_up_there() {
    let mut connection = Builder::tls12().finished().alert(Side::Server, 2, 70).fin(Side::Client).build();
    let packet = connection.alerts[0].packet;
    let inputs = |connection| Inputs::new(connection).stack(Stack::GnuTls).wrong_name();
    assert_ne!(judge(&inputs(connection.clone())).verdict.cause, "hostname-mismatch");
    let left = At { packet: packet - 1, first_packet: packet - 1, time: connection.start, value: () };
    connection.left_tls[0] = Some(left);
    let found = judge(&inputs(connection)).verdict;
    assert_eq!((found.cause, found.failed_by), ("hostname-mismatch", Party::Client));
    assert!(found.summary.contains("went back to plain text"), "{}", found.summary);
}

#[test]
fn a_handshake_behind_which_the_capture_ends_was_likely_not_refused() {
    let confidence = |builder: Builder| judge(&Inputs::new(builder.build())).verdict.confidence;
    assert_eq!(confidence(Builder::tls12().finished()), Confidence::Likely);
    assert_eq!(confidence(Builder::tls12().finished().application_data()), Confidence::Certain);
}
