//! The fix where TLS never began: the settings of the protocol ahead of it, or of the proxy on the way.

use crate::diagnose::{Case, shell};

/// The steps for `starttls-refused` and `proxy-refused`.
pub(super) fn steps(case: &Case<'_>, code: &str) -> Vec<String> {
    let Some(tunnel) = case.connection.tunnel.as_ref().map(|at| &at.value) else { return general(code) };
    let refusal = tunnel.refusal.as_deref().unwrap_or_default();
    if code == "proxy-refused" {
        let target = tunnel.target.as_deref().and_then(shell::word).unwrap_or("the target".into());
        return proxy(refusal, &target);
    }
    starttls(tunnel.kind, refusal)
}

/// The steps where nothing is known of the protocol.
fn general(code: &str) -> Vec<String> {
    let step = match code {
        "proxy-refused" => {
            "Proxy: allow the target, or give the client the credentials that it asks for; or client: go around the proxy for \
             this target."
        }
        _ => {
            "Server: enable TLS for this protocol, with a certificate; or client: use the port where TLS begins at once (SMTP \
             465, IMAP 993, POP3 995, LDAP 636)."
        }
    };
    vec![step.to_owned()]
}

/// By the status of the answer (RFC 9110 §15); SOCKS answers in words.
fn proxy(refusal: &str, target: &str) -> Vec<String> {
    let status = refusal.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    match status {
        Some("407") => vec![
            "Client: give it the credentials that the proxy asks for (curl: `--proxy-user USER:PASSWORD`, most others: \
             `HTTPS_PROXY=http://USER:PASSWORD@PROXY:PORT`)."
                .to_owned(),
        ],
        Some("502" | "503" | "504") => vec![format!(
            "Proxy: it could not reach {target} itself; check its name resolution, its route and the firewall behind it."
        )],
        Some("403" | "405") => vec![
            format!("Proxy: allow CONNECT to {target}; many proxies allow port 443 alone."),
            "Client: or go around the proxy for this target (`NO_PROXY`), where a direct way is open.".to_owned(),
        ],
        _ => general("proxy-refused"),
    }
}

fn starttls(kind: &str, refusal: &str) -> Vec<String> {
    let steps: &[&str] = match kind {
        "starttls-smtp" if refusal.starts_with("454") => &[
            "Server: 454 says that TLS is set up and does not work at the moment: look in the mail server's log for the \
             certificate and the key that it cannot load (Postfix: `smtpd_tls_chain_files`, Exim: `tls_certificate`).",
            "Client: or use port 465, where TLS begins at once.",
        ],
        "starttls-smtp" => &[
            "Server: enable STARTTLS, with a certificate (Postfix: `smtpd_tls_security_level = may` and \
             `smtpd_tls_chain_files`, Exim: `tls_advertise_hosts` and `tls_certificate`).",
            "Client: or use port 465, where TLS begins at once.",
        ],
        "starttls-imap" => &[
            "Server: enable STARTTLS, with a certificate (Dovecot: `ssl = yes`).",
            "Client: or use port 993, where TLS begins at once.",
        ],
        "starttls-pop3" => &[
            "Server: enable STLS, with a certificate (Dovecot: `ssl = yes`).",
            "Client: or use port 995, where TLS begins at once.",
        ],
        "starttls-ldap" => &[
            "Server: give it a certificate and its key, so that it has StartTLS (OpenLDAP: `olcTLSCertificateFile` and \
             `olcTLSCertificateKeyFile`; Active Directory: a certificate in the computer's store).",
            "Client: or use ldaps:// on port 636, where TLS begins at once and the server has it.",
        ],
        "starttls-postgres" => &[
            "Server: set `ssl = on` in postgresql.conf, with `ssl_cert_file` and `ssl_key_file`, and reload it (`SELECT \
             pg_reload_conf();`).",
            "Client: or connect without TLS (`sslmode=prefer` falls back, `require` and above do not), where that is allowed.",
        ],
        "starttls-mysql" => &[
            "Server: give it a certificate (`ssl_cert` and `ssl_key` under [mysqld]), so that its greeting has CLIENT_SSL.",
            "Client: or connect without TLS (`--ssl-mode=PREFERRED` falls back), where that is allowed.",
        ],
        "starttls-ftp" => &[
            "Server: enable AUTH TLS, with a certificate (vsftpd: `ssl_enable=YES` and `rsa_cert_file`, ProFTPD: `TLSEngine on`).",
            "Client: or use port 990, where TLS begins at once and the server has it.",
        ],
        _ => return general("starttls-refused"),
    };
    steps.iter().map(|step| (*step).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_the_proxy_decides_who_acts() {
        assert!(
            proxy("HTTP/1.1 407 Proxy Authentication Required", "a:443")[0].starts_with("Client: give it")
        );
        assert!(proxy("HTTP/1.1 403 Forbidden", "a:443")[0].contains("allow CONNECT to a:443"));
        assert!(proxy("HTTP/1.0 504 Gateway Timeout", "a:443")[0].contains("could not reach a:443"));
        assert_eq!(proxy("connection not allowed", "a:443"), general("proxy-refused"));
    }

    #[test]
    fn a_protocol_has_the_settings_of_its_own_servers() {
        assert!(starttls("starttls-postgres", "N")[0].contains("`ssl = on` in postgresql.conf"));
        assert!(starttls("starttls-mysql", "")[0].contains("CLIENT_SSL"));
        assert!(starttls("starttls-smtp", "454 4.7.0 TLS not available")[0].contains("454"));
        assert_eq!(starttls("starttls-xmpp", "failure"), general("starttls-refused"));
    }
}
