//! Clients of an exclusive lock: they take it and give it back, for ever.

use std::fmt;

use lockwright_kernel::{
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

impl Protocol for LockClients {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let lock = (self.make)(world);
        match (self.cleaner, phase) {
            (Some(clean), _) if client.index == 0 => {
                clean(world, &*lock)?;
                Ok(Outcome { next: Phase::Idle, said: CLEANED })
            }
            (_, Phase::Idle | Phase::Trying) => take(&*lock, &client.id),
            (_, Phase::Holding) => give_back(&*lock, &client.id),
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

    fn sometimes(&self, clients: usize, _: Faults) -> Vec<&'static str> {
        let mut wanted = Vec::new();
        let lockers = (0..clients).filter(|&index| self.takes_the_lock(index, clients)).count();
        if lockers > 0 {
            wanted.extend([TOOK, RELEASED]);
        }
        if lockers > 1 {
            wanted.push(FOUND_HELD);
        }
        if lockers < clients {
            wanted.extend([CLEANED, DISTURBED]);
        }
        wanted
    }
}

fn take(lock: &dyn Lock, me: &Id) -> Result<Outcome, Stop> {
    match lock.try_lock(me) {
        Ok(()) => Ok(Outcome { next: Phase::Holding, said: TOOK }),
        Err(LockError::Held { .. }) => Ok(Outcome { next: Phase::Idle, said: FOUND_HELD }),
        Err(LockError::Disturbed) => Ok(Outcome { next: Phase::Idle, said: DISTURBED }),
        Err(error) => Err(error.into()),
    }
}

fn give_back(lock: &dyn Lock, me: &Id) -> Result<Outcome, Stop> {
    match lock.unlock(me) {
        Ok(()) => Ok(Outcome { next: Phase::Idle, said: RELEASED }),
        Err(LockError::NotOwner) => {
            Err(Stop::Broken(Property::NotDispossessed, "its unlock was told that it is not the owner".into()))
        }
        Err(error) => Err(error.into()),
    }
}
