//! Verdicts that must not be certain: what looks like proof and is none.

use std::net::{IpAddr, Ipv4Addr};

use crate::connection::{At, PlainText, SeenAlert, Undelivered};
use crate::decode::IcmpProblem;
use crate::diagnose::testing::Builder;
use crate::diagnose::testing_case::Inputs;
use crate::diagnose::{Confidence, diagnose};
use crate::fingerprint::Stack;
use crate::tls::message::Side;
use crate::trust::ProblemKind;

fn verdict(inputs: &Inputs) -> (&'static str, Confidence) {
    let verdict = diagnose(&inputs.case()).verdict;
    (verdict.cause, verdict.confidence)
}

fn plain(packet: u64, protocol: &'static str, sample: &str) -> Option<Box<At<PlainText>>> {
    let time = Builder::tls12().build().start;
    let value = PlainText { protocol, sample: sample.to_owned(), whole: true, head: Vec::new() };
    Some(Box::new(At { packet, first_packet: packet, time, value }))
}

#[test]
fn an_alert_that_an_unknown_client_may_send_for_anything_proves_no_fault() {
    for alert in [42, 46] {
        let connection = Builder::tls12().alert(Side::Client, 2, alert).fin(Side::Client).build();
        let inputs = Inputs::new(connection).problems(&[(ProblemKind::Expired, true)]);
        assert_eq!(verdict(&inputs), ("expired", Confidence::Likely), "alert {alert}");
    }
    let connection = Builder::tls12().alert(Side::Client, 2, 45).fin(Side::Client).build();
    let inputs = Inputs::new(connection).problems(&[(ProblemKind::Expired, true)]);
    assert_eq!(verdict(&inputs), ("expired", Confidence::Certain));
}

#[test]
fn a_list_of_roots_that_may_not_be_the_clients_rules_no_lack_of_trust_out() {
    let connection = Builder::tls12().alert(Side::Client, 2, 48).fin(Side::Client).build();
    let inputs = Inputs::new(connection).stack(Stack::OpenSsl).problems(&[]).without_store();
    let found = diagnose(&inputs.case()).verdict;
    assert_eq!(found.cause, "certificate-rejected");
    assert!(found.alternatives.iter().any(|other| other.cause == "untrusted-root"));
    assert!(!found.ruled_out.iter().any(|other| other.cause == "untrusted-root"));
}

#[test]
fn few_bytes_of_a_binary_protocol_do_not_prove_that_the_server_speaks_it() {
    let mut connection = Builder::hello().fin(Side::Client).build();
    connection.speaks_tls = [true, false];
    connection.plain[1] = plain(5, "AJP", "\\x12\\x34");
    assert_eq!(verdict(&Inputs::new(connection.clone())), ("tls-to-http", Confidence::Likely));
    connection.plain[1] = plain(5, "SSH", "SSH-2.0-OpenSSH_9.6");
    assert_eq!(verdict(&Inputs::new(connection)), ("tls-to-http", Confidence::Certain));
}

#[test]
fn plain_http_that_was_served_and_a_request_for_a_proxy_are_no_failure() {
    for (request, answer) in [
        ("GET http://a.example/ HTTP/1.1", "HTTP/1.1 400 Bad Request"),
        ("GET / HTTP/1.1", "HTTP/1.1 204 No Content"),
    ] {
        let mut connection = Builder::hello().fin(Side::Client).build();
        connection.client_hello = None;
        connection.speaks_tls = [false, false];
        connection.plain = [plain(4, "HTTP request", request), plain(5, "HTTP response", answer)];
        let found = diagnose(&Inputs::new(connection).case()).verdict;
        assert_eq!(found.cause, "none", "{request}");
        assert!(found.summary.contains("No TLS was spoken"), "{}", found.summary);
    }
}

#[test]
fn handshake_failure_behind_a_client_certificate_does_not_say_that_it_is_for_it() {
    let behind = |alert| {
        let builder = Builder::tls12().certificate_request().client_certificates(1);
        Inputs::new(builder.alert(Side::Server, 2, alert).fin(Side::Server).build())
    };
    assert_eq!(verdict(&behind(40)), ("client-cert-rejected", Confidence::Likely));
    assert_eq!(verdict(&behind(48)), ("client-cert-rejected", Confidence::Certain));
}

#[test]
fn two_syns_without_an_answer_are_not_yet_a_proof() {
    let mut connection = Builder::tcp().build();
    connection.syn_ack = None;
    connection.tcp[1].packets = 0;
    connection.syn_count = 2;
    assert_eq!(verdict(&Inputs::new(connection.clone())), ("connect-timeout", Confidence::Likely));
    connection.syn_count = 6;
    assert_eq!(verdict(&Inputs::new(connection)), ("connect-timeout", Confidence::Certain));
}

