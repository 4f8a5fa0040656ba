//! Handshake types (IANA TLS HandshakeType).

/// The type of a handshake message (RFC 8446 §4, IANA TLS HandshakeType). A value without a name is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HandshakeType(pub u8);

impl HandshakeType {
    /// The server asks for a second handshake (RFC 5246 §7.4.1.1).
    pub const HELLO_REQUEST: Self = Self(0);
    /// RFC 8446 §4.1.2.
    pub const CLIENT_HELLO: Self = Self(1);
    /// RFC 8446 §4.1.3.
    pub const SERVER_HELLO: Self = Self(2);
    /// RFC 8446 §4.6.1.
    pub const NEW_SESSION_TICKET: Self = Self(4);
    /// RFC 8446 §4.5.
    pub const END_OF_EARLY_DATA: Self = Self(5);
    /// Of the drafts of TLS 1.3; since then it is a ServerHello with a fixed random (RFC 8446 §4.1.4).
    pub const HELLO_RETRY_REQUEST: Self = Self(6);
    /// RFC 8446 §4.3.1.
    pub const ENCRYPTED_EXTENSIONS: Self = Self(8);
    /// RFC 8446 §4.4.2.
    pub const CERTIFICATE: Self = Self(11);
    /// RFC 5246 §7.4.3.
    pub const SERVER_KEY_EXCHANGE: Self = Self(12);
    /// RFC 8446 §4.3.2.
    pub const CERTIFICATE_REQUEST: Self = Self(13);
    /// RFC 5246 §7.4.5.
    pub const SERVER_HELLO_DONE: Self = Self(14);
    /// RFC 8446 §4.4.3.
    pub const CERTIFICATE_VERIFY: Self = Self(15);
    /// RFC 5246 §7.4.7.
    pub const CLIENT_KEY_EXCHANGE: Self = Self(16);
    /// RFC 8446 §4.4.4.
    pub const FINISHED: Self = Self(20);
    /// RFC 6066 §8.
    pub const CERTIFICATE_STATUS: Self = Self(22);
    /// RFC 8446 §4.6.3.
    pub const KEY_UPDATE: Self = Self(24);

    /// Its name in the registry, in the spelling of the RFCs.
    pub const fn name(self) -> &'static str {
        match self.0 {
            0 => "HelloRequest",
            1 => "ClientHello",
            2 => "ServerHello",
            4 => "NewSessionTicket",
            5 => "EndOfEarlyData",
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
}
