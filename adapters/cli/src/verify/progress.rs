//! One line that tells how far the searches are: on a terminal only, and gone when they are done.

use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use lockwright_sim::{
    Progress,
    scenario::{Faults, Scenario},
};

pub(super) struct Line(ProgressBar);

impl Line {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        Self(bar)
    }

    pub(super) fn show(&self, scenario: &Scenario, progress: Progress, took: Duration) {
        let Progress { depth, states, frontier, .. } = progress;
        let [states, frontier] = [states, frontier].map(|count| HumanCount(count as u64));
        let seconds = took.as_secs();
        let Scenario { protocol, clients, faults: Faults { crashes, .. }, .. } = scenario;
        self.0.set_message(format!(
            "{protocol}, {clients} clients, {crashes} crashes: {states} states, {frontier} at depth {depth}, {seconds} s"
        ));
        self.0.tick();
    }

    /// Runs `print` with the line out of the way.
    pub(super) fn hidden<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
