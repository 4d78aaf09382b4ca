//! Worlds that somebody has waited in, kept for the next who waits.
//!
//! To close an inotify handle takes the kernel 10 ms and more, for it waits until no processor can be looking at the
//! watches any more. A new owner would spend that time holding the lock, before it is told so. So handles are kept, as
//! many as there were waiters at once, until the lock and all its guards are dropped.

use std::sync::{Arc, Mutex, TryLockError};

use crate::watch::PosixWorld;

/// The idle worlds of a lock and its clones.
#[derive(Clone, Debug, Default)]
pub(super) struct Worlds(Arc<Mutex<Vec<Idle>>>);

#[derive(Debug)]
struct Idle {
    world: PosixWorld,
    /// A forked child shares the handles of its parent, and events that it took would be missing there.
    process: u32,
}

impl Worlds {
    /// Runs `wait` in an idle world, or in one that is made for it.
    pub(super) fn with<T>(&self, make: impl FnOnce() -> PosixWorld, wait: impl FnOnce(&PosixWorld) -> T) -> T {
        let process = std::process::id();
        let idle = self.change(Vec::pop).flatten().filter(|idle| idle.process == process);
        let world = idle.map_or_else(make, |idle| idle.world);
        let answer = wait(&world);
        self.change(|worlds| worlds.push(Idle { world, process }));
        answer
    }

    /// Somebody else at the worlds is not waited for: in a forked child it may be a thread that does not exist.
    fn change<T>(&self, change: impl FnOnce(&mut Vec<Idle>) -> T) -> Option<T> {
        match self.0.try_lock() {
            Ok(mut worlds) => Some(change(&mut worlds)),
            Err(TryLockError::Poisoned(worlds)) => Some(change(&mut worlds.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}
