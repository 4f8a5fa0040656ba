//! Who changes what, with commands that run as they are printed.
//!
//! Names from the capture go into a command through [`shell`] alone.

use crate::diagnose::{Case, fix_trust, shell, words};

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
    let texts: &[&str] = match code {
        "expired" => &[
            "Server: install a certificate that is in date, and reload the server; renew it automatically (ACME), so that it does not expire again.",
            "Client: if the certificate was renewed already, check the client's clock.",
        ],
        "expired-intermediate" => &[
            "Server: replace the expired intermediate in the chain file by the CA's current one, and reload the server; the leaf can stay.",
            "Client: if the expired certificate comes from the trust store, remove it there and import its successor.",
        ],
        "not-yet-valid" => &[
            "Client and CA: compare their clocks (`date -u`); a certificate that was just issued is refused by a client that is slow.",
            "Server: use the earlier certificate until the new one is valid.",
        ],
        "hostname-mismatch" => {
            let name = case.hostname().unwrap_or("the name asked for");
            return vec![
                format!(
                    "Server: install a certificate with {name} in its subjectAltName, or let the server choose by server name (SNI) the one that has it."
                ),
                "Client: or connect by a name that the certificate has; send it as server name too.".into(),
            ];
        }
        "wrong-eku" => &[
            "CA: reissue the leaf with serverAuth (1.3.6.1.5.5.7.3.1) in extendedKeyUsage, and digitalSignature in keyUsage.",
        ],
        "not-a-ca" => &[
            "CA: issue the leaf from a certificate with basicConstraints CA:TRUE and keyCertSign in keyUsage; reissue the issuer if it was meant to be one.",
        ],
        "path-length" => &[
            "CA: issue the leaf from a CA higher up, or reissue the CA whose pathLenConstraint is too small.",
        ],
        "name-constraint" => &[
            "CA: issue from a CA whose name constraints permit the name, or have the constraints changed and the CA reissued.",
        ],
        "weak-signature" => {
            &["CA: reissue the certificate with SHA-256 or better; a root's own signature does not matter."]
        }
        "weak-key" => {
            &["Server: make a new key of at least 2048 bits (RSA) or 256 bits (EC), and have it certified."]
        }
        "bad-signature" => &[
            "Server: install the certificate and the key that belong together; these two lines print the same value then: `openssl x509 -in leaf.pem -noout -pubkey | openssl sha256` and `openssl pkey -in key.pem -pubout | openssl sha256`.",
            "CA: if a certificate's own signature does not verify, have it issued anew; the file was changed or belongs to another CA of the same name.",
        ],
        "revoked" => &[
            "Server: have a new certificate issued, with a new key if the old one leaked, and replace the stapled response.",
        ],
        "wrong-order" => &[
            "Server: put the chain in order: the leaf first, then each issuer of the one before it; leave the root out.",
        ],
        "extra-cert" => &["Server: remove from the chain file what does not lead from the leaf to its root."],
        "certificate-rejected" => &["Client: read its log at the time of the refusal; it names the reason."],
        "protocol-version" => &[
            "Server or client: enable a version that both have, TLS 1.2 or TLS 1.3; nginx: `ssl_protocols TLSv1.2 TLSv1.3;`, Java: `-Djdk.tls.client.protocols=TLSv1.2,TLSv1.3`.",
        ],
        "no-shared-cipher" => &[
            "Server: enable a cipher suite that the client offers and that fits the kind of key in the certificate (RSA or EC); nginx: `ssl_ciphers`.",
            "Client: or enable a suite that the server has; do not restrict the list to one kind of key.",
        ],
        "no-shared-group" => &[
            "Client or server: enable a group that both have, such as X25519 or P-256; nginx: `ssl_ecdh_curve X25519:prime256v1;`, Java: `-Djdk.tls.namedGroups`.",
        ],
        "alpn-mismatch" => &[
            "Client or server: add the other's application protocol (`h2`, `http/1.1`) to its list; or send no ALPN at all.",
        ],
        "unrecognized-name" => &[
            "Client: send the name that the server serves as server name (SNI).",
            "Server: or add the name to its configuration, with a certificate for it, or set a default certificate.",
        ],
        "client-cert-missing" => return client_certificate(case, true),
        "client-cert-rejected" => return client_certificate(case, false),
        "client-cert-expired" => &[
            "Client: renew its certificate and load the new one; check that the server trusts the CA that issued it.",
        ],
        "http-to-tls" => &[
            "Client: use https:// and a TLS client for this port, or the port on which the server speaks plain HTTP.",
        ],
        "tls-to-http" => &[
            "Server: turn TLS on for this port (nginx: `listen 443 ssl;`); or client: use http:// or the port on which TLS is spoken.",
        ],
        "starttls-refused" => &[
            "Server: enable STARTTLS, with a certificate; or client: use the port where TLS begins at once (SMTP 465, IMAP 993, POP3 995, LDAP 636).",
        ],
        "proxy-refused" => &[
            "Proxy: allow the target, or give the client the credentials that it asks for; or client: go around the proxy for this target.",
        ],
        "psk-mismatch" => &[
            "Client and server: configure the same pre-shared key under the same identity; for a resumed session, delete the stored session and try again.",
        ],
        "server-closed" | "server-reset" => &[
            "Server: read its log at this time; look for a listener that speaks no TLS, a missing certificate, a connection limit, or a back end that is down.",
            "Network: if the server saw nothing of it, look for a firewall or load balancer that closes in its name.",
        ],
        "server-silent" => &[
            "Network: if the ClientHello was not acknowledged, look for a path that drops large packets (MTU) or a firewall; `ping -M do -s 1472` to the server shows the first.",
            "Server: if it was acknowledged, look for a process that hangs or a listener that expects something else first.",
        ],
        "client-closed" | "client-reset" => &[
            "Client: read its log at this time; it was stopped, or it disliked something that it does not say on the wire.",
        ],
        "client-timeout" => &["Server: find out why it answers late; or client: raise its timeout."],
        "connection-refused" => &[
            "Server: start the service, or let it listen on this address and port (`ss -ltn`); check the port that the client uses.",
        ],
        "connect-timeout" => &[
            "Network: check the address, the route, and the firewalls on the way; `nc -vz -w 5` to the server tests it.",
        ],
        "protocol-error" => &[
            "Both: update the stack that sent what the other could not accept; if a device between them inspects TLS, test without it.",
        ],
        "handshake-failure" => {
            &["The side that got the alert cannot know more: read the log of the side that sent it."]
        }
        "middlebox-interference" => &[
            "Network: find the device by its hop count (`traceroute`), and read its log; capture at both ends at once to prove it.",
        ],
        _ => &[],
    };
    texts.iter().map(|text| (*text).to_owned()).collect()
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

