//! Operations on a lock, as a client calls them and is answered: what [`Property::Linearizable`] speaks of.
//!
//! An attempt may make several, one after the other: [`CheckLock`](lockwright_kernel::policies::check::CheckLock) tries a
//! lock, recovers from its dead owner, and tries again. [`Recorded`] stands around the lock whose operations are meant and
//! tells the world when each begins and what it answers.
//!
//! [`Property::Linearizable`]: crate::protocol::Property::Linearizable

use lockwright_kernel::{
    chance::Chance,
    fs::{FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
};

use crate::replay::Replay;

/// An operation on a lock, with the id that it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// [`Lock::try_lock`].
    TryLock(Id),
    /// [`Lock::unlock`].
    Unlock(Id),
    /// [`Lock::recover`].
    Recover(Id),
    /// [`Lock::owner`].
    Owner,
}

/// What an operation answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answered {
    /// `Ok`.
    Done,
    /// What [`Lock::owner`] saw.
    Owner(Option<Id>),
    /// [`LockError::Held`].
    Held(Option<Id>),
    /// [`LockError::AlreadyOwner`].
    AlreadyOwner,
    /// [`LockError::NotOwner`].
    NotOwner,
    /// [`LockError::Disturbed`] or [`LockError::Fs`].
    Failed,
}

/// Something that a client tells of its operations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// It calls one.
    Call(Operation),
    /// The one that it called answers.
    Return(Answered),
}

impl From<&Result<(), LockError>> for Answered {
    fn from(answer: &Result<(), LockError>) -> Self {
        match answer {
            Ok(()) => Self::Done,
            Err(error) => error.into(),
        }
    }
}

impl From<&LockError> for Answered {
    fn from(error: &LockError) -> Self {
        match error {
            LockError::Held { owner } => Self::Held(owner.clone()),
            LockError::AlreadyOwner => Self::AlreadyOwner,
            LockError::NotOwner => Self::NotOwner,
            LockError::Disturbed | LockError::OtherKind(_) | LockError::Fs(_) => Self::Failed,
        }
    }
}

/// A lock that tells of its operations. [`Lock::clean`] and the looks at proposals are none: they say nothing of who owns
/// the lock.
#[derive(Clone, Debug)]
pub struct Recorded<'a, L> {
    lock: L,
    world: &'a Replay<'a>,
}

impl<'a, L: Lock> Recorded<'a, L> {
    /// `lock`, telling `world`.
    pub fn new(lock: L, world: &'a Replay<'a>) -> Self {
        Self { lock, world }
    }

    fn told(&self, operation: Operation, run: impl FnOnce(&L) -> Result<(), LockError>) -> Result<(), LockError> {
        self.world.tell(Event::Call(operation));
        let answer = run(&self.lock);
        if answer != Err(LockError::Fs(FsError::Halted)) {
            self.world.tell(Event::Return((&answer).into()));
        }
        answer
    }
}

impl<L: Lock> Lock for Recorded<'_, L> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        self.told(Operation::TryLock(me.clone()), |lock| lock.try_lock(me))
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.told(Operation::Unlock(me.clone()), |lock| lock.unlock(me))
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        self.world.tell(Event::Call(Operation::Owner));
        let answer = self.lock.owner();
        match &answer {
            Ok(owner) => self.world.tell(Event::Return(Answered::Owner(owner.clone()))),
            Err(LockError::Fs(FsError::Halted)) => {}
            Err(error) => self.world.tell(Event::Return(error.into())),
        }
        answer
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        self.lock.proposals()
    }

    fn sample_proposal(&self, chance: &dyn Chance) -> Result<Option<Id>, LockError> {
        self.lock.sample_proposal(chance)
    }

    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.lock.clean(id)
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.told(Operation::Recover(id.clone()), |lock| lock.recover(id))
    }

    fn waits_on(&self) -> Path {
        self.lock.waits_on()
    }
}
