//! Draws a report as text, JSON or HTML; sees nothing but the report.
//!
//! A renderer turns one connection into a [`Fragment`]; whoever collects fragments puts them in order and fills in the
//! numbers, which are known only when the capture ends.

mod chapter;
mod diff;
mod escape;
mod html;
mod json;
mod summary;
mod summary_html;
mod text;
mod wrap;

pub use chapter::chapter_text;
pub use diff::diff_text;
pub use escape::{escape, escape_into};
pub use html::HtmlRenderer;
pub use json::{JsonRenderer, json_string, write_json};
pub use summary::summary_table;
pub use summary_html::summary_page;
pub use text::{TextOptions, TextRenderer, chain_text};
pub use wrap::{wrap, wrap_command, wrap_hanging};

use crate::report::{BriefReport, CaptureReport, ConnectionReport, Summary};

/// One connection, drawn. Its number is written at `number_at` when it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// What was drawn.
    pub text: String,
    /// Byte offset in `text` at which the connection's number belongs.
    pub number_at: usize,
}

/// A form of the report.
pub trait Renderer {
    /// Draws one connection in full.
    fn connection(&self, report: &ConnectionReport) -> Fragment;

    /// Draws one connection as a line; `None` when this form always shows the whole.
    fn brief(&self, report: &BriefReport<'_>) -> Option<Fragment>;

    /// What stands before the connections.
    fn start(&self, capture: &CaptureReport, summary: &Summary) -> String;

    /// What stands between two connections.
    fn between(&self) -> &'static str;

    /// What stands after the connections.
    fn finish(&self, capture: &CaptureReport, summary: &Summary) -> String;
}
