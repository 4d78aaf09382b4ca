//! A lock that is a directory, which of several that make it one makes; and what goes wrong around that.

use core::time::Duration;

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    lock::LockError,
    path::Path,
    probe::{Liveness, Probe},
};

use super::bare::Bare;
use crate::{
    replay::Replay,
    scenarios::{LockClients, fast_lock::lock_path},
};

/// A directory that has become old is removed by its path, and its owner pauses.
pub const RMDIR_STALE: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: rmdir_stale, give_back: remove_if_there }),
    evidence,
    cleaner: None,
};

/// The owner's entry is made in the directory after it. Who finds the entry of somebody dead removes it, and then the
/// directory, in which another may be about to make its entry.
pub const KILL_STALE: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: kill_stale, give_back: leave }),
    evidence: |_| Path::root(),
    cleaner: None,
};

/// A directory that is there is another's, also for one who was told that making it failed, and had made it.
pub const EXISTS_IS_HELD: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: exists_is_held, give_back: remove_if_there }),
    evidence,
    cleaner: None,
};

/// Of all who stand in line with one number, the first in the listing has the lock; and listings differ.
pub const FIRST_LISTED: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: first_listed, give_back: leave }),
    evidence: |id| lock_path().join(id.name()),
    cleaner: None,
};

const STALE_AFTER: Duration = Duration::from_secs(1);

fn evidence(_id: &Id) -> Path {
    lock_path()
}

fn remove_if_there(world: &Replay<'_>, _: &Id) -> Result<(), LockError> {
    Ok(world.discard_dir(&lock_path())?)
}

fn leave(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    world.discard_dir(&lock_path().join(me.name()))?;
    Ok(world.discard_dir(&lock_path())?)
}

fn rmdir_stale(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    match world.create_dir(&lock_path()) {
        Err(FsError::AlreadyExists) => {}
        answer => return Ok(answer?),
    }
    let own = Path::from(me.name().clone());
    world.create_dir(&own)?;
    let now = world.modified(&own)?;
    world.discard_dir(&own)?;
    match world.modified(&lock_path()) {
        Ok(made) if now.since_epoch().saturating_sub(made.since_epoch()) >= STALE_AFTER => {}
        Ok(_) => return Err(LockError::Held { owner: None }),
        Err(FsError::NotFound) => return Err(LockError::Disturbed),
        Err(error) => return Err(error.into()),
    }
    world.discard_dir(&lock_path())?;
    Err(LockError::Disturbed)
}

fn kill_stale(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    match world.create_dir(&lock_path()) {
        Ok(()) => return sign(world, me),
        Err(FsError::AlreadyExists) => {}
        Err(error) => return Err(error.into()),
    }
    let owner = match world.any(&lock_path()) {
        Ok(owner) => owner.map(Id::from),
        Err(FsError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    match owner {
        None => {}
        Some(owner) if world.liveness(&owner)? == Liveness::Dead => leave(world, &owner)?,
        owner => return Err(LockError::Held { owner }),
    }
    Err(LockError::Disturbed)
}

fn sign(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    match world.create_dir(&lock_path().join(me.name())) {
        Err(FsError::NotFound) => Err(LockError::Disturbed),
        answer => Ok(answer?),
    }
}

fn exists_is_held(world: &Replay<'_>, _: &Id) -> Result<(), LockError> {
    match world.create_dir(&lock_path()) {
        Err(FsError::AlreadyExists) => Err(LockError::Held { owner: None }),
        answer => Ok(answer?),
    }
}

fn first_listed(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    world.ensure_dir(&lock_path())?;
    sign(world, me)?;
    let first = world.any(&lock_path())?;
    if first.as_ref() == Some(me.name()) {
        return Ok(());
    }
    leave(world, me)?;
    Err(LockError::Held { owner: first.map(Id::from) })
}
