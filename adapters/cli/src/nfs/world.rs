//! The world of those who wait for a lock on a server: time, and interruption. Of the server nothing is watched.

use std::{cell::Cell, io, num::NonZeroU32, os::fd::OwnedFd, time::Duration};

use lockwright_kernel::{
    blocking::World,
    chance::Chance,
    clock::{Clock, Instant},
    fs::{FsError, Halted},
    id::Id,
    path::Path,
    watch::{Wake, Watch, WatchId},
};
use lockwright_posix::{fs::PosixFs, watch::PosixWorld};

/// How long a wait goes by without a look, in milliseconds: at least, and how much longer at most, so that those who wait
/// come apart.
const WAIT_MS: u64 = 100;
const WAIT_MS_MORE: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);

/// One whose waits end after a while, and then look as if something had changed.
#[derive(Debug)]
pub(crate) struct NfsWorld {
    local: PosixWorld,
    waits: Cell<u64>,
}

impl NfsWorld {
    /// One whose waits are interrupted while `fd` is readable.
    pub(crate) fn new(fd: OwnedFd) -> io::Result<Self> {
        Ok(Self { local: PosixWorld::new(&PosixFs::open("/")?).interrupted_by(fd), waits: Cell::new(0) })
    }

    /// What it is made of: time, and interruption.
    pub(crate) fn local(&self) -> &PosixWorld {
        &self.local
    }

    /// How many waits there were. Before each there was a look that did not fail.
    pub(super) fn waits(&self) -> u64 {
        self.waits.get()
    }

    /// The end of a wait that goes on until `until` at most.
    pub(super) fn next_look(&self, until: Option<Instant>) -> Result<Instant, Halted> {
        let wait = WAIT_MS + u64::from(self.below(WAIT_MS_MORE)?);
        let look = self.now()?.saturating_add(Duration::from_millis(wait));
        Ok(until.map_or(look, |until| until.min(look)))
    }

    pub(super) fn is_past(&self, until: Option<Instant>) -> bool {
        until.is_some_and(|until| self.local.after(Duration::ZERO) >= until)
    }
}

impl Watch for NfsWorld {
    fn watch(&self, _: &Path) -> Result<WatchId, FsError> {
        Ok(WatchId(0))
    }

    fn wait(&self, _: WatchId, _: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted> {
        self.waits.set(self.waits.get() + 1);
        let wake = self.pause(self.next_look(until)?)?;
        Ok(if wake == Wake::Changed && self.is_past(until) { Wake::TimedOut } else { wake })
    }
}

impl Clock for NfsWorld {
    fn now(&self) -> Result<Instant, Halted> {
        self.local.now()
    }
}

impl Chance for NfsWorld {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        self.local.below(bound)
    }
}

impl World for NfsWorld {
    fn pause(&self, until: Instant) -> Result<Wake, Halted> {
        self.local.pause(until)
    }
}
