//! When a command is stopped, and how.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::want::duration;

/// When the command is stopped, and how.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct StopArgs {
    /// What to do when the lock is taken away while CMD runs: send its process group the signal (term), kill it at once (kill),
    /// or say so and let it run on (warn). The exit code is 81 or 85 in each case.
    #[arg(long, value_name = "WHAT", value_enum, default_value = "term")]
    pub(crate) on_lost: OnLost,
    /// The signal that stops CMD: a name or a number.
    #[arg(short = 'S', long, value_name = "SIGNAL", default_value = "TERM", value_parser = signal)]
    pub(crate) signal: Signal,
    /// Kill what has not ended so long after that signal.
    #[arg(short, long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    pub(crate) kill_after: Duration,
    /// Stop CMD when it has run for so long, and exit with 124.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) max_hold: Option<Duration>,
}

impl Default for StopArgs {
    fn default() -> Self {
        Self { on_lost: OnLost::Term, signal: Signal::SIGTERM, kill_after: Duration::from_secs(5), max_hold: None }
    }
}

/// What a command whose lock is lost is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OnLost {
    Term,
    Kill,
    Warn,
}

/// A signal by its name, with or without `SIG`, or by its number.
fn signal(text: &str) -> Result<Signal, String> {
    let name = text.to_ascii_uppercase();
    let by_name = format!("SIG{}", name.strip_prefix("SIG").unwrap_or(&name)).parse();
    let by_number = || text.parse().ok().and_then(|number: i32| Signal::try_from(number).ok());
    by_name.ok().or_else(by_number).ok_or_else(|| "should be a signal, like TERM or 15".to_owned())
}
