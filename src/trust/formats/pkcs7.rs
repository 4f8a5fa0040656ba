//! The certificates of a PKCS#7 file (RFC 5652 §5.1): a `SignedData` that signs nothing and carries a chain.

use super::Reading;
use super::tlv::{self, CONTEXT_0, OID, SEQUENCE};

/// 1.2.840.113549.1.7.2, the content type of `SignedData`.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// Adds the certificates of one PKCS#7 structure. The error says what it is instead.
pub(super) fn read_into(bytes: &[u8], reading: &mut Reading) -> Result<(), String> {
    let (outer, _) = tlv::read(bytes).ok_or("the PKCS#7 structure is cut short")?;
    let mut parts = outer.children();
    let content_type = parts.next().filter(|part| part.tag == OID);
    if content_type.map(|part| part.content) != Some(SIGNED_DATA) {
        return Err("a PKCS#7 or CMS structure other than SignedData".into());
    }
    let signed = parts
        .next()
        .filter(|part| part.tag == CONTEXT_0)
        .and_then(|part| part.children().next())
        .filter(|part| part.tag == SEQUENCE)
        .ok_or("the PKCS#7 structure has no content")?;
    // version, digestAlgorithms and contentInfo come first and say nothing here.
    let Some(set) = signed.children().skip(3).find(|part| part.tag == CONTEXT_0) else {
        reading.other("PKCS#7 without certificates");
        return Ok(());
    };
    let before = reading.entries.len();
    for (number, choice) in (1..).zip(set.children()) {
        let place = format!("certificate {number} of the PKCS#7 structure");
        match choice.tag {
            SEQUENCE => reading.certificate(choice.whole, None, &place),
            _ => reading.skip("an attribute certificate or another kind of certificate", &place),
        }
    }
    if reading.entries.len() == before {
        reading.other("PKCS#7 without certificates");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::stored;
    use super::super::{der, read};
    use std::path::Path;

    #[test]
    fn a_p7b_file_gives_its_chain_in_der_and_in_pem() {
        let binary = der::read(&stored("chain.p7b"), None).unwrap();
        assert_eq!((binary.format, binary.entries.len()), ("PKCS#7", 3));
        let text = read(&stored("chain.p7b.pem"), Path::new("x"), None).unwrap();
        assert_eq!((text.format, text.entries.len()), ("PKCS#7", 3));
    }

    #[test]
    fn an_indefinite_length_around_it_is_read_too() {
        // The outer lengths rewritten as older tools write them; the certificates stay in DER.
        let der = stored("chain.p7b");
        let (outer, _) = super::tlv::read(&der).unwrap();
        let ber = [&[0x30, 0x80], outer.content, &[0, 0]].concat();
        assert_eq!(der::read(&ber, None).unwrap().entries.len(), 3);
    }

    #[test]
    fn a_cut_file_is_an_error() {
        assert!(der::read(&stored("chain.p7b")[..500], None).is_err());
    }
}
