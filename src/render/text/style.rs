//! Colour, or none: never the only carrier of a meaning.

use std::fmt::Write;

use anstyle::{AnsiColor, Style as Ansi};

/// How words are set off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    color: bool,
}

const BAD: Ansi = AnsiColor::Red.on_default().bold();
const GOOD: Ansi = AnsiColor::Green.on_default();

impl Style {
    pub(crate) const fn new(color: bool) -> Self {
        Self { color }
    }

    fn paint(self, style: Ansi, text: &str) -> String {
        let mut out = String::new();
        self.put(style, &mut out, &[text]);
        out
    }

    fn put(self, style: Ansi, out: &mut String, words: &[&str]) {
        // Writing to a string cannot fail.
        if self.color {
            let _ = write!(out, "{style}");
        }
        out.extend(words.iter().copied());
        if self.color {
            let _ = write!(out, "{style:#}");
        }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint(Ansi::new().bold(), text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.paint(BAD, text)
    }

    /// Appends what [`bad`](Self::bad) gives for the words.
    pub(crate) fn put_bad(self, out: &mut String, words: &[&str]) {
        self.put(BAD, out, words);
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.paint(GOOD, text)
    }

    /// Appends what [`good`](Self::good) gives for the words.
    pub(crate) fn put_good(self, out: &mut String, words: &[&str]) {
        self.put(GOOD, out, words);
    }

    pub(crate) fn warn(self, text: &str) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }
}
