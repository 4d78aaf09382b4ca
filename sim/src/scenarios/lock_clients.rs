//! Clients of an exclusive lock: they take it and give it back, for ever.

use std::fmt;

use lockwright_kernel::{
    fs::FsError,
    id::Id,
    lock::{Lock, LockError},
    path::Path,
};

use crate::{
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
};

/// Makes the lock under check over the simulated world.
pub type MakeLock = for<'a> fn(&'a Replay<'a>) -> Box<dyn Lock + 'a>;

/// What a client does that cleans up instead of locking.
pub type Cleaner = fn(&Replay<'_>, &dyn Lock) -> Result<(), LockError>;

/// Clients that lock and unlock. Where there is a cleaner, the first client is that, and never locks.
#[derive(Clone, Copy)]
pub struct LockClients {
    /// The lock.
    pub make: MakeLock,
    /// What stands on disk while an id holds it.
    pub evidence: fn(&Id) -> Path,
    /// What the first client does instead.
    pub cleaner: Option<Cleaner>,
}

impl fmt::Debug for LockClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockClients").field("cleaner", &self.cleaner.is_some()).finish_non_exhaustive()
    }
}

const TOOK: &str = "took the lock";
const FOUND_HELD: &str = "found it held";
const DISTURBED: &str = "was disturbed";
const RELEASED: &str = "gave it back";
const CLEANED: &str = "cleaned up";
const FAILED_TO_TAKE: &str = "could not try";
const FAILED_TO_RELEASE: &str = "could not give it back";
const RELEASED_BEFORE: &str = "had given it back";
const FAILED_TO_CLEAN: &str = "could not clean up";

impl Protocol for LockClients {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let lock = (self.make)(world);
        match (self.cleaner, phase) {
            (Some(clean), _) if client.index == 0 => match clean(world, &*lock) {
                Ok(()) => Ok(Outcome { next: Phase::Idle, said: CLEANED }),
                Err(error) if is_made_up(&error) => Ok(Outcome { next: Phase::Idle, said: FAILED_TO_CLEAN }),
                Err(error) => Err(error.into()),
            },
            (_, Phase::Idle | Phase::Trying) => take(&*lock, &client.id),
            (_, phase) => give_back(&*lock, &client.id, phase),
        }
    }

    fn evidence(&self, id: &Id) -> Path {
        (self.evidence)(id)
    }

    fn takes_the_lock(&self, index: usize, _clients: usize) -> bool {
        self.cleaner.is_none() || index > 0
    }

    fn kind(&self, index: usize, clients: usize) -> u8 {
        u8::from(self.takes_the_lock(index, clients))
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        let mut wanted = Vec::new();
        let lockers = (0..clients).filter(|&index| self.takes_the_lock(index, clients)).count();
        if lockers > 0 {
            wanted.extend([TOOK, RELEASED]);
        }
        if lockers > 0 && faults.errors > 0 {
            wanted.extend([FAILED_TO_TAKE, FAILED_TO_RELEASE, RELEASED_BEFORE]);
        }
        if lockers > 1 {
            wanted.push(FOUND_HELD);
        }
        if lockers < clients {
            wanted.extend([CLEANED, DISTURBED]);
        }
        if lockers < clients && faults.errors > 0 {
            wanted.push(FAILED_TO_CLEAN);
        }
        wanted
    }
}

/// True of the errors that this world gives for no reason in the tree, and only for none. Every other error is told, also
/// where errors may happen: the lock or the world is wrong about the tree.
pub(super) fn is_made_up(error: &LockError) -> bool {
    matches!(error, LockError::Fs(error) if is_made_up_call(*error))
}

/// The same of one call.
pub(super) fn is_made_up_call(error: FsError) -> bool {
    let is_refused =
        matches!(error, FsError::PermissionDenied | FsError::ReadOnly | FsError::Exhausted | FsError::Stale);
    is_refused || matches!(error, FsError::Io | FsError::NoSpace)
}

pub(super) fn take(lock: &dyn Lock, me: &Id) -> Result<Outcome, Stop> {
    take_by(lock.try_lock(me))
}

/// What follows from the answer to a try.
pub(super) fn take_by(answer: Result<(), LockError>) -> Result<Outcome, Stop> {
    match answer {
        Ok(()) => Ok(Outcome { next: Phase::Holding, said: TOOK }),
        Err(LockError::Held { .. }) => Ok(Outcome { next: Phase::Idle, said: FOUND_HELD }),
        Err(LockError::Disturbed) => Ok(Outcome { next: Phase::Idle, said: DISTURBED }),
        Err(error) if is_made_up(&error) => Ok(Outcome { next: Phase::Idle, said: FAILED_TO_TAKE }),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn give_back(lock: &dyn Lock, me: &Id, phase: Phase) -> Result<Outcome, Stop> {
    give_back_by(lock.unlock(me), phase)
}

/// What follows from the answer to a release.
pub(super) fn give_back_by(answer: Result<(), LockError>, phase: Phase) -> Result<Outcome, Stop> {
    match answer {
        Ok(()) => Ok(Outcome { next: Phase::Idle, said: RELEASED }),
        Err(LockError::NotOwner) if phase == Phase::Releasing => {
            Ok(Outcome { next: Phase::Idle, said: RELEASED_BEFORE })
        }
        Err(error) if is_made_up(&error) => Ok(Outcome { next: Phase::Releasing, said: FAILED_TO_RELEASE }),
        Err(LockError::NotOwner) => {
            Err(Stop::Broken(Property::NotDispossessed, "its unlock was told that it is not the owner".into()))
        }
        Err(error) => Err(error.into()),
    }
}
