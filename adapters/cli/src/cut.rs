//! `run --cut` and `queue --promote`: somebody comes before the others who wait in line.

use lockwright_kernel::{clock::Instant, id::Id};
use lockwright_posix::{
    lock::{BreakError, Contender, PathLock, Promoted},
    watch::PosixWorld,
};

use crate::{breaking, events::Voice, exit::Failure, order::order, text::shown_path};

/// Has the contender join the line, and all who wait there before it make way. `heed` is called when a signal has come in. What is
/// wrong with the lock comes up in the wait after it.
pub(crate) fn cut_in(
    contender: &mut Contender<'_>,
    reason: &str,
    voice: Voice,
    world: &PosixWorld,
    heed: impl Fn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let at_once = Some(Instant::new(std::time::Duration::ZERO));
    if contender.wait(world, at_once).is_ok() || contender.number().is_none() {
        return Ok(());
    }
    let (lock, id) = (contender.lock(), contender.id().clone());
    let promoted = promote(lock, &id, reason, world, heed)?;
    if !promoted.stayed.is_empty() {
        voice.say(&format!("{}: {}", shown_path(lock.path()), told(&promoted)));
    }
    Ok(())
}

/// Has all who wait before `id` make way for it.
pub(crate) fn promote(
    lock: &PathLock,
    id: &Id,
    reason: &str,
    world: &PosixWorld,
    heed: impl Fn() -> Result<(), Failure>,
) -> Result<Promoted, Failure> {
    let order = order(lock, reason)?;
    loop {
        match lock.promote(id, &order, world) {
            Err(BreakError::Interrupted) => heed()?,
            answer => return answer.map_err(|error| breaking::refusal(lock, id, error)),
        }
    }
}

/// How many made way, said to people.
pub(crate) fn told(promoted: &Promoted) -> String {
    format!("{} made way, and {} did not answer", promoted.passed.len(), promoted.stayed.len())
}
