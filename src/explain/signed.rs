//! Signatures of the handshake held against the certificates.

use std::sync::Arc;

use crate::connection::Connection;
use crate::trust::{self, SignatureState};
use crate::x509::Certificate;

/// Whether the signature of the key exchange (TLS 1.2 and below), or of the CertificateVerify, is by the leaf's key.
pub(super) fn server_signature(c: &Connection, chain: &[Arc<Certificate>]) -> Option<bool> {
    let leaf = chain.first()?.fields.as_ref().ok()?;
    if let Some(at) = &c.server_certificate_verify {
        let signed = at.value.signed.as_ref()?;
        return verified(trust::signature::verify_tls(
            &leaf.key,
            at.value.scheme.map(|s| s.0),
            signed,
            &at.value.signature,
        ));
    }
    let exchange = &c.server_key_exchange.as_ref()?.value;
    if exchange.signature.is_empty() {
        return None;
    }
    let (client, server) = (c.client_hello.as_ref()?, c.server_hello.as_ref()?);
    let message = [&client.value.random[..], &server.value.random, &exchange.params].concat();
    let scheme = exchange.signature_scheme.map(|scheme| scheme.0);
    verified(trust::signature::verify_tls(&leaf.key, scheme, &message, &exchange.signature))
}

/// Holds the client's CertificateVerify against its leaf (RFC 8446 §4.4.3, RFC 5246 §7.4.8).
pub(super) fn check_client_signature(c: &mut Connection, chain: &[Arc<Certificate>]) {
    let leaf = chain.first().and_then(|leaf| leaf.fields.as_ref().ok());
    if let (Some(at), Some(leaf)) = (&mut c.client_certificate_verify, leaf)
        && let Some(signed) = &at.value.signed
    {
        let scheme = at.value.scheme.map(|scheme| scheme.0);
        at.value.verified =
            verified(trust::signature::verify_tls(&leaf.key, scheme, signed, &at.value.signature));
    }
}

fn verified(state: SignatureState) -> Option<bool> {
    match state {
        SignatureState::Good => Some(true),
        SignatureState::Bad => Some(false),
        SignatureState::CannotCheck(_) => None,
    }
}
