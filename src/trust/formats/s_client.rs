//! The chain that `openssl s_client` lists: names, and the certificates where `-showcerts` printed them.

use std::collections::HashSet;

use jiff::civil::DateTime;

use super::{Reading, dn, pem};
use crate::trust::{EntryKind, NamedEntry};

/// Reads the output; `None` when the text lists no chain.
pub(super) fn read(text: &str) -> Option<Reading> {
    let listed = listed(text);
    if listed.is_empty() {
        return None;
    }
    if pem::is_in(text) {
        let mut reading = pem::read(text);
        if !reading.entries.is_empty() {
            reading.format = FORMAT;
            without_repeats(&mut reading);
            count(&mut reading, listed.len());
            return Some(reading);
        }
    }
    let mut reading = Reading { format: FORMAT, ..Reading::default() };
    for entry in listed {
        reading.named(None, entry);
    }
    Some(reading)
}

const FORMAT: &str = "openssl s_client";

/// The leaf is printed once in the chain and once more below it.
fn without_repeats(reading: &mut Reading) {
    let mut seen = HashSet::new();
    reading.entries.retain(|entry| match &entry.kind {
        EntryKind::Certificate(certificate) => seen.insert(certificate.sha256),
        EntryKind::Named(_) => true,
    });
}

/// Without `-showcerts` only the leaf is printed whole.
fn count(reading: &mut Reading, listed: usize) {
    let printed = reading.entries.len();
    if printed < listed {
        let text = format!(
            "{listed} certificates are listed and {printed} printed: openssl s_client -showcerts prints all"
        );
        reading.warn("trust-store-incomplete", text);
    }
}

/// The lines ` 0 s:…`, `   i:…` and `   v:NotBefore: …; NotAfter: …` of each certificate.
fn listed(text: &str) -> Vec<NamedEntry> {
    let mut entries: Vec<NamedEntry> = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(subject) = subject_line(line) {
            entries.push(NamedEntry { subject: name(subject), ..NamedEntry::default() });
            inside = true;
        } else if !inside {
            continue;
        } else if let Some(issuer) = line.strip_prefix("i:") {
            if let Some(entry) = entries.last_mut() {
                entry.issuer = name(issuer);
            }
        } else if let Some((_, end)) = line.strip_prefix("v:").and_then(|rest| rest.split_once("NotAfter:")) {
            if let Some(entry) = entries.last_mut() {
                entry.not_after = date(end);
            }
        } else if !line.starts_with("a:") {
            inside = false;
        }
    }
    // A lone "0 s:" can stand in any text; the issuer below it cannot.
    entries.retain(|entry| !entry.issuer.is_empty());
    entries
}

fn subject_line(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let subject = rest.trim_start().strip_prefix("s:")?;
    (rest.len() < line.len()).then_some(subject)
}

fn name(text: &str) -> String {
    dn::parse_dn(text).unwrap_or_else(|| text.trim().to_owned())
}

/// `Jun 22 00:00:00 2036 GMT`, in seconds since 1970.
fn date(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches("GMT").trim_end();
    let when = DateTime::strptime("%b %d %H:%M:%S %Y", text).ok()?;
    Some(when.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::stored_text;
    use super::*;

    const OLD: &str = "CONNECTED(00000003)\n---\nCertificate chain\n 0 s:/C=US/O=Example/CN=api.example.org\n   \
                       i:/C=US/O=Example/CN=Example CA\n 1 s:/C=US/O=Example/CN=Example CA\n   \
                       i:/C=US/O=Example/CN=Example Root\n---\nServer certificate\n";
    const NEW: &str = "Certificate chain\n 0 s:C = US, O = Example, CN = api.example.org\n   \
                       i:C = US, O = Example, CN = Example CA\n   a:PKEY: rsaEncryption, 2048 (bit); sigalg: \
                       RSA-SHA256\n   v:NotBefore: Jun  1 00:00:00 2026 GMT; NotAfter: Jan  2 03:04:05 2027 GMT\n 1 \
                       s:C=US, O=Example, CN=Example CA\n   i:C=US, O=Example, CN=Example Root\n";

    fn named(text: &str) -> Vec<NamedEntry> {
        let entries = read(text).unwrap().entries;
        entries
            .into_iter()
            .map(|entry| match entry.kind {
                EntryKind::Named(named) => named,
                EntryKind::Certificate(_) => panic!("a certificate"),
            })
            .collect()
    }

    #[test]
    fn both_styles_of_name_give_the_same_chain() {
        let (old, new) = (named(OLD), named(NEW));
        assert_eq!(old.len(), 2);
        for (old, new) in old.iter().zip(&new) {
            assert_eq!((&old.subject, &old.issuer), (&new.subject, &new.issuer));
        }
        assert_eq!(Some(old[1].subject.clone()), dn::parse_dn("CN=Example CA,O=Example,C=US"));
        assert_eq!((old[0].not_after, new[0].not_after), (None, Some(1_798_859_045)));
    }

    #[test]
    fn the_certificates_count_where_they_are_printed() {
        let text = format!("{OLD}{}---\n", stored_text("root.pem"));
        let reading = read(&text).unwrap();
        assert_eq!((reading.format, reading.entries.len()), ("openssl s_client", 1));
        assert!(reading.warnings[0].text.contains("-showcerts"), "{:?}", reading.warnings);
        let twice = format!("{OLD}{0}{1}{0}", stored_text("root.pem"), stored_text("intermediate.pem"));
        let reading = read(&twice).unwrap();
        assert_eq!((reading.entries.len(), reading.warnings.len()), (2, 0));
    }

    #[test]
    fn other_text_lists_no_chain() {
        assert!(read("7 s: a line of a log\nnothing more").is_none());
        assert!(read("").is_none());
    }
}
