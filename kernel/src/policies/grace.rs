//! The grace policy: asking is dear, so ask only after a quiet time, and one contender for all.
//!
//! ```text
//! <lock>/in_use/<id>/   (empty) its stamp says when <id> was first noticed, or last asked about
//! ```
//!
//! Lock:
//!
//! 1. TRY the lock. Anything but "held by somebody" is the answer.
//! 2. AGE: who is noticed for the first time is given a directory, and the grace begins. Who has one that is younger
//!    than the grace keeps the lock.
//! 3. DELAY: an owner that is noticed for longer is [`Due`]. The attempt ends, and the next one comes after a random time
//!    below half the grace, so that of many waiters one comes first.
//! 4. LOOK AGAIN: where another one was first, the directory is young again, and the owner keeps the lock.
//! 5. TOUCH the directory, so that the others hold off.
//! 6. ASK whether the owner is dead.
//! 7. RECOVER what a dead owner left, its directory included.
//! 8. TRY AGAIN, once.
//!
//! Unlock:
//!
//! 1. UNLOCK.
//! 2. FORGET my directory.
//! 3. SWEEP: look at one try, whichever chance picks. One that is noticed for longer than the grace is taken back, and
//!    nobody is asked: a live contender will try again ([`Lock::clean`]). Where there is no try, look at one directory, and
//!    remove it if its id is not in use any more.
//!
//! *Why it is safe.* As in [`check`](super::check): it takes from nobody but the dead, and dead is what the [`Probe`]
//! says. Clocks and stamps decide only **when to ask**, so whatever they say, at worst too many ask or too few. An age is
//! the difference of two stamps of one file system, one of which was made just now; the caller's own clock measures the
//! delay and nothing else. `Inv` in `specs/grace/Grace.tla` says so as an inductive invariant, in which no time stands.
//!
//! *What it costs.* An owner is asked about at most once in a grace, but for contenders that come within one call of each
//! other. A lock that nobody contends for costs two calls more at its release.
//!
//! *What it leaves to the caller.* The delay: [`GraceLock::attempt`] says until when, and [`GraceLock::ask`] goes on from
//! there; as a [`Lock`] it lets the world pause in between. Coming again: where nobody tells of a death, it is found by a
//! try after the grace. While the file system's clock stands still, everybody stays as young as it was.
//!
//! *Source.* The lockers' `grace_lock`, whose directories these are. That one asks about tries as well; here they may be
//! taken back without.
//!
//! ```
//! use lockwright_kernel::fast_lock::{FastLock, Leaf};
//! use lockwright_kernel::policies::grace::{Attempt, GraceLock};
//! # use lockwright_kernel::{blocking, chance::Chance, clock::{Clock, Instant}, fs::{FsError, Halted, MemFs}, id::Id};
//! # use lockwright_kernel::{lock::{Lock, LockError}, path::Path, probe::{Liveness, Probe}};
//! # use lockwright_kernel::watch::{Wake, Watch, WatchId};
//! # use std::{num::NonZeroU32, time::Duration};
//! # struct Scene;
//! # impl Probe for Scene {
//! #     fn liveness(&self, _: &Id) -> Result<Liveness, Halted> { Ok(Liveness::Dead) }
//! # }
//! # impl Chance for Scene {
//! #     fn below(&self, _: NonZeroU32) -> Result<u32, Halted> { Ok(7) }
//! # }
//! # impl Clock for Scene {
//! #     fn now(&self) -> Result<Instant, Halted> { Ok(Instant::new(Duration::ZERO)) }
//! # }
//! # impl Watch for Scene {
//! #     fn watch(&self, _: &Path) -> Result<WatchId, FsError> { Err(FsError::Unsupported) }
//! #     fn wait(&self, _: WatchId, _: Option<&Id>, _: Option<Instant>) -> Result<Wake, Halted> { Ok(Wake::Changed) }
//! # }
//! # impl blocking::World for Scene {
//! #     fn pause(&self, _: Instant) -> Result<Wake, Halted> { Ok(Wake::TimedOut) }
//! # }
//!
//! let (fs, path) = (MemFs::new(), "deploy.lock".parse::<Path>()?);
//! let lock = FastLock::new(&fs, path.clone(), Leaf::File);
//! lock.try_lock(&"ann".parse()?)?; // Ann dies.
//! let grace = GraceLock::new(&fs, path, lock, Scene, Scene, Duration::from_secs(0));
//! let bob = "bob".parse()?;
//! assert_eq!(grace.attempt(&bob), Err(LockError::Held { owner: Some("ann".parse()?) })); // Ann is noticed.
//! let Attempt::Due(due) = grace.attempt(&bob)? else { panic!("taken") };
//! grace.ask(&bob, &due)?; // Once `due.until` has come. Bob has the lock.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;

