//! Clocks that the kernel does not know, because nothing can be proved with them; protocols in the wild go by them.

use lockwright_kernel::{
    clock::{Instant, Timestamp},
    fs::Halted,
};

use super::{Answers, Replay, Reply, Request};

/// A [`Live`](crate::Live) world has no such clocks; there they stand at zero.
impl Replay<'_> {
    /// What the client's wall clock says (`CLOCK_REALTIME`), which somebody may have set.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    pub fn wall_clock(&self) -> Result<Timestamp, Halted> {
        if let Answers::Live(_) = self.answers {
            return Ok(Timestamp::new(std::time::Duration::ZERO));
        }
        match self.ask(Request::WallClock)? {
            Reply::Wall(time) => Ok(*time),
            _ => Err(self.mismatch()),
        }
    }

    /// What the client's host has been awake for (`CLOCK_MONOTONIC` on Linux), unlike
    /// [`Clock::now`](lockwright_kernel::clock::Clock::now), which goes on while it sleeps.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    pub fn uptime(&self) -> Result<Instant, Halted> {
        if let Answers::Live(_) = self.answers {
            return Ok(Instant::new(std::time::Duration::ZERO));
        }
        match self.ask(Request::Uptime)? {
            Reply::Time(time) => Ok(*time),
            _ => Err(self.mismatch()),
        }
    }
}
