//! Handshake types (IANA TLS HandshakeType).

/// The name of a handshake type (IANA TLS HandshakeType).
pub const fn handshake_type_name(kind: u8) -> &'static str {
    match kind {
        0 => "HelloRequest",
        1 => "ClientHello",
        2 => "ServerHello",
        4 => "NewSessionTicket",
        5 => "EndOfEarlyData",
        // Of the drafts of TLS 1.3; since then it is a ServerHello with a fixed random (RFC 8446 §4.1.4).
        6 => "HelloRetryRequest",
        8 => "EncryptedExtensions",
        11 => "Certificate",
        12 => "ServerKeyExchange",
        13 => "CertificateRequest",
        14 => "ServerHelloDone",
        15 => "CertificateVerify",
        16 => "ClientKeyExchange",
        17 => "ClientCertificateRequest",
        20 => "Finished",
        21 => "CertificateURL",
        22 => "CertificateStatus",
        23 => "SupplementalData",
        24 => "KeyUpdate",
        25 => "CompressedCertificate",
        26 => "EktKey",
        67 => "NextProtocol",
        203 => "EncryptedExtensions (channel id)",
        254 => "MessageHash",
        _ => "unknown handshake message",
    }
}
