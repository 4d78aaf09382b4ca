//! Dotlock: a file that is the lock and holds its owner's id, as a hundred programs have it, and how they break it.

use lockwright_kernel::{
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    probe::{Liveness, Probe},
};

use crate::{
    replay::Replay,
    scenarios::{LockClients, fast_lock::lock_path},
};

/// A stale file is removed by its path, after its owner was found to be dead. Two who find that out together remove
/// two files: the stale one and the one that the faster of them has made since.
pub const CHECK_THEN_UNLINK: LockClients = LockClients { make: check_then_unlink, evidence, cleaner: None };

/// A file without an id in it is taken for stale; and each file is, between its making and the writing of the id.
pub const EMPTY_IS_STALE: LockClients = LockClients { make: empty_is_stale, evidence, cleaner: None };

/// A file without an id is never stale; a crash between its making and the writing leaves the lock held for ever.
pub const EMPTY_IS_LIVE: LockClients = LockClients { make: empty_is_live, evidence, cleaner: None };

/// A file that cannot be read is taken for stale, as if nobody owned it.
pub const UNREADABLE_IS_STALE: LockClients = LockClients { make: unreadable_is_stale, evidence, cleaner: None };

/// Nobody looks whether the id could be written, or the file be made, as long as no file was in the way.
pub const FAILED_WRITE_IS_FINE: LockClients = LockClients { make: failed_write_is_fine, evidence, cleaner: None };

/// A stale file that is gone already when it is to be removed is taken for an error that nobody has an answer to.
pub const GONE_IS_FATAL: LockClients = LockClients { make: gone_is_fatal, evidence, cleaner: None };

/// A file that one may not read is taken for nobody's; one that could not be read for another reason is not.
pub const FORBIDDEN_IS_STALE: LockClients = LockClients { make: forbidden_is_stale, evidence, cleaner: None };

/// Where the file system takes no changes there is nothing to protect, it is thought; and the next client can make the
/// file.
pub const READ_ONLY_NEEDS_NO_LOCK: LockClients = LockClients { make: read_only_needs_no_lock, evidence, cleaner: None };

fn evidence(_id: &Id) -> Path {
    lock_path()
}

fn check_then_unlink<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(Dotlock { breaks_dead: true, ..Dotlock::new(world) })
}

fn empty_is_stale<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(Dotlock { empty: Liveness::Dead, ..Dotlock::new(world) })
}

fn empty_is_live<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(Dotlock { empty: Liveness::Alive, ..Dotlock::new(world) })
}

fn unreadable_is_stale<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(Dotlock { breaks: Some(FsError::Io), ..Dotlock::new(world) })
}

fn failed_write_is_fine<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(Dotlock { checks_write: false, ..Dotlock::new(world) })
}

fn gone_is_fatal<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(Dotlock { breaks_dead: true, removal_may_fail: false, ..Dotlock::new(world) })
}

fn forbidden_is_stale<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(Dotlock { breaks: Some(FsError::PermissionDenied), ..Dotlock::new(world) })
}

fn read_only_needs_no_lock<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(Dotlock { goes_on: Some(FsError::ReadOnly), ..Dotlock::new(world) })
}

/// 1. MAKE the file, exclusively, and write the id into it. Done.
/// 2. READ the id of the owner, where the file is taken.
/// 3. ASK whether the owner is dead.
/// 4. REMOVE the file, and try again another time.
struct Dotlock<'a> {
    world: &'a Replay<'a>,
    empty: Liveness,
    breaks_dead: bool,
    /// Who is answered this error breaks the lock that it could not read.
    breaks: Option<FsError>,
    checks_write: bool,
    removal_may_fail: bool,
    /// Who is answered this error goes on without a lock.
    goes_on: Option<FsError>,
}

impl<'a> Dotlock<'a> {
    fn new(world: &'a Replay<'a>) -> Self {
        let empty = Liveness::Unknown;
        Self {
            world,
            empty,
            breaks_dead: false,
            breaks: None,
            checks_write: true,
            removal_may_fail: true,
            goes_on: None,
        }
    }

    fn judge(&self) -> Result<Liveness, LockError> {
        let contents = match self.world.read(&lock_path()) {
            Ok(contents) => contents,
            Err(FsError::NotFound) => return Err(LockError::Disturbed),
            Err(error) if self.breaks == Some(error) => return Ok(Liveness::Dead),
            Err(error) => return Err(error.into()),
        };
        match str::from_utf8(&contents).ok().and_then(|text| text.parse::<Id>().ok()) {
            None => Ok(self.empty),
            Some(owner) if self.breaks_dead => Ok(self.world.liveness(&owner)?),
            Some(_) => Ok(Liveness::Unknown),
        }
    }
}

impl Lock for Dotlock<'_> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        match self.world.create_file(&lock_path(), me.name().as_str().as_bytes()) {
            Ok(()) => return Ok(()), // 1 MAKE
            Err(FsError::AlreadyExists) => {}
            Err(FsError::Halted) => return Err(Halted.into()),
            Err(_) if !self.checks_write => return Ok(()),
            Err(error) if self.goes_on == Some(error) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        if self.judge()? == Liveness::Dead {
            if self.removal_may_fail {
                self.world.discard_file(&lock_path())?; // 2 READ, 3 ASK, 4 REMOVE
            } else {
                self.world.remove_file(&lock_path())?;
            }
            return Err(LockError::Disturbed);
        }
        Err(LockError::Held { owner: None })
    }

    fn unlock(&self, _me: &Id) -> Result<(), LockError> {
        match self.world.remove_file(&lock_path()) {
            Err(FsError::NotFound) => Err(LockError::NotOwner),
            other => Ok(other?),
        }
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
