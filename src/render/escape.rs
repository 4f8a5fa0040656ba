//! The one place through which text from a capture goes before a person's terminal sees it.

use std::borrow::Cow;

/// Replaces control characters (C0, C1, DEL), line ends, and characters that change the direction of
/// text or are not seen, by `\u{…}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !plain && text.chars().any(is_unsafe) {
        let mut out = String::with_capacity(text.len() + 8);
        escape_into(text, &mut out);
        Cow::Owned(out)
    } else {
        Cow::Borrowed(text)
    }
}

/// Appends `text` to `out`, escaped.
pub fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
        if is_unsafe(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
}

/// Whether a character could drive a terminal or mislead a reader.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_drive_a_terminal_is_shown_as_its_number() {
        assert_eq!(escape("a\u{1b}]0;x\u{7}b"), "a\\u{1b}]0;x\\u{7}b");
        assert_eq!(escape("evil\u{202e}txt"), "evil\\u{202e}txt");
        assert_eq!(escape("a\u{61c}b\u{ad}c"), "a\\u{61c}b\\u{ad}c");
        assert!(matches!(escape("Häuser GmbH"), Cow::Borrowed(_)));
    }
}
