//! From DER to [`Fields`], at the door where x509-parser's types become ours.

use std::sync::Arc;

use x509_parser::error::X509Error;
use x509_parser::nom::Err;
use x509_parser::prelude::{FromDer, Logger, Validator, X509Certificate, X509StructureValidator};

use crate::x509::der::{self, Der};
use crate::x509::extensions;
use crate::x509::{Fields, Name, Part, PublicKey, SignatureAlgorithm};

/// Reads a certificate; an error is one sentence that says why it cannot be read.
pub(super) fn fields(der: &Arc<[u8]>) -> Result<Fields, String> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|error| reason(&error))?;
    let frame = Frame::read(der).ok_or("its outer structure is not DER")?;
    let algorithm =
        SignatureAlgorithm::from_der(frame.algorithm).ok_or("its signature algorithm is not readable")?;
    let key =
        PublicKey::from_part(der, certificate.public_key().raw).ok_or("its public key is not readable")?;
    let mut fields = Fields {
        version: u8::try_from(certificate.version().0.saturating_add(1)).unwrap_or(u8::MAX),
        serial: Part::of(der, certificate.raw_serial()),
        subject: name(der, certificate.subject().as_raw())?,
        issuer: name(der, certificate.issuer().as_raw())?,
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        san: Vec::new(),
        key,
        signature_algorithm: algorithm,
        signature: Part::of(der, &certificate.signature_value.data),
        tbs: frame.tbs,
        basic_constraints: None,
        key_usage: None,
        extended_key_usage: None,
        name_constraints: None,
        ski: None,
        aki: None,
        ca_issuers: Vec::new(),
        ocsp: Vec::new(),
        crl: Vec::new(),
        must_staple: false,
        critical: Vec::new(),
        unknown_critical: Vec::new(),
        oddities: Vec::new(),
        defects: Vec::new(),
    };
    extensions::read(der, &certificate, &mut fields);
    defects(&certificate, frame.algorithm, rest.len(), &mut fields);
    oddities(&certificate, &mut fields);
    shrink(&mut fields);
    Ok(fields)
}

/// Thousands of certificates are remembered, each as large as it must be.
fn shrink(fields: &mut Fields) {
    for list in [&mut fields.ca_issuers, &mut fields.ocsp, &mut fields.crl] {
        list.shrink_to_fit();
    }
    fields.critical.shrink_to_fit();
}

fn reason(error: &Err<X509Error>) -> String {
    match error {
        Err::Error(X509Error::InvalidDate) | Err::Failure(X509Error::InvalidDate) => {
            "a date of its validity is not as RFC 5280 has dates".to_owned()
        }
        Err::Error(error) | Err::Failure(error) => format!("not an X.509 certificate: {error}"),
        Err::Incomplete(_) => "not an X.509 certificate: it is cut short".to_owned(),
    }
}

fn name(der: &Arc<[u8]>, raw: &[u8]) -> Result<Name, String> {
    Name::from_part(Part::of(der, raw))
        .ok_or_else(|| "not an X.509 certificate: a name is malformed".to_owned())
}

/// The three parts of a certificate, where the signed one lies, and how its algorithm is encoded.
struct Frame<'a> {
    tbs: std::ops::Range<usize>,
    algorithm: &'a [u8],
}

impl<'a> Frame<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let outer = Der::new(der).read()?;
        let header = outer.whole.len() - outer.content.len();
        let mut parts = Der::new(outer.content);
        let tbs = parts.read()?;
        let algorithm = parts.read()?;
        Some(Self { tbs: header..header + tbs.whole.len(), algorithm: algorithm.whole })
    }
}

/// What RFC 5280 does not allow, and for which parsers refuse the certificate.
fn defects(certificate: &X509Certificate<'_>, algorithm: &[u8], trailing: usize, fields: &mut Fields) {
    if trailing > 0 {
        fields.defect(format!("{trailing} bytes follow the certificate"));
    }
    if fields.version > 3 {
        fields.defect(format!("its version is {}", fields.version));
    }
    if fields.version < 3 && !certificate.extensions().is_empty() {
        fields.defect(format!("it has extensions, but its version is {}", fields.version));
    }
    if inner_algorithm(certificate.tbs_certificate.as_ref()).is_some_and(|inner| inner != algorithm) {
        fields.defect("the signature algorithm inside the signed part is another than outside".to_owned());
    }
}

fn oddities(certificate: &X509Certificate<'_>, fields: &mut Fields) {
    if fields.serial.first().is_some_and(|first| first & 0x80 != 0) {
        fields.oddities.push("its serial number is negative".to_owned());
    }
    if fields.not_after < fields.not_before {
        fields.oddities.push("it ends before it begins to be valid".to_owned());
    }
    let mut notes = Notes(&mut fields.oddities);
    // The answer of the validator says less than what it logs.
    X509StructureValidator.validate(certificate, &mut notes);
}

impl Fields {
    /// Notes something for which the certificate may be refused as a whole.
    pub(super) fn defect(&mut self, text: String) {
        self.oddities.push(text.clone());
        self.defects.push(text);
    }
}

/// Keeps what x509-parser's validator says, but for what [`fields`] says itself.
struct Notes<'a>(&'a mut Vec<String>);

