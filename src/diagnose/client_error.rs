//! What the client's own log says about a cause, per stack, so that a reader can match it with the capture.

use std::net::IpAddr;
use std::sync::LazyLock;

use crate::diagnose::abort::{Ending, Moment};
use crate::diagnose::alerts::{Seen, shows, stack_of};
use crate::diagnose::{Case, ClientError, alert_words, weigh, words};
use crate::fingerprint::Stack;
use crate::tls::message::Side;

/// The words of the likeliest stack; `None` where they are not known.
pub fn client_error(case: &Case<'_>, ending: &Ending, code: &str) -> Option<ClientError> {
    // By ICMP a client learns another reason than by a RST or by waiting: but for a port that is closed there are no words of it here.
    let by_icmp = case.connection.undelivered_syn().map(|at| at.value.problem);
    if by_icmp.is_some_and(|problem| !problem.is_of_port()) {
        return None;
    }
    let situation = situation(case, ending, code);
    let mut actors = actors(case, ending, code);
    // Who is not known to leave so late is not who its hello says, or is a program with words of its own.
    if let Some(seen @ (Seen::Late | Seen::LateOrAlert)) = weigh::seen(ending) {
        let fault = if code == weigh::BROAD { "untrusted-root" } else { code };
        actors.retain(|&stack| shows(stack, case.connection.is_tls13(), fault, seen));
    }
    actors.into_iter().find_map(|stack| {
        let text = text(stack, code, situation)?;
        Some(ClientError { stack: words::stack(stack).into(), text: filled(case, ending, stack, text)? })
    })
}

/// The stacks that the client may be, those first that are known to do about the cause what this client did.
pub(super) fn actors(case: &Case<'_>, ending: &Ending, code: &str) -> Vec<Stack> {
    let mut stacks = case.stack.fits.clone();
    if let Some(seen) = weigh::seen(ending) {
        let tls13 = case.connection.is_tls13();
        let does = |stack: &Stack| shows(*stack, tls13, code, seen);
        // The sort is stable: the likeliest stays ahead of its equals.
        stacks.sort_by_key(|stack| !does(stack));
    }
    stacks
}

/// The line of the table for this stack and cause: its own for the situation, its own, then its own for any cause.
fn text(stack: Stack, code: &str, situation: Option<&str>) -> Option<&'static str> {
    let exact = |wanted: &str| {
        rows()
            .find(|row| row.stack == stack && row.causes.split(',').any(|cause| cause == wanted))
            .map(|row| row.text)
    };
    let special = |cause: &str| situation.and_then(|situation| exact(&format!("{cause}:{situation}")));
    let any = || special("*").or_else(|| exact("*")).filter(|_| !about_certificate(code));
    special(code).or_else(|| exact(code)).or_else(any)
}

/// What the words depend on: which certificates are there, sent or stored, and whether the handshake was over.
fn situation(case: &Case<'_>, ending: &Ending, code: &str) -> Option<&'static str> {
    if ending.moment == Moment::Done && ending.alert_by(Side::Server).is_some() {
        return Some("late");
    }
    let report = case.path?;
    match code {
        "untrusted-root" => {
            // The leaf itself counts for nothing here: it is no issuer.
            let issuers = report.rows.get(1..report.rows.len().saturating_sub(1)).unwrap_or_default();
            let stored = issuers.iter().any(|row| row.in_truststore);
            let sent = report.missing.as_ref().is_some_and(|missing| missing.sent);
            Some(if stored {
                "issuer-stored"
            } else if sent {
                "root-sent"
            } else {
                "root-absent"
            })
        }
        "self-signed" => {
            let leaf = case.server_leaf().and_then(|leaf| leaf.fields.as_ref().ok());
            leaf.is_some_and(|fields| fields.is_ca()).then_some("leaf-is-ca")
        }
        "missing-intermediate" => (case.server_chain.len() == 1).then_some("leaf-alone"),
        _ => None,
    }
}

/// A line about alerts in general says nothing of a certificate that the client refused by itself.
fn about_certificate(code: &str) -> bool {
    crate::diagnose::cause(code).is_some_and(|cause| cause.stage == crate::diagnose::Stage::Certificate)
}

/// The host, the port and the alert put where they belong. A line that speaks of an alert needs one that the client got.
fn filled(case: &Case<'_>, ending: &Ending, stack: Stack, text: &'static str) -> Option<String> {
    let mut text = text.to_owned();
    if text.contains("alert fatal") || text.contains("fatal alert") {
        ending.alert_by(Side::Server)?;
    }
    if ["<alert>", "<Alert>", "<ALERT>"].iter().any(|place| text.contains(place)) {
        let alert = ending.alert_by(Side::Server)?;
        let spoken = alert_words::spoken(stack, alert)?;
        text = text.replace("<ALERT>", &spoken.to_uppercase().replace(' ', "_"));
        text = text.replace("<alert>", &spoken).replace("<Alert>", &alert_words::camel(alert)?);
        text =
            text.replace("<code>", &alert_words::openssl_code(alert)).replace("<number>", &alert.to_string());
        if stack == Stack::Java {
            text = text.replace("SSLHandshakeException", alert_words::java_exception(alert));
        }
    }
    if let Some(host) = case.hostname() {
        if host.parse::<IpAddr>().is_ok() {
            text = for_address(case, text);
        }
        text = text.replace("<host>", host);
    }
    Some(text)
}

/// Some say another thing of an address than of a name.
fn for_address(case: &Case<'_>, text: String) -> String {
    let has_address =
        case.hostname.is_some_and(|report| report.names.iter().any(|name| name.parse::<IpAddr>().is_ok()));
    if text == "x509: certificate is valid for <names>, not <host>" && !has_address {
        return "x509: cannot validate certificate for <host> because it doesn't contain any IP SANs".into();
    }
    OF_ADDRESSES.iter().fold(text, |text, (name, address)| text.replace(name, address))
}

/// What is said of a name, and of an address instead.
const OF_ADDRESSES: [(&str, &str); 5] = [
    ("DNS name matching <host>", "names matching IP address <host>"),
    ("num=62:hostname mismatch", "num=64:IP address mismatch"),
    ("Hostname mismatch", "IP address mismatch"),
    ("(hostname mismatch)", "(IP address mismatch)"),
    (
        "Peer certificate CN=`<name>' did not match expected CN=`<host>'",
        "Peer certificate subjectAltName did not match expected name `<host>'",
    ),
];

struct Line {
    stack: Stack,
    causes: &'static str,
    text: &'static str,
}

/// The lines of the table, read once.
fn rows() -> impl Iterator<Item = &'static Line> {
    static ROWS: LazyLock<Vec<Line>> = LazyLock::new(|| DATA.lines().filter_map(parse).collect());
    ROWS.iter()
}

