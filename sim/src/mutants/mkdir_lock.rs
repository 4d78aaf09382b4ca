//! A lock that is a directory, which of several that make it one makes; and what goes wrong around that.

use core::time::Duration;

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    lock::LockError,
    path::{Name, Path},
    probe::{Liveness, Probe},
};

use super::bare::Bare;
use crate::{
    replay::Replay,
    scenarios::{
        LockClients,
        fast_lock::{lock_path, word},
    },
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

/// Who comes is in the directory as one that chooses, and under its number then. One listing says who is first; it may miss
/// an entry that is being renamed, under either name.
pub const ONE_LISTING: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: one_listing, give_back: leave_line }),
    evidence: |_| lock_path(),
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

fn one_listing(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    world.ensure_dir(&lock_path())?;
    sign(world, me)?;
    let highest = world.list(&lock_path())?.iter().filter_map(in_line).map(|(number, _)| number).max();
    let mine = (highest.unwrap_or(0) + 1, me.clone());
    world.rename(&lock_path().join(me.name()), &place(&mine))?;
    let all = world.list(&lock_path())?;
    let is_first = |other: Option<(u32, Id)>| other.is_some_and(|other| mine <= other);
    if all.iter().map(in_line).all(is_first) {
        return Ok(());
    }
    world.discard_dir(&place(&mine))?;
    world.discard_dir(&lock_path())?;
    Err(LockError::Held { owner: None })
}

fn leave_line(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    for other in world.list(&lock_path())?.iter().filter_map(in_line).filter(|(_, id)| id == me) {
        world.discard_dir(&place(&other))?;
    }
    Ok(world.discard_dir(&lock_path())?)
}

/// The number and the id of an entry that has chosen.
fn in_line(name: &Name) -> Option<(u32, Id)> {
    let (number, id) = name.as_str().split_once('-')?;
    Some((number.parse().ok()?, id.parse().ok()?))
}

fn place((number, id): &(u32, Id)) -> Path {
    lock_path().join(&word(&format!("{number}-{id}")))
}
