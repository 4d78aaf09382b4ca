//! `fast_lock` whose directories are kept, alone and shared with clients who keep none: the kernel's own code.

use std::{fmt, num::NonZeroU32};

use lockwright_kernel::{
    chance::Chance,
    fast_lock::{FastLock, Leaf},
    fs::Halted,
    id::Id,
    lock::{Lock, LockError},
    path::{Name, Path},
    policies::check::CheckLock,
};

use super::{
    LockClients, MakeLock, Waiters,
    fast_lock::{FILE_LEAF, lock_path},
    lock_clients::{give_back, take},
    waiters,
};
use crate::{
    protocol::{Client, Outcome, Phase, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
};

/// All keep.
pub const ALL: Keepers = Keepers { make: kept, others: None, proposals_stay: false };

/// The first client keeps, and the others tidy up.
pub const ONE: Keepers = Keepers { others: Some(FILE_LEAF.make), ..ALL };

/// All keep, and wait until they are told of something, or for a while.
pub const POLLING: KeepingWaiters = KeepingWaiters(Waiters {
    clients: LockClients { make: kept, ..FILE_LEAF },
    wait_for: waiters::blocking,
    rounds: 1,
    polls: true,
});

/// Clients that lock and unlock, some or all of whom keep directories.
#[derive(Clone, Copy)]
pub struct Keepers {
    /// The lock.
    pub make: MakeLock,
    /// The lock of all but the first, if that is another.
    pub others: Option<MakeLock>,
    /// An empty `build/<id>/owner` may stay as well.
    pub proposals_stay: bool,
}

impl fmt::Debug for Keepers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keepers").field("others", &self.others.is_some()).finish_non_exhaustive()
    }
}

impl Protocol for Keepers {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let make = if client.index == 0 { self.make } else { self.others.unwrap_or(self.make) };
        let lock = make(world);
        match phase {
            Phase::Idle | Phase::Trying => take(&*lock, &client.id),
            phase => give_back(&*lock, &client.id, phase),
        }
    }

    fn evidence(&self, id: &Id) -> Path {
        (FILE_LEAF.evidence)(id)
    }

    fn kind(&self, index: usize, _clients: usize) -> u8 {
        u8::from(self.others.is_some() && index == 0)
    }

    fn may_stay(&self, path: &Path, is_dir: bool, living: &[Id]) -> bool {
        let path = match path.split_last() {
            Some((build, name)) if self.proposals_stay && build.names().len() == 3 && name.as_str() == "owner" => build,
            _ => path.clone(),
        };
        is_dir && is_kept(&path, living)
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        FILE_LEAF.sometimes(clients, faults)
    }
}

/// Clients that wait, and all of whom keep directories.
#[derive(Clone, Copy, Debug)]
pub struct KeepingWaiters(pub Waiters);

impl Protocol for KeepingWaiters {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        self.0.attempt(client, phase, world)
    }

    fn evidence(&self, id: &Id) -> Path {
        self.0.evidence(id)
    }

    fn may_stay(&self, path: &Path, is_dir: bool, living: &[Id]) -> bool {
        is_dir && is_kept(path, living)
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        self.0.sometimes(clients, faults)
    }
}

/// `<lock>`, `owner`, `build`, and `build/<id>` of the living.
fn is_kept(path: &Path, living: &[Id]) -> bool {
    let lock = lock_path();
    match path.names().strip_prefix(lock.names()) {
        Some([]) => true,
        Some([dir]) => ["owner", "build"].contains(&dir.as_str()),
        Some([build, id]) => build.as_str() == "build" && is_of(living, id),
        _ => false,
    }
}

fn is_of(living: &[Id], name: &Name) -> bool {
    living.iter().any(|id| id.name() == name)
}

fn kept<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    let lock = FastLock::new(world, lock_path(), Leaf::File).keeping();
    Box::new(SometimesSwept { lock: CheckLock::new(lock, world, world), world })
}

/// The lock under the check policy, some of whose releases sweep.
struct SometimesSwept<'a> {
    lock: CheckLock<FastLock<&'a Replay<'a>>, &'a Replay<'a>, &'a Replay<'a>>,
    world: &'a Replay<'a>,
}

const TWO: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

impl Lock for SometimesSwept<'_> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        self.lock.try_lock(me)
    }
    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        if self.world.below(TWO)? == 0 { self.lock.unlock(me) } else { self.lock.unlock_unswept(me) }
    }
    fn owner(&self) -> Result<Option<Id>, LockError> {
        self.lock.owner()
    }
    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        self.lock.proposals()
    }
    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.lock.clean(id)
    }
    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.lock.recover(id)
    }
    fn waits_on(&self) -> Path {
        self.lock.waits_on()
    }
}
