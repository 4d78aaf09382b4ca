//! The check policy: asking is cheap, so ask each time.
//!
//! Lock:
//!
//! 1. TRY the lock. Anything but "held" is the answer.
//! 2. ASK whether the owner is dead. Alive and unknown owners keep the lock.
//! 3. RECOVER what the dead owner left.
//! 4. TRY AGAIN, once; a second owner is not asked about in this attempt.
//!
//! Unlock:
//!
//! 1. UNLOCK.
//! 2. SWEEP: look at one proposal, whichever chance picks, and recover it if its owner is dead. One, so that an unlock
//!    makes a bounded number of calls however many contend; chance, so that none is missed for ever. A sweep that fails
//!    leaves its proposal to a later one. Where the living leave directories too ([`FastLock::keeping`](crate::fast_lock::FastLock::keeping)) a look at
//!    each release would cost more than it finds, and some sweep and some do not: [`CheckLock::unlock_unswept`].
//!
//! *Why it is safe.* It acts on [`Liveness::Dead`] alone, which is for ever ([`Probe::liveness`]), and by
//! [`Lock::recover`], which takes from nobody but the dead. `Inv` in `specs/check/Check.tla` says the same as an inductive
//! invariant: who owns the lock holds it or is dead, and what is recovered from is dead.
//!
//! *What it is not.* One operation: RECOVER frees the lock and TRY AGAIN takes it, and in between anybody may. To the
//! others the lock of a dead owner comes free by itself, at some time.
//!
//! *What it leaves to the caller.* A probe that is cheap; where asking means a login to another host, a policy with a
//! grace time does better.
//!
//! *Source.* The lockers' `check_lock`, which sweeps in the background; here the sweep follows the release, so that
//! waiters do not wait for it, and takes one proposal at a time, so that a release has a price.
//!
//! ```
//! use lockwright_kernel::fast_lock::{FastLock, Leaf};
//! use lockwright_kernel::fs::{Halted, MemFs};
//! use lockwright_kernel::{chance::Chance, id::Id, lock::Lock, policies::check::CheckLock};
//! use lockwright_kernel::probe::{Liveness, Probe};
//! use std::num::NonZeroU32;
//!
//! struct Dead(&'static str);
//! impl Probe for Dead {
//!     fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
//!         Ok(if id.name().as_str() == self.0 { Liveness::Dead } else { Liveness::Alive })
//!     }
//! }
//!
//! struct First; // A real one is in the adapters.
//! impl Chance for First {
//!     fn below(&self, _: NonZeroU32) -> Result<u32, Halted> {
//!         Ok(0)
//!     }
//! }
//!
//! let fs = MemFs::new();
//! let lock = FastLock::new(&fs, "deploy.lock".parse()?, Leaf::File);
//! lock.try_lock(&"ann".parse()?)?;
//! CheckLock::new(lock, Dead("ann"), First).try_lock(&"bob".parse()?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;

use crate::{
    chance::Chance,
    fs::Halted,
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    probe::{Liveness, Probe},
};

/// A lock whose dead owners are recovered from at each attempt.
#[derive(Clone, Debug)]
pub struct CheckLock<L, P, C> {
    lock: L,
    probe: P,
    chance: C,
}

impl<L: Lock, P: Probe, C: Chance> CheckLock<L, P, C> {
    /// `lock`, asking `probe`; `chance` says which proposal is looked at after a release.
    pub fn new(lock: L, probe: P, chance: C) -> Self {
        Self { lock, probe, chance }
    }

    /// Recovers every proposal whose owner is dead, as many as there are: for those who come to tidy up.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`]; proposals may be left, and a later sweep finds them.
    pub fn sweep(&self) -> Result<(), LockError> {
        for id in self.lock.proposals()? {
            self.recover_if_dead(&id)?;
        }
        Ok(())
    }

    /// Gives the lock back without SWEEP, for a caller who sees to it that others of its releases sweep.
    ///
    /// # Errors
    ///
    /// Those of [`Lock::unlock`].
    pub fn unlock_unswept(&self, me: &Id) -> Result<(), LockError> {
        self.lock.unlock(me)
    }

    fn sweep_one(&self) -> Result<(), LockError> {
        match self.lock.sample_proposal(&self.chance)? {
            Some(id) => self.recover_if_dead(&id),
            None => Ok(()),
        }
    }

    fn recover_if_dead(&self, id: &Id) -> Result<(), LockError> {
        if self.probe.liveness(id)? == Liveness::Dead {
            self.lock.recover(id)?;
        }
        Ok(())
    }
}

impl<L: Lock, P: Probe, C: Chance> Lock for CheckLock<L, P, C> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        let owner = match self.lock.try_lock(me) {
            Err(LockError::Held { owner: Some(owner) }) => owner, // 1 TRY
            answer => return answer,
        };
        if self.probe.liveness(&owner)? != Liveness::Dead {
            return Err(LockError::Held { owner: Some(owner) }); // 2 ASK
        }
        self.lock.recover(&owner)?; // 3 RECOVER
        self.lock.try_lock(me) // 4 TRY AGAIN
    }

    fn try_lock_unasked(&self, me: &Id) -> Result<(), LockError> {
        self.lock.try_lock_unasked(me)
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.lock.unlock(me)?; // 1 UNLOCK
        match self.sweep_one() {
            Err(halted) if halted == Halted.into() => Err(halted), // 2 SWEEP
            _ => Ok(()),
        }
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

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.lock.recover(id)
    }

    fn waits_on(&self) -> Path {
        self.lock.waits_on()
    }
}
