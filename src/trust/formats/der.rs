//! Certificates in DER, one or several after another, and what other DER is taken for one.

use super::tlv::{self, BIT_STRING, CONTEXT_0, INTEGER, OCTET_STRING, OID, SEQUENCE, Tlv};
use super::{Reading, pkcs7, pkcs12};

/// What a DER structure is, by its shape alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A certificate (RFC 5280 §4.1).
    Certificate,
    /// A certificate request (RFC 2986).
    Request,
    /// A certificate revocation list (RFC 5280 §5.1).
    Crl,
    /// A private key (PKCS#1, PKCS#8, SEC 1), encrypted or not.
    PrivateKey,
    /// A public key (RFC 5280 §4.1.2.7).
    PublicKey,
    /// PKCS#7 or CMS (RFC 5652).
    Pkcs7,
    /// PKCS#12 (RFC 7292).
    Pkcs12,
    /// Something else.
    Other,
}

impl Shape {
    /// Its name with an article, for "found … instead".
    pub fn name(self) -> &'static str {
        match self {
            Self::Certificate => "a certificate",
            Self::Request => "a certificate request",
            Self::Crl => "a certificate revocation list",
            Self::PrivateKey => "a private key",
            Self::PublicKey => "a public key",
            Self::Pkcs7 => "a PKCS#7 file",
            Self::Pkcs12 => "a PKCS#12 file",
            Self::Other => "DER that is no certificate",
        }
    }
}

/// What the first element of `bytes` is; `None` when it is no whole DER sequence.
pub(super) fn shape(bytes: &[u8]) -> Option<Shape> {
    let (outer, _) = tlv::read(bytes)?;
    if outer.tag != SEQUENCE {
        return None;
    }
    let parts = outer.first(4);
    let tags: Vec<u8> = parts.iter().map(|part| part.tag).collect();
    Some(match (tags.as_slice(), parts.as_slice()) {
        ([SEQUENCE, SEQUENCE, BIT_STRING], [signed, ..]) => signed_shape(*signed),
        ([OID, ..], _) => Shape::Pkcs7,
        ([INTEGER, SEQUENCE, ..], [version, content, ..]) if version.content == [3] && is_data(*content) => {
            Shape::Pkcs12
        }
        ([INTEGER, SEQUENCE | INTEGER | OCTET_STRING, ..], _) => Shape::PrivateKey,
        ([SEQUENCE, OCTET_STRING], _) => Shape::PrivateKey,
        ([SEQUENCE, BIT_STRING], _) => Shape::PublicKey,
        _ => Shape::Other,
    })
}

/// Certificates, requests and revocation lists are all signed; the signed part tells them apart.
fn signed_shape(signed: Tlv<'_>) -> Shape {
    let tags: Vec<u8> = signed.first(6).iter().map(|part| part.tag).collect();
    match tags.as_slice() {
        [CONTEXT_0, ..] | [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] => Shape::Certificate,
        [INTEGER, SEQUENCE, SEQUENCE] | [INTEGER, SEQUENCE, SEQUENCE, CONTEXT_0, ..] => Shape::Request,
        [INTEGER, SEQUENCE, SEQUENCE, 0x17 | 0x18, ..] | [SEQUENCE, SEQUENCE, 0x17 | 0x18, ..] => Shape::Crl,
        _ => Shape::Other,
    }
}

/// A PKCS#7 `ContentInfo`: what version 3 of PKCS#12 begins with.
fn is_data(content: Tlv<'_>) -> bool {
    matches!(content.first(2).as_slice(), [oid, Tlv { tag: CONTEXT_0, .. }] if oid.tag == OID)
}

/// Reads a file that begins as DER. The error says what is wrong with it.
pub(super) fn read(bytes: &[u8], password: Option<&str>) -> Result<Reading, String> {
    match shape(bytes) {
        Some(Shape::Pkcs12) => pkcs12::read(bytes, password),
        Some(Shape::Pkcs7) => {
            let mut reading = Reading::new("PKCS#7");
            pkcs7::read_into(bytes, &mut reading)?;
            Ok(reading)
        }
        Some(_) => {
            let mut reading = Reading::new("DER");
            read_into(bytes, &mut reading, None, "the file");
            Ok(reading)
        }
        None => Err("it begins like DER and is cut short or damaged".into()),
    }
}

/// Takes every certificate out of concatenated DER, and says what else is there.
pub(super) fn read_into(bytes: &[u8], reading: &mut Reading, alias: Option<&str>, place: &str) {
    let mut rest = bytes;
    while let Some((element, after)) = tlv::read(rest) {
        match shape(element.whole) {
            Some(Shape::Certificate) => reading.certificate(element.whole, alias, place),
            Some(Shape::Pkcs7) => {
                if let Err(message) = pkcs7::read_into(element.whole, reading) {
                    reading.malformed(place, &message);
                }
            }
            Some(Shape::Other) | None if rest.len() < bytes.len() => break,
            Some(other) => reading.skip(other.name(), place),
            None => break,
        }
        rest = after;
    }
    if rest.len() == bytes.len() {
        reading.malformed(place, "it is cut short or is no DER");
    } else if !rest.iter().all(|&byte| byte.is_ascii_whitespace() || byte == 0) {
        reading
            .malformed(place, &format!("the {} bytes after the last certificate were not read", rest.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::stored;
    use super::*;

    #[test]
    fn concatenated_certificates_are_all_read() {
        let root = stored("root.der");
        let both = [root.as_slice(), stored("intermediate.der").as_slice()].concat();
        assert_eq!(read(&both, None).unwrap().entries.len(), 2);
        assert_eq!(read(&root, None).unwrap().entries.len(), 1);
    }

    #[test]
    fn a_cut_certificate_is_said_to_be_cut() {
        let root = stored("root.der");
        assert!(read(&root[..root.len() - 9], None).is_err());
        let mut reading = Reading::new("DER");
        read_into(&[&root, &root[..40]].concat(), &mut reading, None, "the file");
        assert_eq!((reading.entries.len(), reading.warnings.len()), (1, 1));
    }

    #[test]
    fn what_is_no_certificate_is_named() {
        for (file, shape_found) in [
            ("root.der", Shape::Certificate),
            ("request.der", Shape::Request),
            ("crl.der", Shape::Crl),
            ("key.der", Shape::PrivateKey),
            ("public-key.der", Shape::PublicKey),
            ("chain.p7b", Shape::Pkcs7),
            ("openssl.p12", Shape::Pkcs12),
        ] {
            assert_eq!(shape(&stored(file)), Some(shape_found), "{file}");
        }
    }
}
