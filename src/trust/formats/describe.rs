//! What a file is when it is no trust store, so that the user sees which file was taken by mistake.

use super::{Reading, text_of};

/// How binary files begin that are given in place of a trust store.
const MAGIC: &[(&[u8], &str)] = &[
    (&[0xd4, 0xc3, 0xb2, 0xa1], "a packet capture"),
    (&[0xa1, 0xb2, 0xc3, 0xd4], "a packet capture"),
    (&[0x4d, 0x3c, 0xb2, 0xa1], "a packet capture"),
    (&[0x0a, 0x0d, 0x0d, 0x0a], "a packet capture"),
    (&[0x1f, 0x8b], "a gzip file: unpack it first"),
    (b"PK\x03\x04", "a zip file: unpack it first"),
    (b"kych", "a macOS keychain: export its certificates as PEM"),
    (&[0, 0, 0, 0, b'C', b'E', b'R', b'T'], "a Windows serialized store: export it as PKCS#7"),
    (&[0, 0, 0, 1, 0, 0, 0, 20], "a Bouncy Castle key store (BKS): convert it with keytool"),
    (&[0, 0, 0, 2, 0, 0, 0, 20], "a Bouncy Castle key store (BKS): convert it with keytool"),
];

/// How many kinds of things are listed.
const LISTED: usize = 3;

/// What was found instead of certificates.
pub(super) fn instead(reading: &Reading, bytes: &[u8]) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for other in &reading.others {
        match kinds.iter_mut().find(|(kind, _)| kind == other) {
            Some((_, count)) => *count += 1,
            None => kinds.push((other, 1)),
        }
    }
    if kinds.is_empty() {
        return content(bytes);
    }
    let more = kinds.len().saturating_sub(LISTED);
    let listed = kinds.iter().take(LISTED).map(|&(kind, count)| match count {
        1 => kind.to_owned(),
        _ => format!("{kind} ({count} times)"),
    });
    let mut text = listed.collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} other kinds of things"));
    }
    text
}

fn content(bytes: &[u8]) -> String {
    if let Some((_, name)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*name).to_owned();
    }
    let text = text_of(bytes);
    let text = text.trim();
    let head: String = text.chars().take(512).collect::<String>().to_ascii_lowercase();
    let name = if text.is_empty() {
        "an empty file"
    } else if head.starts_with("<!doctype html") || head.contains("<html") {
        "HTML, as of a login or error page"
    } else if head.starts_with('<') {
        "XML without certificates"
    } else if head.starts_with("ssh-") || head.starts_with("ecdsa-sha2-") {
        "an SSH public key"
    } else if text.starts_with(['{', '[']) {
        "JSON without certificates"
    } else if text.contains(['\0', char::REPLACEMENT_CHARACTER]) {
        "binary data of no known format"
    } else {
        "text without certificates"
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::stored;
    use super::super::read;
    use std::path::Path;

    fn message(bytes: &[u8]) -> String {
        read(bytes, Path::new("ca.pem"), None).unwrap_err().to_string()
    }

    #[test]
    fn a_file_without_certificates_is_named_for_what_it_is() {
        for (bytes, found) in [
            (b"".as_slice(), "an empty file"),
            (b" \r\n ", "an empty file"),
            (b"<!DOCTYPE html><html><body>502</body></html>", "HTML"),
            (b"<a/>", "XML without certificates"),
            (b"{\"error\": \"not found\"}", "JSON without certificates"),
            (b"please see the attachment", "text without certificates"),
            (b"\x1f\x8b\x08\x00", "a gzip file"),
            (b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "a packet capture"),
            (b"\x01\x02\x00\x00\xff\xfe", "binary data of no known format"),
            (b"-----BEGIN DH PARAMETERS-----\nMIIB\n-----END DH PARAMETERS-----", "labelled DH PARAMETERS"),
            (&stored("key.pem"), "a private key"),
            (&stored("key.der"), "a private key"),
            (&stored("request.pem"), "a certificate request"),
            (&stored("request.der"), "a certificate request"),
            (&stored("crl.der"), "a certificate revocation list"),
            (&stored("public-key.der"), "a public key"),
        ] {
            let message = message(bytes);
            assert!(message.starts_with("ca.pem: no certificate in it: found "), "{message}");
            assert!(message.contains(found), "{message} lacks {found}");
        }
    }

    #[test]
    fn equal_things_are_counted() {
        let twice = [stored("key.pem"), stored("key.pem"), stored("request.pem")].concat();
        assert!(message(&twice).ends_with("found a private key (2 times), a certificate request"));
    }
}
