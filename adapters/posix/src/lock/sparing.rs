//! Locks that are taken from nobody, not even from the dead: what a dead owner has left is for an operator to look at.
//!
//! The algorithms are told that everybody lives, and so pass nobody. A wait for somebody who is dead comes back at once, and
//! is told whom it would have waited for.

use lockwright_kernel::{id::Id, probe::Liveness};

use super::{
    PathLock,
    any::Place,
    error::AcquireErrorKind,
    kind::Layout,
    standing::{Entry, Standing},
};

/// From whom a lock is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recovery {
    /// From the dead, and from those whose lease is over.
    Lapsed,
    /// From the dead alone.
    Dead,
    Never,
}

impl PathLock {
    /// The same lock, which is taken over from nobody: where a dead owner stands in the way, also one in line, a contender is
    /// [refused](AcquireErrorKind::OwnerDead), and what the dead have left stays, until an operator [breaks](PathLock::break_hold) it
    /// or somebody comes who recovers. For work that may be half done when its owner dies.
    ///
    /// ```
    /// # use std::process::{Command, Stdio};
    /// use lockwright_posix::lock::{AcquireErrorKind, PathLock};
    /// # let dir = tempfile::tempdir_in("/dev/shm")?;
    /// # let path = dir.path().join("deploy.lock");
    /// let lock = PathLock::open(&path)?;
    /// let mut child = Command::new("sleep").arg("60").spawn()?;
    /// lock.lock_as(&(&lock.this_process().fresh_id_for(child.id())?).into(), &lock.world(), None)?;
    /// child.kill()?;
    /// child.wait()?;
    /// let careful = PathLock::open(&path)?.taken_from_nobody();
    /// assert!(matches!(careful.lock().map_err(|error| matches!(error.kind(), AcquireErrorKind::OwnerDead { .. })), Err(true)));
    /// assert!(lock.try_lock().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn taken_from_nobody(self) -> Self {
        self.with_recovery(Recovery::Never)
    }

    pub(super) fn with_recovery(self, recovery: Recovery) -> Self {
        let place = Place { recovery, ..self.place };
        let lock = place.lock(self.kind.layout(), self.leaf);
        Self { place, lock, ..self }
    }

    /// Whether one of the dead stands in the way of somebody whose place in line is `number`.
    pub(super) fn is_stopped_by_dead(&self, number: Option<u64>) -> bool {
        matches!(self.or_dead(AcquireErrorKind::Interrupted, number), AcquireErrorKind::OwnerDead { .. })
    }

    /// What a wait came to, or, where it was for the dead, that it was. `number` is the contender's place in line.
    pub(super) fn or_dead(&self, answer: AcquireErrorKind, number: Option<u64>) -> AcquireErrorKind {
        use AcquireErrorKind as E;
        let for_others = matches!(answer, E::Held { .. } | E::TimedOut { .. } | E::Interrupted | E::OtherKind { .. });
        if self.place.recovery != Recovery::Never || !for_others {
            return answer;
        }
        let standing = self.standing().unwrap_or_default();
        in_the_way(&standing, number).find(|entry| entry.liveness == Liveness::Dead).map_or(answer, dead)
    }
}

fn dead(entry: &Entry) -> AcquireErrorKind {
    let dead: Id = entry.id.clone();
    AcquireErrorKind::OwnerDead { dead }
}

/// Those who may be waited for by somebody whose place in line is `number`.
fn in_the_way(standing: &Standing, number: Option<u64>) -> impl Iterator<Item = &Entry> {
    let is_before = move |entry: &&Entry| match (entry.number, number) {
        (Some(its), Some(mine)) => its.get() < mine,
        _ => true,
    };
    // A try at a fast lock holds up nobody. Who is about to join a line may get a place before mine, and a bid is as good as another.
    let tries = match standing.layout {
        Some(Layout::Fast | Layout::Semaphore(_)) | None => &[][..],
        Some(_) => &standing.trying[..],
    };
    standing.holders.iter().chain(&standing.waiters).filter(is_before).chain(tries)
}
