//! `--if-busy=replace`: has the holder end, as an operator's `break` does, and gives a lock back to the wait for it.
//!
//! It is done once: whoever gets the lock in between is waited for like any holder.

use std::time::Duration;

use lockwright_kernel::clock::Instant;
use lockwright_posix::{
    lock::{AcquireErrorKind, BreakError, Contender, Kind, PathLock},
    watch::PosixWorld,
};

use crate::{
    args::Recover,
    breaking::{refusal, told},
    events::Voice,
    exit::{Failure, USAGE},
    look::look,
    order::order,
};

/// How long a holder has to end by itself.
const WAIT: Duration = Duration::from_secs(10);

/// Refuses kinds of which it could not be told whom to replace, and `others`: whoever is replaced in one lock might be so for
/// nothing, where another is not had. Who takes nothing from the dead takes nothing from the living.
pub(super) fn check(kind: Kind, others: usize, recover: Recover) -> Result<(), Failure> {
    if recover == Recover::Never {
        return Err(Failure::new(
            USAGE,
            "--if-busy=replace takes the lock from its holder, and --recover=never from nobody",
        ));
    }
    if others > 0 {
        return Err(Failure::new(
            USAGE,
            "--if-busy=replace is for one lock, and not for --also; break those that you mean",
        ));
    }
    if matches!(kind, Kind::Fast | Kind::Bid | Kind::Queue | Kind::Write) {
        return Ok(());
    }
    let line =
        format!("--if-busy=replace is for locks with one holder, and not for {kind}; break the one that you mean");
    Err(Failure::new(USAGE, line))
}

/// Breaks whoever holds the lock, unless it is free. `heed` is called when a signal has come in.
pub(super) fn replace(
    lock: &PathLock,
    voice: Voice,
    contender: &mut Contender<'_>,
    world: &PosixWorld,
    heed: impl Fn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    match contender.wait(world, Some(Instant::new(Duration::ZERO))) {
        Err(error) if matches!(error.kind(), AcquireErrorKind::TimedOut { .. } | AcquireErrorKind::Held { .. }) => {}
        // It holds, or what is wrong comes up again in the wait.
        _ => return Ok(()),
    }
    let order = order(lock, "replaced by a later run")?;
    let until = world.after(WAIT);
    for holder in look(lock)?.holders {
        loop {
            match lock.break_hold(&holder.id, &order, world, until) {
                Ok(broken) => voice.say(&format!("{}: {}", lock.path().display(), told(&holder.id, &broken))),
                Err(BreakError::NotThere) => {}
                Err(BreakError::Interrupted) => {
                    heed()?;
                    continue;
                }
                Err(error) => return Err(refusal(lock, &holder.id, error)),
            }
            break;
        }
    }
    Ok(())
}
