//! How far it is: a line on standard error, where that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A line that is overwritten, and gone in the end.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Default for Progress {
    /// One that shows nothing.
    fn default() -> Self {
        Self(ProgressBar::hidden())
    }
}

impl Progress {
    /// Of this piece of work.
    pub(super) fn of(what: &str) -> Self {
        let bar = ProgressBar::new(0).with_prefix(what.to_owned());
        match ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {wide_msg}") {
            Ok(style) => Self(bar.with_style(style)),
            Err(_) => Self(bar),
        }
    }

    /// So many steps.
    pub(super) fn expect(&self, steps: usize) {
        self.0.set_length(steps as u64);
    }

    /// The next step, which is this.
    pub(super) fn step(&self, what: &str) {
        self.0.set_message(what.to_owned());
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
