//! The fix for a chain that leads to no anchor: what to send, or what to trust, with the commands of the client's stack.

use crate::diagnose::client_error::actors;
use crate::diagnose::{Case, shell, words};
use crate::fingerprint::Stack;
use crate::x509::Name;

/// The steps for `untrusted-root`, `self-signed` and `missing-intermediate`.
pub(super) fn steps(case: &Case<'_>, code: &str) -> Vec<String> {
    let stack = actors(case, &case.ending(), code).first().copied();
    let wanted = wanted(case, code);
    let name = wanted.map_or_else(
        || "the CA that is missing".to_owned(),
        |name| words::common_name(name).unwrap_or("the CA that is missing").to_owned(),
    );
    let alias = shell::alias(&name);
    match code {
        "missing-intermediate" => missing(case, stack, &name, &alias),
        "self-signed" => {
            let mut all = vec![
                "Server: replace the certificate by one from a CA that the client trusts.".to_owned(),
                "Client: or trust this very certificate; check its fingerprint with whoever runs the server."
                    .to_owned(),
            ];
            all.push(import(stack, "missing-root.pem", &alias));
            all
        }
        _ => vec![
            format!(
                "Client: add {name} to what it trusts, after checking that it is the CA that you mean to trust."
            ),
            import(stack, "missing-root.pem", &alias),
            "Server: or install a certificate from a CA that the client trusts already.".into(),
        ],
    }
}

/// The name of the CA that is wanted.
fn wanted<'a>(case: &Case<'a>, code: &str) -> Option<&'a Name> {
    if code == "self-signed" {
        return case.server_leaf()?.fields.as_ref().ok().map(|fields| &fields.subject);
    }
    let report = case.path?;
    match &report.missing {
        Some(missing) => Some(&missing.subject),
        None => report.path.last()?.certificate.fields.as_ref().ok().map(|fields| &fields.subject),
    }
}

fn missing(case: &Case<'_>, stack: Option<Stack>, name: &str, alias: &str) -> Vec<String> {
    let last = match case.server_chain.len() {
        0 | 1 => "the leaf",
        _ => "the certificates that it sends now",
    };
    let mut all = vec![format!(
        "Server: send {name} behind {last}: put the leaf and its intermediates into one file, in this order (`cat leaf.pem \
         intermediate.pem > fullchain.pem`), name it in nginx `ssl_certificate fullchain.pem;` or Apache `SSLCertificateFile \
         fullchain.pem`, and reload."
    )];
    let urls =
        case.path.and_then(|report| report.missing.as_ref()).map(|missing| missing.ca_issuers.as_slice());
    let url = urls.unwrap_or_default().iter().find(|url| url.starts_with("http"));
    if let Some(url) = url.and_then(|url| shell::word(url)) {
        all.push(format!(
            "To get it: curl -o intermediate.der {url} && openssl x509 -inform der -in intermediate.der -out intermediate.pem"
        ));
    }
    all.push("Client: where the server cannot be changed, trust the intermediate itself until it is.".into());
    all.push(import(stack, "intermediate.pem", alias));
    all
}

/// How a certificate gets into the trust store of the client at hand.
fn import(stack: Option<Stack>, file: &str, alias: &str) -> String {
    let how = match stack {
        Some(Stack::Java) => {
            format!(
                "keytool -importcert -noprompt -alias {alias} -file {file} -keystore truststore.jks -storepass changeit"
            )
        }
        Some(Stack::Curl) => format!("curl --cacert {file} …, or for all programs: {}", system(file, alias)),
        Some(Stack::Python) => {
            format!("export SSL_CERT_FILE={file} (requests: export REQUESTS_CA_BUNDLE={file})")
        }
        Some(Stack::Node) => format!("export NODE_EXTRA_CA_CERTS={file}"),
        Some(Stack::Go) => {
            format!("export SSL_CERT_FILE={file}, or for all programs: {}", system(file, alias))
        }
        Some(Stack::Ruby | Stack::OpenSsl | Stack::LibreSsl) => {
            format!("export SSL_CERT_FILE={file}, or for all programs: {}", system(file, alias))
        }
        Some(Stack::Php) => format!("openssl.cafile={file} in php.ini"),
        Some(Stack::Nginx) => format!("proxy_ssl_trusted_certificate {file}; in the location that proxies"),
        Some(Stack::HaProxy) => format!("ca-file {file} on the server line"),
        Some(Stack::Stunnel) => format!("CAfile = {file} in the service's section"),
        Some(Stack::Wget) => {
            format!("wget --ca-certificate={file} …, or for all programs: {}", system(file, alias))
        }
        Some(Stack::Firefox) => {
            "Firefox: Certificates.Install in policies.json, or Settings, Certificates, Authorities, Import"
                .into()
        }
        Some(Stack::Chromium) => format!(
            "the policy CACertificates, or on Linux: certutil -A -d sql:$HOME/.pki/nssdb -n {alias} -t C,, -i {file}"
        ),
        Some(Stack::Nss) => format!("certutil -A -d sql:DIRECTORY -n {alias} -t C,, -i {file}"),
        Some(Stack::Schannel) => format!("certutil -addstore Root {file}"),
        Some(Stack::Apple) => {
            format!(
                "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {file}"
            )
        }
        Some(Stack::Rustls | Stack::GnuTls | Stack::MbedTls | Stack::WolfSsl | Stack::BoringSsl) | None => {
            system(file, alias)
        }
    };
    format!("To import it: {how}")
}

fn system(file: &str, alias: &str) -> String {
    format!("sudo cp {file} /usr/local/share/ca-certificates/{alias}.crt && sudo update-ca-certificates")
}
