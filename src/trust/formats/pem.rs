//! PEM (RFC 7468) as people paste it: indented, escaped, glued together, with text and other things around it.

use super::base64::{clean, decode};
use super::{Reading, der};

/// Longest label that is taken for one.
const MAX_LABEL: usize = 64;
/// One block: what stands between a BEGIN line and whatever ends it.
#[derive(Debug)]
struct Block<'a> {
    label: &'a str,
    body: &'a str,
    /// The text between the block before and this one.
    before: &'a str,
    /// The quotation mark before the BEGIN line, when there is one.
    quote: Option<char>,
    /// Line of the BEGIN line, from 1.
    line: usize,
}

/// Whether the text has a PEM block of any kind.
pub(super) fn is_in(text: &str) -> bool {
    markers_of(text, "BEGIN ").next().is_some()
}

/// Reads all blocks of a text. One that is bad is a warning, and so is one that is no certificate.
pub(super) fn read(text: &str) -> Reading {
    let mut reading = Reading::new("PEM");
    let mut pkcs7_only = true;
    for (number, block) in (1..).zip(blocks(text)) {
        let place = format!("block {number} (line {})", block.line);
        match kind(block.label) {
            Ok(()) => {
                let bytes = decode(&clean(block.body, block.quote));
                pkcs7_only &= der::shape(&bytes) == Some(der::Shape::Pkcs7);
                let bytes = without_auxiliary(&bytes, block.label);
                der::read_into(bytes, &mut reading, friendly_name(block.before), &place);
            }
            Err(what) => reading.skip(&what, &place),
        }
    }
    if pkcs7_only && !reading.entries.is_empty() {
        reading.format = "PKCS#7";
    }
    reading
}

/// What a label announces: `Err` names what is no certificate.
fn kind(label: &str) -> Result<(), String> {
    match label {
        "CERTIFICATE"
        | "X509 CERTIFICATE"
        | "TRUSTED CERTIFICATE"
        | "PKCS7"
        | "CMS"
        | "PKCS #7 SIGNED DATA" => Ok(()),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Err("a certificate request".into()),
        "X509 CRL" => Err("a certificate revocation list".into()),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => Err("a public key".into()),
        other if other.ends_with("PRIVATE KEY") => Err("a private key".into()),
        other => Err(format!("a PEM block labelled {other}")),
    }
}

/// OpenSSL's trusted certificates carry a second structure, with the uses that are trusted.
fn without_auxiliary<'a>(bytes: &'a [u8], label: &str) -> &'a [u8] {
    match super::tlv::read(bytes) {
        Some((first, _)) if label == "TRUSTED CERTIFICATE" => first.whole,
        _ => bytes,
    }
}

/// The name that `openssl pkcs12` or `keytool -list -rfc` prints above a certificate.
fn friendly_name(before: &str) -> Option<&str> {
    let (_, name) = before.rsplit_once("friendlyName:").or_else(|| before.rsplit_once("Alias name:"))?;
    name.lines().next().map(str::trim).filter(|name| !name.is_empty())
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let markers = markers(text);
    let mut found = Vec::new();
    let (mut line, mut counted, mut after_last) = (1, 0, 0);
    for (index, marker) in markers.iter().enumerate().filter(|(_, marker)| marker.begins) {
        let rest = text.get(marker.end..).unwrap_or_default();
        let Some(label_len) = rest.find(is_dash).filter(|&length| length <= MAX_LABEL) else { continue };
        let label = rest.get(..label_len).unwrap_or_default().trim();
        let after_label = rest.get(label_len..).unwrap_or_default();
        let body_start = text.len() - after_label.trim_start_matches(is_dash).len();
        let body_end = markers.get(index + 1).map_or(text.len(), |next| next.start.max(body_start));
        let before = text.get(after_last..marker.start).unwrap_or_default();
        line += text.get(counted..marker.start).unwrap_or_default().matches('\n').count();
        counted = marker.start;
        found.push(Block {
            label,
            body: text.get(body_start..body_end).unwrap_or_default(),
            before,
            quote: before.chars().next_back().filter(|c| matches!(c, '"' | '\'' | '`')),
            line,
        });
        after_last = body_end;
    }
    found
}

