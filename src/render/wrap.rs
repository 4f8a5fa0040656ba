//! Breaks lines at the width of the terminal.

use unicode_width::UnicodeWidthStr;

/// Breaks `text` at spaces into lines of at most `width` columns; a word that is longer keeps a line of its own.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut columns = 0;
    for word in text.split(' ') {
        let wide = word.width();
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

/// Writes `text` after `first`, with the lines that follow indented by `indent` columns.
pub fn wrap_hanging(out: &mut String, first: &str, indent: usize, text: &str, width: usize) {
    let room = width.saturating_sub(indent).max(20);
    for (i, line) in wrap(text, room).iter().enumerate() {
        if i == 0 {
            out.push_str(first);
            for _ in first.width()..indent {
                out.push(' ');
            }
        } else {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_long_words_stay_whole() {
        assert_eq!(wrap("a bb ccc", 4), ["a bb", "ccc"]);
        assert_eq!(wrap("abcdefgh i", 4), ["abcdefgh", "i"]);
        let mut out = String::new();
        wrap_hanging(&mut out, "- ", 4, "one two three four five six seven", 24);
        assert_eq!(out, "-   one two three four\n    five six seven\n");
    }
}
