//! Equal failures have equal signatures, on every machine and in every version within a schema version.

use sha2::{Digest, Sha256};

use crate::report::ConnectionReport;
use crate::triage::row::ending_alert;

/// The version of the rule; a new one makes all signatures new.
const VERSION: &str = "1";

/// The signature of the kind of failure, and the one of this kind at this server name: 16 hex digits each.
///
/// Into it go cause, alert, client stack, history, the leaf's issuer and the missing issuer; no time, port, client
/// address or serial number.
pub fn signatures(c: &ConnectionReport) -> (String, String) {
    let mut hash = Sha256::new();
    let mut field = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    field(VERSION);
    field(&c.verdict.cause);
    field(c.verdict.failed_by);
    match ending_alert(c) {
        Some(alert) => {
            field(alert.sender);
            field(&alert.code.map_or_else(|| "encrypted".to_owned(), |code| code.to_string()));
        }
        None => field("no alert"),
    }
    field(family(c.tls.client_stack.as_deref().unwrap_or("")));
    field(&c.history);
    let leaf = c.server_certificates.as_ref().and_then(|chain| chain.chain.first());
    field(leaf.and_then(|leaf| leaf.issuer.as_deref()).unwrap_or(""));
    field(c.trust.as_ref().and_then(|trust| trust.missing_issuer.as_deref()).unwrap_or(""));
    let kind = hash.clone();
    let host = c.tls.sni.clone().unwrap_or_else(|| c.server.addr.clone());
    hash.update(host.as_bytes());
    (digits(kind), digits(hash))
}

/// `OpenSSL` of `OpenSSL (curl, nginx)`: which programs fit changes as more are known.
fn family(stack: &str) -> &str {
    stack.split(" (").next().unwrap_or_default()
}

fn digits(hash: Sha256) -> String {
    data_encoding::HEXLOWER.encode(&hash.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_that_is_narrowed_keeps_its_family() {
        assert_eq!(family("OpenSSL (s_client, Ruby)"), family("OpenSSL"));
        assert_ne!(family("Firefox (NSS)"), family("OpenSSL"));
    }
}
