//! Handshake messages as owned values (RFC 8446 §4, RFC 5246 §7.4).

use std::sync::Arc;

use smallvec::SmallVec;

use crate::iana::{AlertDescription, CipherSuite, ExtensionType, NamedGroup, SignatureScheme, Version};

pub use crate::tls::extensions::{Extension, Extensions};

/// Who sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The endpoint that sends the ClientHello.
    Client,
    /// The other one.
    Server,
}

impl Side {
    /// The other side.
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// `client` or `server`, as the report writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// A list that is short as a rule, and then needs no memory of its own.
pub type Few<T> = SmallVec<[T; 8]>;

/// A ClientHello (RFC 8446 §4.1.2), also in SSLv2 framing (RFC 5246 appendix E.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientHello {
    /// `legacy_version`.
    pub version: Version,
    /// The client random; an SSLv2 challenge is right-aligned in it.
    pub random: [u8; 32],
    /// `legacy_session_id`.
    pub session_id: SmallVec<[u8; 32]>,
    /// Cipher suites in the order offered, GREASE and signalling values included.
    pub cipher_suites: Vec<CipherSuite>,
    /// Compression methods in the order offered.
    pub compression: Few<u8>,
    /// Extensions in the order sent, GREASE included; `None` when there was no extension block.
    pub extensions: Option<Extensions>,
    /// Whether it came in an SSLv2 record.
    pub sslv2: bool,
    /// `server_name` (RFC 6066 §3): the first host name, as sent (bytes that are not ASCII are escaped as `\xNN`).
    pub sni: Option<String>,
    /// `application_layer_protocol_negotiation` (RFC 7301), in order; bytes that are not printable are escaped.
    pub alpn: Vec<String>,
    /// `supported_versions` (RFC 8446 §4.2.1), in order, GREASE included; empty when the extension is absent.
    pub supported_versions: Few<Version>,
    /// `supported_groups`, in order, GREASE included.
    pub groups: Few<NamedGroup>,
    /// The groups for which `key_share` holds a share, in order, GREASE included.
    pub key_shares: Few<NamedGroup>,
    /// `signature_algorithms`, in order.
    pub signature_schemes: Vec<SignatureScheme>,
    /// `ec_point_formats`, in order.
    pub point_formats: Few<u8>,
    /// `pre_shared_key` was offered.
    pub offers_psk: bool,
    /// One of these keys was agreed upon beforehand and is no ticket: its age is 0 (RFC 8446 §4.2.11).
    pub offers_external_psk: bool,
    /// A session ticket that is not empty was offered (RFC 5077).
    pub offers_ticket: bool,
    /// `early_data` was offered.
    pub offers_early_data: bool,
    /// `status_request` was sent (RFC 6066 §8).
    pub asks_ocsp: bool,
    /// Extensions whose body could not be parsed; each costs only itself.
    pub bad_extensions: Vec<ExtensionType>,
}

/// A ServerHello or HelloRetryRequest (RFC 8446 §4.1.3, §4.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerHello {
    /// `legacy_version`.
    pub version: Version,
    /// The server random.
    pub random: [u8; 32],
    /// The session id echoed or assigned.
    pub session_id: SmallVec<[u8; 32]>,
    /// The chosen cipher suite.
    pub cipher_suite: CipherSuite,
    /// The chosen compression method.
    pub compression: u8,
    /// Extensions in the order sent; `None` when there was no extension block.
    pub extensions: Option<Extensions>,
    /// `supported_versions`: the version really chosen when TLS 1.3 is.
    pub selected_version: Option<Version>,
    /// `application_layer_protocol_negotiation` (TLS 1.2 and below; TLS 1.3 has it in EncryptedExtensions).
    pub alpn: Option<String>,
    /// The group of `key_share`.
    pub key_share: Option<NamedGroup>,
    /// `pre_shared_key` was accepted.
    pub accepts_psk: bool,
    /// `encrypt_then_mac` (RFC 7366).
    pub encrypt_then_mac: bool,
    /// `extended_master_secret` (RFC 7627).
    pub extended_master_secret: bool,
    /// The random is the fixed value of a HelloRetryRequest (RFC 8446 §4.1.3).
    pub is_retry: bool,
    /// Extensions whose body could not be parsed.
    pub bad_extensions: Vec<ExtensionType>,
}

