//! Broken variants of `fast_lock` whose directories are kept: what might seem to come of that for nothing.

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    fs::{Fs, FsError, Through, call::Call},
    lock::{Lock, LockError},
    path::Path,
    policies::check::CheckLock,
};

use super::fast_lock::{Altered, Operation, World, owner_dir, proposed_owner};
use crate::scenarios::{
    Keepers,
    fast_lock::{evidence, lock_path},
    kept::ALL,
};

/// A release moves the empty `owner` back to where its next proposal is made, so that no directory has to be replaced.
pub const MOVES_OWNER_BACK: Keepers = Keepers { make: moves_owner_back, proposals_stay: true, ..ALL };

/// A release removes what it finds in `owner`, which holds one leaf at most.
pub const EMPTIES_OWNER: Keepers = Keepers { make: empties_owner, ..ALL };

/// Directories are kept also where calls are executed late.
pub const KEEPS_WHERE_CALLS_REPEAT: Keepers = Keepers { make: keeps_where_calls_repeat, ..ALL };

fn keeping(world: World<'_>, unlock: Operation) -> Box<dyn Lock + '_> {
    let altered = Altered::new(world);
    let lock = altered.lock.keeping();
    Altered { lock, unlock, ..Altered::new(world) }.boxed()
}

fn moves_owner_back<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    keeping(world, |this, me| {
        removed(this.world.remove_file(&evidence(me)))?;
        Ok(this.world.put_aside(&owner_dir(), &proposed_owner(me))?)
    })
}

fn empties_owner<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    keeping(world, |this, _| {
        let there = this.world.any(&owner_dir())?;
        let leaf: Path = owner_dir().join(&there.ok_or(LockError::NotOwner)?);
        removed(this.world.remove_file(&leaf))
    })
}

fn removed(answer: Result<(), FsError>) -> Result<(), LockError> {
    match answer {
        Err(FsError::NotFound) => Err(LockError::NotOwner),
        other => Ok(other?),
    }
}

fn keeps_where_calls_repeat<'a>(world: World<'a>) -> Box<dyn Lock + 'a> {
    let unaware = Through(move |call: &Call| call.on(&world));
    Box::new(CheckLock::new(FastLock::new(unaware, lock_path(), Leaf::File).keeping(), world, world))
}
