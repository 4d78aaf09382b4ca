//! What every exclusive lock offers: bounded attempts, and the means to recover from a contender that died.

use alloc::{boxed::Box, vec::Vec};

use core::num::NonZeroU32;

use crate::{
    chance::Chance,
    fs::{FsError, Halted},
    id::Id,
    path::{Name, Path},
};

/// An exclusive lock on a file system. Holding it is a fact on disk, not a value in memory.
///
/// Every operation is **one bounded attempt**: it ends after a number of calls that does not depend on what others do.
/// [`blocking`](crate::blocking) turns attempts into waiting.
pub trait Lock {
    /// Tries once to take the lock for `me`.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`], [`LockError::Disturbed`] and [`LockError::OtherKind`] leave nothing of `me` on disk, but directories
    /// without an entry where the lock keeps them.
    /// [`LockError::AlreadyOwner`] leaves the lock with `me`. [`LockError::Fs`] is a call that failed: `me` does not hold
    /// the lock, and what it had made was removed as far as the file system let it. Where it did not let it, `me` may be
    /// left recorded as the owner; then its next attempt answers `AlreadyOwner`, and [`Lock::unlock`] ends that.
    fn try_lock(&self, me: &Id) -> Result<(), LockError>;

    /// [`Lock::try_lock`] for a caller who leaves a dead owner to others: a [policy](crate::policies) does not ask.
    ///
    /// # Errors
    ///
    /// Those of [`Lock::try_lock`].
    fn try_lock_unasked(&self, me: &Id) -> Result<(), LockError> {
        self.try_lock(me)
    }

    /// Gives the lock back.
    ///
    /// # Errors
    ///
    /// [`LockError::NotOwner`] when `me` does not hold it; nothing was changed. [`LockError::Fs`] when the release
    /// failed; `me` may hold the lock still. Unlock again until the answer is `Ok` or `NotOwner`.
    fn unlock(&self, me: &Id) -> Result<(), LockError>;

    /// The id that the lock is recorded for, if any, whether it still runs or not.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    fn owner(&self) -> Result<Option<Id>, LockError>;

    /// The ids that have a try on disk which has not become the lock: of contenders at work, and of dead ones; and of those
    /// who keep directories for their next try, where the lock keeps any.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    fn proposals(&self) -> Result<Vec<Id>, LockError>;

    /// One of the [`proposals`](Lock::proposals), each as likely as the next, or none when there is none.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    fn sample_proposal(&self, chance: &dyn Chance) -> Result<Option<Id>, LockError> {
        let mut ids = self.proposals()?;
        let Some(count) = u32::try_from(ids.len()).ok().and_then(NonZeroU32::new) else { return Ok(None) };
        let at = chance.below(count)? as usize;
        Ok((at < ids.len()).then(|| ids.swap_remove(at)))
    }

    /// Takes back the try of `id`. Anybody may do this at any time: if `id` is alive its attempt answers
    /// [`LockError::Disturbed`], and if it holds the lock it keeps it.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only. What could not be removed stays.
    fn clean(&self, id: &Id) -> Result<(), Halted>;

    /// Removes everything of `id`, its hold on the lock included.
    ///
    /// The caller knows that `id` is [`Dead`](crate::probe::Liveness::Dead). Others may recover the same id at the same
    /// time, and the lock may have gone to somebody else meanwhile: nobody but `id` loses anything.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`] when its hold could not be removed.
    fn recover(&self, id: &Id) -> Result<(), LockError>;

    /// The directory in which something is removed whenever the lock comes free; what a waiter watches.
    fn waits_on(&self) -> Path;
}

/// So that locks whose kind is known only when the program runs can be handed to what takes any lock.
impl<L: Lock + ?Sized> Lock for Box<L> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        (**self).try_lock(me)
    }
    fn try_lock_unasked(&self, me: &Id) -> Result<(), LockError> {
        (**self).try_lock_unasked(me)
    }
    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        (**self).unlock(me)
    }
    fn owner(&self) -> Result<Option<Id>, LockError> {
        (**self).owner()
    }
    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        (**self).proposals()
    }
    fn sample_proposal(&self, chance: &dyn Chance) -> Result<Option<Id>, LockError> {
        (**self).sample_proposal(chance)
    }
    fn clean(&self, id: &Id) -> Result<(), Halted> {
        (**self).clean(id)
    }
    fn recover(&self, id: &Id) -> Result<(), LockError> {
        (**self).recover(id)
    }
    fn waits_on(&self) -> Path {
        (**self).waits_on()
    }
}

/// Why a lock operation did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LockError {
    /// Somebody holds the lock.
    #[error("the lock is held{}", .owner.as_ref().map(|id| alloc::format!(" by {id}")).unwrap_or_default())]
    Held {
        /// Who held it, when the attempt saw the name.
        owner: Option<Id>,
    },
    /// Somebody took this attempt back, or removed a directory under it; or a leaf that was removed is open on this host still,
    /// on NFS. The lock may be free: try again.
    #[error("the attempt was disturbed; try again")]
    Disturbed,
    /// The id holds this lock already, so taking it again would never end.
    #[error("this id holds the lock already")]
    AlreadyOwner,
    /// The id does not hold this lock.
    #[error("this id does not hold the lock")]
    NotOwner,
    /// A lock of another [kind](crate::one_kind) stands there, by its name, or the owner of one, by its id.
    #[error("a lock of another kind stands there: {0}")]
    OtherKind(Name),
    /// A call on the file system failed.
    #[error(transparent)]
    Fs(#[from] FsError),
}

impl From<Halted> for LockError {
    fn from(Halted: Halted) -> Self {
        Self::Fs(FsError::Halted)
    }
}
