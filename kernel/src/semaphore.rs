//! Semaphore: so many holders at a time, each in a slot that is a lock of its own.
//!
//! ```text
//! <semaphore>/            stands while somebody is at work in it
//! <semaphore>/<slot>/...  a lock, of whatever kind; slots are numbered from 1
//! ```
//!
//! Acquire:
//!
//! 1. MAKE the directory of the semaphore.
//! 2. LOOK: an id that has a slot already gets no other.
//! 3. START at a slot that chance picks, so that contenders do not all meet in the first.
//! 4. PASS: try each slot in turn, and nobody asks who is dead. The first that is free is mine.
//! 5. PASS AGAIN, and now each lock does what it does about the dead.
//! 6. TIDY: whoever got no slot removes the directory if it is empty.
//!
//! Release:
//!
//! 1. FIND: unlock slot after slot until one was mine.
//! 2. TIDY: remove the directory if it is empty.
//!
//! *Why it admits no more.* A holder holds the lock of a slot, there are as many slots as may hold, and each lock has one
//! holder. Nothing else is counted. `Inv` in `specs/semaphore/SlotSemaphore.tla` says so as an inductive invariant: whoever
//! is inside owns one slot, and nobody else owns any. `specs/semaphore/SlotRecovery.tla` says the same where holders die:
//! then their slots stay theirs until somebody who finds all of them held asks, and recovers one by its owner's name.
//!
//! Who names a slot ([`Semaphore::acquire_slot`]) is tried there, without a look at the others, and may come to have
//! several.
//!
//! *What it costs.* Each attempt makes a number of calls that grows with the number of slots, and with nothing else.
//!
//! *When somebody else tidies.* Where the directory goes away under an attempt, the lock in it says that it was
//! disturbed, or cannot find the place where it should be; both are [`LockError::Disturbed`] here.
//!
//! *What it leaves to the caller.* That all contenders mean the same number of slots: who believes in more has more
//! holders. Who is dead: the policy of the locks. Waiting: come again; no directory tells of a release in any slot.
//! Fairness: there is none.
//!
//! *Source.* The lockers' `semaphore`, whose layout this keeps.
//!
//! ```
//! use lockwright_kernel::{chance::Chance, fast_lock::{FastLock, Leaf}, fs::{Halted, MemFs}, lock::LockError};
//! use lockwright_kernel::semaphore::Semaphore;
//! use std::num::NonZeroU32;
//!
//! struct First; // A real one is in the adapters.
//! impl Chance for First {
//!     fn below(&self, _: NonZeroU32) -> Result<u32, Halted> {
//!         Ok(0)
//!     }
//! }
//!
//! let fs = MemFs::new();
//! let slots = NonZeroU32::new(2).expect("not zero");
//! let pool = Semaphore::new(&fs, "pool".parse()?, slots, |slot| FastLock::new(&fs, slot, Leaf::File), First);
//! let (ann, bob, eve) = ("ann".parse()?, "bob".parse()?, "eve".parse()?);
//! assert_eq!(pool.acquire(&ann)?.get(), 1);
//! assert_eq!(pool.acquire(&bob)?.get(), 2);
//! assert_eq!(pool.acquire(&eve), Err(LockError::Held { owner: None }));
//! pool.release(&ann)?;
//! assert_eq!(pool.acquire(&eve)?.get(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::{string::ToString, vec::Vec};

use core::{fmt, num::NonZeroU32};

use crate::{
    chance::Chance,
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::{Name, Path},
};

/// The number of a slot, from 1.
pub type Slot = NonZeroU32;

/// A view of the semaphore at `path`, whose locks `make` makes, each for the path that it is given.
#[derive(Clone)]
pub struct Semaphore<F, M, C> {
    fs: F,
    path: Path,
    slots: NonZeroU32,
    make: M,
    chance: C,
}

impl<F, M, C> fmt::Debug for Semaphore<F, M, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, slots, .. } = self;
        f.debug_struct("Semaphore").field("path", path).field("slots", slots).finish_non_exhaustive()
    }
}

impl<F: Fs, L: Lock, M: Fn(Path) -> L, C: Chance> Semaphore<F, M, C> {
    /// The semaphore at `path`, whose parent directory exists, for `slots` holders at a time. Touches nothing.
    pub fn new(fs: F, path: Path, slots: NonZeroU32, make: M, chance: C) -> Self {
        Self { fs, path, slots, make, chance }
    }

    /// Tries once to get a slot for `me`, recovering those of the dead as far as the locks do so. Says which it got.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] when every slot has an owner; [`LockError::Disturbed`] when one may be free. Both leave
    /// nothing of `me` on disk. [`LockError::AlreadyOwner`] when `me` has a slot, which it keeps. [`LockError::Fs`] as
    /// in [`Lock::try_lock`], of the lock of any one slot.
    pub fn acquire(&self, me: &Id) -> Result<Slot, LockError> {
        self.in_place(|| {
            let order = self.order(me)?;
            match self.pass(&order, |lock| lock.try_lock_unasked(me)) {
                Err(LockError::Held { .. } | LockError::Disturbed) => self.pass(&order, |lock| lock.try_lock(me)), // 5
                answer => answer, // 4 PASS
            }
        })
    }

