//! The world, as all threads look at it and now and then one of them changes it.

use std::{
    hint,
    sync::{
        PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::world::World;

/// A world that is looked at all the time, and changed in between for a few microseconds. Whoever changes it is not kept
/// waiting by those who look again and again; and nobody is put to sleep for so short a time.
#[derive(Debug)]
pub(super) struct Shared<'m, 'w> {
    world: RwLock<&'m mut World<'w>>,
    /// Whether somebody means to change it, or does.
    changes: AtomicBool,
}

/// A few states are expanded, or a lesson taken, in less than this many turns of a waiting loop, as a rule. To be put to
/// sleep and woken takes longer.
const TURNS: usize = 2048;

// Who panicked while it changed the world took the search along, so nobody meets a world that is half changed.
impl<'m, 'w> Shared<'m, 'w> {
    pub(super) fn new(world: &'m mut World<'w>) -> Self {
        Self { world: RwLock::new(world), changes: AtomicBool::new(false) }
    }

    /// The world, to look at. Whoever looks for long should let it go when it [is wanted](Shared::is_wanted).
    pub(super) fn read(&self) -> RwLockReadGuard<'_, &'m mut World<'w>> {
        turn_until(|| !self.is_wanted());
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody waits to change it.
    pub(super) fn is_wanted(&self) -> bool {
        // It says when to wait, and nothing of what is in the world: that the lock does.
        self.changes.load(Ordering::Relaxed)
    }

    /// Changes the world. One thread at a time does.
    pub(super) fn change(&self, change: impl FnOnce(&mut World<'w>)) {
        self.changes.store(true, Ordering::Relaxed);
        let mut world = None;
        turn_until(|| {
            world = self.world.try_write().ok();
            world.is_some()
        });
        change(&mut world.unwrap_or_else(|| self.world.write().unwrap_or_else(PoisonError::into_inner)));
        self.changes.store(false, Ordering::Relaxed);
    }
}

/// Waits without sleeping, for a while.
fn turn_until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..TURNS {
        if is_so() {
            return;
        }
        hint::spin_loop();
    }
}
