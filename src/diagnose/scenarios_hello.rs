//! Whole verdicts on handshakes that end at the hello or never came so far, and on clients that only look in.

use crate::connection::{At, Connection, Outcome, PlainText, Tunnel};
use crate::diagnose::testing::Builder;
use crate::diagnose::testing_case::Inputs;
use crate::diagnose::{Confidence, Diagnosis, Party, diagnose};
use crate::fingerprint::Stack;
use crate::iana::{CipherSuite, SignatureScheme, Version};
use crate::tls::message::{ClientHello, Side};
use crate::trust::ProblemKind;

fn judge(inputs: &Inputs) -> Diagnosis {
    diagnose(&inputs.case())
}

fn of(connection: Connection) -> (&'static str, Confidence, Party) {
    let verdict = judge(&Inputs::new(connection)).verdict;
    (verdict.cause, verdict.confidence, verdict.failed_by)
}

fn summary(connection: Connection) -> String {
    judge(&Inputs::new(connection)).verdict.summary
}

/// The server refuses this hello with handshake_failure.
fn refused(change: impl Fn(&mut ClientHello)) -> Connection {
    let mut connection = Builder::hello().alert(Side::Server, 2, 40).fin(Side::Server).build();
    if let Some(hello) = &mut connection.client_hello {
        change(&mut hello.value);
    }
    connection
}

fn tunnel(connection: &mut Connection, value: Tunnel) {
    let at = connection.syn_ack.as_ref().unwrap();
    connection.tunnel = Some(Box::new(At { packet: 3, first_packet: 3, time: at.time, value }));
}

#[test]
fn handshake_failure_to_ssl_3_is_about_the_version_for_which_ssl_3_has_no_alert() {
    let old = refused(|hello| {
        hello.version = Version(0x0300);
        hello.supported_versions.clear();
        hello.cipher_suites = (1..40).map(CipherSuite).collect();
    });
    assert_eq!(of(old), ("protocol-version", Confidence::Likely, Party::Server));
}

#[test]
fn a_client_that_takes_no_signature_by_an_rsa_key_is_not_refused_for_its_version() {
    let narrow = || {
        refused(|hello| {
            hello.supported_versions = [Version(0x0304)].into_iter().collect();
            hello.signature_schemes = vec![SignatureScheme(0x0403)];
        })
    };
    assert_eq!(of(narrow()), ("handshake-failure", Confidence::Likely, Party::Server));
    assert!(summary(narrow()).contains("no signature by an RSA key"), "{}", summary(narrow()));
}

#[test]
fn a_key_agreed_upon_beforehand_that_the_server_does_not_know_is_why_it_refuses() {
    let external = refused(|hello| {
        hello.supported_versions = [Version(0x0304)].into_iter().collect();
        hello.cipher_suites = vec![CipherSuite(0x1301)];
        hello.offers_psk = true;
        hello.offers_external_psk = true;
    });
    assert_eq!(of(external), ("psk-mismatch", Confidence::Likely, Party::Server));
}

#[test]
fn a_client_that_does_not_take_the_warning_about_its_name_gave_up_for_the_name() {
    let mut connection = Builder::tls12().alert(Side::Client, 2, 40).build();
    let warning = Builder::hello().alert(Side::Server, 1, 112).build().alerts.remove(0);
    connection.alerts.insert(0, At { packet: 5, ..warning });
    assert_eq!(of(connection), ("unrecognized-name", Confidence::Likely, Party::Client));
}

#[test]
fn a_fatal_user_canceled_is_a_refusal_and_a_warning_is_none() {
    let fatal = Builder::hello().alert(Side::Server, 2, 90).fin(Side::Client).build();
    assert_eq!(of(fatal), ("handshake-failure", Confidence::Likely, Party::Server));
    let warning = Builder::hello().alert(Side::Server, 1, 90).fin(Side::Server).build();
    assert_eq!(of(warning).0, "server-closed");
}

#[test]
fn a_client_that_idles_behind_the_handshake_and_says_goodbye_has_not_refused() {
    let idle = |seconds| {
        let builder = Builder::tls12().finished().wait(seconds);
        builder.hidden_alert(Side::Client).fin(Side::Client).build()
    };
    let problems = [(ProblemKind::UntrustedRoot, true)];
    let judged = |seconds, stack| judge(&Inputs::new(idle(seconds)).stack(stack).problems(&problems));
    assert_eq!(judged(2, Stack::Nginx).outcome, Outcome::Established);
    assert_eq!(judged(0, Stack::Nginx).verdict.cause, "untrusted-root");
    // OpenSSL sends its alert in place of the Finished; what comes behind is a close_notify, of a program that asks for the
    // verdict afterwards perhaps.
    assert_eq!(judged(0, Stack::OpenSsl).verdict.confidence, Confidence::Possible);
    assert_eq!(
        judge(&Inputs::new(idle(0)).stack(Stack::OpenSsl).problems(&problems).without_store()).outcome,
        Outcome::Established
    );
    assert_eq!(judged(0, Stack::Nss).verdict.cause, "untrusted-root");
}

#[test]
fn the_usual_roots_say_little_of_a_client_that_went_through_the_whole_handshake() {
    let connection = Builder::tls12().finished().hidden_alert(Side::Client).fin(Side::Client).build();
    let problems = [(ProblemKind::UntrustedRoot, true)];
    let given = judge(&Inputs::new(connection.clone()).stack(Stack::Nginx).problems(&problems));
    assert_eq!(given.verdict.confidence, Confidence::Likely);
    let usual = judge(&Inputs::new(connection).stack(Stack::Nginx).problems(&problems).without_store());
    assert_eq!((usual.verdict.cause, usual.verdict.confidence), ("untrusted-root", Confidence::Possible));
}

