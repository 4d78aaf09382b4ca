//! A lease: whoever finds the lock file old takes the lock, whatever has become of its owner.

use std::time::Duration;

use lockwright_kernel::{
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
};

use crate::{
    replay::Replay,
    scenarios::{
        LockClients,
        fast_lock::{lock_path, word},
    },
};

/// A holder that pauses for longer than its lease is not asked. No look at the clock before it goes on mends that: the
/// pause may come after the look.
pub const UNFENCED: LockClients = LockClients { make: unfenced, evidence, cleaner: None };

/// Whose file is as old as this has no lock any more. The promise is no better with more; the pauses are longer then.
const LEASE: Duration = Duration::from_secs(1);

/// Nobody promises that the lock file stays.
fn evidence(_id: &Id) -> Path {
    Path::root()
}

fn unfenced<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(Lease(world))
}

/// 1. MAKE the file, exclusively.
/// 2. STAMP a file of one's own, to learn the file system's time.
/// 3. COMPARE the stamps.
/// 4. MOVE a file that is too old aside, and try again another time.
struct Lease<'a>(&'a Replay<'a>);

impl Lease<'_> {
    fn is_over(&self, me: &Id) -> Result<bool, FsError> {
        let own = Path::from(me.name().clone());
        self.0.create_file(&own, b"")?; // 2 STAMP
        let now = self.0.modified(&own)?;
        let over = match self.0.modified(&lock_path()) {
            Ok(made) => now.since_epoch().saturating_sub(made.since_epoch()) >= LEASE, // 3 COMPARE
            Err(FsError::NotFound) => false,
            Err(error) => return Err(error),
        };
        self.0.discard_file(&own)?;
        Ok(over)
    }
}

impl Lock for Lease<'_> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        match self.0.create_file(&lock_path(), b"") {
            Err(FsError::AlreadyExists) => {} // 1 MAKE
            other => return Ok(other?),
        }
        if !self.is_over(me)? {
            return Err(LockError::Held { owner: None });
        }
        let aside = Path::from(word("old")).join(me.name());
        self.0.ensure_dir(&word("old").into())?;
        self.0.put_aside(&lock_path(), &aside)?; // 4 MOVE
        self.0.discard_file(&aside)?;
        self.0.discard_dir(&word("old").into())?;
        Err(LockError::Disturbed)
    }

    /// Who comes too late has nothing to give back.
    fn unlock(&self, _me: &Id) -> Result<(), LockError> {
        Ok(self.0.discard_file(&lock_path())?)
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
        Path::root()
    }
}
