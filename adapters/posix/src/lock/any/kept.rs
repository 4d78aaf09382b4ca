//! The ids of a fast lock that keeps its directories: each takes the lock again and again.
//!
//! 1. LEND an id that is idle, unless an order stands for it, or else a fresh one.
//! 2. TAKE BACK the id once its hold was given back. Its `build/<id>` stays meanwhile.
//! 3. TIDY, when the handle is dropped: remove the directory of each id, and then what is empty.
//!
//! *Why an id may come again.* It is used by one caller at a time, and what others do to an id they do to a dead one, or by
//! an [order](super::super::orders) to give the lock back, which 1 looks for. An order that comes later than that, for the hold before,
//! is for the next one of the same handle. An id whose hold was not given back as it should be is not used again.
//!
//! *Forks.* A child has the ids of its parent, and neither lends nor tidies them.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use lockwright_kernel::{fast_lock::FastLock, fs::Fs, id::Id, lock::Lock, path::Path};

use super::{Place, fast::tidy};
use crate::fs::PosixFs;

/// One in so many releases looks for what the dead have left, the first one of a handle among them.
const SWEEP_EVERY: u32 = 64;

/// The ids of one handle and its clones.
#[derive(Debug)]
pub(super) struct KeptIds {
    place: Place,
    /// The lock that keeps nothing.
    lock: FastLock<PosixFs>,
    path: Path,
    process: u32,
    ids: Mutex<Vec<Lent>>,
    releases: AtomicU32,
}

#[derive(Debug)]
struct Lent {
    id: Id,
    is_idle: bool,
}

impl KeptIds {
    pub(super) fn new(place: &Place, lock: FastLock<PosixFs>) -> Self {
        Self {
            place: place.clone(),
            lock,
            path: place.path(),
            process: std::process::id(),
            ids: Mutex::default(),
            releases: AtomicU32::new(0),
        }
    }

    /// An id that took this lock before, if one is idle.
    pub(super) fn lend(&self) -> Option<Id> {
        let mut ids = self.ids();
        loop {
            let at = ids.iter().rposition(|lent| lent.is_idle)?;
            // What cannot be looked at may be an order.
            if self.place.is_ordered(&ids[at].id).unwrap_or(true) {
                let Lent { id, .. } = ids.swap_remove(at);
                self.forget_dir(&id);
                continue;
            }
            ids[at].is_idle = false;
            return Some(ids[at].id.clone());
        }
    }

    /// From now on this id, which is in use, is one of them.
    pub(super) fn add(&self, id: &Id) {
        self.ids().push(Lent { id: id.clone(), is_idle: false });
    }

    pub(super) fn has(&self, id: &Id) -> bool {
        self.ids().iter().any(|lent| lent.id == *id)
    }

    /// The id is idle again: it holds nothing.
    pub(super) fn take_back(&self, id: &Id) {
        if let Some(lent) = self.ids().iter_mut().find(|lent| lent.id == *id) {
            lent.is_idle = true;
        }
    }

    /// The id is not used again.
    pub(super) fn retire(&self, id: &Id) {
        self.ids().retain(|lent| lent.id != *id);
        self.forget_dir(id);
    }

    pub(super) fn is_to_sweep(&self) -> bool {
        self.releases.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY)
    }

    /// What cannot be removed is swept by others once this process is dead.
    fn forget_dir(&self, id: &Id) {
        let _ = self.lock.clean(id);
    }

    fn ids(&self) -> std::sync::MutexGuard<'_, Vec<Lent>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for KeptIds {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            return;
        }
        let ids = std::mem::take(&mut *self.ids());
        if ids.is_empty() {
            return;
        }
        for lent in ids.iter().filter(|lent| lent.is_idle) {
            self.forget_dir(&lent.id);
        }
        // Nobody is there to hear of a failure.
        let _ = tidy(&self.place.fs, &self.path);
    }
}

/// Whether there is a try at `at`, in `build`: of an id that is idle there is a directory, and nothing in it.
pub(super) fn has_proposal(fs: &PosixFs, at: &Path) -> bool {
    fs.any(at).is_ok_and(|entry| entry.is_some())
}
