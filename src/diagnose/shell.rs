//! Text from a capture inside a command that a person will paste into a shell.

use std::borrow::Cow;

/// `text` as one word of a POSIX shell, or `None` when it holds control characters, which no host name, address or alias has.
/// What is plain stays as it is; anything else is put between single quotes.
pub fn word(text: &str) -> Option<Cow<'_, str>> {
    if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
        return None;
    }
    // A leading hyphen would be read as an option, quoted or not.
    if text.starts_with('-') {
        return None;
    }
    match text.bytes().all(is_plain) {
        true => Some(Cow::Borrowed(text)),
        false => Some(Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))),
    }
}

/// A short alias made of what is plain in `text`: lower case letters, digits and single hyphens.
pub fn alias(text: &str) -> String {
    let mut alias = String::new();
    for letter in text.chars().take(LONGEST) {
        match letter {
            'A'..='Z' | 'a'..='z' | '0'..='9' => alias.push(letter.to_ascii_lowercase()),
            'ä' | 'Ä' => alias.push_str("ae"),
            'ö' | 'Ö' => alias.push_str("oe"),
            'ü' | 'Ü' => alias.push_str("ue"),
            'ß' => alias.push_str("ss"),
            _ if !alias.is_empty() && !alias.ends_with('-') => alias.push('-'),
            _ => {}
        }
    }
    let alias = alias.trim_end_matches('-');
    match alias.is_empty() {
        true => "missing-ca".into(),
        false => alias.chars().take(40).collect::<String>().trim_end_matches('-').to_owned(),
    }
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-' | b'/')
}

/// Bytes beyond which a name is left out of a command.
const LONGEST: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_stays_as_it_is() {
        assert_eq!(word("api.example.com").as_deref(), Some("api.example.com"));
        assert_eq!(word("2001:db8::1").as_deref(), Some("2001:db8::1"));
    }

    #[test]
    fn what_a_shell_would_read_is_quoted_or_left_out() {
        assert_eq!(word("a;reboot").as_deref(), Some("'a;reboot'"));
        assert_eq!(word("a'$(id)").as_deref(), Some(r"'a'\''$(id)'"));
        assert_eq!(word("a\nb"), None);
        assert_eq!(word("-proxy"), None);
        assert_eq!(word(""), None);
    }

    #[test]
    fn an_alias_is_made_of_letters_digits_and_hyphens() {
        assert_eq!(alias("GTS Root R1"), "gts-root-r1");
        assert_eq!(alias("\"$(x)\""), "x");
        assert_eq!(alias("根"), "missing-ca");
    }
}
