//! The list of causes: one file each, in the order in which `tlspcap causes` shows them.

mod alpn_mismatch;
mod auth;
mod bad_signature;
mod certificate_rejected;
mod client_cert_expired;
mod client_cert_missing;
mod client_cert_rejected;
mod client_closed;
mod client_reset;
mod client_timeout;
mod connect_timeout;
mod connection_refused;
mod ended;
mod expired;
mod expired_intermediate;
mod extra_cert;
mod handshake_failure;
mod hostname_mismatch;
mod http_to_tls;
mod middlebox_interference;
mod missing_intermediate;
mod name_constraint;
mod no_shared_cipher;
mod no_shared_group;
mod not_a_ca;
mod not_yet_valid;
mod offer;
pub(in crate::diagnose) mod path;
mod path_length;
mod protocol_error;
mod protocol_version;
mod proxy_refused;
mod psk_mismatch;
mod revoked;
mod self_signed;
mod server_closed;
mod server_reset;
mod server_silent;
mod starttls_refused;
mod tls_to_http;
mod unrecognized_name;
mod untrusted_root;
mod weak_key;
mod weak_signature;
mod wrong_eku;
mod wrong_order;

use crate::diagnose::Cause;

/// All causes, in the order of the documentation.
pub const CAUSES: &[&Cause] = &[
    &untrusted_root::CAUSE,
    &missing_intermediate::CAUSE,
    &self_signed::CAUSE,
    &expired::CAUSE,
    &expired_intermediate::CAUSE,
    &not_yet_valid::CAUSE,
    &hostname_mismatch::CAUSE,
    &wrong_eku::CAUSE,
    &not_a_ca::CAUSE,
    &path_length::CAUSE,
    &name_constraint::CAUSE,
    &weak_signature::CAUSE,
    &weak_key::CAUSE,
    &bad_signature::CAUSE,
    &revoked::CAUSE,
    &certificate_rejected::CAUSE,
    &wrong_order::CAUSE,
    &extra_cert::CAUSE,
    &protocol_version::CAUSE,
    &no_shared_cipher::CAUSE,
    &no_shared_group::CAUSE,
    &alpn_mismatch::CAUSE,
    &unrecognized_name::CAUSE,
    &client_cert_missing::CAUSE,
    &client_cert_rejected::CAUSE,
    &client_cert_expired::CAUSE,
    &http_to_tls::CAUSE,
    &tls_to_http::CAUSE,
    &starttls_refused::CAUSE,
    &proxy_refused::CAUSE,
    &psk_mismatch::CAUSE,
    &server_closed::CAUSE,
    &server_reset::CAUSE,
    &server_silent::CAUSE,
    &client_closed::CAUSE,
    &client_reset::CAUSE,
    &client_timeout::CAUSE,
    &connection_refused::CAUSE,
    &connect_timeout::CAUSE,
    &protocol_error::CAUSE,
    &handshake_failure::CAUSE,
    &middlebox_interference::CAUSE,
];

/// The cause with this code.
pub fn cause(code: &str) -> Option<&'static Cause> {
    CAUSES.iter().copied().find(|cause| cause.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes that users rely on, in the order of the table of the outside interface.
    const PROMISED: [&str; 42] = [
        "untrusted-root",
        "missing-intermediate",
        "self-signed",
        "expired",
        "expired-intermediate",
        "not-yet-valid",
        "hostname-mismatch",
        "wrong-eku",
        "not-a-ca",
        "path-length",
        "name-constraint",
        "weak-signature",
        "weak-key",
        "bad-signature",
        "revoked",
        "certificate-rejected",
        "wrong-order",
        "extra-cert",
        "protocol-version",
        "no-shared-cipher",
        "no-shared-group",
        "alpn-mismatch",
        "unrecognized-name",
        "client-cert-missing",
        "client-cert-rejected",
        "client-cert-expired",
        "http-to-tls",
        "tls-to-http",
        "starttls-refused",
        "proxy-refused",
        "psk-mismatch",
        "server-closed",
        "server-reset",
        "server-silent",
        "client-closed",
        "client-reset",
        "client-timeout",
        "connection-refused",
        "connect-timeout",
        "protocol-error",
        "handshake-failure",
        "middlebox-interference",
    ];

    const HEADINGS: [&str; 6] = [
        "## On the wire",
        "## What clients say",
        "## Why",
        "## The fix",
        "## Often mistaken for",
        "## References",
    ];

    #[test]
    fn the_codes_are_those_that_users_rely_on() {
        let codes: Vec<&str> = CAUSES.iter().map(|cause| cause.code).collect();
        assert_eq!(codes, PROMISED);
    }

    #[test]
    fn codes_are_unique_and_in_kebab_case() {
        for (index, cause) in CAUSES.iter().enumerate() {
            assert!(
                CAUSES[..index].iter().all(|other| other.code != cause.code),
                "{} is there twice",
                cause.code
            );
            let kebab = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            assert!(cause.code.bytes().all(kebab), "{}", cause.code);
        }
    }

    #[test]
    fn every_chapter_has_its_title_and_all_headings_in_order() {
        for cause in CAUSES {
            let title = format!("# {}\n", cause.code);
            assert!(cause.chapter.starts_with(&title), "{} has another title", cause.code);
            let places: Vec<Option<usize>> =
                HEADINGS.iter().map(|heading| cause.chapter.find(heading)).collect();
            assert!(places.iter().all(Option::is_some), "{} lacks a heading", cause.code);
            assert!(places.is_sorted(), "{} has its headings in another order", cause.code);
            assert!(cause.chapter.contains("RFC "), "{} refers to no RFC", cause.code);
        }
    }

    #[test]
    fn explains_names_causes_that_exist_and_never_comes_back_to_itself() {
        for start in CAUSES {
            let mut waiting = start.explains.to_vec();
            let mut seen = Vec::new();
            while let Some(code) = waiting.pop() {
                let next = cause(code)
                    .unwrap_or_else(|| panic!("{} explains {code}, which is no cause", start.code));
                assert_ne!(code, start.code, "{} explains itself", start.code);
                if !seen.contains(&code) {
                    seen.push(code);
                    waiting.extend(next.explains);
                }
            }
        }
    }
}
