//! Certificate, CompressedCertificate, CertificateRequest, CertificateStatus (RFC 5246 §7.4, RFC 8446 §4.3 and §4.4, RFC 8879, RFC 6066 §8).

use std::io::Read;
use std::sync::Arc;

use crate::iana::SignatureScheme;
use crate::tls::cursor::{Cursor, u16_list};
use crate::tls::message::{CertificateMessage, CertificateRequest};

/// Gives the bytes of a certificate to be held.
pub(super) type Hold<'a> = &'a mut dyn FnMut(&[u8]) -> Arc<[u8]>;

/// Reads a Certificate message; what is whole before a malformed place is kept. The certificates are held by `hold`.
pub(super) fn certificate(body: &[u8], tls13: bool, hold: Hold<'_>) -> CertificateMessage {
    let mut message = CertificateMessage::default();
    message.malformed = read_list(body, tls13, &mut message, hold).is_none();
    message
}

fn read_list(body: &[u8], tls13: bool, message: &mut CertificateMessage, hold: Hold<'_>) -> Option<()> {
    let mut cursor = Cursor::new(body);
    if tls13 {
        cursor.vec8()?;
    }
    let declared = cursor.u24()?;
    let available = cursor.rest().len();
    let mut list = Cursor::new(cursor.take(declared.min(available))?);
    while !list.is_empty() {
        let der = list.vec24()?;
        message.chain.push(hold(der));
        if tls13 {
            let mut extensions = Cursor::new(list.vec16()?);
            while let Some(kind) = extensions.u16() {
                let extension = extensions.vec16()?;
                if kind == 5
                    && let Some(response) = status(extension)
                {
                    message.ocsp.push((message.chain.len() - 1, response));
                }
            }
        }
    }
    (declared <= available).then_some(())
}

/// Reads what is there of a Certificate message whose end is not in the capture: `intact` are its first bytes, with its header.
pub(super) fn partial_certificate(
    intact: &[u8],
    tls13: bool,
    missing: u64,
    hold: Hold<'_>,
) -> CertificateMessage {
    let mut cursor = Cursor::new(intact);
    let whole = cursor.u8().and_then(|_| cursor.u24()).map_or(0, |len| len as u64 + 4);
    let mut message = certificate(intact.get(4..).unwrap_or_default(), tls13, hold);
    message.malformed = true;
    message.missing = missing;
    message.whole = whole;
    message
}

/// The OCSP response of a CertificateStatus body.
pub(super) fn status(body: &[u8]) -> Option<Arc<[u8]>> {
    let mut cursor = Cursor::new(body);
    match cursor.u8()? {
        1 => cursor.vec24().map(Arc::from),
        // ocsp_multi (RFC 6961): the first response is the leaf's.
        2 => {
            let mut list = Cursor::new(cursor.vec24()?);
            list.vec24().filter(|first| !first.is_empty()).map(Arc::from)
        }
        _ => None,
    }
}

/// Reads a CertificateRequest of TLS 1.2 and below.
pub(super) fn request(body: &[u8], tls12: bool) -> Option<CertificateRequest> {
    let mut cursor = Cursor::new(body);
    cursor.vec8()?;
    let mut request = CertificateRequest::default();
    if tls12 {
        request.signature_schemes = u16_list(cursor.vec16()?).map(SignatureScheme).collect();
    }
    request.authorities = names(cursor.vec16()?);
    Some(request)
}

/// Reads a CertificateRequest of TLS 1.3.
pub(super) fn request13(body: &[u8]) -> Option<CertificateRequest> {
    let mut cursor = Cursor::new(body);
    cursor.vec8()?;
    let mut extensions = Cursor::new(cursor.vec16()?);
    let mut request = CertificateRequest::default();
    while let Some(kind) = extensions.u16() {
        let extension = extensions.vec16()?;
        let mut inner = Cursor::new(extension);
        match kind {
            13 => request.signature_schemes = u16_list(inner.vec16()?).map(SignatureScheme).collect(),
            47 => request.authorities = names(inner.vec16()?),
            _ => {}
        }
    }
    Some(request)
}

fn names(list: &[u8]) -> Vec<Arc<[u8]>> {
    let mut cursor = Cursor::new(list);
    std::iter::from_fn(|| cursor.vec16().map(Arc::from)).take(AUTHORITIES).collect()
}

/// Acceptable authorities that are kept.
const AUTHORITIES: usize = 1024;
/// Bytes that a compressed certificate may expand to.
const INFLATED: usize = 1 << 20;

/// Inflates a CompressedCertificate (RFC 8879 §4) to the body of a Certificate message.
pub(super) fn inflate(body: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut cursor = Cursor::new(body);
    let algorithm = cursor.u16().ok_or(CUT)?;
    let announced = cursor.u24().ok_or(CUT)?;
    let compressed = cursor.vec24().ok_or(CUT)?;
    if announced > INFLATED {
        return Err("the announced length is too large");
    }
    let reader: Box<dyn Read + '_> = match algorithm {
        1 => Box::new(flate2::read::ZlibDecoder::new(compressed)),
        2 => Box::new(brotli_decompressor::Decompressor::new(compressed, 4096)),
        3 => Box::new(
            ruzstd::decoding::StreamingDecoder::new(compressed)
                .map_err(|_| "the compressed data is damaged")?,
        ),
        _ => return Err("the compression algorithm is not known"),
    };
    let mut out = Vec::with_capacity(announced);
    let read = reader.take(announced as u64 + 1).read_to_end(&mut out);
    if read.is_err() || out.len() != announced {
        return Err("the compressed data does not have the announced length");
    }
    Ok(out)
}

const CUT: &str = "the message is cut short";
