//! Base64 (RFC 4648 §4) as it is pasted: escaped, broken anywhere, in the middle of something else.

use std::str::Chars;
use std::sync::OnceLock;

use data_encoding::{Encoding, Specification};

use super::{Reading, der, pem, tlv};

/// How PEM begins when somebody encoded it once more, as Kubernetes secrets do.
const ENCODED_PEM: &str = "LS0tLS1CRUdJTi";
/// How base64 of DER begins when the outer length has two octets, as every certificate's has.
const ENCODED_DER: &str = "MII";

/// Reads base64 without BEGIN lines: of DER, or of PEM. `None` when there is none.
pub(super) fn read(text: &str) -> Option<Reading> {
    let mut reading = Reading::new("PEM");
    let mut done = 0;
    for start in encoded_starts(text) {
        let rest = text.get(start..).unwrap_or_default();
        if start < done {
            continue;
        }
        let end = rest.find(|c: char| !is_base64(c) && !c.is_whitespace() && c != '\\').unwrap_or(rest.len());
        let run = rest.get(..end).unwrap_or_default();
        let bytes = decode(&clean(run, None));
        if run.starts_with(ENCODED_PEM) {
            reading.append(pem::read(&String::from_utf8_lossy(&bytes)));
        } else if der::shape(&bytes).is_some_and(|shape| shape != der::Shape::Other) {
            der::read_into(trimmed(&bytes), &mut reading, None, &format!("the base64 at byte {start}"));
        }
        done = start + end;
    }
    (!reading.entries.is_empty() || !reading.others.is_empty()).then_some(reading)
}

/// Where base64 begins that can be DER or PEM.
fn encoded_starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.match_indices(['M', 'L']).map(|(at, _)| at).filter(|&at| {
        let (before, rest) = text.split_at_checked(at).unwrap_or_default();
        (rest.starts_with(ENCODED_DER) || rest.starts_with(ENCODED_PEM)) && !before.ends_with(is_base64)
    })
}

/// Cuts off what follows the last whole element: a word after the base64 decodes to a few bytes of nothing.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let Some((_, after)) = tlv::read(rest).filter(|(element, _)| element.tag == tlv::SEQUENCE) {
        rest = after;
    }
    bytes.get(..bytes.len() - rest.len()).unwrap_or(bytes)
}

/// A file that is base64 from end to end.
pub(super) fn whole(text: &str) -> Option<Vec<u8>> {
    let kept: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let kept = kept.trim_end_matches('=');
    let all = kept.len() >= 64 && kept.chars().all(is_base64);
    all.then(|| decode(kept))
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/')
}

/// The base64 characters of a body, without escapes, quotation marks, mail's `>` and headers (RFC 1421 §4.6).
///
/// Where source code puts a text together from quoted lines, what stands between the quotes is no base64.
pub(super) fn clean(body: &str, quote: Option<char>) -> String {
    let mut kept = String::with_capacity(body.len());
    let mut inside = true;
    for line in body.lines().filter(|line| !line.contains(": ")) {
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            if Some(c) == quote {
                inside = !inside;
            } else if c == '\\' {
                unescape(&mut chars, &mut kept);
            } else if inside && is_base64(c) {
                kept.push(c);
            }
        }
    }
    kept
}

/// What follows a backslash in JSON, Java, YAML or a shell: line breaks vanish, `\/` and `\u003d` are characters.
fn unescape(chars: &mut Chars<'_>, kept: &mut String) {
    let rest = chars.as_str().trim_start_matches('\\');
    let Some(next) = rest.chars().next() else { return };
    let skipped = match next {
        'n' | 'r' | 't' => 1,
        'u' => {
            let code = rest.get(1..5).and_then(|hex| u32::from_str_radix(hex, 16).ok());
            kept.extend(code.and_then(char::from_u32).filter(|&c| is_base64(c)));
            5
        }
        _ => 0,
    };
    *chars = rest.get(skipped..).unwrap_or_default().chars();
}

/// Decodes as far as whole characters go; padding is not needed.
pub(super) fn decode(base64: &str) -> Vec<u8> {
    static LENIENT: OnceLock<Option<Encoding>> = OnceLock::new();
    let encoding = LENIENT.get_or_init(|| {
        let mut rules = Specification::new();
        rules.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
        rules.check_trailing_bits = false;
        rules.encoding().ok()
    });
    let whole = base64.len() - usize::from(base64.len() % 4 == 1);
    let characters = base64.as_bytes().get(..whole).unwrap_or_default();
    encoding.as_ref().and_then(|encoding| encoding.decode(characters).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::fixtures::stored;

    /// How many certificates and warnings a file with this text gives.
    fn counts(text: impl AsRef<[u8]>) -> (usize, usize) {
        let reading = super::super::read(text.as_ref(), Path::new("ca.pem"), None).unwrap();
        (reading.entries.len(), reading.warnings.len())
    }

    fn base64(der: &[u8]) -> String {
        data_encoding::BASE64.encode(der)
    }

    #[test]
    fn base64_without_lines_around_it_is_read() {
        let (root, ca) = (stored("root.der"), stored("intermediate.der"));
        let one = base64(&root);
        assert_eq!(counts(&one), (1, 0));
        let wrapped =
            one.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>();
        assert_eq!(counts(wrapped.join("\r\n  ")), (1, 0));
        assert_eq!(counts(format!("{{\"x5c\": [\"{one}\", \"{}\"]}}", base64(&ca))), (2, 0));
        assert_eq!(counts(format!("ca: {}\nother: text\n", one.trim_end_matches('='))), (1, 0));
        assert_eq!(counts(base64(&stored("chain.p7b"))), (3, 0));
        assert_eq!(counts(base64(&stored("trust.jks"))), (2, 0));
    }

    #[test]
    fn pem_that_was_encoded_once_more_is_read() {
        let secret = base64(&stored("root.pem"));
        assert_eq!(counts(&secret), (1, 0));
        assert_eq!(
            counts(format!("data:\n  ca.crt: {secret}\n  tls.crt: \"{}\"\n", base64(&stored("leaf.pem")))),
            (2, 0)
        );
    }
}