#[test]
fn an_icmp_error_about_the_syn_says_why_nobody_answered() {
    let told = |problem: IcmpProblem| {
        let mut connection = Builder::tcp().build();
        connection.syn_ack = None;
        connection.tcp[1].packets = 0;
        connection.syn_count = 1;
        let from = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 254));
        let value = Undelivered { sender: Side::Client, is_of_start: true, from, problem };
        connection.undelivered = vec![At { packet: 2, first_packet: 2, time: connection.start, value }];
        connection
    };
    let verdict_of = |problem| verdict(&Inputs::new(told(problem)));
    assert_eq!(verdict_of(IcmpProblem::Unreachable(3)), ("connection-refused", Confidence::Certain));
    assert_eq!(verdict_of(IcmpProblem::UnreachableV6(1)), ("connection-refused", Confidence::Certain));
    assert_eq!(verdict_of(IcmpProblem::Unreachable(1)), ("connect-timeout", Confidence::Certain));
    assert_eq!(verdict_of(IcmpProblem::TimeExceeded), ("connect-timeout", Confidence::Certain));
    assert_eq!(verdict_of(IcmpProblem::TooBig(1_300)).0, "none", "one SYN, and no reason");
    let mut of_data = told(IcmpProblem::Unreachable(13));
    of_data.undelivered[0].value.is_of_start = false;
    assert_eq!(verdict(&Inputs::new(of_data)).0, "none", "it is about another packet");
    let found = diagnose(&Inputs::new(told(IcmpProblem::Unreachable(13))).case()).verdict;
    assert_eq!(
        found.fix,
        ["Network: allow 192.0.2.1 to reach 192.0.2.2 port 443 in the rules of 192.0.2.254."]
    );
    assert!(found.evidence.iter().any(|one| one.packet == Some(2)));
}

#[test]
fn a_router_that_says_too_big_is_to_blame_only_for_what_was_not_acknowledged() {
    let fix = |acked: u64| {
        let mut connection = Builder::hello().build();
        connection.quiet_before_end_s = 30.0;
        let from = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 254));
        let problem = IcmpProblem::TooBig(1_300);
        let value = Undelivered { sender: Side::Client, is_of_start: false, from, problem };
        connection.undelivered = vec![At { packet: 5, first_packet: 5, time: connection.start, value }];
        connection.tcp[0].acked_bytes = acked;
        let verdict = diagnose(&Inputs::new(connection).case()).verdict;
        assert_eq!(verdict.cause, "server-silent");
        verdict.fix
    };
    let whole = Builder::hello().build().tcp[0].payload_bytes;
    assert!(
        fix(0)[0]
            .starts_with("Network: 192.0.2.254 says that packets of more than 1300 bytes do not pass (#5)")
    );
    assert!(fix(whole)[0].starts_with("Server: it has the ClientHello"));
}

#[test]
fn a_client_that_left_before_the_server_answered_has_refused_nothing() {
    let connection = Builder::tls13(0x1301).build();
    let hello = connection.client_hello.as_ref().map_or(0, |at| at.packet);
    let time = connection.client_hello.as_ref().map_or(connection.start, |at| at.time);
    let mut connection = Builder::tls13(0x1301).server_records(&[1500]).build();
    // The FIN goes ahead of the server's answer.
    for at in [connection.server_hello.as_mut()].into_iter().flatten() {
        at.packet += 10;
    }
    for record in &mut connection.protected[1] {
        record.packet += 10;
    }
    connection.teardown.fin[0] = Some(At { packet: hello + 1, first_packet: hello + 1, time, value: () });
    assert_eq!(verdict(&Inputs::new(connection).stack(Stack::Node)), ("client-closed", Confidence::Likely));
}

#[test]
fn a_protocol_that_both_sides_speak_is_no_failed_tls() {
    let mut connection = Builder::hello().fin(Side::Client).build();
    connection.client_hello = None;
    connection.speaks_tls = [false, false];
    connection.plain = [plain(4, "SSH", "SSH-2.0-a"), plain(5, "SSH", "SSH-2.0-b")];
    assert_eq!(verdict(&Inputs::new(connection)).0, "none");
}

#[test]
fn an_encrypted_alert_without_a_clienthello_may_end_a_session_that_went_well() {
    let mut connection = Builder::tls12().fin(Side::Server).build();
    connection.client_hello = None;
    connection.server_chain = None;
    connection.starts_mid_stream = true;
    let packet = connection.teardown.fin[1].as_ref().map_or(9, |at| at.packet);
    let value = SeenAlert { sender: Side::Server, alert: None, encrypted: true, after_peer_closed: false };
    connection.alerts =
        vec![At { packet: packet - 1, first_packet: packet - 1, time: connection.start, value }];
    connection.server_hello = None;
    assert_ne!(verdict(&Inputs::new(connection)).0, "handshake-failure");
}

