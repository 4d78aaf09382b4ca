//! Notices a command that would wait for a lock which is held around it.
//!
//! [`HELD`] lists the ids under which locks are held around a command. An id is never used twice, so a lock whose owner
//! is among them is held around this very command, whatever path it is reached by.

use lockwright_kernel::id::Id;
use lockwright_posix::lock::{Kind, PathLock};

use crate::{
    exit::{Failure, SELF_NESTED},
    look::look,
};

/// The ids of the locks held around a command, outermost first, parted by spaces.
pub(super) const HELD: &str = "LOCKWRIGHT_HELD";

/// What is held around this process.
#[derive(Debug)]
pub(super) struct Around {
    /// The ids, as they stand in the environment.
    pub(super) held: String,
    /// The one of them that holds the very lock that is asked for, where the command is to run under that.
    pub(super) same: Option<Id>,
}

/// What is held around this process; a failure if one of `locks` is among it, unless `reentrant` says that this will do. In a
/// semaphore there may be room for both.
pub(super) fn around(locks: &[PathLock], reentrant: bool) -> Result<Around, Failure> {
    let held = std::env::var(HELD).unwrap_or_default();
    let may_have_room = |lock: &&PathLock| matches!(lock.kind(), Kind::Semaphore(_) | Kind::FairSemaphore(_));
    for lock in locks.iter().filter(|lock| !held.is_empty() && !may_have_room(lock)) {
        let mut holders = look(lock)?.holders.into_iter();
        match holders.find(|holder| held.split(' ').any(|id| id == holder.id.name().as_str())) {
            // A reader inside a reader's lock will do; a writer there would be one beside other readers.
            Some(holder) if reentrant && holder.kind == lock.kind() => {
                return Ok(Around { held, same: Some(holder.id) });
            }
            Some(_) => {
                let line = format!("{}: held around this command, which would wait for itself", lock.path().display());
                return Err(Failure::new(SELF_NESTED, line));
            }
            None => {}
        }
    }
    Ok(Around { held, same: None })
}
