//! Notices a command that would wait for a lock which is held around it.
//!
//! An id is never used twice, so a lock whose owner is among those [around](Around) this command is held around it,
//! whatever path it is reached by.

use lockwright_kernel::id::Id;
use lockwright_posix::lock::{Kind, PathLock};

use crate::{
    around::Around,
    exit::{Failure, SELF_NESTED},
    look::look,
};

/// The id of the one that holds the very lock that is asked for, where the command is to run under that; a failure if one of
/// `locks` is held around this process, unless `reentrant` says that this will do. In a
/// semaphore there may be room for both.
pub(super) fn same(around: &Around, locks: &[PathLock], reentrant: bool) -> Result<Option<Id>, Failure> {
    let may_have_room = |lock: &&PathLock| matches!(lock.kind(), Kind::Semaphore(_) | Kind::FairSemaphore(_));
    for lock in locks.iter().filter(|lock| !around.is_empty() && !may_have_room(lock)) {
        let mut holders = look(lock)?.holders.into_iter();
        match holders.find(|holder| around.contains(&holder.id)) {
            // A reader inside a reader's lock will do; a writer there would be one beside other readers.
            Some(holder) if reentrant && holder.kind == lock.kind() => {
                return Ok(Some(holder.id));
            }
            Some(_) => {
                let line = format!("{}: held around this command, which would wait for itself", lock.path().display());
                return Err(Failure::new(SELF_NESTED, line));
            }
            None => {}
        }
    }
    Ok(None)
}
