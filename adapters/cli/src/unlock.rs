//! `lockwright unlock`: gives a lock back, takes it away from owners that are dead, or from anybody by force.
//!
//! Whatever happens between the look at the owners and the removal, nobody but they lose anything: what is removed
//! carries an owner's id, and an id is never used twice.

use std::process::ExitCode;

use lockwright_kernel::{id::Id, lock::LockError, probe::Liveness};
use lockwright_posix::lock::{Entry, PathLock};

use crate::{
    args::UnlockArgs,
    exit::{Failure, NOT_HELD, REFUSED, say},
    look::{self, Shown, unreadable},
    notes,
};

/// Code 0 says that none of the owners that were to lose the lock has it any more, or that there were none.
pub(crate) fn unlock(args: &UnlockArgs) -> Result<ExitCode, Failure> {
    let (lock, standing) = look::open(&args.lock, args.kind)?;
    if let Some(id) = &args.id {
        give_back(&lock, id)?;
        return Ok(ExitCode::SUCCESS);
    }
    let forced = |entry: &&Entry| args.force.as_deref() == Some(entry.id.name().as_str());
    let dead = |entry: &&Entry| entry.liveness == Liveness::Dead;
    let loses = |entry: &&Entry| forced(entry) || args.force.is_none() && dead(entry);
    let mut lost: Vec<&Entry> = standing.holders.iter().chain(&standing.waiters).filter(loses).collect();
    if lost.is_empty() && standing.holders.iter().all(|holder| dead(&holder)) {
        lost = standing.holders.iter().collect(); // Another id was given, and nobody is alive to lose anything.
    }
    for entry in &lost {
        lock.recover(&entry.id).map_err(|error| unreadable(&lock, &error))?;
        notes::remove(&lock, &entry.id);
        say(&format!("{}: taken away from {}", lock.path().display(), Shown(Some(&entry.id))));
    }
    if let (true, Some(holder)) = (lost.is_empty(), standing.holders.iter().find(|holder| !dead(holder))) {
        return Err(refusal(args, &lock, &holder.id));
    }
    // What the dead left of their tries hinders nobody; a failure leaves it to the next release.
    drop(lock.sweep());
    Ok(ExitCode::SUCCESS)
}

/// Gives back what `id` has, the lock or a place in line.
pub(crate) fn give_back(lock: &PathLock, id: &Id) -> Result<(), Failure> {
    match lock.unlock_as(id) {
        Err(LockError::NotOwner) => {
            let line =
                format!("{}: {} neither holds the lock nor waits for it", lock.path().display(), Shown(Some(id)));
            Err(Failure::new(NOT_HELD, line))
        }
        other => {
            other.map_err(|error| unreadable(lock, &error))?;
            notes::remove(lock, id);
            Ok(())
        }
    }
}

fn refusal(args: &UnlockArgs, lock: &PathLock, holder: &Id) -> Failure {
    let (path, shown) = (lock.path().display(), Shown(Some(holder)));
    let line = match args.force {
        Some(_) => format!("{path}: the owner is another one: {shown}; see whether it should lose the lock"),
        None => format!("{path}: the owner may be alive: {shown}; stop it, or say --force with its id"),
    };
    Failure::new(REFUSED, line)
}
