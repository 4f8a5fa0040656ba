//! A bar on standard error while captures are worked on, on a terminal only.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tlspcap::triage::Groups;

use super::names::Names;
use crate::cli::args::{Triage, TriageFormat};

/// The bar.
pub(super) struct Progress {
    bar: ProgressBar,
}

/// While it is not known how many captures there are.
const COUNTING: &str = "{pos} captures  {rate}  {msg}  {elapsed}";
/// When it is.
const COUNTED: &str = "{wide_bar} {pos}/{len}  {rate}  {msg}  {eta} left";

impl Progress {
    /// Shows the bar, unless rows go to the same terminal. The captures are counted meanwhile.
    pub(super) fn start(arguments: &Triage, format: TriageFormat, names: &Names) -> Self {
        let rows_on_terminal =
            format != TriageFormat::Table && arguments.output.is_none() && std::io::stdout().is_terminal();
        if !std::io::stderr().is_terminal() || arguments.stream || rows_on_terminal {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        style(&bar, COUNTING);
        bar.enable_steady_tick(Duration::from_millis(200));
        if let Some(counter) = names.counter() {
            let bar = bar.clone();
            std::thread::spawn(move || {
                bar.set_length(counter());
                style(&bar, COUNTED);
            });
        }
        Self { bar }
    }

    /// A name was answered.
    pub(super) fn answered(&self, groups: &Groups) {
        if !self.bar.is_hidden() {
            self.bar.inc(1);
            self.bar.set_message(format!("{} failed", groups.failures()));
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        let rate = |state: &ProgressState, to: &mut dyn std::fmt::Write| {
            // What cannot be shown is not worth an error.
            let _ = write!(to, "{:.0}/s", state.per_sec());
        };
        bar.set_style(style.with_key("rate", rate));
    }
}