use core::{num::NonZeroU32, time::Duration};

use crate::{
    blocking::World,
    chance::Chance,
    clock::Instant,
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    probe::{Liveness, Probe},
    watch::Wake,
};

/// A lock whose owners are asked about after a quiet time.
#[derive(Clone, Debug)]
pub struct GraceLock<F, L, P, W> {
    fs: F,
    path: Path,
    lock: L,
    probe: P,
    world: W,
    grace: Duration,
}

/// How an attempt went that did not find the lock held.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Attempt {
    /// It is mine.
    Taken,
    /// It is held by one who may be asked about, after a delay.
    Due(Due),
}

/// An owner that may be asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Due {
    /// Who it is.
    pub owner: Id,
    /// When to ask, by the caller's clock; not before.
    pub until: Instant,
}

/// For how long somebody is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// Not at all until now, or it has gone.
    New,
    Young,
    Old,
}

impl<F: Fs, L: Lock, P: Probe, W: World> GraceLock<F, L, P, W> {
    /// `lock`, which stands at `path` as [`FastLock`](crate::fast_lock::FastLock) does, asking `probe` about owners that
    /// are noticed for `grace`. The lockers' default is 10 seconds.
    pub fn new(fs: F, path: Path, lock: L, probe: P, world: W, grace: Duration) -> Self {
        Self { fs, path, lock, probe, world, grace }
    }

    /// Tries once to take the lock for `me`, and asks about nobody.
    ///
    /// # Errors
    ///
    /// Those of [`Lock::try_lock`]; [`LockError::Held`] also of an owner that it is too early to ask about.
    pub fn attempt(&self, me: &Id) -> Result<Attempt, LockError> {
        let Some(owner) = self.try_once(me)? else { return Ok(Attempt::Taken) }; // 1 TRY
        if self.age(&owner)? != Age::Old {
            return Err(held_by(owner)); // 2 AGE
        }
        let half = u32::try_from(self.grace.as_millis() / 2).unwrap_or(u32::MAX);
        let delay = match NonZeroU32::new(half) {
            Some(half) => self.world.below(half)?,
            None => 0,
        };
        let until = self.world.now()?.saturating_add(Duration::from_millis(delay.into()));
        Ok(Attempt::Due(Due { owner, until })) // 3 DELAY
    }

    /// Goes on with what [`GraceLock::attempt`] began, once `due.until` has come.
    ///
    /// # Errors
    ///
    /// Those of [`Lock::try_lock`]; [`LockError::Held`] also where another contender was first to ask.
    pub fn ask(&self, me: &Id, due: &Due) -> Result<(), LockError> {
        if self.age(&due.owner)? != Age::Old {
            return Err(held_by(due.owner.clone())); // 4 LOOK AGAIN
        }
        self.recover_if_dead(me, &due.owner)
    }

    /// Tries once to take the lock for `me`, and asks about its owner at once.
    ///
    /// # Errors
    ///
    /// Those of [`Lock::try_lock`].
    pub fn try_lock_checked(&self, me: &Id) -> Result<(), LockError> {
        match self.try_once(me)? {
            None => Ok(()),
            Some(owner) => self.recover_if_dead(me, &owner),
        }
    }

    fn recover_if_dead(&self, me: &Id, owner: &Id) -> Result<(), LockError> {
        match self.fs.touch(&self.noticed(owner)) {
            Ok(()) | Err(FsError::NotFound) => {} // 5 TOUCH
            Err(error) => return Err(error.into()),
        }
        if self.probe.liveness(owner)? != Liveness::Dead {
            return Err(held_by(owner.clone())); // 6 ASK
        }
        self.lock.recover(owner)?; // 7 RECOVER
        self.forget(owner)?;
        match self.try_once(me)? {
            None => Ok(()),
            Some(owner) => Err(held_by(owner)), // 8 TRY AGAIN
        }
    }

