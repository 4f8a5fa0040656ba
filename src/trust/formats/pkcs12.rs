//! PKCS#12 (RFC 7292), as OpenSSL, keytool and browsers write it. Its container is read by p12-keystore.

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error as ArchiveError;

use super::Reading;
use super::tlv::{self, CONTEXT_0, INTEGER, OCTET_STRING, OID, SEQUENCE, Tlv};

/// Rounds of key derivation that all parts together may ask for. Tools write 1 to 10 000 for each, some 600 000.
const MAX_ROUNDS: u64 = 4_000_000;
/// How deep the structure is looked into; a real file has about ten levels.
const MAX_DEPTH: u8 = 24;
/// scrypt (1.3.6.1.4.1.11591.4.11), whose memory the file decides. No tool's default uses it.
const SCRYPT: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];
/// 1.2.840.113549.1.7.1, content in clear.
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
/// 1.2.840.113549.1.12.10.1.3, a bag with a certificate.
const CERTIFICATE_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x03];
/// 1.2.840.113549.1.9.20, the friendly name, which is the alias.
const FRIENDLY_NAME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x14];

/// The password that the JDK's own trust store comes with, and that most others keep.
const USUAL: &str = "changeit";

/// Reads a file. Without a password the empty one and the JDK's usual one are tried, and then what lies in it in clear.
pub(super) fn read(bytes: &[u8], password: Option<&str>) -> Result<Reading, String> {
    // Some tools pad the file; the container must end where its length says.
    let (outer, _) = tlv::read(bytes).ok_or("a PKCS#12 file that is cut short")?;
    let cost = cost(outer, MAX_DEPTH);
    if cost > MAX_ROUNDS {
        return Err("a PKCS#12 file whose key derivation would take too long".into());
    }
    let opened = match Pkcs12Archive::from_pkcs12(outer.whole, password.unwrap_or_default()) {
        Err(error) if password.is_none() && is_about_password(&error) => {
            Pkcs12Archive::from_pkcs12(outer.whole, USUAL).map_err(|_| error)
        }
        opened => opened,
    };
    match opened {
        Ok(archive) => Ok(from_archive(&archive)),
        Err(error) if password.is_some() && is_about_password(&error) => {
            Err("the password does not fit this PKCS#12 file, or the file was altered".into())
        }
        Err(error) => {
            let reading = in_clear(outer);
            if !reading.entries.is_empty() {
                return Ok(reading);
            }
            if is_about_password(&error) {
                return Err("a PKCS#12 file that needs its password: give --truststore-password".into());
            }
            Err(format!("a PKCS#12 file that cannot be read: {error}"))
        }
    }
}

/// A wrong password shows in the check value or, in a file without one, in what decryption gives.
fn is_about_password(error: &ArchiveError) -> bool {
    matches!(error, ArchiveError::MacError(_) | ArchiveError::UnpadError | ArchiveError::Pkcs5Error(_))
}

fn from_archive(archive: &Pkcs12Archive) -> Reading {
    let mut reading = Reading::new("PKCS#12");
    for (number, bag) in (1..).zip(&archive.certs) {
        let alias = bag.friendly_name.as_deref();
        let place = alias.map_or_else(|| format!("certificate {number}"), |alias| format!("alias {alias}"));
        reading.certificate(bag.cert.as_der(), alias, &place);
    }
    for (number, key) in (1..).zip(&archive.keys) {
        let place = key
            .friendly_name
            .as_ref()
            .map_or_else(|| format!("key {number}"), |name| format!("alias {name}"));
        reading.skip("a private key", &place);
    }
    if archive.certs.is_empty() && archive.keys.is_empty() {
        reading.other("an empty PKCS#12 store");
    }
    reading
}

/// The rounds of key derivation in a structure: each is an integer that follows a salt.
fn cost(element: Tlv<'_>, depth: u8) -> u64 {
    let Some(depth) = depth.checked_sub(1) else { return MAX_ROUNDS + 1 };
    let mut sum = 0_u64;
    let mut before = 0;
    for part in element.children() {
        let nested =
            part.tag & 0x20 != 0 || (part.tag == OCTET_STRING && part.content.first() == Some(&SEQUENCE));
        sum = sum.saturating_add(match part.tag {
            INTEGER if before == OCTET_STRING => part
                .content
                .iter()
                .fold(0_u64, |n, &octet| n.saturating_mul(256).saturating_add(octet.into())),
            OID if part.content == SCRYPT => MAX_ROUNDS + 1,
            _ if nested => cost(part, depth),
            _ => 0,
        });
        before = part.tag;
    }
    sum
}

