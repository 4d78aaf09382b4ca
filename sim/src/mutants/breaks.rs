//! A lock that is a file with its owner's id, and the ways to break it when its owner is dead: by a rename, by a look at
//! the stamp, by a pause. Each is a mend of [the simplest](super::dotlock::CHECK_THEN_UNLINK), and none is enough.

use core::time::Duration;

use lockwright_kernel::{
    blocking::World,
    clock::{Instant, Timestamp},
    fs::{Fs, FsError},
    id::Id,
    lock::LockError,
    path::Path,
    probe::{Liveness, Probe},
};

use super::bare::{Attempt, Bare};
use crate::{
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
    scenarios::{
        LockClients,
        fast_lock::{lock_path, word},
    },
};

/// Who finds the owner dead moves a file of its own over the lock, and has it. Two do.
pub const OVERWRITES_STALE: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: overwrites_stale, give_back: remove }),
    evidence,
    cleaner: None,
};

/// The stale file is moved aside and then removed. By then it may be another's.
pub const ASIDE_UNSEEN: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: aside_unseen, give_back: remove }),
    evidence,
    cleaner: None,
};

/// What was moved aside is looked at, and put back where it is not the dead one's. In between its owner holds nothing.
pub const ASIDE_AND_BACK: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: aside_and_back, give_back: remove }),
    evidence,
    cleaner: None,
};

/// What was moved aside is taken for the file that was found stale if it has the same stamp.
pub const ASIDE_BY_STAMP: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: aside_by_stamp, give_back: remove_if_there }),
    evidence: |_| Path::root(),
    cleaner: None,
};

/// After a break nobody takes the lock for a while, so that others who are about to break it come to an end: all but
/// those who pause for longer.
pub const SLEEPS_AFTER_BREAK: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: sleeps_after_break, give_back: remove }),
    evidence,
    cleaner: None,
};

/// The file says when it was made, by the clock of who made it, and who reads it compares that with a clock of its own.
pub const STAMPED_BY_ITS_WRITER: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: stamped_by_its_writer, give_back: remove }),
    evidence,
    cleaner: None,
};

/// Who breaks the lock does so under a lock of its own, and looks again once it has that. Nothing else can take the place
/// of a dead owner's file, so this is right: two never hold the lock.
pub const ONE_BREAKER: KeptByTheDead = KeptByTheDead(LockClients {
    make: |world| Box::new(Bare { world, take: one_breaker, give_back: remove }),
    evidence,
    cleaner: None,
});

/// Clients of a lock that stays held where its owner was killed before it had written its name, or while it broke the lock.
#[derive(Clone, Copy, Debug)]
pub struct KeptByTheDead(LockClients);

impl Protocol for KeptByTheDead {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        self.0.attempt(client, phase, world)
    }

    fn evidence(&self, id: &Id) -> Path {
        (self.0.evidence)(id)
    }

    fn gives_up(&self) -> &[Property] {
        &[Property::CanBeTaken, Property::NothingLeftBehind]
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        self.0.sometimes(clients, faults)
    }
}

/// A file is moved to where the lock is, after a look that found nothing there. It replaces what is there by then.
pub const RENAME_OVER: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: rename_over, give_back: remove_if_there }),
    evidence,
    cleaner: None,
};

/// Who could not make the file looks whether it is its own: by the name of the host, which is another's too.
pub const HOST_IS_ME: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: host_is_me, give_back: remove_if_there }),
    evidence,
    cleaner: None,
};

/// Whoever tries looks afterwards whether the lock is taken, and takes that for its own success.
pub const LOOKS_AT_THE_LOCK: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: looks_at_the_lock, give_back: remove_if_there }),
    evidence,
    cleaner: None,
};

fn evidence(_id: &Id) -> Path {
    lock_path()
}

fn remove(world: &Replay<'_>, _: &Id) -> Result<(), LockError> {
    match world.remove_file(&lock_path()) {
        Err(FsError::NotFound) => Err(LockError::NotOwner),
        answer => Ok(answer?),
    }
}

fn remove_if_there(world: &Replay<'_>, _: &Id) -> Result<(), LockError> {
    Ok(world.discard_file(&lock_path())?)
}

fn overwrites_stale(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    make_or_break(world, me, |world, me| {
        let own = aside(me);
        world.create_file(&own, written(me))?;
        Ok(world.rename(&own, &lock_path())?)
    })
}

fn aside_unseen(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    make_or_break(world, me, |world, _| {
        let fixed = word("stale").into();
        world.put_aside(&lock_path(), &fixed)?;
        world.discard_file(&fixed)?;
        Err(LockError::Disturbed)
    })
}

fn aside_and_back(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    make_or_break(world, me, |world, me| {
        if !moved(world, me)? {
            return Err(LockError::Disturbed);
        }
        match dead_owner(world, &aside(me)) {
            Ok(true) => world.discard_file(&aside(me))?,
            Ok(false) | Err(LockError::Disturbed) => world.put_aside(&aside(me), &lock_path())?,
            Err(error) => return Err(error),
        }
        Err(LockError::Disturbed)
    })
}