    /// The owner, if there is one. Who did not get the lock may have been noticed while it tried, and is forgotten.
    fn try_once(&self, me: &Id) -> Result<Option<Id>, LockError> {
        match self.lock.try_lock_unasked(me) {
            Ok(()) => Ok(None),
            Err(already @ LockError::AlreadyOwner) => Err(already),
            Err(halted) if halted == Halted.into() => Err(halted),
            Err(reason) => {
                self.forget(me)?;
                match reason {
                    LockError::Held { owner: Some(owner) } => Ok(Some(owner)),
                    reason => Err(reason),
                }
            }
        }
    }

    /// Notices `id`, or says for how long it is noticed.
    fn age(&self, id: &Id) -> Result<Age, LockError> {
        let dir = self.noticed(id);
        match self.fs.modified(&dir) {
            Ok(then) => {
                // A stamp of now by the same clock: that of the directory around, which is touched for it.
                let around = self.in_use();
                let now = self.fs.touch(&around).and_then(|()| self.fs.modified(&around));
                let now = match now {
                    Err(FsError::NotFound) => return Ok(Age::New),
                    now => now?,
                };
                let age = now.since_epoch().saturating_sub(then.since_epoch());
                Ok(if age >= self.grace { Age::Old } else { Age::Young })
            }
            Err(FsError::NotFound) => self.notice(id),
            Err(error) => Err(error.into()),
        }
    }

    fn notice(&self, id: &Id) -> Result<Age, LockError> {
        let made = self.fs.ensure_dir(&self.in_use()).and_then(|()| self.fs.create_dir(&self.noticed(id)));
        match made {
            Ok(()) | Err(FsError::NotFound | FsError::AlreadyExists) => {}
            Err(error) => return Err(error.into()),
        }
        // It may have gone before, and then nobody else forgets it.
        if !self.is_in_use(id)? {
            self.forget(id)?;
        }
        Ok(Age::New)
    }

    /// Looks at tries first: who goes from there to the lock meanwhile is found there.
    fn is_in_use(&self, id: &Id) -> Result<bool, LockError> {
        Ok(self.lock.proposals()?.contains(id) || self.lock.owner()?.as_ref() == Some(id))
    }

    fn forget(&self, id: &Id) -> Result<(), Halted> {
        self.fs.discard_dir(&self.noticed(id))?;
        self.fs.discard_dir(&self.in_use())?;
        self.fs.discard_dir(&self.path)
    }

    fn sweep(&self) -> Result<(), LockError> {
        if let Some(id) = self.lock.sample_proposal(&self.world)? {
            if self.age(&id)? == Age::Old {
                self.lock.clean(&id)?;
                self.forget(&id)?;
            }
            return Ok(());
        }
        let noticed = match self.fs.sample(&self.in_use(), &self.world) {
            Err(FsError::NotFound) => return Ok(()),
            noticed => noticed?,
        };
        match noticed.map(Id::from) {
            Some(id) if !self.is_in_use(&id)? => Ok(self.forget(&id)?),
            _ => Ok(()),
        }
    }

    fn in_use(&self) -> Path {
        self.path.word("in_use")
    }

    fn noticed(&self, id: &Id) -> Path {
        self.in_use().join(id.name())
    }
}

impl<F: Fs, L: Lock, P: Probe, W: World> Lock for GraceLock<F, L, P, W> {
    /// [`GraceLock::attempt`] and, where an owner is due, [`GraceLock::ask`] after a pause, which is shorter than half the
    /// grace.
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        let due = match self.attempt(me)? {
            Attempt::Taken => return Ok(()),
            Attempt::Due(due) => due,
        };
        match self.world.pause(due.until)? {
            Wake::Interrupted => Err(held_by(due.owner)),
            Wake::Changed | Wake::TimedOut => self.ask(me, &due),
        }
    }

    fn try_lock_unasked(&self, me: &Id) -> Result<(), LockError> {
        match self.try_once(me)? {
            None => Ok(()),
            Some(owner) => Err(held_by(owner)),
        }
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.lock.unlock(me)?; // 1 UNLOCK
        self.forget(me)?; // 2 FORGET
        match self.sweep() {
            Err(halted) if halted == Halted.into() => Err(halted), // 3 SWEEP
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
        self.lock.recover(id)?;
        Ok(self.forget(id)?)
    }

    fn waits_on(&self) -> Path {
        self.lock.waits_on()
    }
}

fn held_by(owner: Id) -> LockError {
    LockError::Held { owner: Some(owner) }
}
