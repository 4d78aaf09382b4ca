//! Where the outcome is told to programs.

use std::path::PathBuf;

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
    /// Say when the lock is taken, under which id, and when it is given back.
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}