fn parse(line: &'static str) -> Option<Line> {
    let mut fields = line.split('\t').filter(|_| !line.starts_with('#'));
    Some(Line { stack: stack_of(fields.next()?)?, causes: fields.next()?, text: fields.next()? })
}

const DATA: &str = include_str!("data/client_errors.tsv");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_says_where_it_is_from() {
        for line in DATA.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let source = line.split('\t').nth(3).unwrap_or_default();
            assert!(["observed", "source"].contains(&source), "{line}");
        }
    }

    #[test]
    fn every_line_of_the_table_is_well_formed_and_names_causes_that_exist() {
        for line in DATA.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let row = parse(line).unwrap_or_else(|| panic!("cannot be read: {line}"));
            assert!(!row.text.is_empty(), "{line}");
            for cause in row.causes.split(',').filter(|cause| !cause.starts_with('*')) {
                let (cause, situation) = cause.split_once(':').unwrap_or((cause, "root-sent"));
                assert!(crate::diagnose::cause(cause).is_some(), "no such cause: {cause} in {line}");
                let known =
                    ["root-sent", "issuer-stored", "leaf-alone", "leaf-is-ca", "late"].contains(&situation);
                assert!(known, "no such situation: {situation} in {line}");
            }
        }
    }

    #[test]
    fn the_chapters_show_the_words_of_the_table() {
        for row in rows() {
            for cause in row.causes.split(',').filter(|cause| !cause.starts_with('*')) {
                let code = cause.split(':').next().unwrap_or_default();
                let chapter = crate::diagnose::cause(code).map(|cause| cause.chapter).unwrap_or_default();
                // The broad code has no words of its own.
                let shows = code == crate::diagnose::weigh::BROAD || chapter.contains(row.text);
                assert!(shows, "{code}: {:?} {}", row.stack, row.text);
            }
        }
    }

    #[test]
    fn an_address_is_spoken_of_as_such() {
        use crate::diagnose::testing::Builder;
        use crate::diagnose::testing_case::Inputs;
        let says = |stack, names: &[&str]| {
            let connection = Builder::tls12().alert(Side::Client, 2, 42).fin(Side::Client).build();
            let mut inputs = Inputs::new(connection).stack(stack).wrong_name();
            if let Some(report) = &mut inputs.hostname {
                report.names = names.iter().map(|name| (*name).to_owned()).collect();
            }
            let mut case = inputs.case();
            case.host = Some(("192.0.2.7", crate::diagnose::HostSource::Option));
            client_error(&case, case.ending(), "hostname-mismatch")
                .map(|error| error.text)
                .unwrap_or_default()
        };
        assert!(says(Stack::OpenSsl, &["a.example"]).contains("num=64:IP address mismatch"));
        assert!(
            says(Stack::Python, &["a.example"]).contains("IP address mismatch, certificate is not valid")
        );
        assert!(says(Stack::Go, &["a.example"]).contains("doesn't contain any IP SANs"));
        assert!(says(Stack::Go, &["192.0.2.8"]).contains("certificate is valid for"));
    }

    #[test]
    fn java_says_that_it_cannot_build_a_path() {
        assert!(
            text(Stack::Java, "untrusted-root", None)
                .is_some_and(|text| text.contains("PKIX path building failed"))
        );
    }

    #[test]
    fn openssl_tells_an_issuer_that_is_absent_from_a_root_that_was_sent() {
        for stack in [Stack::OpenSsl, Stack::Curl, Stack::Python, Stack::Ruby, Stack::Stunnel, Stack::Node] {
            let say = |situation| text(stack, "untrusted-root", Some(situation)).unwrap_or_default();
            assert!(say("root-sent").contains("self-signed certificate in certificate chain"), "{stack:?}");
            assert!(say("root-absent").contains("unable to get local issuer certificate"), "{stack:?}");
        }
        let node = text(Stack::Node, "missing-intermediate", Some("leaf-alone")).unwrap_or_default();
        assert!(node.contains("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "{node}");
    }

    #[test]
    fn a_program_is_not_given_the_words_of_its_library() {
        assert_ne!(text(Stack::Ruby, "wrong-eku", None), text(Stack::OpenSsl, "wrong-eku", None));
        assert!(text(Stack::HaProxy, "untrusted-root", None).is_some_and(|text| text.contains("SC--")));
    }

    #[test]
    fn the_line_for_any_alert_is_not_used_for_a_certificate_that_the_client_refused() {
        assert_eq!(text(Stack::Rustls, "path-length", None), None);
        assert!(text(Stack::Rustls, "alpn-mismatch", None).is_some());
    }
}
