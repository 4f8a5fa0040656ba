//! The fix for a chain that leads to no anchor: what to send, or what to trust, with the commands of the client's stack.

use crate::diagnose::client_error::actors;
use crate::diagnose::{Case, shell, words};
use crate::fingerprint::Stack;
use crate::x509::Name;

/// The files that hold the certificate, as `--export` names them too.
const ROOT: &str = "missing-root.pem";
const INTERMEDIATE: &str = "missing-intermediate.pem";

/// The steps for `untrusted-root`, `self-signed` and `missing-intermediate`.
pub(super) fn steps(case: &Case<'_>, code: &str) -> Vec<String> {
    let stack = actors(case, case.ending(), code).first().copied();
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
                format!(
                    "Client: or trust this very certificate; check its fingerprint with whoever runs the server. {}",
                    source(case, ROOT)
                ),
            ];
            all.push(import(stack, ROOT, &alias));
            all
        }
        _ => vec![
            format!(
                "Client: add {name} to what it trusts, after checking that it is the CA that you mean to trust. {}",
                source(case, ROOT)
            ),
            import(stack, ROOT, &alias),
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

/// Where the file with the certificate comes from.
fn source(case: &Case<'_>, file: &str) -> String {
    match is_found(case) {
        true => format!("Its certificate is in {file} with `--export DIR`."),
        false => format!("Get its certificate from whoever runs the CA, as {file}."),
    }
}

/// Whether the capture or the trust store has the certificate that is missing.
fn is_found(case: &Case<'_>) -> bool {
    let missing = case.path.and_then(|report| report.missing.as_ref());
    missing.is_some_and(|missing| missing.found.is_some())
}

fn missing(case: &Case<'_>, stack: Option<Stack>, name: &str, alias: &str) -> Vec<String> {
    let last = match case.server_chain.len() {
        0 | 1 => "the leaf",
        _ => "the certificates that it sends now",
    };
    let mut all = vec![format!(
        "Server: send {name} behind {last}: put the leaf and its intermediates into one file, in this order (`cat leaf.pem \
         {INTERMEDIATE} > fullchain.pem`), name it in nginx `ssl_certificate fullchain.pem;` or Apache `SSLCertificateFile \
         fullchain.pem`, and reload."
    )];
    let urls =
        case.path.and_then(|report| report.missing.as_ref()).map(|missing| missing.ca_issuers.as_slice());
    let url = urls.unwrap_or_default().iter().find(|url| url.starts_with("http"));
    match url.and_then(|url| shell::word(url)) {
        Some(url) if !is_found(case) => all.push(format!(
            "To get it:\ncurl -o intermediate.der {url}\nopenssl x509 -inform der -in intermediate.der -out {INTERMEDIATE}"
        )),
        _ => all.push(source(case, INTERMEDIATE)),
    }
    all.push("Client: where the server cannot be changed, trust the intermediate itself until it is.".into());
    all.push(import(stack, INTERMEDIATE, alias));
    all
}

/// How a certificate gets into the trust store of the client at hand: a sentence, and below it the commands, a line each.
fn import(stack: Option<Stack>, file: &str, alias: &str) -> String {
    let sentence = |how: String| format!("To import it: {how}");
    let commands = |commands: &[String]| format!("To import it:\n{}", commands.join("\n"));
    let either = |option: &str, one: String| {
        format!("To import it, for one program{option} or for all:\n{one}\n{}", system(file, alias))
    };
    match stack {
        Some(Stack::Java) => commands(&[format!(
            "keytool -importcert -noprompt -alias {alias} -file {file} -keystore truststore.jks -storepass changeit"
        )]),
        Some(Stack::Curl) => {
            format!("To import it, for all programs (for one: curl --cacert {file}):\n{}", system(file, alias))
        }
        Some(Stack::Python) => {
            format!(
                "To import it (the second line is for requests):\nexport SSL_CERT_FILE={file}\nexport REQUESTS_CA_BUNDLE={file}"
            )
        }
        Some(Stack::Node) => commands(&[format!("export NODE_EXTRA_CA_CERTS={file}")]),
        Some(Stack::Go | Stack::Ruby | Stack::OpenSsl | Stack::LibreSsl) => {
            either("", format!("export SSL_CERT_FILE={file}"))
        }
        Some(Stack::Php) => sentence(format!("openssl.cafile={file} in php.ini")),
        Some(Stack::Nginx) => {
            sentence(format!("proxy_ssl_trusted_certificate {file}; in the location that proxies"))
        }
        Some(Stack::HaProxy) => sentence(format!("ca-file {file} on the server line")),
        Some(Stack::Stunnel) => sentence(format!("CAfile = {file} in the service's section")),
        Some(Stack::Wget) => {
            format!(
                "To import it, for all programs (for one: wget --ca-certificate={file}):\n{}",
                system(file, alias)
            )
        }
        Some(Stack::Firefox) => sentence(
            "in Firefox with Certificates.Install in policies.json, or by Settings, Certificates, Authorities, Import"
                .into(),
        ),
        Some(Stack::Chromium) => format!(
            "To import it, with the policy CACertificates, or on Linux:\n{}",
            nss("$HOME/.pki/nssdb", file, alias)
        ),
        Some(Stack::Nss) => commands(&[nss("DIRECTORY", file, alias)]),
        Some(Stack::Schannel) => commands(&[format!("certutil -addstore Root {file}")]),
        Some(Stack::Apple) => commands(&[format!(
            "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {file}"
        )]),
        Some(Stack::Rustls | Stack::GnuTls | Stack::MbedTls | Stack::WolfSsl | Stack::BoringSsl) | None => {
            commands(&[system(file, alias)])
        }
    }
}

fn nss(folder: &str, file: &str, alias: &str) -> String {
    format!("certutil -A -d sql:{folder} -n {alias} -t C,, -i {file}")
}

fn system(file: &str, alias: &str) -> String {
    format!("sudo cp {file} /usr/local/share/ca-certificates/{alias}.crt && sudo update-ca-certificates")
}
