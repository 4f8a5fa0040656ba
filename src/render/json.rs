//! The report as JSON: one object, or one connection per line.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

use crate::render::{Fragment, Renderer};
use crate::report::{BriefReport, CaptureReport, ConnectionReport, SCHEMA, Summary, ToolReport};

/// Draws JSON; `lines` makes it one connection per line without the frame.
#[derive(Debug, Clone, Copy)]
pub struct JsonRenderer {
    /// One connection per line (NDJSON).
    pub lines: bool,
}

impl Renderer for JsonRenderer {
    fn connection(&self, report: &ConnectionReport) -> Fragment {
        // The number is the first field: `{"id":0,…`; its zero gives way to the real one.
        let mut text = json_string(report);
        let number_at = text.find(':').map_or(0, |colon| colon + 1);
        if text[number_at..].starts_with('0') {
            text.remove(number_at);
        }
        Fragment { text, number_at }
    }

    fn brief(&self, _report: &BriefReport<'_>) -> Option<Fragment> {
        None
    }

    fn start(&self, capture: &CaptureReport, _summary: &Summary) -> String {
        if self.lines {
            return String::new();
        }
        format!(
            "{{\"schema\":{},\"tool\":{},\"capture\":{},\"connections\":[",
            json_string(&SCHEMA),
            json_string(&ToolReport::default()),
            json_string(capture)
        )
    }

    fn between(&self) -> &'static str {
        if self.lines { "\n" } else { "," }
    }

    fn finish(&self, _capture: &CaptureReport, summary: &Summary) -> String {
        match (self.lines, summary.connections) {
            (true, 0) => String::new(),
            (true, _) => "\n".to_owned(),
            (false, _) => format!("],\"summary\":{}}}\n", json_string(summary)),
        }
    }
}

/// A value as JSON in which nothing can drive a terminal.
pub fn json_string(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail, and the report's maps have text keys.
    let _ = write_json(&mut bytes, value);
    String::from_utf8(bytes).unwrap_or_default()
}

/// Writes a value as JSON in which nothing can drive a terminal.
///
/// # Errors
/// What `out` returns.
pub fn write_json(out: impl io::Write, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, SafeFormatter))
}

/// Compact JSON that also escapes DEL, the C1 controls and characters that change the direction of text.
struct SafeFormatter;

impl Formatter for SafeFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut buffer = [0; 4];
        for c in fragment.chars() {
            if c.is_ascii() && !c.is_control()
                || matches!(super::escape(c.encode_utf8(&mut [0; 4])), std::borrow::Cow::Borrowed(_))
            {
                writer.write_all(c.encode_utf8(&mut buffer).as_bytes())?;
            } else {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        char_escape: CharEscape,
    ) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(writer, char_escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_holds_nothing_that_drives_a_terminal() {
        let text = json_string(&"a\u{9b}b\u{202e}c\u{1b}ü");
        assert_eq!(text, "\"a\\u009bb\\u202ec\\u001bü\"");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), "a\u{9b}b\u{202e}c\u{1b}ü");
    }
}
