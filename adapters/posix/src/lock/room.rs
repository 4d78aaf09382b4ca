//! Waiting until somebody could come in, without coming in.
//!
//! 1. LOOK whether there is room.
//! 2. WATCH the directories in which something is removed whenever somebody leaves.
//! 3. LOOK again: who left before the watch is seen here, who leaves after it will wake the wait.
//! 4. WAIT for a change, for a death, or for the deadline; then from 1.
//!
//! The dead take no room, nor do those whose lease is over: it was seen not renewed for so long, as whoever wants the lock
//! sees it, too.
//!
//! Nothing is written. What was free when this came back may be taken the next moment.

use std::time::Duration;

use lockwright_kernel::{
    blocking::WaitError,
    clock::Instant,
    fs::FsError,
    id::Id,
    lock::LockError,
    policies::lease::{Notebook, Record, outlasted_after},
    probe::Liveness,
    watch::{Wake, Watch},
};

use super::{
    PathLock,
    error::{AcquireError, AcquireErrorKind},
    kind::Kind,
    standing::{Entry, Standing},
};
use crate::watch::{Mortal, PosixWorld};

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
        while let Some(owner) = self.in_the_way(world)? {
            let (dirs, mut deaths) = match self.lock.awaited() {
                Err(FsError::NotFound) if !world.is_past(until)? => continue, // 1 LOOK: it went away meanwhile.
                awaited => awaited.map_err(failed)?,
            };
            // They would end each wait at once, and may stand there until somebody passes them.
            deaths.retain(|mortal| !world.is_dead(mortal) && !self.is_over(mortal, world));
            let watches: Result<Vec<_>, _> = dirs.iter().map(|dir| world.watch(dir)).collect();
            let watches = match watches {
                Ok(watches) => watches,                                       // 2 WATCH
                Err(FsError::NotFound) if !world.is_past(until)? => continue, // It went away after the look.
                Err(FsError::NotFound) => return Err(WaitError::TimedOut { owner: Some(owner) }),
                Err(error) => return Err(failed(error)),
            };
            if self.in_the_way(world)?.is_none() {
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
    fn in_the_way(&self, world: &PosixWorld) -> Result<Option<Id>, WaitError> {
        let mut standing = self.standing().map_err(WaitError::Lock)?;
        let counts = |entry: &mut Entry| {
            entry.liveness != Liveness::Dead
                && !entry.lease.is_some_and(|lease| self.has_lapsed(&entry.id, lease, world))
        };
        for entries in [&mut standing.holders, &mut standing.waiters] {
            entries.retain_mut(counts);
        }
        let Some(first) = standing.holders.iter().chain(&standing.waiters).next() else { return Ok(None) };
        match standing.layout {
            Some(layout) if layout != self.kind().layout() => Err(WaitError::Lock(LockError::OtherKind(layout.name()))),
            _ => Ok((!standing.has_room(self.kind())).then(|| first.id.clone())),
        }
    }

    fn is_over(&self, mortal: &Mortal, world: &PosixWorld) -> bool {
        let Mortal::Owner(id) = mortal else { return false };
        self.lease_of(id).ok().flatten().is_some_and(|lease| self.has_lapsed(id, lease, world))
    }

    /// Whether a lease is over, as far as it was seen from here.
    fn has_lapsed(&self, id: &Id, lease: Record, world: &PosixWorld) -> bool {
        let Record::Runs(term) = lease else { return true };
        let now = world.after(Duration::ZERO);
        let since = self.place.seen.with(|seen| seen.since(id, term, now));
        now.saturating_since(since) >= outlasted_after(term.length)
    }
}

fn failed(error: FsError) -> WaitError {
    WaitError::Lock(error.into())
}
