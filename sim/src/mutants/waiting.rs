//! Waiting gone wrong: a wakeup that is lost is a waiter that waits for ever.

use std::num::NonZeroU32;

use lockwright_kernel::{
    blocking::{self, WaitError},
    chance::Chance,
    clock::{Clock, Instant},
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    watch::{Wake, Watch, WatchId},
};

use crate::{
    replay::Replay,
    scenarios::{
        LockClients, Waiters,
        fast_lock::{BLOCKING, FILE_LEAF, lock_path},
        waiters::{self, Rounds},
    },
};

/// A lock that is one file, which a release removes in one step. It knows nothing of the dead.
const ONE_FILE: LockClients = LockClients { make: one_file, evidence, cleaner: None };

/// A lock that is one file, waited for in the right order.
pub const ONE_FILE_BLOCKING: Waiters =
    Waiters { clients: ONE_FILE, wait_for: waiters::blocking, rounds: 2, polls: false };

/// It looks first and takes its watch after: a release in between is noticed by neither.
pub const LOOK_THEN_WATCH: Waiters = Waiters { wait_for: look_then_watch, rounds: 1, ..ONE_FILE_BLOCKING };

/// The same over the shipped lock, where it does no harm: a release goes on to remove the directory that is watched, so a
/// watch that comes too late for the leaf finds that gone, or is told of it.
pub const FAST_LOCK_LOOK_THEN_WATCH: Waiters = Waiters { clients: FILE_LEAF, ..LOOK_THEN_WATCH };

/// It waits for a release, and does not hear that the owner died.
pub const DEAF_TO_DEATH: Waiters = Waiters { wait_for: deaf_to_death, ..BLOCKING };

fn look_then_watch(rounds: &Rounds<'_>, me: &Id, until: Option<Instant>) -> Result<(), WaitError> {
    loop {
        let owner = match rounds.try_lock(me) {
            Ok(()) => return Ok(()),
            Err(LockError::Held { owner: Some(owner) }) => Some(owner),
            Err(LockError::Held { owner: None }) => rounds.owner().map_err(WaitError::Lock)?,
            Err(error) => return Err(WaitError::Lock(error)),
        };
        match rounds.watch(&rounds.waits_on()) {
            Ok(watch) => rounds.wait(watch, owner.as_ref(), until)?,
            Err(FsError::NotFound) => continue,
            Err(error) => return Err(WaitError::Lock(error.into())),
        };
    }
}

fn deaf_to_death(rounds: &Rounds<'_>, me: &Id, until: Option<Instant>) -> Result<(), WaitError> {
    blocking::lock(rounds, me, &Deaf(rounds), until)
}

/// The world as it is to one who does not hear of deaths.
struct Deaf<'a>(&'a Rounds<'a>);

impl Watch for Deaf<'_> {
    fn watch(&self, dir: &Path) -> Result<WatchId, FsError> {
        self.0.watch(dir)
    }
    fn wait(&self, watch: WatchId, _owner: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted> {
        self.0.wait(watch, None, until)
    }
}

impl Clock for Deaf<'_> {
    fn now(&self) -> Result<Instant, Halted> {
        self.0.now()
    }
}

impl Chance for Deaf<'_> {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        self.0.below(bound)
    }
}

impl blocking::World for Deaf<'_> {
    fn pause(&self, until: Instant) -> Result<Wake, Halted> {
        self.0.pause(until)
    }
}

fn evidence(_id: &Id) -> Path {
    lock_path()
}

fn one_file<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(OneFile(world))
}

/// 1. MAKE the file, exclusively, and write the id into it.
struct OneFile<'a>(&'a Replay<'a>);

impl Lock for OneFile<'_> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        match self.0.create_file(&lock_path(), me.name().as_str().as_bytes()) {
            Err(FsError::AlreadyExists) => Err(LockError::Held { owner: None }),
            other => Ok(other?),
        }
    }
    fn unlock(&self, _me: &Id) -> Result<(), LockError> {
        Ok(self.0.remove_file(&lock_path())?)
    }
    fn owner(&self) -> Result<Option<Id>, LockError> {
        match self.0.read(&lock_path()) {
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
        Path::root()
    }
}
