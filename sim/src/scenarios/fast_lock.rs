//! `fast_lock` under the check policy: the kernel's own code.

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    id::Id,
    lock::{Lock, LockError},
    path::{Name, Path},
    policies::check::CheckLock,
};

use super::{
    LockClients, Observed,
    waiters::{self, Waiters},
};
use crate::{operations::Recorded, replay::Replay};

/// The lock with a file as leaf.
pub const FILE_LEAF: LockClients = LockClients { make: file_leaf, evidence, cleaner: None };

/// The lock with a directory as leaf.
pub const DIR_LEAF: LockClients = LockClients { make: dir_leaf, evidence, cleaner: None };

/// One client takes back the proposals of all the others, alive or not, all the time.
pub const FILE_LEAF_CLEANED: LockClients = LockClients { cleaner: Some(clean_any), ..FILE_LEAF };

/// The same with a directory as leaf.
pub const DIR_LEAF_CLEANED: LockClients = LockClients { cleaner: Some(clean_any), ..DIR_LEAF };

/// Clients that wait until they are told of something, as the kernel's blocking call does.
pub const BLOCKING: Waiters = Waiters { clients: FILE_LEAF, wait_for: waiters::blocking, rounds: 1, polls: false };

/// The same, and they look again after a while although they were told of nothing.
pub const POLLING: Waiters = Waiters { polls: true, ..BLOCKING };

/// One client looks who owns the lock, all the time, and each operation must be as if it took one moment.
pub const OBSERVED: Observed = Observed { clients: LockClients { make: recorded, ..FILE_LEAF }, observer: true };

/// Where the lock stands in the simulated world.
#[must_use]
pub fn lock_path() -> Path {
    word("lock").into()
}

/// The leaf of a holder.
#[must_use]
pub fn evidence(id: &Id) -> Path {
    lock_path().join(&word("owner")).join(id.name())
}

pub(crate) fn word(name: &str) -> Name {
    name.parse().unwrap_or_else(|error| unreachable!("{name:?} stands in the source: {error}"))
}

fn file_leaf<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(CheckLock::new(FastLock::new(world, lock_path(), Leaf::File), world, world))
}

fn dir_leaf<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(CheckLock::new(FastLock::new(world, lock_path(), Leaf::Dir), world, world))
}

/// What the check policy does is made of operations, and is none: between them the lock is free for anybody.
fn recorded<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    let lock = FastLock::new(world, lock_path(), Leaf::File);
    Box::new(CheckLock::new(Recorded::new(lock, world), world, world))
}

fn clean_any(world: &Replay<'_>, lock: &dyn Lock) -> Result<(), LockError> {
    match lock.sample_proposal(world)? {
        Some(id) => Ok(lock.clean(&id)?),
        None => Ok(()),
    }
}
