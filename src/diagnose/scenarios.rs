//! Whole verdicts on connections built by hand: what must come out, and what must not.

use crate::connection::{Connection, Outcome};
use crate::diagnose::testing::Builder;
use crate::diagnose::testing_case::{Inputs, report};
use crate::diagnose::{Confidence, Diagnosis, OtherPaths, Party, PolicySource, Severity, diagnose};
use crate::fingerprint::Stack;
use crate::tls::message::Side;
use crate::trust::{Policy, ProblemKind, StoreKind};

fn judge(inputs: &Inputs) -> Diagnosis {
    diagnose(&inputs.case())
}

fn verdict(inputs: &Inputs) -> (&'static str, Confidence, Party) {
    let verdict = judge(inputs).verdict;
    (verdict.cause, verdict.confidence, verdict.failed_by)
}

/// A Java client that closes behind the chain without an alert: FIN,ACK, then RST,ACK.
fn silent_java() -> Connection {
    Builder::tls12().fin(Side::Client).rst(Side::Client, 64).build()
}

const ROOT: (ProblemKind, bool) = (ProblemKind::UntrustedRoot, true);

#[test]
fn a_silent_close_behind_a_chain_whose_root_the_store_lacks_is_an_untrusted_root() {
    for policy in [Policy::Strict, Policy::Openssl] {
        let mut inputs = Inputs::new(silent_java()).stack(Stack::Java);
        inputs.policy = (policy, PolicySource::Option);
        let inputs = inputs.problems(&[ROOT]);
        assert_eq!(verdict(&inputs), ("untrusted-root", Confidence::Certain, Party::Client));
        let found = judge(&inputs);
        assert!(found.verdict.summary.contains("without an alert"), "{}", found.verdict.summary);
        let packets: Vec<Option<u64>> = found.verdict.evidence.iter().map(|one| one.packet).collect();
        assert!(packets.is_sorted() && packets.contains(&Some(6)) && packets.contains(&Some(7)));
        assert!(
            found.verdict.client_error.is_some_and(|error| error.text.contains("PKIX path building failed"))
        );
        assert!(found.verdict.fix.iter().any(|step| step.contains("keytool -importcert")));
    }
}

#[test]
fn a_store_that_is_enough_by_the_clients_rules_leaves_the_other_rules_as_a_likely_cause() {
    let mut inputs = Inputs::new(silent_java()).stack(Stack::Java);
    inputs.policy = (Policy::Java, PolicySource::Client);
    inputs.others = OtherPaths::known(vec![report(Policy::Openssl, &[ROOT])]);
    assert_eq!(verdict(&inputs), ("untrusted-root", Confidence::Likely, Party::Client));
}

#[test]
fn unknown_ca_from_openssl_excludes_the_wrong_name_though_the_name_is_wrong() {
    let connection = Builder::tls12().alert(Side::Client, 2, 48).fin(Side::Client).build();
    let inputs = Inputs::new(connection).stack(Stack::OpenSsl).problems(&[ROOT]).wrong_name();
    let found = judge(&inputs);
    assert_eq!((found.verdict.cause, found.verdict.confidence), ("untrusted-root", Confidence::Certain));
    assert!(found.findings.iter().any(|finding| finding.code == "hostname-mismatch"));
    assert!(
        found
            .verdict
            .ruled_out
            .iter()
            .any(|out| out.cause == "hostname-mismatch" && out.why.contains("unknown_ca"))
    );
}

#[test]
fn one_alert_for_everything_leaves_two_faults_open() {
    let connection = Builder::tls12().alert(Side::Client, 2, 42).fin(Side::Client).build();
    let problems = [ROOT, (ProblemKind::Expired, true)];
    let inputs = Inputs::new(connection).stack(Stack::Go).problems(&problems);
    let found = judge(&inputs);
    assert_eq!((found.verdict.cause, found.verdict.confidence), ("expired", Confidence::Likely));
    assert!(found.verdict.alternatives.iter().any(|other| other.cause == "untrusted-root"));
}

#[test]
fn without_the_clients_store_a_lack_of_trust_is_never_certain() {
    let connection = Builder::tls12().alert(Side::Client, 2, 48).fin(Side::Client).build();
    let inputs = Inputs::new(connection).stack(Stack::OpenSsl).problems(&[ROOT]).without_store();
    let found = judge(&inputs).verdict;
    assert_eq!((found.cause, found.confidence), ("untrusted-root", Confidence::Likely));
    assert!(found.missing.iter().any(|missing| missing.what == "trust-store"));
}

#[test]
fn an_expired_leaf_and_the_alert_for_it_need_no_store() {
    let connection = Builder::tls12().alert(Side::Client, 2, 45).fin(Side::Client).build();
    let problems = [(ProblemKind::Expired, true), ROOT];
    let inputs = Inputs::new(connection).stack(Stack::OpenSsl).problems(&problems).without_store();
    assert_eq!(verdict(&inputs), ("expired", Confidence::Certain, Party::Client));
}

