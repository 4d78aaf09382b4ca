//! What was taken from the dead, noted for people as it goes.

use std::sync::{Arc, Mutex, PoisonError};

use lockwright_kernel::{
    chance::Chance,
    clock::Timestamp,
    fs::{Fs, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    policies::lease::Notebook,
};

use super::any::{Place, word};
use crate::evidence::Evidence;

/// How many are kept for somebody who asks. Who does not ask is not to pay for it.
const KEPT_MAX: usize = 16;

/// A hold that was taken from an owner that is dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Whose it was.
    pub id: Id,
    /// When its entry was made, by the file system's clock; as in [`Entry`](super::Entry).
    pub since: Option<Timestamp>,
    /// How it can be told that it is dead, or that its lease is over.
    pub evidence: Evidence,
}

/// The last few, of a lock and its clones.
#[derive(Clone, Debug, Default)]
pub(super) struct Recoveries(Arc<Mutex<Vec<Recovered>>>);

impl Place {
    /// Notes that the hold of `id` is about to be taken away, whose entry is at `at`. One without an entry has none.
    pub(super) fn note_recovery(&self, id: &Id, at: &Path) {
        let Ok(since) = self.fs.modified(at) else { return };
        let is_over = self.seen.with(|seen| seen.has_lapsed(id));
        let evidence = if is_over { Evidence::LeaseOver } else { self.probe.evidence(id) };
        let recovered = Recovered { id: id.clone(), since: Some(since), evidence };
        let mut kept = self.recoveries.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX && kept.iter().all(|other| other.id != *id) {
            kept.push(recovered);
        }
    }
}

impl Recoveries {
    /// All of them, which are forgotten.
    pub(super) fn take(&self) -> Vec<Recovered> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A lock at `path` whose recoveries are noted.
#[derive(Debug)]
pub(super) struct Noting<L> {
    pub(super) lock: L,
    pub(super) place: Place,
    pub(super) path: Path,
}

impl<L: Lock> Lock for Noting<L> {
    fn recover(&self, id: &Id) -> Result<(), LockError> {
        let at = self.path.join(&word("owner")).join(id.name());
        self.place.note_recovery(id, &at);
        self.lock.recover(id)
    }

    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        self.lock.try_lock(me)
    }

    fn try_lock_unasked(&self, me: &Id) -> Result<(), LockError> {
        self.lock.try_lock_unasked(me)
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.lock.unlock(me)
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        self.lock.owner()
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        self.lock.proposals()
    }

    fn sample_proposal(&self, chance: &dyn Chance) -> Result<Option<Id>, LockError> {
        self.lock.sample_proposal(chance)
    }

    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.lock.clean(id)
    }

    fn waits_on(&self) -> Path {
        self.lock.waits_on()
    }
}