    /// The same without the second pass: slots of the dead count as held.
    ///
    /// # Errors
    ///
    /// Those of [`Semaphore::acquire`].
    pub fn acquire_unasked(&self, me: &Id) -> Result<Slot, LockError> {
        self.in_place(|| self.pass(&self.order(me)?, |lock| lock.try_lock_unasked(me)))
    }

    /// Tries once to get this slot for `me`, also where it has another one.
    ///
    /// # Errors
    ///
    /// Those of [`Lock::try_lock`] of that slot, and [`LockError::Fs`] with [`FsError::NotFound`] for a slot that there is
    /// not.
    pub fn acquire_slot(&self, me: &Id, slot: Slot) -> Result<(), LockError> {
        if slot > self.slots {
            return Err(FsError::NotFound.into());
        }
        self.in_place(|| self.lock(slot).try_lock(me).map_err(disturbed))
    }

    /// Gives back the slot of `me`, or the first of several.
    ///
    /// # Errors
    ///
    /// [`LockError::NotOwner`] when `me` has none; nothing was changed. [`LockError::Fs`] when the release failed; `me`
    /// may have its slot still. Release again until the answer is `Ok` or `NotOwner`.
    pub fn release(&self, me: &Id) -> Result<(), LockError> {
        for slot in self.slots() {
            match self.lock(slot).unlock(me) {
                Err(LockError::NotOwner) => {} // 1 FIND
                Err(error) => return Err(error),
                Ok(()) => return Ok(self.fs.discard_dir(&self.path)?), // 2 TIDY
            }
        }
        Err(LockError::NotOwner)
    }

    /// The slots that have an owner, in order, each with the id that it is recorded for. Slots may change hands between
    /// two looks.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    pub fn owners(&self) -> Result<Vec<(Slot, Id)>, LockError> {
        let owners = self.slots().map(|slot| Ok(self.owner(slot)?.map(|owner| (slot, owner))));
        owners.filter_map(Result::transpose).collect()
    }

    /// One of the owners, when there are as many as there are slots: somebody to wait for. Slots may change hands between
    /// two looks, so whoever is told may be gone by now.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    pub fn owner_when_full(&self) -> Result<Option<Id>, LockError> {
        let mut owners = self.owners()?;
        let is_full = owners.len() == self.slots().count();
        Ok(owners.pop().filter(|_| is_full).map(|(_, owner)| owner))
    }

    /// The owner of a slot, if it has one.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    pub fn owner(&self, slot: Slot) -> Result<Option<Id>, LockError> {
        self.lock(slot).owner()
    }

    /// The slot that is recorded for `id`, if there is one.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`].
    pub fn slot_of(&self, id: &Id) -> Result<Option<Slot>, LockError> {
        for slot in self.slots() {
            if self.owner(slot)?.as_ref() == Some(id) {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    /// Lets `attempt` work in the directory of the semaphore.
    fn in_place<T>(&self, attempt: impl FnOnce() -> Result<T, LockError>) -> Result<T, LockError> {
        self.fs.ensure_dir(&self.path)?; // 1 MAKE
        let answer = attempt();
        match &answer {
            Ok(_) => {}
            Err(halted) if *halted == Halted.into() => {}
            Err(_) => self.fs.discard_dir(&self.path)?, // 6 TIDY
        }
        answer
    }

    /// All slots, from one that chance picks.
    fn order(&self, me: &Id) -> Result<Vec<Slot>, LockError> {
        self.look(me)?; // 2 LOOK
        let start = self.chance.below(self.slots)?; // 3 START
        let (before, from): (Vec<Slot>, Vec<Slot>) = self.slots().partition(|slot| slot.get() <= start);
        Ok([from, before].concat())
    }

    fn look(&self, me: &Id) -> Result<(), LockError> {
        match self.slot_of(me)? {
            Some(_) => Err(LockError::AlreadyOwner),
            None => Ok(()),
        }
    }

    fn pass(&self, order: &[Slot], attempt: impl Fn(&L) -> Result<(), LockError>) -> Result<Slot, LockError> {
        let mut full = LockError::Held { owner: None };
        for &slot in order {
            match attempt(&self.lock(slot)).map_err(disturbed) {
                Ok(()) => return Ok(slot),
                Err(LockError::Held { .. }) => {}
                Err(LockError::Disturbed) => full = LockError::Disturbed,
                Err(error) => return Err(error),
            }
        }
        Err(full)
    }

    fn slots(&self) -> impl Iterator<Item = Slot> + use<F, L, M, C> {
        (1..=self.slots.get()).filter_map(NonZeroU32::new)
    }

    fn lock(&self, slot: Slot) -> L {
        (self.make)(self.path.join(&name(slot)))
    }
}

fn name(slot: Slot) -> Name {
    match slot.to_string().parse() {
        Ok(name) => name,
        Err(error) => unreachable!("digits make a name: {error}"),
    }
}

/// The directory of the semaphore was there, and is not any more.
fn disturbed(error: LockError) -> LockError {
    match error {
        LockError::Fs(FsError::NotFound) => LockError::Disturbed,
        error => error,
    }
}