/// The command that shows what the server sends today.
pub(super) fn look(case: &Case<'_>) -> Option<String> {
    let server = case.connection.server.to_string();
    let name = case.connection.sni().or(case.hostname()).and_then(shell::word);
    let name = name.map_or_else(String::new, |name| format!(" -servername {name}"));
    let starttls = match case.connection.tunnel.as_ref().map(|at| at.value.kind) {
        Some("starttls-smtp") => " -starttls smtp",
        Some("starttls-imap") => " -starttls imap",
        Some("starttls-pop3") => " -starttls pop3",
        Some("starttls-ldap") => " -starttls ldap",
        Some("starttls-ftp") => " -starttls ftp",
        Some("starttls-mysql") => " -starttls mysql",
        Some("starttls-postgres") => " -starttls postgres",
        _ => "",
    };
    Some(format!(
        "To see the chain of today: openssl s_client -connect {server}{name}{starttls} -showcerts </dev/null"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::CAUSES;
    use crate::diagnose::testing::{Builder, Inputs};

    #[test]
    fn every_cause_has_a_fix_that_says_who_acts() {
        let inputs = Inputs::new(Builder::tls12().build());
        for cause in CAUSES {
            let steps = fix(&inputs.case(), cause.code);
            assert!(!steps.is_empty(), "{} has no fix", cause.code);
        }
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
    fn the_common_name_of_an_authority_is_read_from_its_name() {
        let der = [
            0x30, 0x11, 0x31, 0x0f, 0x30, 0x0d, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x06, b'M', b'y', b' ',
            b'C', b'A', b'1',
        ];
        assert_eq!(common_name_of(&der).as_deref(), Some("My CA1"));
        assert_eq!(common_name_of(&[0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0xff]), None);
    }
}