#[test]
fn an_expired_leaf_that_the_client_took_is_a_finding_and_no_failure() {
    let connection = Builder::tls12().finished().application_data().fin(Side::Client).build();
    let inputs = Inputs::new(connection).problems(&[(ProblemKind::Expired, true)]);
    let found = judge(&inputs);
    assert_eq!((found.outcome, found.verdict.cause), (Outcome::Established, "none"));
    let expired = found.findings.iter().find(|finding| finding.code == "expired");
    assert!(expired.is_some_and(|finding| finding.text.contains("took the connection all the same")));
}

#[test]
fn an_alert_that_answers_a_fin_is_no_cause() {
    let connection = Builder::tls12().fin(Side::Client).alert(Side::Server, 2, 50).fin(Side::Server).build();
    let inputs = Inputs::new(connection).stack(Stack::Java).problems(&[ROOT]);
    assert_eq!(verdict(&inputs), ("untrusted-root", Confidence::Certain, Party::Client));
    let connection = Builder::hello().fin(Side::Server).alert(Side::Client, 2, 50).build();
    assert_eq!(verdict(&Inputs::new(connection)).0, "server-closed");
}

#[test]
fn close_notify_is_no_failure() {
    let connection = Builder::tls12()
        .finished()
        .application_data()
        .alert(Side::Client, 1, 0)
        .alert(Side::Server, 1, 0)
        .fin(Side::Client)
        .build();
    assert_eq!(judge(&Inputs::new(connection)).outcome, Outcome::Established);
}

#[test]
fn a_warning_about_the_name_ends_nothing() {
    let connection = Builder::hello().alert(Side::Server, 1, 112).build();
    assert_eq!(judge(&Inputs::new(connection)).outcome, Outcome::Incomplete);
    let connection = Builder::hello().alert(Side::Server, 2, 112).fin(Side::Server).build();
    assert_eq!(verdict(&Inputs::new(connection)), ("unrecognized-name", Confidence::Certain, Party::Server));
}

#[test]
fn a_client_that_judges_late_refuses_after_the_handshake() {
    let connection = || Builder::tls12().finished().fin(Side::Client).build();
    let inputs = Inputs::new(connection()).stack(Stack::Wget).problems(&[(ProblemKind::Expired, true)]);
    let found = judge(&inputs);
    assert_eq!((found.outcome, found.verdict.cause), (Outcome::Failed, "expired"));
    let inputs = Inputs::new(connection()).stack(Stack::Wget);
    assert_eq!(judge(&inputs).outcome, Outcome::Established, "without a fault it is an orderly end");
    let inputs = Inputs::new(connection()).stack(Stack::Python).problems(&[(ProblemKind::Expired, true)]);
    assert_eq!(judge(&inputs).outcome, Outcome::Established, "Python would have refused before");
    let idle = Builder::tls12().finished().wait(20).fin(Side::Client).build();
    let inputs = Inputs::new(idle).stack(Stack::Wget).problems(&[(ProblemKind::Expired, true)]);
    assert_eq!(judge(&inputs).outcome, Outcome::Established, "a spare connection that idles is no refusal");
}

#[test]
fn tls_13_without_keys_tells_a_refusal_by_its_length_and_claims_no_more() {
    let connection =
        Builder::tls13(0x1302).server_records(&[1500, 281]).client_records(&[35]).fin(Side::Client).build();
    let found = judge(&Inputs::new(connection).stack(Stack::Java)).verdict;
    assert_eq!((found.cause, found.confidence), ("certificate-rejected", Confidence::Likely));
    assert!(found.missing.iter().any(|missing| missing.what == "key-log"));
}

#[test]
fn tls_13_without_keys_and_a_bare_close_in_place_of_the_finished() {
    let connection = || Builder::tls13(0x1302).server_records(&[1500, 281]).fin(Side::Client).build();
    let found = judge(&Inputs::new(connection()).stack(Stack::Node)).verdict;
    assert_eq!((found.cause, found.confidence), ("certificate-rejected", Confidence::Likely));
    let found = judge(&Inputs::new(connection()).stack(Stack::Chromium)).verdict;
    assert_eq!(found.cause, "client-cert-missing", "Chromium sends an alert for a bad certificate");
}

#[test]
fn tls_13_with_a_finished_and_data_is_established() {
    let connection = Builder::tls13(0x1302)
        .server_records(&[1500, 281])
        .client_records(&[69, 120])
        .server_records(&[255, 255, 300])
        .client_records(&[19])
        .fin(Side::Client)
        .build();
    assert_eq!(judge(&Inputs::new(connection)).outcome, Outcome::Established);
}

