//! Fair lock: a mutex whose contenders are served in the order in which they came, over a [`WaitQueue`].
//!
//! Who waits keeps its place from one look to the next, which no [`Lock`] can tell its callers: there an attempt that
//! failed leaves nothing on disk. So there are two ways in. To wait, stand in the [queue](FairLock::queue):
//! [`blocking::join_and_wait`](crate::blocking::join_and_wait). To try once without waiting, and for all that is to be
//! told of the lock or recovered, this is a [`Lock`] over the same queue:
//!
//! 1. LOOK at the first in line. Somebody there ends the attempt; a dead one is removed.
//! 2. JOIN the line.
//! 3. TURN: mine at once, or
//! 4. LEAVE the line.
//!
//! *Why it excludes.* See [`wait_queue`](crate::wait_queue). A try is in line while it looks, so it overtakes nobody
//! either.
//!
//! *What it leaves to the caller.* [`Lock::clean`] does nothing: a ticket may be its owner's lock, and nobody else can tell.
//! [`blocking::lock`](crate::blocking::lock) works, and is not fair, for its attempts come when there is no line.
//!
//! ```
//! use lockwright_kernel::{chance::Chance, fair_lock::FairLock, fs::{Halted, MemFs}, id::Id, lock::{Lock, LockError}};
//! use lockwright_kernel::probe::{Liveness, Probe};
//! use std::num::NonZeroU32;
//!
//! struct Everybody;
//! impl Probe for Everybody {
//!     fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
//!         Ok(Liveness::Alive)
//!     }
//! }
//!
//! struct First; // A real one is in the adapters.
//! impl Chance for First {
//!     fn below(&self, _: NonZeroU32) -> Result<u32, Halted> {
//!         Ok(0)
//!     }
//! }
//!
//! let fs = MemFs::new();
//! let lock = FairLock::new(&fs, Everybody, First, "deploy.lock".parse()?);
//! let (ann, bob) = ("ann".parse()?, "bob".parse()?);
//! lock.try_lock(&ann)?;
//! assert_eq!(lock.try_lock(&bob), Err(LockError::Held { owner: Some(ann.clone()) }));
//! lock.unlock(&ann)?;
//! lock.try_lock(&bob)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;
use core::num::NonZeroU64;

use crate::{
    chance::Chance,
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    probe::Probe,
    wait_queue::{Admission, QueueError, Ticket, Turn, WaitQueue, Want},
};

/// A view of the lock at a path.
#[derive(Clone, Debug)]
pub struct FairLock<F, P, C> {
    queue: WaitQueue<F, P, C>,
}

impl<F: Fs, P: Probe, C: Chance> FairLock<F, P, C> {
    /// The lock at `path`, whose parent directory exists. Touches nothing. See [`WaitQueue::new`] for the others.
    pub fn new(fs: F, probe: P, chance: C, path: Path) -> Self {
        Self { queue: WaitQueue::new(fs, probe, chance, path, Admission::ONE) }
    }

    /// The same lock, with no number in its line higher than `last`; see [`WaitQueue::with_last_number`].
    #[must_use]
    pub fn with_last_number(self, last: NonZeroU64) -> Self {
        Self { queue: self.queue.with_last_number(last) }
    }

    /// The line of those who want the lock.
    pub fn queue(&self) -> &WaitQueue<F, P, C> {
        &self.queue
    }

    fn turn_or_leave(&self, ticket: &mut Ticket) -> Result<(), LockError> {
        let answer = match self.queue.turn(ticket) {
            Ok(Turn::Holding) => return Ok(()),
            Ok(Turn::Wait(wait)) => LockError::Held { owner: wait.death_of },
            Ok(Turn::Cut) => LockError::Disturbed,
            Err(error) => error.into(),
        };
        if answer == Halted.into() {
            return Err(answer);
        }
        match self.queue.leave(ticket) {
            Ok(()) | Err(QueueError::NotInLine) => Err(answer),
            Err(error) => Err(error.into()),
        }
    }
}

impl<F: Fs, P: Probe, C: Chance> Lock for FairLock<F, P, C> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        match self.queue.first()? {
            None => {} // 1 LOOK
            Some(first) if first.id == *me => return Err(LockError::AlreadyOwner),
            Some(first) => return Err(LockError::Held { owner: Some(first.id) }),
        }
        let mut ticket = self.queue.join(me, Want::Alone)?; // 2 JOIN
        self.turn_or_leave(&mut ticket) // 3 TURN, 4 LEAVE
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        match self.queue.first()? {
            Some(first) if first.id == *me => match self.queue.leave(&first) {
                Err(QueueError::NotInLine) => Err(LockError::NotOwner),
                other => Ok(other?),
            },
            _ => Err(LockError::NotOwner),
        }
    }

    /// The first in line, also when it has not noticed yet that it is.
    fn owner(&self) -> Result<Option<Id>, LockError> {
        Ok(self.queue.contenders_in_line(1)?.pop())
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        let mut ids = self.queue.contenders()?;
        let owner = self.owner()?;
        ids.retain(|id| Some(id) != owner.as_ref());
        Ok(ids)
    }

    fn clean(&self, _id: &Id) -> Result<(), Halted> {
        Ok(())
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        Ok(self.queue.recover(id)?)
    }

    fn waits_on(&self) -> Path {
        self.queue.path().clone()
    }
}

/// A queue's answer, as a lock gives it.
impl From<QueueError> for LockError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Fs(error) => Self::Fs(error),
            QueueError::NotInLine | QueueError::NotHolding => Self::NotOwner,
            QueueError::NoNumber(_) => Self::Held { owner: None },
            QueueError::NoUpgrade | QueueError::NoCutting => Self::Fs(FsError::Unsupported),
            QueueError::Disturbed => Self::Disturbed,
        }
    }
}
