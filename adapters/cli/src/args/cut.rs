//! Whether a command comes before those who wait in line.

use lockwright_posix::lock::Kind;

use super::hold::reason;
use crate::exit::{Failure, USAGE};

/// Whether a command comes before those who wait in line.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct CutArgs {
    /// Come before all who wait in line: each is asked to make way, joins the line again behind, and says so. Who holds the lock keeps
    /// it, and who does not answer in 2 s keeps its place. LOCK.cut tells who cut in and why, the newest 32. For kinds that have a line,
    /// and not with --nonblock.
    #[arg(long, requires = "reason", conflicts_with = "nonblock")]
    pub(crate) cut: bool,
    /// With --cut: why. It is told to those who make way, and kept.
    #[arg(long, value_name = "TEXT", requires = "cut", value_parser = reason)]
    pub(crate) reason: Option<String>,
}

impl CutArgs {
    /// Refuses kinds that have no line, and those who do not wait in it.
    pub(crate) fn check(&self, kind: Kind, nonblock: bool) -> Result<(), Failure> {
        if self.cut && nonblock {
            return Err(Failure::new(USAGE, "--cut is for those who wait: leave it out, or --if-busy"));
        }
        if !self.cut || !matches!(kind, Kind::Fast | Kind::Bid | Kind::Semaphore(_)) {
            return Ok(());
        }
        Err(Failure::new(
            USAGE,
            format!("--cut is for locks with a line, and not for {kind}; see lockwright run --help"),
        ))
    }
}
