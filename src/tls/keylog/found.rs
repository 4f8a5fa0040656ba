//! What a file is that was given as a key log and is none.

use super::Taken;

/// What a file is that has no usable line; nothing of its content is quoted, since it may be a secret of another kind.
pub(super) fn describe(text: &[u8], taken: &Taken) -> String {
    let is = |magics: &[&[u8]]| magics.iter().any(|magic| text.starts_with(magic));
    if text.is_empty() {
        return "an empty file".into();
    }
    if is(&[b"\xff\xfe", b"\xfe\xff"]) {
        return "text in UTF-16, where ASCII is needed".into();
    }
    if memchr::memmem::find(text, b"PRIVATE KEY-----").is_some() {
        return "a private key in PEM, which opens no session with forward secrecy and is not supported"
            .into();
    }
    if is(&[b"-----BEGIN "]) {
        return "PEM".into();
    }
    if is(&[
        b"\xa1\xb2\xc3\xd4",
        b"\xd4\xc3\xb2\xa1",
        b"\xa1\xb2\x3c\x4d",
        b"\x4d\x3c\xb2\xa1",
        b"\x0a\x0d\x0d\x0a",
    ]) {
        return "a packet capture".into();
    }
    if memchr::memchr(0, text).is_some() {
        return "binary data".into();
    }
    match (taken.bad, taken.ignored) {
        (0, 0) => "only comments and blank lines".into(),
        (0, _) => "only secrets that open no record (exporter, ECH)".into(),
        (bad, _) => format!(
            "{bad} other {}; {}",
            if bad == 1 { "line" } else { "lines" },
            taken.warnings.first().map_or("", |warning| warning.text.rsplit(": ").next().unwrap_or_default())
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::error::Error;
    use crate::tls::keylog::Secrets;

    #[test]
    fn a_file_that_is_no_key_log_is_refused_with_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.log");
        let refused = |content: &[u8]| {
            fs::write(&path, content).unwrap();
            Secrets::default().read(&path).unwrap_err().to_string()
        };
        assert!(refused(b"").ends_with("found an empty file"));
        assert!(refused(b"# nothing\n").ends_with("found only comments and blank lines"));
        assert!(refused(b"-----BEGIN PRIVATE KEY-----\nMII\n").contains("private key"));
        assert!(refused(b"\xd4\xc3\xb2\xa1\x02\0\x04\0").ends_with("found a packet capture"));
        assert!(refused(b"\xff\xfeC\0L\0").contains("UTF-16"));
        assert!(refused(b"GET / HTTP/1.1\n").ends_with("found 1 other line; no label of the key log format"));
        let missing = Secrets::default().read(&folder.path().join("absent"));
        assert!(matches!(missing, Err(Error::Io { .. })));
    }
}
