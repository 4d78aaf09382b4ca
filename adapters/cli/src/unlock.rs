//! `lockwright unlock`: takes a lock away from an owner that is dead, or by force.
//!
//! Whatever happens between the look at the owner and the removal, nobody but that owner loses anything: what is removed
//! carries its id, and an id is never used twice.

use std::process::ExitCode;

use lockwright_kernel::{id::Id, lock::Lock, probe::Liveness};
use lockwright_posix::lock::PathLock;

use crate::{
    args::UnlockArgs,
    exit::{Failure, REFUSED, say},
    owner::{Shown, liveness, look, unreadable},
};

/// Code 0 says that the owner of the time of the call does not have the lock any more, or that there was none.
pub(crate) fn unlock(args: &UnlockArgs) -> Result<ExitCode, Failure> {
    let lock = PathLock::open(&args.lock)?;
    if let Some(owner) = look(&lock)? {
        check(&lock, &owner, args.force.as_deref())?;
        lock.as_lock().recover(&owner).map_err(|error| unreadable(&lock, &error))?;
        say(&format!("{}: taken away from {}", lock.path().display(), Shown(Some(&owner))));
    }
    // What the dead left of their tries hinders nobody; a failure leaves it to the next release.
    let _ = lock.as_lock().sweep();
    Ok(ExitCode::SUCCESS)
}

/// Refuses to touch an owner that may be alive, unless its very id was given.
fn check(lock: &PathLock, owner: &Id, force: Option<&str>) -> Result<(), Failure> {
    if force == Some(owner.name().as_str()) || liveness(lock, owner) == Liveness::Dead {
        return Ok(());
    }
    let (path, shown) = (lock.path().display(), Shown(Some(owner)));
    let line = match force {
        Some(_) => format!("{path}: the owner is another one: {shown}; see whether it should lose the lock"),
        None => format!("{path}: the owner may be alive: {shown}; stop it, or say --force with its id"),
    };
    Err(Failure::new(REFUSED, line))
}
