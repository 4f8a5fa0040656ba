//! Certificates as the report shows them.

use schemars::JsonSchema;
use serde::Serialize;

/// Certificates that one side sent.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChainReport {
    /// The packets in which the message lies.
    pub packets: Vec<u64>,
    /// The whole message was captured and is well formed.
    pub complete: bool,
    /// Bytes of the message that did not arrive or were not captured; 0 when it is whole.
    pub missing_bytes: u64,
    /// Bytes of the whole message with its header, where some of them are missing.
    pub whole_bytes: Option<u64>,
    /// The certificates in the order sent.
    pub chain: Vec<CertificateReport>,
}

/// A subject's public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeyReport {
    /// `RSA`, `EC`, `Ed25519`, `ML-DSA-65`, ….
    pub algorithm: String,
    /// Its size in bits.
    pub bits: u32,
    /// The curve of an EC key.
    pub curve: Option<String>,
}

/// One certificate.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct CertificateReport {
    /// As sent, from 0.
    pub position: usize,
    /// RFC 4514.
    pub subject: Option<String>,
    /// RFC 4514.
    pub issuer: Option<String>,
    /// `/C=US/O=…/CN=…`.
    pub subject_oneline: Option<String>,
    /// `/C=US/O=…/CN=…`.
    pub issuer_oneline: Option<String>,
    /// Hex.
    pub serial: Option<String>,
    /// RFC 3339 in UTC.
    pub not_before: Option<String>,
    /// RFC 3339 in UTC.
    pub not_after: Option<String>,
    /// `DNS:a.example`, `IP:192.0.2.1`, ….
    pub san: Vec<String>,
    /// The subject's key.
    pub key: Option<KeyReport>,
    /// As OpenSSL names it.
    pub signature_algorithm: Option<String>,
    /// basicConstraints says CA.
    pub is_ca: bool,
    /// pathLenConstraint.
    pub path_len: Option<u32>,
    /// The names of RFC 5280.
    pub key_usage: Vec<String>,
    /// `serverAuth`, …, or dotted object identifiers.
    pub extended_key_usage: Vec<String>,
    /// subjectKeyIdentifier, hex.
    pub ski: Option<String>,
    /// authorityKeyIdentifier, hex.
    pub aki: Option<String>,
    /// caIssuers URLs.
    pub ca_issuers: Vec<String>,
    /// OCSP URLs.
    pub ocsp: Vec<String>,
    /// CRL URLs.
    pub crl: Vec<String>,
    /// SHA-256 of the DER, hex.
    pub sha256: String,
    /// Subject and issuer are the same name.
    pub self_issued: bool,
    /// The packet with which its message was complete.
    pub packet: u64,
    /// Why it could not be parsed.
    pub error: Option<String>,
    /// The bytes, for exports; not part of the JSON.
    #[serde(skip)]
    #[schemars(skip)]
    pub der: Vec<u8>,
}

use crate::x509::{Certificate, Fields, GeneralName, KeyAlgorithm, PublicKey};

/// A certificate in words; `packet` is the one with which its message was complete.
pub fn certificate_report(certificate: &Certificate, position: usize, packet: u64) -> CertificateReport {
    let mut report = CertificateReport {
        position,
        packet,
        sha256: hex(&certificate.sha256),
        der: certificate.der.to_vec(),
        ..CertificateReport::default()
    };
    match &certificate.fields {
        Ok(fields) => fill(&mut report, fields),
        Err(reason) => report.error = Some(reason.clone()),
    }
    report
}

fn fill(report: &mut CertificateReport, fields: &Fields) {
    report.subject = Some(fields.subject.rfc4514());
    report.issuer = Some(fields.issuer.rfc4514());
    report.subject_oneline = Some(fields.subject.oneline());
    report.issuer_oneline = Some(fields.issuer.oneline());
    report.serial = Some(hex(&fields.serial));
    report.not_before = Some(time(fields.not_before));
    report.not_after = Some(time(fields.not_after));
    report.san = fields.san.iter().map(general_name).collect();
    report.key = Some(key_report(&fields.key));
    report.signature_algorithm = Some(fields.signature_algorithm.name.to_string());
    report.is_ca = fields.basic_constraints.is_some_and(|constraints| constraints.ca);
    report.path_len = fields.basic_constraints.and_then(|constraints| constraints.path_len);
    report.key_usage = fields.key_usage.map(key_usages).unwrap_or_default();
    report.extended_key_usage =
        fields.extended_key_usage.iter().flatten().map(|oid| purpose(oid).to_owned()).collect();
    report.ski = fields.ski.as_deref().map(hex);
    report.aki = fields.aki.as_deref().map(hex);
    report.ca_issuers.clone_from(&fields.ca_issuers);
    report.ocsp.clone_from(&fields.ocsp);
    report.crl.clone_from(&fields.crl);
    report.self_issued = fields.subject == fields.issuer;
}

/// A certificate in PEM (RFC 7468), 64 columns.
pub fn pem(der: &[u8]) -> String {
    let base64 = data_encoding::BASE64.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in base64.as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).unwrap_or_default());
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Seconds since 1970 as RFC 3339 in UTC.
pub(crate) fn time(seconds: i64) -> String {
    crate::capture::Timestamp::new(seconds.saturating_mul(1_000_000_000), 0).to_string()
}

fn general_name(name: &GeneralName) -> String {
    match name {
        GeneralName::Dns(name) => format!("DNS:{name}"),
        GeneralName::Ip(address) => format!("IP:{address}"),
        GeneralName::Network(bytes) => format!("IP:{}", hex(bytes)),
        GeneralName::Email(address) => format!("email:{address}"),
        GeneralName::Uri(uri) => format!("URI:{uri}"),
        GeneralName::Directory(name) => format!("DirName:{}", name.rfc4514()),
        GeneralName::Other(text) => format!("other:{text}"),
    }
}

fn key_report(key: &PublicKey) -> KeyReport {
    let (algorithm, curve) = match &key.algorithm {
        KeyAlgorithm::Rsa => ("RSA".to_owned(), None),
        KeyAlgorithm::Ec(curve) => ("EC".to_owned(), Some(curve.clone())),
        KeyAlgorithm::Ed25519 => ("Ed25519".to_owned(), None),
        KeyAlgorithm::Ed448 => ("Ed448".to_owned(), None),
        KeyAlgorithm::Dsa => ("DSA".to_owned(), None),
        KeyAlgorithm::MlDsa(set) => (format!("ML-DSA-{set}"), None),
        KeyAlgorithm::Other(oid) => (oid.clone(), None),
    };
    KeyReport { algorithm, bits: key.bits, curve }
}

/// The names of RFC 5280 §4.2.1.3, by bit.
fn key_usages(bits: u16) -> Vec<String> {
    const NAMES: [&str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];
    NAMES
        .iter()
        .enumerate()
        .filter(|(bit, _)| bits >> bit & 1 == 1)
        .map(|(_, name)| (*name).to_owned())
        .collect()
}

/// The name of a key purpose (RFC 5280 §4.2.1.12), else its dotted identifier.
fn purpose(oid: &str) -> &str {
    match oid {
        "1.3.6.1.5.5.7.3.1" => "serverAuth",
        "1.3.6.1.5.5.7.3.2" => "clientAuth",
        "1.3.6.1.5.5.7.3.3" => "codeSigning",
        "1.3.6.1.5.5.7.3.4" => "emailProtection",
        "1.3.6.1.5.5.7.3.8" => "timeStamping",
        "1.3.6.1.5.5.7.3.9" => "OCSPSigning",
        "2.5.29.37.0" => "anyExtendedKeyUsage",
        other => other,
    }
}
