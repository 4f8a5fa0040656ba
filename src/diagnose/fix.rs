//! Who changes what, with commands that run as they are printed.
//!
//! Names from the capture go into a command through [`shell`] alone.

use crate::decode::Endpoint;
use crate::diagnose::abort::{Moment, server_unheard};
use crate::diagnose::{Case, fix_steps, fix_trust, fix_tunnel, shell, words};
use crate::tls::message::Side;
use crate::trust::ProblemKind;

/// The steps that mend the cause, the one that mends it for everybody first.
pub(super) fn fix(case: &Case<'_>, code: &str) -> Vec<String> {
    let mut steps = match code {
        "untrusted-root" | "self-signed" | "missing-intermediate" => fix_trust::steps(case, code),
        _ => own(case, code),
    };
    if needs_a_look(code) {
        steps.extend(look(case));
    }
    steps
}

fn own(case: &Case<'_>, code: &str) -> Vec<String> {
    let stuck = match code {
        "client-timeout" => too_big(case, Side::Server),
        "server-silent" => too_big(case, Side::Client),
        _ => None,
    };
    if let Some(step) = stuck {
        return vec![step];
    }
    match code {
        "hostname-mismatch" => hostname(case),
        "client-cert-missing" => client_certificate(case, true),
        "client-cert-rejected" => client_certificate(case, false),
        "handshake-failure" => handshake_failure(case),
        "server-silent" => vec![server_silent(case).to_owned()],
        "certificate-rejected" => certificate_rejected(case),
        "expired-intermediate" if expired_is_stored(case) => vec![
            "Client: the certificate that expired is in its trust store: import its successor there, from the CA.".into(),
            "Server: then install a certificate that the successor issued, where that has another key.".into(),
        ],
        "client-timeout" => client_timeout(case),
        "connection-refused" | "connect-timeout" if case.connection.undelivered_syn().is_some() => {
            undelivered_syn(case)
        }
        "starttls-refused" | "proxy-refused" => fix_tunnel::steps(case, code),
        "client-closed" | "client-reset" => vec![client_left(case).to_owned()],
        _ => fix_steps::steps(code).iter().map(|text| (*text).to_owned()).collect(),
    }
}

/// What the ICMP error about the SYN asks for.
fn undelivered_syn(case: &Case<'_>) -> Vec<String> {
    let Some(at) = case.connection.undelivered_syn() else { return Vec::new() };
    let Endpoint { addr, port } = case.connection.server;
    let (from, client) = (at.value.from, case.connection.client.addr);
    let rule = format!("allow {client} to reach {addr} port {port} in the rules of {from}.");
    if at.value.problem.prohibits() {
        return vec![format!("Network: {rule}")];
    }
    if at.value.problem.refuses() {
        let mut steps: Vec<String> =
            fix_steps::steps("connection-refused").iter().map(|text| (*text).to_owned()).collect();
        steps.push(format!("Network: if the service listens, a firewall rejects: {rule}"));
        return steps;
    }
    vec![format!(
        "Network: find out at {from} why it does not reach {addr}: the machine is off, its address is wrong, or a route is missing."
    )]
}

/// Somebody on the way takes no packets of that size, and what the side sent was not acknowledged: it may not have been told.
fn too_big(case: &Case<'_>, sender: Side) -> Option<String> {
    let (at, mtu) = case.connection.too_big(sender)?;
    let size = if mtu > 0 { format!("of more than {mtu} bytes") } else { "of this size".to_owned() };
    Some(format!(
        "Network: {} says that packets {size} do not pass (#{}): let this ICMP message through to the {}, or lower the MTU or the \
         MSS on the way.",
        at.value.from,
        at.packet,
        sender.name()
    ))
}

/// No certificate that was sent has expired: it is the client's own copy of a CA.
fn expired_is_stored(case: &Case<'_>) -> bool {
    let mut problems = case.path.into_iter().flat_map(|report| &report.problems);
    problems.any(|problem| problem.kind == ProblemKind::ExpiredIntermediate && problem.certificate.is_none())
}

/// The side that got the alert cannot know more than the capture shows.
fn handshake_failure(case: &Case<'_>) -> Vec<String> {
    let by_client = case.ending().act_by(Side::Client).is_some();
    let exchange = case.connection.server_key_exchange.as_ref();
    let weak = exchange.and_then(|at| at.value.dh_bits).is_some_and(|bits| bits < 2048);
    let mut steps = Vec::new();
    if by_client && weak {
        steps.push(
            "Server: use ECDHE, or a Diffie-Hellman prime of 2048 bits or more (nginx: `ssl_dhparam`, Apache: \
             `SSLOpenSSLConfCmd DHParameters`)."
                .to_owned(),
        );
    }
    let who = if by_client { "Client" } else { "Server" };
    steps.push(format!("{who}: read its log at the time of its alert; it alone knows the reason."));
    steps
}

