//! One X.509 certificate with every field that a check or a report needs (RFC 5280 §4).

use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};

use crate::x509::{GeneralName, Name, Oid, Part, PublicKey, SignatureAlgorithm, parse};

/// A certificate as it was sent or stored. One that cannot be parsed keeps its DER and its hash.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The bytes, by the length that TLS or the file gives.
    pub der: Arc<[u8]>,
    /// SHA-256 of `der`.
    pub sha256: [u8; 32],
    /// What it says, or why it could not be parsed.
    pub fields: Result<Box<Fields>, String>,
}

/// What a certificate says.
#[derive(Debug, Clone)]
pub struct Fields {
    /// 1, 2 or 3.
    pub version: u8,
    /// The serial number, its DER integer bytes.
    pub serial: Part,
    /// Whom it is for.
    pub subject: Name,
    /// Who signed it.
    pub issuer: Name,
    /// First second of validity, seconds since 1970.
    pub not_before: i64,
    /// Last second of validity, seconds since 1970.
    pub not_after: i64,
    /// `subjectAltName` in encoded order.
    pub san: Vec<GeneralName>,
    /// The subject's key.
    pub key: PublicKey,
    /// With what the issuer signed.
    pub signature_algorithm: SignatureAlgorithm,
    /// The signature's bits.
    pub signature: Part,
    /// Where the signed part (`tbsCertificate`) lies in `der`.
    pub tbs: std::ops::Range<usize>,
    /// `basicConstraints`, when present.
    pub basic_constraints: Option<BasicConstraints>,
    /// `keyUsage` bits when present: bit 0 is digitalSignature … bit 5 keyCertSign, bit 6 cRLSign (RFC 5280 §4.2.1.3).
    pub key_usage: Option<u16>,
    /// `extKeyUsage` as dotted object identifiers, when present.
    pub extended_key_usage: Option<Vec<Oid>>,
    /// `nameConstraints`, when present.
    pub name_constraints: Option<NameConstraints>,
    /// `subjectKeyIdentifier`.
    pub ski: Option<Part>,
    /// `keyIdentifier` of the `authorityKeyIdentifier`.
    pub aki: Option<Part>,
    /// `caIssuers` URLs of the authority information access.
    pub ca_issuers: Vec<String>,
    /// OCSP URLs of the authority information access.
    pub ocsp: Vec<String>,
    /// URLs of the CRL distribution points.
    pub crl: Vec<String>,
    /// The TLS feature extension asks for a stapled response (RFC 7633).
    pub must_staple: bool,
    /// All critical extensions, as dotted object identifiers: what is understood differs from stack to stack.
    pub critical: Vec<Oid>,
    /// Critical extensions that nobody here understands, as dotted object identifiers.
    pub unknown_critical: Vec<Oid>,
    /// What is odd about the encoding: trailing bytes, duplicate extensions, bad dates. One sentence each.
    pub oddities: Vec<String>,
    /// Those of the oddities for which RFC 5280 has the whole certificate refused.
    pub defects: Vec<String>,
}

impl Certificate {
    /// Reads a certificate from its DER. It never fails: what cannot be parsed keeps its bytes, its hash and the reason.
    pub fn from_der(der: Arc<[u8]>) -> Self {
        let sha256 = Sha256::digest(&der).into();
        let fields = parse::fields(&der).map(Box::new);
        Self { der, sha256, fields }
    }

    /// What it says, when it could be parsed.
    pub fn parsed(&self) -> Option<&Fields> {
        self.fields.as_deref().ok()
    }

    /// SHA-256 of the DER, lower-case hex.
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&self.sha256)
    }

    /// PEM (RFC 7468), 64 columns, with a line end after the last line.
    pub fn pem(&self) -> String {
        let text = BASE64.encode(&self.der);
        let mut out = String::with_capacity(text.len() + text.len() / 64 + 56);
        out.push_str("-----BEGIN CERTIFICATE-----\n");
        let mut rest = &*text;
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(64));
            out.push_str(line);
            out.push('\n');
            rest = after;
        }
        out.push_str("-----END CERTIFICATE-----\n");
        out
    }

    /// The subject in RFC 4514 form; for a certificate that cannot be parsed, the start of its fingerprint.
    pub fn title(&self) -> String {
        match self.parsed() {
            Some(fields) if !fields.subject.is_empty() => fields.subject.rfc4514(),
            _ => format!("certificate with SHA-256 {}…", &self.fingerprint()[..16]),
        }
    }
}

