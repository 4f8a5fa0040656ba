//! Breaks lines at the width of the terminal.

use unicode_width::UnicodeWidthStr;

/// Breaks `text` at spaces into lines of at most `width` columns; a word that is longer keeps a line of its own.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut columns = 0;
    for word in text.split(' ') {
        let wide = shown_width(word);
        if !line.is_empty() && columns + 1 + wide > width {
            lines.push(std::mem::take(&mut line));
            columns = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            columns += 1;
        }
        line.push_str(word);
        columns += wide;
    }
    lines.push(line);
    lines
}

/// The columns of a word, of which colours take none.
fn shown_width(word: &str) -> usize {
    let mut rest = word;
    let mut columns = 0;
    while let Some((before, behind)) = rest.split_once("\u{1b}[") {
        columns += before.width();
        rest = behind.split_once('m').map_or("", |(_, after)| after);
    }
    columns + rest.width()
}

/// Writes `text` after `first`, with the lines that follow indented by `indent` columns.
pub fn wrap_hanging(out: &mut String, first: &str, indent: usize, text: &str, width: usize) {
    let room = width.saturating_sub(indent).max(20);
    for (i, line) in wrap(text, room).iter().enumerate() {
        if i == 0 {
            out.push_str(first);
            for _ in shown_width(first)..indent {
                out.push(' ');
            }
        } else {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// Writes a shell command, indented. What is longer than `width` goes on behind a backslash, so that it can be pasted; it is
/// broken at spaces outside of quotes, an option and its value stay together.
pub fn wrap_command(out: &mut String, indent: usize, command: &str, width: usize) {
    let room = width.saturating_sub(indent + 2).max(20);
    let mut line = String::new();
    let mut lines = Vec::new();
    for word in shell_words(command) {
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            lines.push(std::mem::replace(&mut line, "  ".to_owned()));
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    let last = lines.len() - 1;
    for (i, line) in lines.iter().enumerate() {
        out.extend(std::iter::repeat_n(' ', indent));
        out.push_str(line);
        out.push_str(if i < last { " \\\n" } else { "\n" });
    }
}

/// Where a command may be broken: at spaces that are not quoted, but not between an option and its value.
fn shell_words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote) = (0, None);
    let mut escaped = false;
    for (at, c) in command.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ') => {
                let is_option = command[start..at].starts_with('-') && !command[start..at].contains(' ');
                let has_value = !command[at + 1..].starts_with(['-', '<', '>', '&', '|']);
                if !(is_option && has_value) {
                    words.push(&command[start..at]);
                    start = at + 1;
                }
            }
            _ => {}
        }
    }
    words.push(&command[start..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_goes_on_behind_a_backslash_and_stays_the_same_to_a_shell() {
        let mut out = String::new();
        wrap_command(&mut out, 3, r"openssl s_client -servername 'a b'\'' c' -showcerts </dev/null", 32);
        assert_eq!(
            out,
            "   openssl s_client \\\n     -servername 'a b'\\'' c' \\\n     -showcerts </dev/null\n"
        );
        out.clear();
        wrap_command(&mut out, 0, "openssl s_client -servername a.example -connect b.example:443", 36);
        assert_eq!(out, "openssl s_client \\\n  -servername a.example \\\n  -connect b.example:443\n");
        out.clear();
        wrap_command(&mut out, 0, "date -u", 80);
        assert_eq!(out, "date -u\n");
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_stay_whole() {
        assert_eq!(wrap("a bb ccc", 4), ["a bb", "ccc"]);
        assert_eq!(wrap("abcdefgh i", 4), ["abcdefgh", "i"]);
        assert_eq!(wrap("\u{1b}[1ma\u{1b}[0m bb ccc", 4), ["\u{1b}[1ma\u{1b}[0m bb", "ccc"]);
        let mut out = String::new();
        wrap_hanging(&mut out, "- ", 4, "one two three four five six seven", 24);
        assert_eq!(out, "-   one two three four\n    five six seven\n");
    }
}