/// Where the ClientHello got lost, or not.
fn server_silent(case: &Case<'_>) -> &'static str {
    let [client, _] = &case.connection.tcp;
    match client.acked_bytes < client.payload_bytes {
        true => {
            "Network: the ClientHello was not acknowledged in full: look for a path that drops large packets (MTU) or a firewall; \
             `ping -M do -s 1472` to the server shows the first."
        }
        false => {
            "Server: it has the ClientHello, which it acknowledged: look for a process that hangs, a queue that is full, or a \
             listener that expects something else first."
        }
    }
}

/// A Certificate of which only the beginning arrives is the mark of a path that drops full packets.
fn client_timeout(case: &Case<'_>) -> Vec<String> {
    let mut steps = Vec::new();
    if server_unheard(case.connection).is_some() {
        steps.push(
            "Network: the server's packets do not get through: look for a path that drops large packets (MTU, a tunnel, a filter of \
             ICMP) or loses many; `ping -M do -s 1472` from the server to the client shows the first."
                .to_owned(),
        );
        return steps;
    }
    if case.connection.server_chain.as_ref().is_some_and(|at| at.value.missing_bytes > 0) {
        steps.push(
            "Network: the rest of the Certificate did not arrive: look for a path that drops large packets (MTU, a tunnel, a \
             filter of ICMP); `ping -M do -s 1472` from the server to the client shows it."
                .to_owned(),
        );
    }
    steps.push("Server: find out why it answers late; or client: raise its timeout.".to_owned());
    steps
}

/// What is left where nothing at hand shows the reason.
fn certificate_rejected(case: &Case<'_>) -> Vec<String> {
    let mut steps = vec!["Client: read its log at the time of the refusal; it names the reason.".to_owned()];
    let in_order =
        case.path.is_some_and(|report| report.accepted) && case.hostname.is_none_or(|report| report.matches);
    if in_order {
        let store = if case.store_is_given() {
            "another trust store than the one given"
        } else {
            "a trust store of its own"
        };
        steps.push(format!(
            "Client: what could be checked here is in order; look for {store}, a pinned certificate, a revocation check, or a \
             clock that is wrong."
        ));
    }
    steps
}

fn client_left(case: &Case<'_>) -> &'static str {
    match case.ending().moment {
        Moment::Connect | Moment::BeforeHello | Moment::Hello => {
            "Client: read its log at this time; it was stopped, or its time limit was shorter than the server's answer takes."
        }
        _ => {
            "Client: read its log at this time; it was stopped, or it disliked something that it does not say on the wire."
        }
    }
}

fn hostname(case: &Case<'_>) -> Vec<String> {
    let name = case.hostname().unwrap_or("the name asked for");
    vec![
        format!(
            "Server: install a certificate with {name} in its subjectAltName, or let the server choose by server name (SNI) \
             the one that has it."
        ),
        "Client: or connect by a name that the certificate has; send it as server name too.".into(),
    ]
}

fn client_certificate(case: &Case<'_>, missing: bool) -> Vec<String> {
    use crate::fingerprint::Stack;
    let how = match case.stack.fits.first() {
        Some(Stack::Java) => {
            "-Djavax.net.ssl.keyStore=client.p12 -Djavax.net.ssl.keyStoreType=PKCS12 -Djavax.net.ssl.keyStorePassword=…"
        }
        Some(Stack::Curl) => "curl --cert client.pem --key client.key",
        Some(Stack::Python) => "context.load_cert_chain('client.pem', 'client.key')",
        Some(Stack::Node) => "the options cert and key of https.request",
        Some(Stack::Go) => "tls.Config.Certificates",
        Some(Stack::Nginx) => "proxy_ssl_certificate and proxy_ssl_certificate_key",
        Some(Stack::Wget) => "wget --certificate=client.pem --private-key=client.key",
        Some(Stack::HaProxy) => "crt client.pem on the server line",
        _ => "openssl s_client -cert client.pem -key client.key, or the client's own option",
    };
    let authorities = authorities(case);
    let asked = match authorities.is_empty() {
        true => String::new(),
        false => format!(" The server names these CAs: {}.", words::list(&authorities)),
    };
    match missing {
        true => vec![
            format!("Client: give it a certificate and its key ({how}).{asked}"),
            "Client: if it has one and sent none, that one was issued by a CA that the server does not name: send the chain too, or get one from a CA that is named.".into(),
            "Server: or ask for no client certificate here (nginx: `ssl_verify_client off;`).".into(),
        ],
        false => vec![
            format!("Server: add the CA that issued the client's certificate to those that it trusts for clients (nginx: `ssl_client_certificate`, Java: the server's trust store).{asked}"),
            format!("Client: or use a certificate from a CA that the server trusts, and send its intermediates too ({how})."),
        ],
    }
}

/// The common names of the CAs that the server asks for, the first few.
fn authorities(case: &Case<'_>) -> Vec<String> {
    let request = case.connection.certificate_request.as_ref();
    let names = request.map(|at| at.value.authorities.as_slice()).unwrap_or_default();
    names.iter().take(3).filter_map(|der| common_name_of(der)).collect()
}

/// The last common name in a DER-encoded distinguished name (X.501): attribute type 2.5.4.3, then a string with a short length.
fn common_name_of(der: &[u8]) -> Option<String> {
    const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];
    let at = der.windows(COMMON_NAME.len()).rposition(|window| window == COMMON_NAME)?;
    let [_tag, len, rest @ ..] = der.get(at + COMMON_NAME.len()..)? else { return None };
    let text = std::str::from_utf8(rest.get(..usize::from(*len))?).ok()?;
    (*len < 0x80 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn needs_a_look(code: &str) -> bool {
    matches!(
        code,
        "certificate-rejected" | "hostname-mismatch" | "expired" | "untrusted-root" | "missing-intermediate"
    )
}

/// The command that shows what the server sends today, through the proxy that the client went through.
pub(super) fn look(case: &Case<'_>) -> Option<String> {
    let tunnel = case.connection.tunnel.as_ref().map(|at| &at.value);
    let name = case.connection.sni().or(case.hostname());
    // A name that is no ASCII is known by its bytes alone (`\xe4`), which no command sends.
    let is_sent = |name: &&str| name.parse::<std::net::IpAddr>().is_err() && !name.contains('\\');
    let name = name.filter(is_sent).and_then(shell::word);
    let name = name.map_or_else(String::new, |name| format!(" -servername {name}"));
    let starttls = match tunnel.map(|tunnel| tunnel.kind) {
        Some("starttls-smtp") => " -starttls smtp",
        Some("starttls-imap") => " -starttls imap",
        Some("starttls-pop3") => " -starttls pop3",
        Some("starttls-ldap") => " -starttls ldap",
        Some("starttls-ftp") => " -starttls ftp",
        Some("starttls-mysql") => " -starttls mysql",
        Some("starttls-postgres") => " -starttls postgres",
        Some("starttls-nntp") => " -starttls nntp",
        Some("starttls-sieve") => " -starttls sieve",
        Some("starttls-irc") => " -starttls irc",
        Some("starttls-xmpp") => " -starttls xmpp",
        _ => "",
    };
    let server = case.connection.server.to_string();
    // The brackets of an IPv6 address mean something to a shell.
    let server = shell::word(&server).map(std::borrow::Cow::into_owned).unwrap_or(server);
    let target = tunnel.and_then(|tunnel| tunnel.target.as_deref()).and_then(shell::word);
    let to = match (tunnel.map(|tunnel| tunnel.kind), target) {
        (Some("http-connect"), Some(target)) => format!("-proxy {server} -connect {target}"),
        _ => format!("-connect {server}"),
    };
    Some(format!("To see the chain of today:\nopenssl s_client {to}{name}{starttls} -showcerts </dev/null"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::CAUSES;
    use crate::diagnose::testing::Builder;
    use crate::diagnose::testing_case::Inputs;

    #[test]
    fn every_cause_has_a_fix_that_says_who_acts() {
        let inputs = Inputs::new(Builder::tls12().build());
        for cause in CAUSES {
            let steps = fix(&inputs.case(), cause.code);
            assert!(!steps.is_empty(), "{} has no fix", cause.code);
        }
    }

    #[test]
    fn a_ca_that_expired_in_the_trust_store_is_replaced_there() {
        let problems = [(ProblemKind::ExpiredIntermediate, true)];
        let mut inputs = Inputs::new(Builder::tls12().build()).problems(&problems);
        let steps = |inputs: &Inputs| fix(&inputs.case(), "expired-intermediate");
        assert!(steps(&inputs).iter().all(|step| !step.contains("chain file")), "{:?}", steps(&inputs));
        if let Some(problem) = inputs.path.as_mut().and_then(|report| report.problems.first_mut()) {
            problem.certificate = Some(1);
        }
        assert!(steps(&inputs).iter().any(|step| step.contains("chain file")));
    }

    #[test]
    fn a_name_that_a_shell_would_read_is_quoted_in_a_command() {
        let mut connection = Builder::tls12().build();
        if let Some(hello) = &mut connection.client_hello {
            hello.value.sni = Some("a.example;reboot".into());
        }
        let inputs = Inputs::new(connection);
        let step = look(&inputs.case()).unwrap_or_default();
        assert!(step.contains("-servername 'a.example;reboot'"), "{step}");
    }

    #[test]
    fn a_command_has_a_line_of_its_own() {
        let inputs = Inputs::new(Builder::tls12().build());
        for cause in CAUSES {
            for step in fix(&inputs.case(), cause.code) {
                let (sentence, commands) = step.split_once('\n').unwrap_or((&step, ""));
                for program in ["openssl s_client -connect", "sudo ", "keytool ", "curl -o", "export "] {
                    assert!(!sentence.contains(program), "{}: {sentence}", cause.code);
                    let alone = |line: &str| !line.contains(program) || line.starts_with(program);
                    assert!(commands.lines().all(alone), "{}: {commands}", cause.code);
                }
            }
        }
    }

    #[test]
    fn the_common_name_of_an_authority_is_read_from_its_name() {
        let der = [
            0x30, 0x11, 0x31, 0x0f, 0x30, 0x0d, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x06, b'M', b'y', b' ',
            b'C', b'A', b'1',
        ];
        assert_eq!(common_name_of(&der).as_deref(), Some("My CA1"));
        assert_eq!(common_name_of(&[0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0xff]), None);
    }
}