impl Notes<'_> {
    fn keep(&mut self, message: &str) {
        let wanted = !NOT_ODD.iter().any(|said| message.contains(said));
        if wanted && self.0.len() < MAX_ODDITIES && !self.0.iter().any(|known| known == message) {
            self.0.push(message.to_owned());
        }
    }
}

impl Logger for Notes<'_> {
    fn warn(&mut self, message: &str) {
        self.keep(message);
    }

    fn err(&mut self, message: &str) {
        self.keep(message);
    }
}

/// The algorithm identifier inside the signed part, DER.
fn inner_algorithm(tbs: &[u8]) -> Option<&[u8]> {
    let mut parts = Der::new(tbs).sequence()?;
    let _version = parts.optional(0xa0);
    parts.expect(der::INTEGER)?;
    parts.read().map(|element| element.whole)
}

/// What the validator says of things that are said here in other words, or that are not odd.
const NOT_ODD: [&str; 8] = [
    "Duplicate extension",
    "Serial number is negative",
    "Extensions present but version",
    "Invalid version",
    "Parse error in extension",
    "Unsupported extension",
    "Unknown public key type",
    "MUST be critical, but is not",
];

/// Sentences about one certificate's encoding that are kept.
const MAX_ODDITIES: usize = 16;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{CertificateParams, CustomExtension, KeyPair, SerialNumber};

    use crate::x509::{Certificate, GeneralName};

    fn issue(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let key = KeyPair::generate().unwrap();
        let mut params =
            CertificateParams::new(vec!["a.example".to_owned(), "192.0.2.1".to_owned()]).unwrap();
        change(&mut params);
        params.self_signed(&key).unwrap().der().to_vec()
    }

    fn read(der: Vec<u8>) -> Certificate {
        Certificate::from_der(Arc::from(der))
    }

    #[test]
    fn a_plain_certificate_has_every_field_and_no_oddity() {
        let certificate = read(issue(|_| {}));
        let fields = certificate.parsed().unwrap();
        assert_eq!(fields.version, 3);
        assert_eq!(fields.subject.rfc4514(), "CN=rcgen self signed cert");
        assert!(fields.is_self_issued());
        assert_eq!(
            fields.san,
            [GeneralName::Dns("a.example".to_owned()), GeneralName::Ip([192, 0, 2, 1].into())]
        );
        assert_eq!((fields.key.bits, &*fields.signature_algorithm.name), (256, "ecdsa-with-SHA256"));
        assert_eq!(fields.not_after, 67_090_118_400, "the year 4096 is beyond what UTCTime can say");
        assert_eq!(fields.oddities, [""; 0]);
        assert_eq!(certificate.der[fields.tbs.clone()][0], 0x30);
    }

    #[test]
    fn bytes_after_the_certificate_are_a_defect() {
        let mut der = issue(|_| {});
        der.extend([0, 0, 0]);
        let certificate = read(der);
        assert_eq!(certificate.parsed().unwrap().defects, ["3 bytes follow the certificate"]);
    }

    #[test]
    fn an_extension_sent_twice_is_a_defect_and_the_first_counts() {
        let empty_name = CustomExtension::from_oid_content(&[2, 5, 29, 17], vec![0x30, 0x00]);
        let certificate = read(issue(|params| params.custom_extensions.push(empty_name)));
        let fields = certificate.parsed().unwrap();
        assert_eq!(fields.defects, ["the extension 2.5.29.17 (subjectAltName) is there twice"]);
        assert_eq!(fields.san.len(), 2);
    }

    #[test]
    fn an_unknown_critical_extension_is_named() {
        let mut odd = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0x05, 0x00]);
        odd.set_criticality(true);
        let certificate = read(issue(|params| params.custom_extensions.push(odd)));
        assert_eq!(certificate.parsed().unwrap().unknown_critical, ["1.2.3.4"]);
    }

    #[test]
    fn a_negative_serial_keeps_its_sign() {
        let der = issue(|params| params.serial_number = Some(SerialNumber::from_slice(&[0x7f, 0x01])));
        let place = der.windows(4).position(|bytes| bytes == [2, 2, 0x7f, 0x01]).unwrap() + 2;
        let mut changed = der.clone();
        changed[place] = 0xff;
        assert_eq!(read(der).parsed().unwrap().serial_hex(), "7f01");
        let negative = read(changed);
        assert_eq!(negative.parsed().unwrap().serial_hex(), "-ff");
        assert!(negative.parsed().unwrap().oddities.iter().any(|text| text.contains("negative")));
    }

    #[test]
    fn every_cut_and_every_changed_byte_ends_in_an_answer() {
        let der = issue(|_| {});
        for length in 0..der.len() {
            let _ = read(der[..length].to_vec()).title();
        }
        for place in 0..der.len() {
            for change in [0x00, 0x7f, 0xff] {
                let mut changed = der.clone();
                changed[place] = change;
                let certificate = read(changed);
                if let Some(fields) = certificate.parsed() {
                    let _ = (fields.serial_hex(), fields.subject.java(), fields.issuer.openssl());
                    assert!(certificate.der.get(fields.tbs.clone()).is_some());
                }
            }
        }
    }
}
