//! A chapter of a cause for a terminal: its Markdown wrapped, tables as lists.

use crate::render::text::Style;
use crate::render::{wrap, wrap_hanging};

/// Draws Markdown as the chapters use it: headings, paragraphs, lists, tables and code.
pub fn chapter_text(markdown: &str, width: usize, color: bool) -> String {
    let style = Style::new(color);
    let mut out = String::new();
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            for code in lines.by_ref().take_while(|line| !line.starts_with("```")) {
                wire(&mut out, code, width);
            }
        } else if line.starts_with('#') {
            out.push_str(&style.bold(line.trim_start_matches('#').trim_start()));
            out.push('\n');
        } else if line.starts_with('|') {
            let mut rows = vec![cells(line)];
            while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                rows.push(cells(row));
            }
            table(&mut out, &rows, width, style);
        } else if line.trim().is_empty() {
            out.push('\n');
        } else {
            let mut text = line.to_owned();
            while let Some(more) = lines.next_if(|line| goes_on(line)) {
                text.push(' ');
                text.push_str(more.trim_start());
            }
            let indent = if text.starts_with("- ") { 2 } else { 0 };
            let first = text.get(..indent).unwrap_or("").to_owned();
            wrap_hanging(&mut out, &first, indent, &plain(text.get(indent..).unwrap_or("")), width);
        }
    }
    out
}

/// A line of code; one that shows a packet goes on below its messages.
fn wire(out: &mut String, code: &str, width: usize) {
    const MESSAGES: usize = 24;
    let room = if code.contains('→') { width.saturating_sub(2 + MESSAGES).max(40) } else { usize::MAX };
    let fits = unicode_width::UnicodeWidthStr::width(code) + 2 <= width;
    let lines = if fits { vec![code.to_owned()] } else { wrap(code, room) };
    let indent = " ".repeat(MESSAGES);
    out.push_str(&format!("  {}\n", lines.join(&format!("\n  {indent}"))));
}

/// Whether a line belongs to the paragraph or the item above it.
fn goes_on(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with(['#', '|', '`']) && !line.starts_with("- ")
}

fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_start_matches('|').trim_end_matches('|');
    row.split(" | ").map(|cell| plain(cell.trim())).collect()
}

/// Each row as its first cell, and below it the others under the names of their columns.
fn table(out: &mut String, rows: &[Vec<String>], width: usize, style: Style) {
    let Some((head, rows)) = rows.split_first() else { return };
    for row in rows.iter().filter(|row| !row.iter().all(|cell| cell.starts_with("---"))) {
        let mut cells = row.iter().zip(head);
        if let Some((first, _)) = cells.next() {
            wrap_hanging(out, "  ", 2, &style.bold(first), width);
        }
        for (cell, name) in cells.filter(|(cell, _)| !cell.is_empty()) {
            wrap_hanging(out, "    ", 6, &format!("{name}: {cell}"), width);
        }
    }
}

/// Text without the marks of emphasis, and links by their words.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('[') {
        let link = behind.split_once("](").and_then(|(words, target)| Some((words, target.split_once(')')?)));
        match link {
            Some((words, (_, after))) if !words.contains([']', '`']) => {
                out.push_str(before);
                out.push_str(words);
                rest = after;
            }
            _ => {
                out.push_str(before);
                out.push('[');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out.replace("**", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_becomes_a_list_and_a_link_its_words() {
        let text = chapter_text(
            "# a\n\nOne **two**\nthree [b](b.md).\n\n| client | says |\n| --- | --- |\n| Go | `x[0]` |\n\n- an item\n  goes on\n",
            80,
            false,
        );
        assert_eq!(text, "a\n\nOne two three b.\n\n  Go\n      says: `x[0]`\n\n- an item goes on\n");
    }
}
