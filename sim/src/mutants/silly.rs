//! Locks that go wrong where NFS keeps what was removed while somebody had it open.

use lockwright_kernel::{
    fs::{Fs, FsError},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    policies::check::CheckLock,
};

use super::{
    bare::Bare,
    fast_lock::{Altered, owner_dir},
};
use crate::{
    replay::Replay,
    scenarios::{
        LockClients,
        fast_lock::{FILE_LEAF, lock_path, word},
    },
};

/// Whatever stands in `owner` is the owner.
pub const KEPT_LEAF_IS_OWNER: LockClients = LockClients { make: kept_leaf_is_owner, ..FILE_LEAF };

/// The lock is a directory, with a file in it that says whose it is. Whoever gives it back removes the file and then the
/// directory, if that is empty.
pub const RECORD_INSIDE: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: make_and_record, give_back: remove_both }),
    evidence: |_| lock_path(),
    cleaner: None,
};

fn kept_leaf_is_owner<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    let lock = Altered {
        try_lock: |this, me| match in_owner(this)? {
            Some(owner) => Err(LockError::Held { owner: Some(owner) }),
            None => this.lock.try_lock(me),
        },
        owner: in_owner,
        ..Altered::new(world)
    };
    Box::new(CheckLock::new(lock, world, world))
}

fn in_owner(this: &Altered<'_>) -> Result<Option<Id>, LockError> {
    match this.world.any(&owner_dir()) {
        Err(FsError::NotFound) => Ok(None),
        answer => Ok(answer?.map(Id::from)),
    }
}

fn record() -> Path {
    lock_path().join(&word("record"))
}

fn make_and_record(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    match world.create_dir(&lock_path()) {
        Err(FsError::AlreadyExists) => Err(LockError::Held { owner: None }),
        answer => {
            answer?;
            Ok(world.create_file(&record(), me.name().as_str().as_bytes())?)
        }
    }
}

fn remove_both(world: &Replay<'_>, _: &Id) -> Result<(), LockError> {
    world.discard_file(&record())?;
    Ok(world.discard_dir(&lock_path())?)
}
