//! Removals that can wait: directories that somebody no longer needs, and whose absence is a nicety.
//!
//! A command is to begin once its lock is held, and not when what is left of the try has been removed as well, for which a disk may
//! take longer than for all the rest. So such removals are put off, in their order, until
//!
//! 1. the next call of any kind on this file system, or
//! 2. the caller says that there is time: [`Later::catch_up`].
//!
//! *Why that is as safe.* Each call is made after the same calls of this process as if nothing had been put off, and before the same
//! ones. To others it is a process that is slow, and the checker has it be as slow as can be. One that dies before it comes to
//! them has died between two calls.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use lockwright_kernel::path::Path;

use super::PosixFs;

/// Directories to be removed, shared by the clones of a file system.
#[derive(Clone, Debug, Default)]
pub(super) struct Later {
    puts_off: Arc<AtomicBool>,
    dirs: Arc<Mutex<Vec<Path>>>,
}

impl Later {
    /// Keeps the directory for later; `false` where that is not asked for.
    pub(super) fn put_off(&self, dir: &Path) -> bool {
        let puts_off = self.puts_off.load(Ordering::Relaxed);
        if puts_off {
            self.dirs.lock().unwrap_or_else(PoisonError::into_inner).push(dir.clone());
        }
        puts_off
    }

    fn take(&self) -> Vec<Path> {
        std::mem::take(&mut *self.dirs.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl PosixFs {
    /// Makes calls, and where they succeed leaves removals that can wait for later.
    pub(crate) fn leaving_for_later<T, E>(&self, calls: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.later.puts_off.store(true, Ordering::Relaxed);
        let answer = calls();
        self.later.puts_off.store(false, Ordering::Relaxed);
        if answer.is_err() {
            self.catch_up();
        }
        answer
    }

    /// Removes what was left for later.
    pub(crate) fn catch_up(&self) {
        for dir in self.later.take() {
            // As of all that can wait, nobody asks for the answer.
            let _ = self.rmdir(&dir);
        }
    }
}
