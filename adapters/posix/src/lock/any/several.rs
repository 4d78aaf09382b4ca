//! A world in which a wait is for any of several directories and any of several deaths: for locks with more than one
//! owner, or owners whose ids say nothing of a process.

use std::{cell::RefCell, num::NonZeroU32, time::Duration};

use lockwright_kernel::{
    blocking::World,
    chance::Chance,
    clock::{Clock, Instant},
    fs::{FsError, Halted},
    id::Id,
    path::Path,
    watch::{Wake, Watch, WatchId},
};

use crate::watch::{Mortal, PosixWorld};

/// What a lock of that kind waits for.
pub(super) trait Awaited {
    /// The directories in which something is removed whenever the lock may have come free.
    fn dirs(&self) -> Vec<Path>;

    /// Those who hold it. [`FsError::NotFound`] where it seems to be free.
    fn deaths(&self) -> Result<Vec<Mortal>, FsError>;

    /// Whether contenders that try at once may all fail, so that each is to wait a random time after it was woken.
    const COLLIDES: bool;
}

/// The longest pause of one whose tries collide with those of others, in milliseconds. The first one is at most 1 ms,
/// and each may be twice as long as the one before it.
const PAUSE_MS_MAX: u32 = 32;

/// The world `world`, around waits for `lock`.
#[derive(Debug)]
pub(super) struct Several<'a, L> {
    world: &'a PosixWorld,
    lock: &'a L,
    /// What the last watch is on.
    on: RefCell<(Vec<WatchId>, Vec<Mortal>)>,
    pause_ms: RefCell<u32>,
}

impl<'a, L: Awaited> Several<'a, L> {
    pub(super) fn new(world: &'a PosixWorld, lock: &'a L) -> Self {
        Self { world, lock, on: RefCell::default(), pause_ms: RefCell::new(1) }
    }

    fn pause_some_time(&self, until: Option<Instant>) -> Result<Wake, Halted> {
        let most = *self.pause_ms.borrow();
        self.pause_ms.replace(PAUSE_MS_MAX.min(most * 2));
        let micros = self.below(NonZeroU32::MIN.saturating_add(most * 1000))?;
        let end = self.now()?.saturating_add(Duration::from_micros(micros.into()));
        self.pause(until.map_or(end, |until| until.min(end)))
    }
}

impl<L: Awaited> Watch for Several<'_, L> {
    fn watch(&self, _: &Path) -> Result<WatchId, FsError> {
        let watches: Vec<WatchId> =
            self.lock.dirs().iter().map(|dir| self.world.watch(dir)).collect::<Result<_, _>>()?;
        let first = *watches.first().ok_or(FsError::NotFound)?;
        *self.on.borrow_mut() = (watches, self.lock.deaths()?);
        Ok(first)
    }

    fn wait(&self, _: WatchId, _: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted> {
        let (watches, deaths) = &*self.on.borrow();
        match self.world.wait_any(watches, deaths, until)? {
            Wake::Changed if L::COLLIDES => self.pause_some_time(until),
            wake => Ok(wake),
        }
    }
}

impl<L> Clock for Several<'_, L> {
    fn now(&self) -> Result<Instant, Halted> {
        self.world.now()
    }
}

impl<L> Chance for Several<'_, L> {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        self.world.below(bound)
    }
}

impl<L: Awaited> World for Several<'_, L> {
    fn pause(&self, until: Instant) -> Result<Wake, Halted> {
        self.world.pause(until)
    }
}
