//! A bar on standard error while captures are worked on, on a terminal only.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tlspcap::triage::Groups;

use crate::cli::args::Triage;

/// The bar.
pub(super) struct Progress<'a> {
    bar: ProgressBar,
    taken: &'a AtomicU64,
}

impl<'a> Progress<'a> {
    pub(super) fn new(arguments: &Triage, taken: &'a AtomicU64) -> Self {
        let bar = if std::io::stderr().is_terminal() && !arguments.stream {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{pos} captures, {per_sec}, {msg} {elapsed}") {
            bar.set_style(style);
        }
        Self { bar, taken }
    }

    /// A capture was answered.
    pub(super) fn row(&mut self, groups: &Groups) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.inc(1);
        let failures: u64 = groups.causes.values().sum();
        let waiting = self.taken.load(Ordering::Relaxed).saturating_sub(self.bar.position());
        self.bar.set_message(format!("{failures} failures found, {waiting} in work,"));
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
