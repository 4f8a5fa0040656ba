//! An alert in the words of the stack that got it, as its log has them.

use crate::diagnose::alerts::library;
use crate::diagnose::words;
use crate::fingerprint::Stack;

/// What `stack` prints for an alert that it received; `None` for an alert without a name.
pub(super) fn spoken(stack: Stack, alert: u8) -> Option<String> {
    let name = words::alert_name(alert)?;
    let plain = name.replace('_', " ");
    Some(match stack {
        Stack::Java => name.to_owned(),
        Stack::Go => find(&GO, alert).map_or(plain, str::to_owned),
        Stack::Nss | Stack::Firefox => find(&NSS, alert)?.to_owned(),
        _ if is_openssl(stack) => openssl(alert, &plain),
        _ => plain,
    })
}

/// The same as one word in capitals at each part, as rustls prints it: `HandshakeFailure`.
pub(super) fn camel(alert: u8) -> Option<String> {
    let name = words::alert_name(alert)?;
    let joined = || name.split('_').map(words::upper_first).collect();
    Some(find(&RUSTLS, alert).map_or_else(joined, str::to_owned))
}

/// OpenSSL's error number: the library's own (SSL, 20 shifted) and 1000 more than the alert's.
pub(super) fn openssl_code(alert: u8) -> String {
    format!("0A{:06X}", 1000 + u32::from(alert))
}

/// The exception that the JDK throws for an alert: not every alert is one of the handshake there.
pub(super) const fn java_exception(alert: u8) -> &'static str {
    match alert {
        10 => "SSLProtocolException",
        20 | 21 | 22 | 30 | 80 | 86 | 90 => "SSLException",
        _ => "SSLHandshakeException",
    }
}

fn is_openssl(stack: Stack) -> bool {
    matches!(stack, Stack::OpenSsl | Stack::Node | Stack::Nginx) || library(stack) == Some(Stack::OpenSsl)
}

/// The reason strings say in which version an alert came up.
fn openssl(alert: u8, plain: &str) -> String {
    match alert {
        10 | 20 | 30 | 40..=47 => format!("sslv3 alert {plain}"),
        90 => "tlsv1 alert user cancelled".to_owned(),
        109 | 116 => format!("tlsv13 alert {plain}"),
        110..=114 => format!("tlsv1 {plain}"),
        _ => format!("tlsv1 alert {plain}"),
    }
}

fn find(table: &'static [(u8, &'static str)], alert: u8) -> Option<&'static str> {
    table.iter().find(|(number, _)| *number == alert).map(|(_, text)| *text)
}

/// Where Go's words are not those of the RFC.
const GO: [(u8, &str); 10] = [
    (20, "bad record MAC"),
    (44, "revoked certificate"),
    (45, "expired certificate"),
    (46, "unknown certificate"),
    (48, "unknown certificate authority"),
    (50, "error decoding message"),
    (51, "error decrypting message"),
    (70, "protocol version not supported"),
    (71, "insufficient security level"),
    (115, "unknown PSK identity"),
];

/// NSS has a name of an error of its own for each.
const NSS: [(u8, &str); 16] = [
    (10, "SSL_ERROR_HANDSHAKE_UNEXPECTED_ALERT"),
    (40, "SSL_ERROR_HANDSHAKE_FAILURE_ALERT"),
    (42, "SSL_ERROR_BAD_CERT_ALERT"),
    (44, "SSL_ERROR_REVOKED_CERT_ALERT"),
    (45, "SSL_ERROR_EXPIRED_CERT_ALERT"),
    (46, "SSL_ERROR_CERTIFICATE_UNKNOWN_ALERT"),
    (47, "SSL_ERROR_ILLEGAL_PARAMETER_ALERT"),
    (48, "SSL_ERROR_UNKNOWN_CA_ALERT"),
    (49, "SSL_ERROR_ACCESS_DENIED_ALERT"),
    (50, "SSL_ERROR_DECODE_ERROR_ALERT"),
    (51, "SSL_ERROR_DECRYPT_ERROR_ALERT"),
    (70, "SSL_ERROR_PROTOCOL_VERSION_ALERT"),
    (71, "SSL_ERROR_INSUFFICIENT_SECURITY_ALERT"),
    (80, "SSL_ERROR_INTERNAL_ERROR_ALERT"),
    (112, "SSL_ERROR_UNRECOGNIZED_NAME_ALERT"),
    (116, "SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT"),
];

/// Where rustls writes a name in another way.
const RUSTLS: [(u8, &str); 4] = [
    (48, "UnknownCA"),
    (112, "UnrecognisedName"),
    (113, "BadCertificateStatusResponse"),
    (115, "UnknownPSKIdentity"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stack_puts_an_alert_in_its_own_words() {
        let say = |stack, alert| spoken(stack, alert).unwrap_or_default();
        assert_eq!(say(Stack::Java, 120), "no_application_protocol");
        assert_eq!(say(Stack::Go, 70), "protocol version not supported");
        assert_eq!(say(Stack::OpenSsl, 40), "sslv3 alert handshake failure");
        assert_eq!(say(Stack::Node, 120), "tlsv1 alert no application protocol");
        assert_eq!(say(Stack::Nginx, 112), "tlsv1 unrecognized name");
        assert_eq!(say(Stack::Ruby, 116), "tlsv13 alert certificate required");
        assert_eq!(camel(48).as_deref(), Some("UnknownCA"));
        assert_eq!(camel(70).as_deref(), Some("ProtocolVersion"));
    }

    #[test]
    fn openssl_counts_alerts_from_1000_on() {
        assert_eq!(openssl_code(40), "0A000410");
        assert_eq!(openssl_code(112), "0A000458");
        assert_eq!(openssl_code(116), "0A00045C");
    }
}
