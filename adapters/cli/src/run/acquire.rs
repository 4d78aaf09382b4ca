//! Takes the locks for the command, or says why not.

use std::time::{Duration, Instant};

use lockwright_kernel::{clock, id::Id, token::Token};
use lockwright_posix::{
    lock::{Guard, Kind, PathLock},
    watch::PosixWorld,
};
use nix::sys::signal::Signal;

use super::{
    child::{Change, HeldBack},
    ending,
    locks::Locks,
    replace,
};
use crate::{
    args::{IfBusy, RunArgs, WantArgs},
    around::Around,
    cut,
    events::Voice,
    exit::{Failure, failed},
    fence, lease,
    look::{look, unreadable},
    notes::Noted,
    signals::Signals,
    wait,
};

/// What a failure to have the lock means.
pub(super) const NOT_RUN: &str = "; the command was not run";

/// All locks, taken.
#[derive(Debug)]
pub(super) struct Taken {
    /// In the order of the locks.
    pub(super) guards: Vec<Guard>,
    /// The fencing token, where one was asked for.
    pub(super) fence: Option<Token>,
    /// The slot, in a semaphore.
    pub(super) slot: Option<u32>,
    /// Where each was waited for. They take a while to drop, during which the command had better run.
    pub(super) worlds: Vec<PosixWorld>,
    /// They go after the locks.
    pub(super) notes: Vec<Noted>,
}

/// Takes each lock under a fresh id of this process and of the child's group, and adds it to those that are held `around` the
/// command. On a failure none is kept.
pub(super) fn acquire(
    locks: &Locks,
    args: &RunArgs,
    want: &WantArgs,
    child: &HeldBack,
    signals: &Signals,
    around: &mut Around,
) -> Result<Taken, Failure> {
    // On a failure what was taken goes first.
    let (mut notes, mut worlds, mut guards) = (Vec::new(), Vec::new(), Vec::new());
    let begun = Instant::now();
    for lock in &locks.all {
        let left = want.wait.map(|wait| wait.saturating_sub(begun.elapsed()));
        let want = WantArgs { wait: left, ..want.clone() };
        let fresh = || Ok(Id::from(&child.owner(lock.this_process())?));
        let id = fresh().map_err(failed("cannot tell who the command is"))?;
        let world = lock.world().interrupted_by(signals.handle().map_err(failed("cannot wait for signals"))?);
        let write_note = |id: &Id| Noted::write(lock, id, &args.note, want.quiet || want.voice == Voice::Json);
        notes.push(write_note(&id));
        let mut contender = lease::begin(lock.contend_as(&id).giving_way(), args.lease, NOT_RUN)?;
        if args.busy.if_busy == IfBusy::Replace {
            replace::replace(lock, want.voice, &mut contender, &world, || heed_waiting(child, signals))?;
        }
        let heed = || {
            heed_waiting(child, signals)?;
            watch(locks, &guards, &world)
        };
        // To watch what is held takes handles, which who gets the lock at once does without.
        if !guards.is_empty()
            && !want.nonblock
            && contender.wait(&world, Some(clock::Instant::new(Duration::ZERO))).is_err()
        {
            heed()?;
        }
        if let Some(reason) = args.cut.reason.as_deref().filter(|_| args.cut.cut) {
            cut::cut_in(&mut contender, reason, want.voice, &world, heed)?;
        }
        let fresh = || {
            let id = fresh()?;
            notes.push(write_note(&id));
            Ok(id)
        };
        wait::wait(&mut contender, &want, &world, around, NOT_RUN, heed, fresh)?;
        world.forget_holds(); // All of them are watched in one world from now on.
        let path = std::path::absolute(lock.path()).map_err(failed("cannot tell the working directory"))?;
        around.push(contender.id(), &path);
        guards.extend(contender.into_guard());
        worlds.push(world);
    }
    check(locks, &guards)?;
    let (lock, guard) = (locks.main(), locks.main_of(&guards));
    let fence = if args.fence { Some(token(lock, guard)?) } else { None };
    Ok(Taken { fence, slot: slot(lock, guard.id())?, guards, worlds, notes })
}

/// Without a wait nobody has heard of a loss.
fn check(locks: &Locks, guards: &[Guard]) -> Result<(), Failure> {
    for (lock, guard) in locks.all.iter().zip(guards).filter(|_| guards.len() > 1) {
        if let Some(loss) = guard.loss().map_err(|error| unreadable(lock, &error))? {
            return Err(ending::lost_before(lock, &loss, NOT_RUN));
        }
    }
    Ok(())
}

/// Whoever waits for one lock with others in hand is not to wait on when it has lost one of them.
fn watch(locks: &Locks, guards: &[Guard], world: &PosixWorld) -> Result<(), Failure> {
    let unreadable = |error| unreadable(&locks.all[guards.len() - 1], &error);
    match Guard::loss_while_waiting(guards, world).map_err(unreadable)? {
        Some((loss, which)) => Err(ending::lost_before(&locks.all[which], &loss, NOT_RUN)),
        None => Ok(()),
    }
}

fn token(lock: &PathLock, guard: &Guard) -> Result<Token, Failure> {
    guard.token().map_err(|error| fence::failure(lock, &error, NOT_RUN))
}

fn slot(lock: &PathLock, id: &Id) -> Result<Option<u32>, Failure> {
    if !matches!(lock.kind(), Kind::Semaphore(_)) {
        return Ok(None);
    }
    let holder = look(lock)?.holders.into_iter().find(|holder| holder.id == *id);
    Ok(holder.and_then(|holder| holder.slot).map(Into::into))
}

/// Takes in the signals that came while waiting: stops when one asks for that, fails when one asks for the end.
pub(super) fn heed_waiting(child: &HeldBack, signals: &Signals) -> Result<(), Failure> {
    while let Some(signal) = signals.next().map_err(failed("cannot read signals"))? {
        if signal == Signal::SIGCHLD
            && let Some(Change::Ended(code)) = child.change().map_err(failed("cannot watch the command"))?
        {
            return Err(Failure::new(code, "somebody ended the command before it began"));
        }
        wait::obey(signal, NOT_RUN)?;
    }
    Ok(())
}