/// A BEGIN or END with dashes before it: where the dashes begin, and where the word ends.
#[derive(Debug, Clone, Copy)]
struct Marker {
    start: usize,
    end: usize,
    begins: bool,
}

/// All of them in the order of the text. A missing END line is so no matter: the next BEGIN ends the block.
fn markers(text: &str) -> Vec<Marker> {
    let mut found: Vec<Marker> = markers_of(text, "BEGIN ").chain(markers_of(text, "END ")).collect();
    found.sort_unstable_by_key(|marker| marker.start);
    found
}

fn markers_of<'a>(text: &'a str, word: &'static str) -> impl Iterator<Item = Marker> + 'a {
    text.match_indices(word).filter_map(move |(at, _)| {
        let head = text.get(..at)?.trim_end_matches(' ');
        let before = head.trim_end_matches(is_dash);
        let dashes = before.len() < head.len();
        dashes.then_some(Marker { start: before.len(), end: at + word.len(), begins: word.starts_with('B') })
    })
}

/// Word processors make long dashes of two hyphens.
fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{stored, stored_text};
    use super::super::{read as read_any, text_of};
    use super::*;
    use std::path::Path;

    /// How many certificates and warnings a file with this text gives.
    fn counts(text: impl AsRef<[u8]>) -> (usize, usize) {
        let reading = read_any(text.as_ref(), Path::new("ca.pem"), None).unwrap();
        (reading.entries.len(), reading.warnings.len())
    }

    #[test]
    fn indented_and_quoted_blocks_are_read() {
        let root = stored_text("root.pem");
        for prefix in ["    ", "\t", "> ", "| ", "  > > "] {
            let text: String = root.lines().map(|line| format!("{prefix}{line}\n")).collect();
            assert_eq!(counts(&text), (1, 0), "{prefix:?}");
        }
    }

    #[test]
    fn line_ends_and_byte_order_marks_of_windows_are_read() {
        let crlf = stored_text("root.pem").replace('\n', "\r\n");
        assert_eq!(counts(&crlf), (1, 0));
        assert_eq!(counts(format!("\u{feff}{crlf}")), (1, 0));
        let wide = |unit: fn(u16) -> [u8; 2]| {
            "\u{feff}".chars().chain(crlf.chars()).map(|c| c as u16).flat_map(unit).collect()
        };
        let (little, big): (Vec<u8>, Vec<u8>) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
        assert_eq!((counts(little), counts(big)), ((1, 0), (1, 0)));
    }

    #[test]
    fn other_labels_of_a_certificate_are_read() {
        let root = stored_text("root.pem");
        assert_eq!(counts(root.replace(" CERTIFICATE", " X509 CERTIFICATE")), (1, 0));
        assert_eq!(counts(stored("trusted.pem")), (1, 0));
        let trusted = read(&stored_text("trusted.pem"));
        let crate::trust::EntryKind::Certificate(certificate) = &trusted.entries[0].kind else { panic!() };
        assert_eq!(*certificate.der, *stored("root.der"));
    }

    #[test]
    fn escaped_line_breaks_and_characters_are_read() {
        let root = stored_text("root.pem");
        let json = serde_json::to_string(&root).unwrap();
        let twice = serde_json::to_string(&json).unwrap();
        let escaped = json.replace('/', "\\/").replace('=', "\\u003d").replace('+', "\\u002b");
        for text in [&json, &twice, &escaped, &format!("{{\"ca\": {json}, \"n\": 1}}")] {
            assert_eq!(counts(text), (1, 0), "{text}");
        }
    }

    #[test]
    fn a_header_with_percent_signs_is_read() {
        let text = stored_text("root.pem").replace(' ', "%20").replace('\n', "%0A").replace('+', "%2B");
        assert_eq!(counts(text.replace('/', "%2F").replace('=', "%3D")), (1, 0));
    }

    #[test]
    fn a_text_that_source_code_puts_together_is_read() {
        let root = stored_text("root.pem");
        let lines: Vec<String> = root.lines().map(|line| format!("        \"{line}\\n\"")).collect();
        assert_eq!(counts(format!("String ca =\n{};", lines.join(" +\n"))), (1, 0));
    }

    #[test]
    fn missing_and_lost_line_breaks_do_not_matter() {
        let (root, ca) = (stored_text("root.pem"), stored_text("intermediate.pem"));
        assert_eq!(counts(format!("{}{ca}", root.trim_end())), (2, 0));
        assert_eq!(counts(format!("{root}{ca}").replace('\n', "")), (2, 0));
        assert_eq!(counts(format!("{root}{ca}").replace('\n', " ")), (2, 0));
        let open = root.replace("-----END CERTIFICATE-----", "");
        assert_eq!(counts(format!("{open}{ca}")), (2, 0));
        assert_eq!(counts(&open), (1, 0));
        assert_eq!(counts(root.replace("-----", "\u{2014}-")), (1, 0));
    }

    #[test]
    fn text_between_blocks_is_passed_over_and_gives_the_alias() {
        let text = format!(
            "Bag Attributes\n    friendlyName: my root\nsubject=CN = x\n{}\n# next - one\n{}Alias name: leaf\n\n{}",
            stored_text("root.pem"),
            stored_text("intermediate.pem"),
            stored_text("leaf.pem")
        );
        let reading = read(&text);
        let aliases: Vec<_> = reading.entries.iter().map(|entry| entry.alias.as_deref()).collect();
        assert_eq!((aliases, reading.warnings.len()), (vec![Some("my root"), None, Some("leaf")], 0));
    }

    #[test]
    fn a_private_key_is_skipped_and_said() {
        let text = format!("{}{}", stored_text("key.pem"), stored_text("root.pem"));
        let reading = read(&text);
        assert_eq!(reading.entries.len(), 1);
        assert_eq!(reading.warnings[0].text, "block 1 (line 1): a private key, skipped");
    }

    #[test]
    fn one_bad_block_among_good_ones_is_a_warning() {
        let (root, ca) = (stored_text("root.pem"), stored_text("intermediate.pem"));
        let cut: String = root.lines().take(6).map(|line| format!("{line}\n")).collect();
        let text = format!("{root}{cut}-----END CERTIFICATE-----\n{ca}");
        let reading = read(&text);
        assert_eq!((reading.entries.len(), reading.warnings.len()), (2, 1));
        let line = root.lines().count() + 1;
        assert!(
            reading.warnings[0].text.starts_with(&format!("block 2 (line {line}): ")),
            "{:?}",
            reading.warnings
        );
    }

    #[test]
    fn a_certificate_by_a_wrong_label_is_told_by_its_content() {
        let text = stored_text("request.pem").replace("CERTIFICATE REQUEST", "CERTIFICATE");
        let message = read_any(text.as_bytes(), Path::new("ca.pem"), None).unwrap_err().to_string();
        assert!(message.ends_with("found a certificate request"), "{message}");
    }

    #[test]
    fn hostile_text_takes_time_that_grows_with_its_length_only() {
        let begin = std::time::Instant::now();
        for text in [
            "-BEGIN -",
            "-----BEGIN CERTIFICATE-----",
            "MII.",
            "-END ",
            "\\u00",
            "\"subject\":\"\"",
            "LS0tLS1CRUdJTi,",
        ] {
            let _ = read_any(text.repeat(200_000).as_bytes(), Path::new("x"), None);
        }
        assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
    }

    #[test]
    fn a_lone_percent_sign_stays() {
        assert_eq!(text_of(b"BEGIN%20100%"), "BEGIN 100%");
        assert_eq!(text_of(b"BEGIN%20%\xc3\xa9"), "BEGIN %\u{e9}");
    }
}
