//! Certificate chains as `openssl s_client` prints them.

use crate::render::{escape, wrap_hanging};
use crate::report::{CertificateReport, ChainReport, ConnectionReport};

use super::TextRenderer;

/// Both sides' chains of a connection.
pub(super) fn chains(out: &mut String, renderer: &TextRenderer, c: &ConnectionReport) {
    for (who, chain) in
        [("Certificate chain", &c.server_certificates), ("Client certificate", &c.client_certificates)]
    {
        let Some(chain) = chain else { continue };
        let packet = chain.packets.last().map(|packet| format!(" (#{packet})")).unwrap_or_default();
        renderer.heading(out, &format!("{who}{packet}"));
        if chain.chain.is_empty() && chain.complete {
            out.push_str("  none: the Certificate message is empty\n");
        }
        if !chain.complete {
            wrap_hanging(out, "  ", 2, &incomplete(chain), renderer.options.width);
        }
        out.push_str(&chain_text(chain, renderer.options.width));
    }
}

/// How much there is of a Certificate message that is not whole.
pub(in crate::render) fn incomplete(chain: &ChainReport) -> String {
    match chain.whole_bytes {
        Some(whole) => {
            let there = whole.saturating_sub(chain.missing_bytes);
            format!("incomplete: {there} of {whole} bytes of the message are in the capture")
        }
        None => "incomplete: the message is malformed".to_owned(),
    }
}

/// A chain as `openssl s_client` prints it, with validity and key under each certificate.
pub fn chain_text(chain: &ChainReport, width: usize) -> String {
    let mut out = String::new();
    for certificate in &chain.chain {
        one(&mut out, certificate, width);
    }
    out
}

fn one(out: &mut String, certificate: &CertificateReport, width: usize) {
    let position = format!(" {:>2} s:", certificate.position);
    if let Some(error) = &certificate.error {
        wrap_hanging(out, &position, 6, &format!("cannot be read: {}", escape(error)), width);
        out.push_str(&format!("      SHA-256 {}\n", certificate.sha256));
        return;
    }
    let text = |value: &Option<String>| escape(value.as_deref().unwrap_or("")).into_owned();
    wrap_hanging(out, &position, 6, &text(&certificate.subject_oneline), width);
    wrap_hanging(out, "    i:", 6, &text(&certificate.issuer_oneline), width);
    let key = certificate.key.as_ref().map_or(String::new(), |key| match &key.curve {
        Some(curve) => format!("{} {curve}", key.algorithm),
        None => format!("{} {}", key.algorithm, key.bits),
    });
    let dates = format!(
        "{} to {}; {key}, {}",
        text(&certificate.not_before).get(..10).unwrap_or(""),
        text(&certificate.not_after).get(..10).unwrap_or(""),
        text(&certificate.signature_algorithm)
    );
    wrap_hanging(out, "    v:", 6, &dates, width);
    if !certificate.san.is_empty() && certificate.position == 0 {
        let shown: Vec<_> =
            certificate.san.iter().take(SAN_SHOWN).map(|name| escape(name).into_owned()).collect();
        let more = certificate.san.len().saturating_sub(SAN_SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        wrap_hanging(out, "      ", 6, &format!("{}{rest}", shown.join(", ")), width);
    }
}

/// Names shown of a certificate's subjectAltName.
const SAN_SHOWN: usize = 8;
