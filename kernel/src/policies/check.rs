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
//! 2. SWEEP: recover each proposal whose owner is dead. A sweep that fails leaves the rest to the next one.
//!
//! *Why it is safe.* It acts on [`Liveness::Dead`] alone, which is for ever ([`Probe::liveness`]), and by
//! [`Lock::recover`], which takes from nobody but the dead.
//!
//! *What it leaves to the caller.* A probe that is cheap; where asking means a login to another host, a policy with a
//! grace time does better.
//!
//! *Source.* The lockers' `check_lock`, which sweeps in the background; here the sweep follows the release, so that
//! waiters do not wait for it.
//!
//! ```
//! use lockwright_kernel::fast_lock::{FastLock, Leaf};
//! use lockwright_kernel::fs::{Halted, MemFs};
//! use lockwright_kernel::{id::Id, lock::Lock, policies::check::CheckLock, probe::{Liveness, Probe}};
//!
//! struct Dead(&'static str);
//! impl Probe for Dead {
//!     fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
//!         Ok(if id.name().as_str() == self.0 { Liveness::Dead } else { Liveness::Alive })
//!     }
//! }
//!
//! let fs = MemFs::new();
//! let lock = FastLock::new(&fs, "deploy.lock".parse()?, Leaf::File);
//! lock.try_lock(&"ann".parse()?)?;
//! CheckLock::new(lock, Dead("ann")).try_lock(&"bob".parse()?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;

use crate::{
    fs::Halted,
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    probe::{Liveness, Probe},
};

/// A lock whose dead owners are recovered from at each attempt.
#[derive(Clone, Debug)]
pub struct CheckLock<L, P> {
    lock: L,
    probe: P,
}

impl<L: Lock, P: Probe> CheckLock<L, P> {
    /// `lock`, asking `probe`.
    pub fn new(lock: L, probe: P) -> Self {
        Self { lock, probe }
    }

    /// Recovers each proposal whose owner is dead.
    ///
    /// # Errors
    ///
    /// [`LockError::Fs`]; proposals may be left, and a later sweep finds them.
    pub fn sweep(&self) -> Result<(), LockError> {
        for id in self.lock.proposals()? {
            if self.probe.liveness(&id)? == Liveness::Dead {
                self.lock.recover(&id)?;
            }
        }
        Ok(())
    }
}

impl<L: Lock, P: Probe> Lock for CheckLock<L, P> {
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

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.lock.unlock(me)?; // 1 UNLOCK
        match self.sweep() {
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
