//! The semaphore, the kernel's own code, over two kinds of lock.
//!
//! An attempt that tries slot after slot, each by the many steps of `fast_lock`, has more histories than can be gone
//! through. So the two things that it is made of are checked apart: one slot, whichever chance picks, over `fast_lock`
//! under the check policy, with crashes; and the two passes, over locks of one file that are never left by the dead.

use std::{fmt, num::NonZeroU32};

use lockwright_kernel::{
    chance::Chance,
    fast_lock::{FastLock, Leaf},
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    policies::check::CheckLock,
    semaphore::Semaphore,
};

use super::{
    fast_lock::word,
    lock_clients::{give_back_by, take_by},
};
use crate::{
    protocol::{Client, Outcome, Phase, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
};

/// How a client gets a slot, or gives it back.
pub type Operation = fn(&Replay<'_>, NonZeroU32, &Id) -> Result<(), LockError>;

/// Clients that take a slot and give it back, for ever.
#[derive(Clone, Copy)]
pub struct SlotClients {
    /// How many may hold one.
    pub slots: NonZeroU32,
    /// How they get one.
    pub acquire: Operation,
    /// How they give it back.
    pub release: Operation,
    /// What stands on disk while an id holds a slot: one of these.
    pub evidences: fn(NonZeroU32, &Id) -> Vec<Path>,
}

/// Two slots, of which clients try one that chance picks.
pub const TWO_SLOTS: SlotClients = SlotClients { slots: TWO, acquire: acquire_any_slot, release, evidences: leaves };

/// Two slots, each a lock of one file, which clients try in two passes.
pub const TWO_PASSES: SlotClients =
    SlotClients { slots: TWO, acquire: acquire_a_file, release: release_a_file, evidences: slots };

pub(crate) const TWO: NonZeroU32 = match NonZeroU32::new(2) {
    Some(two) => two,
    None => NonZeroU32::MIN,
};

impl fmt::Debug for SlotClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotClients").field("slots", &self.slots).finish_non_exhaustive()
    }
}

impl Protocol for SlotClients {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        match phase {
            Phase::Idle | Phase::Trying => take_by((self.acquire)(world, self.slots, &client.id)),
            phase => give_back_by((self.release)(world, self.slots, &client.id), phase),
        }
    }

    fn evidence(&self, id: &Id) -> Path {
        (self.evidences)(self.slots, id).swap_remove(0)
    }

    fn evidences(&self, id: &Id, _phase: Phase) -> Vec<Path> {
        (self.evidences)(self.slots, id)
    }

    fn may_hold_together(&self, holders: &[(usize, Phase)]) -> bool {
        holders.len() <= self.slots.get() as usize
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        let mut wanted = vec!["took the lock", "gave it back"];
        if clients > self.slots.get() as usize {
            wanted.push("found it held");
        }
        if faults.errors > 0 {
            wanted.extend(["could not try", "could not give it back", "had given it back"]);
        }
        wanted
    }
}

/// Where the semaphore stands in the simulated world.
#[must_use]
pub fn semaphore_path() -> Path {
    word("pool").into()
}

/// The leaf of a holder in each slot.
#[must_use]
pub fn leaves(slots: NonZeroU32, id: &Id) -> Vec<Path> {
    let leaf = |slot: u32| semaphore_path().join(&word(&slot.to_string())).join(&word("owner")).join(id.name());
    (1..=slots.get()).map(leaf).collect()
}

/// The lock of a slot.
#[must_use]
pub fn slot_lock<'a>(world: &'a Replay<'a>, at: Path) -> impl Lock + use<'a> {
    CheckLock::new(FastLock::new(world, at, Leaf::File), world, world)
}

/// The shipped way to one slot, whichever chance picks.
///
/// # Errors
///
/// Those of [`Semaphore::acquire_slot`].
pub fn acquire_any_slot(world: &Replay<'_>, slots: NonZeroU32, me: &Id) -> Result<(), LockError> {
    let slot = NonZeroU32::MIN.saturating_add(world.below(slots)?);
    Semaphore::new(world, semaphore_path(), slots, |at| slot_lock(world, at), world).acquire_slot(me, slot)
}

/// The shipped way.
///
/// # Errors
///
/// Those of [`Semaphore::release`].
pub fn release(world: &Replay<'_>, slots: NonZeroU32, me: &Id) -> Result<(), LockError> {
    Semaphore::new(world, semaphore_path(), slots, |at| slot_lock(world, at), world).release(me)
}

fn acquire_a_file(world: &Replay<'_>, slots: NonZeroU32, me: &Id) -> Result<(), LockError> {
    Semaphore::new(world, semaphore_path(), slots, |at| FileLock { world, at }, world).acquire(me).map(drop)
}

fn release_a_file(world: &Replay<'_>, slots: NonZeroU32, me: &Id) -> Result<(), LockError> {
    Semaphore::new(world, semaphore_path(), slots, |at| FileLock { world, at }, world).release(me)
}

/// The files of all slots.
#[must_use]
pub fn slots(slots: NonZeroU32, _id: &Id) -> Vec<Path> {
    (1..=slots.get()).map(|slot| semaphore_path().join(&word(&slot.to_string()))).collect()
}

/// A file that holds its owner's id. It does nothing about the dead.
struct FileLock<'a> {
    world: &'a Replay<'a>,
    at: Path,
}

impl Lock for FileLock<'_> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        match self.world.create_file(&self.at, me.name().as_str().as_bytes()) {
            Err(FsError::AlreadyExists) => Err(LockError::Held { owner: None }),
            answer => Ok(answer?),
        }
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        match self.owner()? {
            Some(owner) if owner == *me => Ok(self.world.remove_file(&self.at)?),
            _ => Err(LockError::NotOwner),
        }
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        match self.world.read(&self.at) {
            Ok(contents) => Ok(str::from_utf8(&contents).ok().and_then(|text| text.parse().ok())),
            Err(FsError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
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
        semaphore_path()
    }
}
