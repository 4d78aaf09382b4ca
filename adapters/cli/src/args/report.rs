//! Where the outcome is told to programs.

use std::path::PathBuf;

use crate::events::Voice;

/// Where the outcome is told to programs, and what is said to people beyond what they have to know.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ReportArgs {
    /// Write the outcome to this descriptor, which is open: one JSON object; see below. CMD does not inherit it.
    #[arg(long, value_name = "N", conflicts_with = "report",
          value_parser = clap::value_parser!(i32).range(1..))]
    pub(crate) status_fd: Option<i32>,
    /// Write the outcome to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Tell programs what happens as it happens, on standard error: one JSON object a line, in place of what is said to people;
    /// see below.
    #[arg(long, conflicts_with_all = ["quiet", "verbose"])]
    pub(crate) json: bool,
    /// Say when the lock is taken, under which id, and when it is given back.
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

impl ReportArgs {
    /// In what form it is told what happens.
    pub(crate) fn voice(&self) -> Voice {
        if self.json { Voice::Json } else { Voice::Text }
    }
}
