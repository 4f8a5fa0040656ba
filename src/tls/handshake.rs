//! A whole handshake message becomes a value (RFC 8446 §4, RFC 5246 §7.4).

use tls_parser::{
    ECParametersContent, TlsMessage, TlsMessageAlert, parse_dh_params, parse_ecdh_params,
    parse_tls_message_alert,
};

use crate::iana::{AlertDescription, CipherSuite, NamedGroup, SignatureScheme, Version};
use crate::tls::certificate::{Hold, certificate, inflate, request, request13, status};
use crate::tls::cursor::Cursor;
use crate::tls::hello::{client_hello, encrypted_extensions, server_hello};
use crate::tls::message::{Alert, CertificateVerify, Handshake, ServerKeyExchange};

/// What a message's form depends on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spoken {
    /// The version of the ServerHello, once there is one.
    pub(super) version: Option<Version>,
    /// The suite of the ServerHello.
    pub(super) suite: CipherSuite,
}

impl Spoken {
    pub(super) fn is_tls13(self) -> bool {
        self.version.is_some_and(Version::is_tls13)
    }

    /// TLS 1.2: signatures name their scheme.
    fn is_tls12(self) -> bool {
        self.version.is_none_or(|version| version == Version::TLS12)
    }
}

/// Reads the body of a message of type `kind`. Certificates are held by `hold`.
pub(super) fn parse(kind: u8, body: &[u8], spoken: Spoken, hold: Hold<'_>) -> Handshake {
    let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let tls13 = spoken.is_tls13();
    let read = match kind {
        0 => Some(Handshake::HelloRequest),
        1 => client_hello(body).map(|hello| Handshake::ClientHello(Box::new(hello))),
        2 => server_hello(body).map(|hello| Handshake::ServerHello(Box::new(hello))),
        4 => Some(Handshake::NewSessionTicket),
        5 => Some(Handshake::EndOfEarlyData),
        8 => Some(Handshake::EncryptedExtensions { alpn: encrypted_extensions(body) }),
        11 => Some(Handshake::Certificate(certificate(body, tls13, hold))),
        12 => {
            server_key_exchange(body, spoken).map(|exchange| Handshake::ServerKeyExchange(Box::new(exchange)))
        }
        13 if tls13 => request13(body).map(Handshake::CertificateRequest),
        13 => request(body, spoken.is_tls12()).map(Handshake::CertificateRequest),
        14 => Some(Handshake::ServerHelloDone),
        15 => certificate_verify(body, spoken).map(|verify| Handshake::CertificateVerify { verify }),
        16 => Some(Handshake::ClientKeyExchange),
        20 => Some(Handshake::Finished),
        22 => status(body).map(Handshake::CertificateStatus),
        24 => Some(Handshake::KeyUpdate),
        25 => match inflate(body) {
            Ok(body) => Some(Handshake::Certificate(certificate(&body, true, hold))),
            Err(error) => Some(Handshake::Other { kind, len, error: Some(error) }),
        },
        _ => return Handshake::Other { kind, len, error: None },
    };
    read.unwrap_or(Handshake::Other { kind, len, error: Some("its fields do not fit its length") })
}

/// The parameters by the kind of key exchange that the suite's name tells.
fn server_key_exchange(body: &[u8], spoken: Spoken) -> Option<ServerKeyExchange> {
    let suite = spoken.suite.name().unwrap_or_default();
    let mut exchange = ServerKeyExchange::default();
    let rest = if suite.contains("PSK") || suite.contains("SRP") {
        return Some(exchange);
    } else if suite.contains("ECDH") {
        let (rest, params) = parse_ecdh_params(body).ok()?;
        if let ECParametersContent::NamedGroup(group) = params.curve_params.params_content {
            exchange.group = Some(NamedGroup(group.0));
        }
        rest
    } else if suite.contains("DHE") || suite.contains("DH_anon") {
        let (rest, params) = parse_dh_params(body).ok()?;
        exchange.dh_bits = Some(bits(params.dh_p));
        rest
    } else {
        return Some(exchange);
    };
    exchange.params = body[..body.len() - rest.len()].to_vec();
    let mut cursor = Cursor::new(rest);
    if suite.contains("anon") {
        return Some(exchange);
    }
    if spoken.is_tls12() {
        exchange.signature_scheme = Some(SignatureScheme(cursor.u16()?));
    }
    exchange.signature = cursor.vec16()?.to_vec();
    Some(exchange)
}

/// Bits of a big-endian number.
fn bits(number: &[u8]) -> u32 {
    let number = &number[number.iter().take_while(|byte| **byte == 0).count()..];
    match number.first() {
        Some(first) => u32::try_from(number.len() * 8).unwrap_or(u32::MAX) - first.leading_zeros(),
        None => 0,
    }
}

fn certificate_verify(body: &[u8], spoken: Spoken) -> Option<CertificateVerify> {
    let mut cursor = Cursor::new(body);
    let with_scheme = spoken.is_tls13() || spoken.is_tls12();
    let scheme = if with_scheme { Some(SignatureScheme(cursor.u16()?)) } else { None };
    let signature = cursor.vec16()?.to_vec();
    Some(CertificateVerify { scheme, signature, signed: None, verified: None })
}

/// Reads an alert of two bytes (RFC 8446 §6).
pub(super) fn alert(body: &[u8]) -> Option<Alert> {
    match parse_tls_message_alert(body).ok()?.1 {
        TlsMessage::Alert(TlsMessageAlert { severity, code }) => {
            Some(Alert { level: severity.0, description: AlertDescription(code.0) })
        }
        _ => None,
    }
}