impl Fields {
    /// Subject and issuer are the same name. That it signed itself is not said by this.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether the key identifiers allow that `issuer` signed this: `Some(false)` when both are there and differ, `None`
    /// when one of them is missing (RFC 5280 §4.2.1.1).
    pub fn subject_key_matches_issuer(&self, issuer: &Self) -> Option<bool> {
        Some(self.aki.as_ref()? == issuer.ski.as_ref()?)
    }

    /// The serial number in lower-case hex without leading zeros, `-` in front when it is negative.
    pub fn serial_hex(&self) -> String {
        let negative = self.serial.first().is_some_and(|first| first & 0x80 != 0);
        let digits = match negative {
            true => HEXLOWER.encode(&twos_complement(&self.serial)),
            false => HEXLOWER.encode(&self.serial),
        };
        let digits = digits.trim_start_matches('0');
        let sign = if negative { "-" } else { "" };
        format!("{sign}{}", if digits.is_empty() { "0" } else { digits })
    }

    /// The certificate says that its subject is a CA.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints.is_some_and(|constraints| constraints.ca)
    }

    /// Whether `keyUsage` allows this bit (0 is digitalSignature); without the extension everything is allowed.
    pub fn allows_usage(&self, bit: u16) -> bool {
        self.key_usage.is_none_or(|usage| usage >> bit & 1 == 1)
    }

    /// The names of the bits of `keyUsage`, as RFC 5280 §4.2.1.3 has them.
    pub fn key_usage_names(&self) -> Vec<&'static str> {
        let usage = self.key_usage.unwrap_or(0);
        KEY_USAGES
            .iter()
            .enumerate()
            .filter(|(bit, _)| usage >> bit & 1 == 1)
            .map(|(_, name)| *name)
            .collect()
    }

    /// The DNS names of `subjectAltName`, as encoded.
    pub fn dns_names(&self) -> impl Iterator<Item = &str> {
        self.san.iter().filter_map(|name| match name {
            GeneralName::Dns(name) => Some(&**name),
            _ => None,
        })
    }
}

fn twos_complement(bytes: &[u8]) -> Vec<u8> {
    let mut carry = true;
    let mut out: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
    for byte in out.iter_mut().rev() {
        if carry {
            (*byte, carry) = byte.overflowing_add(1);
        }
    }
    out
}

/// The name of an extended key usage (RFC 5280 §4.2.1.12) as OpenSSL's configuration writes it, from its dotted object
/// identifier.
pub fn extended_key_usage_name(oid: &str) -> Option<&'static str> {
    EXTENDED_KEY_USAGES.iter().find(|(dotted, _)| *dotted == oid).map(|(_, name)| *name)
}

const KEY_USAGES: [&str; 9] = [
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

const EXTENDED_KEY_USAGES: &[(&str, &str)] = &[
    ("1.3.6.1.5.5.7.3.1", "serverAuth"),
    ("1.3.6.1.5.5.7.3.2", "clientAuth"),
    ("1.3.6.1.5.5.7.3.3", "codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "emailProtection"),
    ("1.3.6.1.5.5.7.3.8", "timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSPSigning"),
    ("1.3.6.1.4.1.311.10.3.3", "msSGC"),
    ("2.16.840.1.113730.4.1", "nsSGC"),
    ("2.5.29.37.0", "anyExtendedKeyUsage"),
];

/// `basicConstraints` (RFC 5280 §4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    /// The subject is a CA.
    pub ca: bool,
    /// How many intermediate CAs may follow it.
    pub path_len: Option<u32>,
}

/// `nameConstraints` (RFC 5280 §4.2.1.10).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameConstraints {
    /// Permitted subtrees.
    pub permitted: Vec<GeneralName>,
    /// Excluded subtrees.
    pub excluded: Vec<GeneralName>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_certificate_keep_their_hash_and_the_reason() {
        let certificate = Certificate::from_der(Arc::from(&b"not a certificate"[..]));
        assert!(certificate.fields.is_err());
        assert!(certificate.title().starts_with("certificate with SHA-256 "));
        assert_eq!(certificate.fingerprint().len(), 64);
    }

    #[test]
    fn pem_has_lines_of_64_columns() {
        let certificate = Certificate::from_der(Arc::from(vec![0; 96]));
        let pem = certificate.pem();
        let lines: Vec<&str> = pem.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!((lines[1].len(), lines[2].len()), (64, 64));
    }
}