/// The certificates of the parts that are not encrypted, as `openssl pkcs12 -certpbe NONE` writes them.
fn in_clear(outer: Tlv<'_>) -> Reading {
    let mut reading = Reading::new("PKCS#12");
    let safe = outer.children().nth(1).and_then(data_content);
    for content in safe.and_then(|bytes| tlv::read(bytes)).into_iter().flat_map(|(parts, _)| parts.children())
    {
        let bags = data_content(content).and_then(tlv::read);
        for bag in bags.into_iter().flat_map(|(bags, _)| bags.children()) {
            if let Some((der, alias)) = certificate_bag(bag) {
                reading.certificate(der, alias.as_deref(), "a certificate in clear");
            }
        }
    }
    if !reading.entries.is_empty() {
        let text = "the PKCS#12 file was not checked by its password; only what lies in it in clear was read";
        reading.warn("trust-store-unchecked", text.into());
    }
    reading
}

/// The octets of a `ContentInfo` that is in clear.
fn data_content(info: Tlv<'_>) -> Option<&[u8]> {
    let mut parts = info.children();
    parts.next().filter(|oid| oid.tag == OID && oid.content == DATA)?;
    let octets = parts.next().filter(|part| part.tag == CONTEXT_0)?.children().next()?;
    (octets.tag == OCTET_STRING).then_some(octets.content)
}

/// `SafeBag { id, [0] { SEQUENCE { id, [0] { OCTET STRING } } }, SET OF attribute }` with a certificate.
fn certificate_bag(bag: Tlv<'_>) -> Option<(&[u8], Option<String>)> {
    let mut parts = bag.children();
    parts.next().filter(|oid| oid.content == CERTIFICATE_BAG)?;
    let value = parts.next()?.children().next()?;
    let octets = value.children().nth(1)?.children().next().filter(|part| part.tag == OCTET_STRING)?;
    let attributes = parts.next().into_iter().flat_map(Tlv::children);
    let alias = attributes.filter_map(|attribute| {
        let mut parts = attribute.children();
        parts.next().filter(|oid| oid.content == FRIENDLY_NAME)?;
        Some(bmp_text(parts.next()?.children().next()?.content))
    });
    Some((octets.content, alias.into_iter().next()))
}

fn bmp_text(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::stored;
    use super::*;

    fn read_stored(name: &str, password: Option<&str>) -> Result<(usize, Vec<String>), String> {
        let reading = read(&stored(name), password)?;
        Ok((reading.entries.len(), reading.entries.into_iter().filter_map(|entry| entry.alias).collect()))
    }

    #[test]
    fn files_of_every_tool_are_read_with_their_password() {
        for (file, count) in [("openssl.p12", 2), ("legacy.p12", 2), ("trust.p12", 2), ("key.p12", 3)] {
            assert_eq!(read_stored(file, Some("changeit")).unwrap().0, count, "{file}");
        }
        assert_eq!(read_stored("trust.p12", Some("changeit")).unwrap().1, ["intermediate", "root"]);
    }

    #[test]
    fn a_wrong_or_missing_password_is_said() {
        for file in ["openssl.p12", "legacy.p12", "trust.p12", "key.p12"] {
            let wrong = read_stored(file, Some("changeme")).unwrap_err();
            assert!(wrong.contains("the password does not fit"), "{file}: {wrong}");
        }
    }

    #[test]
    fn the_usual_password_and_an_empty_one_need_not_be_given() {
        assert_eq!(read_stored("trust.p12", None).unwrap().0, 2);
        assert_eq!(read_stored("empty-password.p12", None).unwrap().0, 2);
    }

    #[test]
    fn certificates_in_clear_are_read_without_the_password() {
        let reading = read(&stored("clear.p12"), None).unwrap();
        // Its password is the usual one, so that it could be checked.
        assert_eq!((reading.entries.len(), reading.warnings.len()), (2, 0));
        assert_eq!(read_stored("clear.p12", Some("changeit")).unwrap().0, 2);
        assert!(read_stored("clear.p12", Some("changeme")).is_err());
    }

    #[test]
    fn a_file_that_asks_for_too_much_work_is_refused() {
        let mut bytes = stored("openssl.p12");
        // The check value's rounds are the last element; 2048 becomes 32 639.
        assert_eq!(bytes[bytes.len() - 4..], [0x02, 0x02, 0x08, 0x00]);
        let (outer, _) = tlv::read(&bytes).unwrap();
        assert!(cost(outer, MAX_DEPTH) >= 2 * 2048);
        let at = bytes.len() - 2;
        bytes[at] = 0x7f;
        let (outer, _) = tlv::read(&bytes).unwrap();
        assert!(cost(outer, MAX_DEPTH) > 0x7f00);
        assert!(read(&bytes, Some("changeit")).is_err());
    }

    #[test]
    fn any_cut_or_change_ends_in_an_error_or_a_store() {
        let whole = stored("openssl.p12");
        for at in (0..whole.len()).step_by(13) {
            assert!(read(&whole[..at], Some("changeit")).is_err());
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            let _ = read(&changed, None);
        }
    }
}