#[test]
fn the_packets_of_one_side_do_not_show_that_the_other_fell_silent() {
    let mut connection = Builder::tls12().finished().wait(8).fin(Side::Client).build();
    connection.syn_ack = None;
    connection.server_hello = None;
    connection.server_chain = None;
    connection.finished[1] = None;
    connection.tcp[1].packets = 0;
    connection.tcp[0].payload_bytes = 600;
    assert_ne!(verdict(&Inputs::new(connection)).0, "client-timeout");
}

#[test]
fn a_client_with_the_whole_flight_in_hand_does_not_wait_for_the_server() {
    let left_after = |seconds, whole: bool| {
        let mut connection = Builder::tls12().wait(seconds).fin(Side::Client).build();
        if !whole {
            connection.server_hello_done = None;
        }
        let inputs = Inputs::new(connection).stack(Stack::Java).problems(&[(ProblemKind::Expired, true)]);
        verdict(&inputs)
    };
    assert_eq!(left_after(0, true), ("expired", Confidence::Certain));
    // It may have asked a revocation server in the meantime.
    assert_eq!(left_after(5, true), ("expired", Confidence::Likely));
    assert_eq!(left_after(5, false), ("client-timeout", Confidence::Likely));
    assert_eq!(left_after(300, true).0, "client-closed");
}

#[test]
fn a_hidden_flight_that_ends_with_a_record_was_not_broken_off() {
    let left_after = |unfinished| {
        let builder = Builder::tls13(0x1301).server_records(&[1500, 80]);
        let mut connection = builder.wait(5).fin(Side::Client).build();
        connection.unfinished_data[1] = unfinished;
        verdict(&Inputs::new(connection).stack(Stack::Java))
    };
    assert_eq!(left_after(false), ("certificate-rejected", Confidence::Possible));
    assert_eq!(left_after(true), ("client-timeout", Confidence::Likely));
}

#[test]
fn an_alert_in_the_middle_of_a_connection_is_none_before_its_clienthello() {
    let mut connection = Builder::tcp().alert(Side::Client, 2, 80).fin(Side::Client).build();
    assert_eq!(verdict(&Inputs::new(connection.clone())).0, "protocol-version");
    connection.starts_mid_stream = true;
    connection.syn_ack = None;
    assert_ne!(verdict(&Inputs::new(connection)).0, "protocol-version");
}

#[test]
fn a_server_that_names_a_certificate_means_the_one_that_was_not_captured() {
    for (alert, cause) in [(45, "client-cert-expired"), (48, "client-cert-rejected")] {
        let builder = Builder::tls12().certificate_request().alert(Side::Server, 2, alert);
        let mut connection = builder.fin(Side::Server).build();
        connection.client_hello = None;
        connection.tcp[0].packets = 0;
        assert_eq!(verdict(&Inputs::new(connection)), (cause, Confidence::Likely), "alert {alert}");
    }
}

#[test]
fn a_tls13_server_that_was_not_heard_after_the_clients_certificate_may_still_refuse_it() {
    let told = |server_data: bool| {
        let builder = Builder::tls13(0x1301).server_records(&[23, 1200, 281, 53]);
        let builder = builder.client_records(&[905, 281, 53, 120]);
        let builder = if server_data { builder.server_records(&[900]) } else { builder };
        verdict(&Inputs::new(builder.build()))
    };
    assert_eq!(told(false), ("none", Confidence::Likely));
    assert_eq!(told(true), ("none", Confidence::Certain));
}

#[test]
fn an_alert_of_the_only_side_captured_may_answer_a_close_that_was_not() {
    let heard = |alert| {
        let mut connection = Builder::tls12().alert(Side::Server, 2, alert).fin(Side::Server).build();
        let both = Inputs::new(connection.clone());
        connection.client_hello = None;
        connection.tcp[0].packets = 0;
        connection.tcp[1].payload_bytes = 3000;
        (verdict(&both), verdict(&Inputs::new(connection)))
    };
    let of = |cause, confidence| (cause, confidence);
    let likely = Confidence::Likely;
    assert_eq!(heard(50), (of("protocol-error", likely), of("protocol-error", Confidence::Possible)));
    assert_eq!(heard(40), (of("handshake-failure", likely), of("handshake-failure", Confidence::Possible)));
    assert_eq!(heard(51).1, of("protocol-error", likely));
}

#[test]
fn bytes_from_the_middle_of_a_stream_are_not_said_to_be_no_tls() {
    let mut connection = Builder::hello().fin(Side::Client).build();
    connection.client_hello = None;
    connection.speaks_tls = [false, true];
    connection.plain[0] = plain(4, "unknown", "\\xc3\\x9f\\x9d");
    assert_eq!(verdict(&Inputs::new(connection.clone())).0, "http-to-tls");
    connection.syn = None;
    assert_ne!(verdict(&Inputs::new(connection)).0, "http-to-tls");
}
