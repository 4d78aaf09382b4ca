//! Semaphores gone wrong: too many holders, slots taken from others, and slots that are never free again.

use std::num::NonZeroU32;

use lockwright_kernel::{
    chance::Chance,
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    semaphore::{Semaphore, Slot},
};

use crate::{
    replay::Replay,
    scenarios::{
        SlotClients,
        fast_lock::word,
        semaphore::{TWO_SLOTS, acquire_any_slot, leaves, release, semaphore_path, slot_lock},
    },
};

/// Who wants in counts those who are in, and enters if there are few enough. Two count at the same time.
pub const COUNT_THEN_ENTER: SlotClients =
    SlotClients { acquire: count_then_enter, release: leave, evidences: own_entry, ..TWO_SLOTS };

/// Everybody believes in one slot more than there is.
pub const ONE_TOO_MANY: SlotClients = SlotClients {
    acquire: |world, slots, me| acquire_any_slot(world, slots.saturating_add(1), me),
    release: |world, slots, me| release(world, slots.saturating_add(1), me),
    evidences: |slots, me| leaves(slots.saturating_add(1), me),
    ..TWO_SLOTS
};

/// A release frees the first slot that has an owner, whoever that is.
pub const RELEASES_ANY: SlotClients = SlotClients { release: release_any, ..TWO_SLOTS };

/// Nobody asks whether the owner of the one slot there is is dead.
pub const NEVER_ASKS: SlotClients = SlotClients { slots: NonZeroU32::MIN, acquire: never_asks, ..TWO_SLOTS };

fn own_entry(_: NonZeroU32, me: &Id) -> Vec<Path> {
    vec![semaphore_path().join(me.name())]
}

fn count_then_enter(world: &Replay<'_>, slots: NonZeroU32, me: &Id) -> Result<(), LockError> {
    world.ensure_dir(&semaphore_path())?;
    match world.list(&semaphore_path()) {
        Ok(inside) if inside.len() < slots.get() as usize => {}
        Ok(_) => return Err(LockError::Held { owner: None }),
        Err(FsError::NotFound) => return Err(LockError::Disturbed),
        Err(error) => return Err(error.into()),
    }
    match world.create_dir(&semaphore_path().join(me.name())) {
        Err(FsError::NotFound) => Err(LockError::Disturbed),
        answer => Ok(answer?),
    }
}

fn leave(world: &Replay<'_>, _: NonZeroU32, me: &Id) -> Result<(), LockError> {
    match world.remove_dir(&semaphore_path().join(me.name())) {
        Err(FsError::NotFound) => return Err(LockError::NotOwner),
        answer => answer?,
    }
    Ok(world.discard_dir(&semaphore_path())?)
}

fn release_any(world: &Replay<'_>, slots: NonZeroU32, _: &Id) -> Result<(), LockError> {
    let semaphore = Semaphore::new(world, semaphore_path(), slots, |at| slot_lock(world, at), world);
    match semaphore.owners()?.first() {
        Some((_, owner)) => semaphore.release(owner),
        None => Err(LockError::NotOwner),
    }
}

fn never_asks(world: &Replay<'_>, slots: NonZeroU32, me: &Id) -> Result<(), LockError> {
    let slot = Slot::MIN.saturating_add(world.below(slots)?);
    world.ensure_dir(&semaphore_path())?;
    let lock = slot_lock(world, semaphore_path().join(&word(&slot.to_string())));
    let reason = match lock.try_lock_unasked(me) {
        Err(LockError::Fs(FsError::NotFound)) => LockError::Disturbed,
        Err(reason) if reason != Halted.into() => reason,
        answer => return answer,
    };
    world.discard_dir(&semaphore_path())?;
    Err(reason)
}