fn aside_by_stamp(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    if made(world, me)? {
        return Ok(());
    }
    let Some(seen) = stamp(world, &lock_path())? else { return Err(LockError::Disturbed) };
    if !dead_owner(world, &lock_path())? {
        return Err(LockError::Held { owner: None });
    }
    if moved(world, me)? {
        if stamp(world, &aside(me))? == Some(seen) {
            world.discard_file(&aside(me))?;
        } else {
            world.put_aside(&aside(me), &lock_path())?;
        }
    }
    Err(LockError::Disturbed)
}

fn sleeps_after_break(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    make_or_break(world, me, |world, _| {
        world.discard_file(&lock_path())?;
        world.pause(Instant::new(Duration::from_secs(1)))?;
        Err(LockError::Disturbed)
    })
}

fn stamped_by_its_writer(world: &Replay<'_>, _: &Id) -> Result<(), LockError> {
    let now = world.wall_clock()?.since_epoch().as_secs();
    match world.create_file(&lock_path(), now.to_string().as_bytes()) {
        Err(FsError::AlreadyExists) => {}
        answer => return Ok(answer?),
    }
    let contents = match world.read(&lock_path()) {
        Ok(contents) => contents,
        Err(FsError::NotFound) => return Err(LockError::Disturbed),
        Err(error) => return Err(error.into()),
    };
    let written = str::from_utf8(&contents).ok().and_then(|text| text.parse::<u64>().ok());
    if written.is_none_or(|written| now <= written) {
        return Err(LockError::Held { owner: None });
    }
    world.discard_file(&lock_path())?;
    Err(LockError::Disturbed)
}

fn one_breaker(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    make_or_break(world, me, |world, me| {
        let breaking = word("breaking").into();
        match world.create_file(&breaking, b"") {
            Ok(()) => {}
            Err(FsError::AlreadyExists) => return Err(LockError::Held { owner: None }),
            Err(error) => return Err(error.into()),
        }
        let is_dead = match dead_owner(world, &lock_path()) {
            Err(LockError::Disturbed) => false,
            answer => answer?,
        };
        if is_dead && moved(world, me)? {
            world.discard_file(&aside(me))?;
        }
        world.discard_file(&breaking)?;
        Err(LockError::Disturbed)
    })
}

fn rename_over(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    if world.exists(&lock_path())? {
        return Err(LockError::Held { owner: None });
    }
    world.create_file(&aside(me), b"")?;
    Ok(world.rename(&aside(me), &lock_path())?)
}

fn host_is_me(world: &Replay<'_>, _: &Id) -> Result<(), LockError> {
    match world.create_file(&lock_path(), b"host") {
        Err(FsError::AlreadyExists) => {}
        answer => return Ok(answer?),
    }
    match world.read(&lock_path()) {
        Ok(contents) if contents == b"host" => Ok(()),
        Ok(_) => Err(LockError::Held { owner: None }),
        Err(FsError::NotFound) => Err(LockError::Disturbed),
        Err(error) => Err(error.into()),
    }
}

fn looks_at_the_lock(world: &Replay<'_>, _: &Id) -> Result<(), LockError> {
    match world.create_file(&lock_path(), b"") {
        Ok(()) | Err(FsError::AlreadyExists) => {}
        Err(error) => return Err(error.into()),
    }
    if world.exists(&lock_path())? { Ok(()) } else { Err(LockError::Disturbed) }
}

/// Makes the file, exclusively; where it is taken by somebody dead, breaks it.
fn make_or_break(world: &Replay<'_>, me: &Id, break_it: Attempt) -> Result<(), LockError> {
    if made(world, me)? {
        return Ok(());
    }
    if dead_owner(world, &lock_path())? { break_it(world, me) } else { Err(LockError::Held { owner: None }) }
}

fn made(world: &Replay<'_>, me: &Id) -> Result<bool, FsError> {
    match world.create_file(&lock_path(), written(me)) {
        Ok(()) => Ok(true),
        Err(FsError::AlreadyExists) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file without an id may be one that is being written.
fn dead_owner(world: &Replay<'_>, at: &Path) -> Result<bool, LockError> {
    let contents = match world.read(at) {
        Ok(contents) => contents,
        Err(FsError::NotFound) => return Err(LockError::Disturbed),
        Err(error) => return Err(error.into()),
    };
    match str::from_utf8(&contents).ok().and_then(|text| text.parse::<Id>().ok()) {
        Some(owner) => Ok(world.liveness(&owner)? == Liveness::Dead),
        None => Ok(false),
    }
}

/// Moves the lock aside, if it is there.
fn moved(world: &Replay<'_>, me: &Id) -> Result<bool, FsError> {
    match world.rename(&lock_path(), &aside(me)) {
        Ok(()) => Ok(true),
        Err(FsError::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

fn stamp(world: &Replay<'_>, at: &Path) -> Result<Option<Timestamp>, FsError> {
    match world.modified(at) {
        Ok(stamp) => Ok(Some(stamp)),
        Err(FsError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn aside(me: &Id) -> Path {
    me.name().clone().into()
}

fn written(me: &Id) -> &[u8] {
    me.name().as_str().as_bytes()
}
