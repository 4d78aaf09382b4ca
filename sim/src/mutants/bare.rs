//! A lock that is nothing but a way to take it and a way to give it back, for those that are wrong about one of them.

use lockwright_kernel::{
    fs::Halted,
    id::Id,
    lock::{Lock, LockError},
    path::Path,
};

use crate::{replay::Replay, scenarios::fast_lock::lock_path};

/// One attempt.
pub(super) type Attempt = fn(&Replay<'_>, &Id) -> Result<(), LockError>;

/// The two together.
pub(super) struct Bare<'a> {
    pub(super) world: &'a Replay<'a>,
    pub(super) take: Attempt,
    pub(super) give_back: Attempt,
}

impl Lock for Bare<'_> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        (self.take)(self.world, me)
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        (self.give_back)(self.world, me)
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        Ok(None)
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        Ok(Vec::new())
    }

    fn clean(&self, _id: &Id) -> Result<(), Halted> {
        Ok(())
    }

    fn recover(&self, _id: &Id) -> Result<(), LockError> {
        Ok(())
    }

    fn waits_on(&self) -> Path {
        lock_path()
    }
}
