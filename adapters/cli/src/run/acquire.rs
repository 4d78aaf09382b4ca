//! Takes the lock for the command, or says why not.

use lockwright_kernel::{id::Id, token::Token};
use lockwright_posix::{
    lock::{Guard, Kind, PathLock},
    watch::PosixWorld,
};
use nix::sys::signal::Signal;

use super::{
    child::{Change, HeldBack},
    replace,
};
use crate::{
    args::{IfBusy, RunArgs, WantArgs},
    exit::{Failure, failed},
    fence, lease,
    look::look,
    notes::Noted,
    signals::Signals,
    wait,
};

/// What a failure to have the lock means.
const NOT_RUN: &str = "; the command was not run";

/// A lock that was taken.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) guard: Guard,
    /// The fencing token, where one was asked for.
    pub(super) fence: Option<Token>,
    /// The slot, in a semaphore.
    pub(super) slot: Option<u32>,
    /// Where it was waited for. It takes a while to drop, during which the command had better run.
    pub(super) world: PosixWorld,
    /// Goes after the lock.
    pub(super) note: Noted,
}

/// Takes the lock under a fresh id of this process and of the child's group.
pub(super) fn acquire(
    lock: &PathLock,
    args: &RunArgs,
    want: &WantArgs,
    child: &HeldBack,
    signals: &Signals,
) -> Result<Taken, Failure> {
    let id = lock.this_process().fresh_id_with_group(child.leader());
    let id = Id::from(&id.map_err(failed("cannot tell who the command is"))?);
    let world = lock.world().interrupted_by(signals.handle().map_err(failed("cannot wait for signals"))?);
    let note = Noted::write(lock, &id, &args.note, want.quiet);
    let mut contender = lease::begin(lock.contend_as(&id), args.lease, NOT_RUN)?;
    if args.busy.if_busy == IfBusy::Replace {
        replace::replace(lock, &mut contender, &world, || heed(child, signals))?;
    }
    wait::wait(&mut contender, want, &world, NOT_RUN, || heed(child, signals))?;
    let guard = contender.into_guard().unwrap_or_else(|| unreachable!("it has waited until it held"));
    let fence = if args.fence { Some(token(lock, &guard)?) } else { None };
    Ok(Taken { fence, slot: slot(lock, &id)?, guard, world, note })
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
fn heed(child: &HeldBack, signals: &Signals) -> Result<(), Failure> {
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
