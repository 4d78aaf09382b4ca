//! Notices a command that would wait for a lock which is held around it.
//!
//! [`HELD`] lists the ids under which locks are held around a command. An id is never used twice, so a lock whose owner
//! is among them is held around this very command, whatever path it is reached by.

use lockwright_posix::lock::{Kind, PathLock};

use crate::{
    exit::{Failure, SELF_NESTED},
    look::look,
};

/// The ids of the locks held around a command, outermost first, parted by spaces.
pub(super) const HELD: &str = "LOCKWRIGHT_HELD";

/// The ids that are held around this process, as they stand in the environment; a failure if `lock` is among what they
/// hold. In a semaphore there may be room for both.
pub(super) fn held_around(lock: &PathLock) -> Result<String, Failure> {
    let held = std::env::var(HELD).unwrap_or_default();
    if held.is_empty() || matches!(lock.kind(), Kind::Semaphore(_) | Kind::FairSemaphore(_)) {
        return Ok(held);
    }
    let holders = look(lock)?.holders;
    if holders.iter().any(|holder| held.split(' ').any(|id| id == holder.id.name().as_str())) {
        let line = format!("{}: held around this command, which would wait for itself", lock.path().display());
        return Err(Failure::new(SELF_NESTED, line));
    }
    Ok(held)
}