#[test]
fn a_server_without_a_client_certificate_refuses_after_the_clients_finished() {
    let connection = Builder::tls13(0x1302)
        .server_records(&[1500, 281])
        .client_records(&[25, 69, 120])
        .server_records(&[19])
        .fin(Side::Server)
        .build();
    assert_eq!(verdict(&Inputs::new(connection)), ("client-cert-missing", Confidence::Likely, Party::Server));
}

#[test]
fn an_empty_client_certificate_and_handshake_failure() {
    let connection = Builder::tls12()
        .certificate_request()
        .client_certificates(0)
        .alert(Side::Server, 2, 40)
        .fin(Side::Server)
        .build();
    assert_eq!(
        verdict(&Inputs::new(connection)),
        ("client-cert-missing", Confidence::Certain, Party::Server)
    );
}

#[test]
fn a_client_certificate_of_an_unknown_ca() {
    let connection = Builder::tls12()
        .certificate_request()
        .client_certificates(2)
        .alert(Side::Server, 2, 48)
        .fin(Side::Server)
        .build();
    assert_eq!(
        verdict(&Inputs::new(connection)),
        ("client-cert-rejected", Confidence::Certain, Party::Server)
    );
}

#[test]
fn one_group_alone_is_why_nothing_was_in_common() {
    let mut connection = Builder::hello().alert(Side::Server, 2, 40).fin(Side::Server).build();
    if let Some(hello) = &mut connection.client_hello {
        hello.value.groups.truncate(1);
    }
    assert_eq!(verdict(&Inputs::new(connection)), ("no-shared-group", Confidence::Likely, Party::Server));
}

#[test]
fn a_health_probe_is_no_failure() {
    let connection = Builder::tcp().fin(Side::Client).fin(Side::Server).build();
    let found = judge(&Inputs::new(connection));
    assert_eq!((found.outcome, found.verdict.cause), (Outcome::Incomplete, "none"));
}

#[test]
fn silence_after_the_client_hello() {
    let connection = Builder::hello().wait(10).fin(Side::Client).build();
    assert_eq!(verdict(&Inputs::new(connection)), ("server-silent", Confidence::Likely, Party::Server));
    let connection = Builder::hello().fin(Side::Client).build();
    assert_eq!(verdict(&Inputs::new(connection)).0, "client-closed");
}

#[test]
fn a_reset_of_another_hop_count_comes_from_between() {
    let connection = Builder::hello().rst(Side::Server, 64).build();
    assert_eq!(verdict(&Inputs::new(connection)), ("server-reset", Confidence::Likely, Party::Server));
    let connection = Builder::hello().rst(Side::Server, 119).build();
    assert_eq!(
        verdict(&Inputs::new(connection)),
        ("middlebox-interference", Confidence::Likely, Party::Network)
    );
}

#[test]
fn an_alert_of_a_stack_that_no_fault_fits_is_left_open() {
    let connection = Builder::tls12().alert(Side::Client, 2, 45).fin(Side::Client).build();
    let found = judge(&Inputs::new(connection).stack(Stack::OpenSsl)).verdict;
    assert_eq!((found.cause, found.confidence), ("certificate-rejected", Confidence::Likely));
}

#[test]
fn what_a_stack_is_known_to_take_is_not_its_reason() {
    let connection = Builder::tls12().alert(Side::Client, 2, 46).fin(Side::Client).build();
    let problems = [(ProblemKind::WeakKey, false)];
    let inputs = Inputs::new(connection).stack(Stack::Chromium).problems(&problems);
    let found = judge(&inputs);
    assert_eq!(found.verdict.cause, "certificate-rejected");
    assert!(found.findings.iter().any(|one| one.code == "weak-key" && one.severity == Severity::Warning));
}

#[test]
fn decrypt_error_from_a_stack_that_says_it_of_signatures_is_about_the_certificate() {
    let connection = || Builder::tls12().alert(Side::Client, 2, 51).fin(Side::Client).build();
    assert_eq!(verdict(&Inputs::new(connection()).stack(Stack::Rustls)).0, "certificate-rejected");
    assert_eq!(verdict(&Inputs::new(connection()).stack(Stack::Java)).0, "protocol-error");
}

#[test]
fn every_failure_has_evidence_and_a_fix() {
    let connections = [
        silent_java(),
        Builder::hello().fin(Side::Server).build(),
        Builder::hello().alert(Side::Server, 2, 70).build(),
        Builder::hello().rst(Side::Client, 64).build(),
        Builder::tls12().alert(Side::Client, 2, 47).build(),
    ];
    for connection in connections {
        let mut inputs = Inputs::new(connection);
        inputs.store.kind = StoreKind::None;
        let found = judge(&inputs);
        assert_eq!(found.outcome, Outcome::Failed);
        assert!(
            !found.verdict.evidence.is_empty() && !found.verdict.fix.is_empty(),
            "{}",
            found.verdict.cause
        );
        assert!(found.verdict.summary.ends_with('.'), "{}", found.verdict.summary);
    }
}
