//! A lock that is safe after a power cut only where names become durable in the order in which they were made.

use lockwright_kernel::{
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    probe::{Liveness, Probe},
};

use crate::{
    replay::Replay,
    scenarios::{
        LockClients,
        fast_lock::{lock_path, word},
    },
};

/// Who has the lock is recorded in another directory than the lock, and before it. Where the record is lost and the lock
/// is not, nobody ever finds out that its owner is dead.
pub const RECORD_ELSEWHERE: LockClients = LockClients { make: record_elsewhere, evidence, cleaner: None };

fn evidence(_id: &Id) -> Path {
    lock_path()
}

fn record_elsewhere<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(Recorded(world))
}

/// 1. RECOVER: a record of somebody dead says that the lock, if there is one, is free.
/// 2. RECORD oneself.
/// 3. MAKE the lock, a directory.
struct Recorded<'a>(&'a Replay<'a>);

impl Recorded<'_> {
    fn record(id: &Id) -> Path {
        Path::from(word("owners")).join(id.name())
    }
}

impl Lock for Recorded<'_> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        if let Some(owner) = self.owner()?
            && self.0.liveness(&owner)? == Liveness::Dead
        {
            self.recover(&owner)?; // 1 RECOVER
        }
        self.0.ensure_dir(&word("owners").into())?;
        self.0.create_file(&Self::record(me), b"")?; // 2 RECORD
        match self.0.create_dir(&lock_path()) {
            Ok(()) => Ok(()), // 3 MAKE
            Err(FsError::AlreadyExists) => {
                self.clean(me)?;
                Err(LockError::Held { owner: None })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.0.remove_dir(&lock_path())?;
        Ok(self.clean(me)?)
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        match self.0.any(&word("owners").into()) {
            Ok(name) => Ok(name.map(Id::from)),
            Err(FsError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        Ok(Vec::new())
    }

    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.0.discard_file(&Self::record(id))?;
        self.0.discard_dir(&word("owners").into())
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.0.discard_dir(&lock_path())?;
        Ok(self.clean(id)?)
    }

    fn waits_on(&self) -> Path {
        Path::root()
    }
}