impl ServerHello {
    /// The version that the connection speaks: `supported_versions` before `legacy_version`.
    pub fn negotiated(&self) -> Version {
        self.selected_version.unwrap_or(self.version)
    }
}

/// A Certificate message (RFC 5246 §7.4.2, RFC 8446 §4.4.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateMessage {
    /// DER as sent, by the TLS length, in the order sent; empty when the client has none.
    pub chain: Vec<Arc<[u8]>>,
    /// Stapled OCSP responses by position (TLS 1.3 `status_request` in a CertificateEntry).
    pub ocsp: Vec<(usize, Arc<[u8]>)>,
    /// Whether the list was cut off or malformed; the certificates before that place are kept.
    pub malformed: bool,
    /// Bytes of the message that the capture lacks.
    pub missing: u64,
    /// Bytes of the whole message with its header, where some of them are missing; else 0.
    pub whole: u64,
}

/// A CertificateVerify (RFC 5246 §7.4.8, RFC 8446 §4.4.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateVerify {
    /// The signature scheme (TLS 1.2 and up).
    pub scheme: Option<SignatureScheme>,
    /// The signature.
    pub signature: Vec<u8>,
    /// What was signed, where the whole transcript could be read.
    pub signed: Option<Arc<[u8]>>,
    /// Whether it verifies against the sender's leaf, where that could be checked.
    pub verified: Option<bool>,
}

/// A CertificateRequest (RFC 5246 §7.4.4, RFC 8446 §4.3.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateRequest {
    /// DER of the distinguished names of the acceptable authorities.
    pub authorities: Vec<Arc<[u8]>>,
    /// Acceptable signature algorithms.
    pub signature_schemes: Vec<SignatureScheme>,
}

/// The key exchange of a ServerKeyExchange (RFC 5246 §7.4.3, RFC 8422 §5.4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerKeyExchange {
    /// The curve of an ECDHE exchange.
    pub group: Option<NamedGroup>,
    /// Bits of the prime of a DHE exchange.
    pub dh_bits: Option<u32>,
    /// The scheme with which the parameters are signed (TLS 1.2).
    pub signature_scheme: Option<SignatureScheme>,
    /// The signed parameters (`ServerECDHParams` or `ServerDHParams`), as sent.
    pub params: Vec<u8>,
    /// The signature over client random, server random and `params`.
    pub signature: Vec<u8>,
}

/// A handshake message that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Handshake {
    /// HelloRequest (0): the server asks for a renegotiation.
    HelloRequest,
    /// ClientHello (1).
    ClientHello(Box<ClientHello>),
    /// ServerHello (2), or a HelloRetryRequest when `is_retry`.
    ServerHello(Box<ServerHello>),
    /// NewSessionTicket (4).
    NewSessionTicket,
    /// EndOfEarlyData (5).
    EndOfEarlyData,
    /// EncryptedExtensions (8), with the chosen ALPN protocol.
    EncryptedExtensions {
        /// The chosen application protocol.
        alpn: Option<String>,
    },
    /// Certificate (11), or CompressedCertificate (25) once inflated.
    Certificate(CertificateMessage),
    /// ServerKeyExchange (12).
    ServerKeyExchange(Box<ServerKeyExchange>),
    /// CertificateRequest (13).
    CertificateRequest(CertificateRequest),
    /// ServerHelloDone (14).
    ServerHelloDone,
    /// CertificateVerify (15), with the scheme when the version has one, and the signature.
    CertificateVerify {
        /// The signature and what it is over.
        verify: CertificateVerify,
    },
    /// ClientKeyExchange (16).
    ClientKeyExchange,
    /// Finished (20), seen only when decrypted.
    Finished,
    /// CertificateStatus (22): a stapled OCSP response (RFC 6066 §8), DER.
    CertificateStatus(Arc<[u8]>),
    /// KeyUpdate (24).
    KeyUpdate,
    /// Any other message, or one whose body could not be parsed.
    Other {
        /// The handshake type (RFC 8446 §4, IANA TLS HandshakeType).
        kind: u8,
        /// Bytes of the body.
        len: u32,
        /// Why the body of a known message could not be parsed.
        error: Option<&'static str>,
    },
}

/// An alert (RFC 8446 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// 1 warning, 2 fatal.
    pub level: u8,
    /// What is wrong.
    pub description: AlertDescription,
}
