//! The semaphore on a server: slots, each a fast lock, in the home of their kind.
//!
//! 1. ENTER, as any kind but the fast lock.
//! 2. START at a slot that chance picks.
//! 3. TRY each slot in turn, by itself: the first that is free is mine.
//! 4. VERIFY that no other kind has come, or give the slot back.
//!
//! A contender that tries slot after slot does no more than one that tries a slot again and again, whichever chance picks, and
//! that is what row `semaphore` of the safety matrix is about. The two passes of [`Semaphore::acquire`], by which those who
//! wait at a path ask fewer dead, are another row.

use std::{cell::Cell, fmt, num::NonZeroU32};

use lockwright_kernel::{
    blocking::{self, WaitError},
    chance::Chance,
    clock::Instant,
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    one_kind::OneKind,
    path::{Name, Path},
    semaphore::{Semaphore, Slot},
};
use lockwright_posix::{
    chance::ThreadChance,
    lock::{Kind, Layout, Standing},
};

use super::{NfsLock, NfsWorld, Place, below, fast::Recovering, of_layout};

#[derive(Debug)]
pub(super) struct Slots<F> {
    place: Place<F>,
    count: NonZeroU32,
    kind: OneKind<F>,
    /// The slot that was had last.
    slot: Cell<Option<Slot>>,
}

impl<F: Fs + Clone> Slots<F> {
    pub(super) fn new(place: &Place<F>, count: NonZeroU32) -> Self {
        let kind = place.one_kind(Layout::Semaphore(count));
        Self { place: place.clone(), count, kind, slot: Cell::new(None) }
    }

    fn semaphore(&self) -> Semaphore<F, impl Fn(Path) -> Recovering<F>, ThreadChance> {
        let make = |at| self.place.recovering(at);
        Semaphore::new(self.place.fs.clone(), self.kind.home(), self.count, make, ThreadChance)
    }

    fn numbers(&self) -> impl Iterator<Item = Slot> + use<F> {
        (1..=self.count.get()).filter_map(NonZeroU32::new)
    }

    fn path_of(&self, slot: Slot) -> Path {
        let name: Name = slot.to_string().parse().unwrap_or_else(|error| unreachable!("digits make a name: {error}"));
        self.kind.home().join(&name)
    }

    fn leaf(&self, slot: Slot, id: &Id) -> Path {
        below(&self.path_of(slot), "owner").join(id.name())
    }

    fn tidy(&self) -> Result<(), Halted> {
        self.kind.tidy()?;
        self.place.fs.discard_dir(&self.place.lock)
    }

    fn enter_and_acquire(&self, me: &Id) -> Result<Slot, LockError> {
        self.kind.enter()?; // 1 ENTER
        let start = ThreadChance.below(self.count)?; // 2 START
        let mut full = LockError::Held { owner: None };
        let (before, from): (Vec<Slot>, Vec<Slot>) = self.numbers().partition(|slot| slot.get() <= start);
        for slot in from.into_iter().chain(before) {
            match self.semaphore().acquire_slot(me, slot) {
                Ok(()) => return self.verified(me, slot), // 3 TRY
                Err(LockError::Held { .. }) => {}
                // The directory around it went away after it was entered.
                Err(LockError::Disturbed | LockError::Fs(FsError::NotFound)) => full = LockError::Disturbed,
                Err(error) => return Err(error),
            }
        }
        Err(full)
    }

    fn verified(&self, me: &Id, slot: Slot) -> Result<Slot, LockError> {
        match self.kind.verify() {
            Ok(()) => Ok(slot), // 4 VERIFY
            Err(error) => {
                self.semaphore().release(me)?;
                Err(error)
            }
        }
    }
}

impl<F: Fs + Clone + fmt::Debug> NfsLock for Slots<F> {
    fn wait(&mut self, me: &Id, world: &NfsWorld, until: Option<Instant>) -> Result<(), WaitError> {
        blocking::lock(&*self, me, world, until)
    }

    fn release(&mut self, me: &Id) -> Result<(), LockError> {
        self.unlock(me)
    }

    fn evidence(&self, me: &Id) -> Path {
        self.slot.get().map_or_else(|| self.kind.home(), |slot| self.leaf(slot, me))
    }

    fn slot(&self) -> Option<Slot> {
        self.slot.get()
    }

    fn sweep(&self) -> Result<(), LockError> {
        for slot in self.numbers() {
            let path = self.path_of(slot);
            let lock = self.place.recovering(path.clone());
            // What stands in the home, empty as it may be, keeps every other kind out.
            self.place.sweep_fast(&lock, &path, lock.owner()?.as_ref())?;
        }
        Ok(self.tidy()?)
    }

    fn standing(&self) -> Result<Standing, LockError> {
        let (kind, mut standing) = (Kind::Semaphore(self.count), Standing::default());
        for (slot, owner) in self.semaphore().owners()? {
            let at = self.leaf(slot, &owner);
            let mut entry = self.place.entry(owner, kind, &at)?;
            entry.slot = Some(slot);
            standing.holders.push(entry);
        }
        for slot in self.numbers() {
            let path = self.path_of(slot);
            for id in self.place.recovering(path.clone()).proposals()? {
                let mut entry = self.place.entry(id.clone(), kind, &below(&path, "build").join(id.name()))?;
                entry.slot = Some(slot);
                standing.trying.push(entry);
            }
        }
        Ok(of_layout(standing, Layout::Semaphore(self.count)))
    }
}

/// The semaphore as something to be tried again and again.
impl<F: Fs + Clone> Lock for Slots<F> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        match self.enter_and_acquire(me) {
            Ok(slot) => {
                self.slot.set(Some(slot));
                Ok(())
            }
            Err(error) => {
                self.tidy()?;
                Err(error)
            }
        }
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.semaphore().release(me)?;
        Ok(self.tidy()?)
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        self.semaphore().owner_when_full()
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        let proposals = self.numbers().map(|slot| self.place.recovering(self.path_of(slot)).proposals());
        Ok(proposals.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.numbers().try_for_each(|slot| self.place.recovering(self.path_of(slot)).clean(id))
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.numbers().try_for_each(|slot| self.place.recovering(self.path_of(slot)).recover(id))?;
        Ok(self.tidy()?)
    }

    fn waits_on(&self) -> Path {
        self.kind.home()
    }
}