#[test]
fn a_hello_that_is_repeated_and_never_acknowledged_does_not_get_through() {
    let mut connection = Builder::hello().wait(3).build();
    connection.open_at_end = true;
    assert_eq!(judge(&Inputs::new(connection.clone())).outcome, Outcome::Incomplete);
    connection.tcp[0].acked_bytes = 0;
    connection.tcp[0].retransmissions = 4;
    assert_eq!(of(connection), ("server-silent", Confidence::Likely, Party::Server));
}

#[test]
fn a_client_that_begins_tls_although_it_was_refused_was_refused() {
    let refusal = || Some("454 4.7.0 no".to_owned());
    let value = Tunnel { kind: "starttls-smtp", refusal: refusal(), ..Tunnel::default() };
    let mut connection = Builder::hello().wait(3).fin(Side::Server).build();
    tunnel(&mut connection, value.clone());
    assert_eq!(of(connection).0, "starttls-refused");
    let mut answered = Builder::tls12().fin(Side::Server).build();
    tunnel(&mut answered, value);
    assert_ne!(of(answered).0, "starttls-refused");
}

#[test]
fn a_client_that_goes_on_without_tls_has_not_failed() {
    let refusal = Some("N".to_owned());
    let value = Tunnel { kind: "starttls-postgres", refusal, went_on: true, ..Tunnel::default() };
    let mut connection = Builder::tcp().fin(Side::Client).build();
    tunnel(&mut connection, value);
    assert_eq!(judge(&Inputs::new(connection.clone())).outcome, Outcome::Incomplete);
    assert!(summary(connection).contains("went on without it"));
}

#[test]
fn a_client_that_leaves_where_tls_is_not_offered_may_have_left_for_that() {
    let withheld = Some("the greeting does not offer TLS".to_owned());
    let value = Tunnel { kind: "starttls-mysql", withheld, ..Tunnel::default() };
    let mut connection = Builder::tcp().fin(Side::Client).build();
    tunnel(&mut connection, value);
    assert_eq!(of(connection), ("starttls-refused", Confidence::Possible, Party::Server));
}

#[test]
fn a_proxy_that_never_answers_is_named_where_the_client_had_patience() {
    let target = Some("api.example:443".to_owned());
    let value = Tunnel { kind: "http-connect", target, ..Tunnel::default() };
    let mut connection = Builder::tcp().wait(4).fin(Side::Client).build();
    tunnel(&mut connection, value);
    assert_eq!(of(connection.clone()).0, "proxy-refused");
    assert!(summary(connection).contains("the proxy found no way to api.example:443: it did not answer"));
}

#[test]
fn a_server_that_repeats_itself_unheard_is_not_silent() {
    let mut connection = Builder::tls12().wait(5).fin(Side::Client).build();
    // The turn is the client's, as far as the server's packets get through.
    assert!(!summary(connection.clone()).contains("silent"));
    let half = Connection { server_hello_done: None, ..connection.clone() };
    assert!(summary(half).contains("fell silent"));
    connection.tcp[1].acked_bytes -= 2000;
    connection.tcp[1].retransmissions = 5;
    assert_eq!(of(connection.clone()).0, "client-timeout");
    let found = judge(&Inputs::new(connection)).verdict;
    assert!(found.summary.contains("2000 bytes") && !found.summary.contains("silent"), "{}", found.summary);
    assert!(found.fix[0].contains("MTU"));
}

#[test]
fn an_alert_with_a_meaning_of_its_own_is_not_said_to_be_like_handshake_failure() {
    let judged = |alert| judge(&Inputs::new(Builder::hello().alert(Side::Server, 2, alert).build()));
    assert!(judged(49).verdict.alternatives.is_empty());
}

#[test]
fn what_both_sides_speak_on_a_port_of_tls_is_no_failure() {
    let plain = |connection: &mut Connection, side: Side, protocol: &'static str, sample: &str| {
        let at = connection.syn_ack.as_ref().unwrap();
        let value = PlainText { protocol, sample: sample.to_owned(), whole: true, head: Vec::new() };
        connection.plain[side as usize] =
            Some(Box::new(At { packet: 4, first_packet: 4, time: at.time, value }));
    };
    let judged = |sent: (&'static str, &str), said: Option<(&'static str, &str)>, closed: bool| {
        let builder = Builder::tcp();
        let mut connection = if closed { builder.fin(Side::Server).build() } else { builder.build() };
        plain(&mut connection, Side::Client, sent.0, sent.1);
        if let Some((protocol, sample)) = said {
            plain(&mut connection, Side::Server, protocol, sample);
        }
        of(connection).0
    };
    let get = ("HTTP request", "GET / HTTP/1.1");
    for status in ["200 OK", "404 Not Found", "503 Service Unavailable"] {
        assert_eq!(judged(get, Some(("HTTP response", &format!("HTTP/1.1 {status}"))), true), "none");
    }
    assert_eq!(judged(get, Some(("HTTP response", "HTTP/1.1 400 Bad Request")), true), "http-to-tls");
    assert_eq!(judged(("unknown", "&"), Some(("unknown", "#")), true), "none");
    assert_eq!(judged(("HTTP/2 request", "PRI"), Some(("HTTP/2", "")), true), "none");
    // Nobody gave up: the capture ends.
    assert_eq!(judged(get, None, false), "none");
    assert_eq!(judged(get, None, true), "http-to-tls");
}
