//! Waiting until somebody could come in, without coming in.
//!
//! 1. LOOK whether there is room.
//! 2. WATCH the directories in which something is removed whenever somebody leaves.
//! 3. LOOK again: who left before the watch is seen here, who leaves after it will wake the wait.
//! 4. WAIT for a change, for a death, or for the deadline; then from 1.
//!
//! Nothing is written. What was free when this came back may be taken the next moment.

use lockwright_kernel::{
    blocking::WaitError,
    clock::Instant,
    fs::FsError,
    id::Id,
    lock::LockError,
    probe::Liveness,
    watch::{Wake, Watch},
};

use super::{
    PathLock,
    error::{AcquireError, AcquireErrorKind},
    kind::Kind,
    standing::{Entry, Standing},
};
use crate::watch::PosixWorld;

impl Standing {
    /// Whether a newcomer of that kind would be let in at once. The dead take no room. That a lock of another kind stands
    /// there is not asked.
    #[must_use]
    pub fn has_room(&self, kind: Kind) -> bool {
        fn living(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
            entries.iter().filter(|entry| entry.liveness != Liveness::Dead)
        }
        let line = || living(&self.holders).chain(living(&self.waiters));
        match kind {
            Kind::Fast | Kind::Bid | Kind::Queue | Kind::Write => line().next().is_none(),
            Kind::Read => line().all(|entry| entry.kind == Kind::Read),
            Kind::Semaphore(room) | Kind::FairSemaphore(room) => line().count() < room.get() as usize,
        }
    }
}

impl PathLock {
    /// Waits in `world` until a contender of this kind would be let in at once, until `until` at most, and takes nothing.
    ///
    /// ```
    /// # use lockwright_posix::lock::PathLock;
    /// # let dir = tempfile::tempdir()?;
    /// let lock = PathLock::open(dir.path().join("deploy.lock"))?;
    /// lock.wait_for_room(&lock.world(), None)?;
    /// assert_eq!(std::fs::read_dir(dir.path())?.count(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`AcquireErrorKind::TimedOut`], [`AcquireErrorKind::Interrupted`], [`AcquireErrorKind::OtherKind`] and
    /// [`AcquireErrorKind::Fs`].
    pub fn wait_for_room(&self, world: &PosixWorld, until: Option<Instant>) -> Result<(), AcquireError> {
        let answer = self.try_wait_for_room(world, until);
        answer.map_err(|error| AcquireError::new(self.path(), AcquireErrorKind::of(error, self.kind())))
    }

    fn try_wait_for_room(&self, world: &PosixWorld, until: Option<Instant>) -> Result<(), WaitError> {
        while let Some(owner) = self.in_the_way()? {
            let (dirs, mut deaths) = match self.lock.awaited() {
                Err(FsError::NotFound) if !world.is_past(until)? => continue, // 1 LOOK: it went away meanwhile.
                awaited => awaited.map_err(failed)?,
            };
            // They would end each wait at once, and may stand there until somebody passes them.
            deaths.retain(|mortal| !world.is_dead(mortal));
            let watches: Result<Vec<_>, _> = dirs.iter().map(|dir| world.watch(dir)).collect();
            let watches = match watches {
                Ok(watches) => watches,                                       // 2 WATCH
                Err(FsError::NotFound) if !world.is_past(until)? => continue, // It went away after the look.
                Err(FsError::NotFound) => return Err(WaitError::TimedOut { owner: Some(owner) }),
                Err(error) => return Err(failed(error)),
            };
            if self.in_the_way()?.is_none() {
                break; // 3 LOOK
            }
            match world.wait_any(&watches, &deaths, until)? {
                Wake::Changed => {} // 4 WAIT
                Wake::TimedOut => return Err(WaitError::TimedOut { owner: Some(owner) }),
                Wake::Interrupted => return Err(WaitError::Interrupted),
            }
        }
        Ok(())
    }

    /// One of those who keep a newcomer out.
    fn in_the_way(&self) -> Result<Option<Id>, WaitError> {
        let standing = self.standing().map_err(WaitError::Lock)?;
        let lives = |entry: &&Entry| entry.liveness != Liveness::Dead;
        let Some(first) = standing.holders.iter().chain(&standing.waiters).find(lives) else { return Ok(None) };
        match standing.layout {
            Some(layout) if layout != self.kind().layout() => Err(WaitError::Lock(LockError::OtherKind(layout.name()))),
            _ => Ok((!standing.has_room(self.kind())).then(|| first.id.clone())),
        }
    }
}

fn failed(error: FsError) -> WaitError {
    WaitError::Lock(error.into())
}
