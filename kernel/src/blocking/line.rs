//! Waiting in line.
//!
//! 1. TURN: ask whether it is my turn.
//! 2. WATCH what I was told to wait for.
//! 3. TURN again: a change before the watch is seen here, one after it will wake the wait.
//! 4. WAIT, if I was told the same: for a change, for a death, or for the deadline; then from 1.
//!
//! After a WAIT what was watched has gone, as a rule, with the turn of whoever stood there. So the line is asked first: a WATCH of
//! what is gone would look for a name in the very directory that the one who left is about to remove. On Linux whoever
//! removes a directory goes round, without sleeping, until no such look at it is under way; where the looker was put
//! to sleep on the same processor that takes until the scheduler comes by, some milliseconds.
//!
//! Where more deaths matter than one wait can notice, it looks again every [`LOOK_AGAIN_MS`].

use core::time::Duration;

use super::{DISTURBED_MAX, World, come_apart};
use crate::{
    chance::Chance,
    clock::Instant,
    fs::{Fs, FsError, Halted},
    id::Id,
    path::Path,
    probe::Probe,
    wait_queue::{QueueError, Ticket, Turn, Wait, WaitQueue, Want},
    watch::{Wake, WatchId},
};

/// How long a waiter waits that may not hear of every death, in milliseconds.
pub const LOOK_AGAIN_MS: u64 = 1000;

/// Why waiting in line ended before it was the contender's turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LineError {
    /// The deadline came first.
    #[error("timed out in line{}", .behind.as_ref().map(|id| alloc::format!(" behind {id}")).unwrap_or_default())]
    TimedOut {
        /// Whom it waited for, if that could be told.
        behind: Option<Id>,
    },
    /// The caller was asked to stop waiting.
    #[error("interrupted while waiting in line")]
    Interrupted,
    /// The contender was asked to leave the line, or its ticket was removed.
    #[error("somebody cut in; this contender is to leave the line")]
    Cut,
    /// The queue answered something that waiting does not mend.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl From<Halted> for LineError {
    fn from(halted: Halted) -> Self {
        Self::Queue(halted.into())
    }
}

/// Waits until it is the turn of `ticket`, until `until`, or for as long as it takes.
///
/// # Errors
///
/// [`LineError`]. In each case the ticket stands as it stood: the caller may wait on, or
/// [leave](WaitQueue::leave), and has to after [`LineError::Cut`].
pub fn in_line<F: Fs, P: Probe, C: Chance>(
    queue: &WaitQueue<F, P, C>,
    ticket: &mut Ticket,
    world: &impl World,
    until: Option<Instant>,
) -> Result<(), LineError> {
    let mut watched: Option<(WatchId, Path)> = None;
    loop {
        let wait = match queue.turn(ticket)? {
            Turn::Holding => return Ok(()), // 1 TURN, 3 TURN
            Turn::Cut => return Err(LineError::Cut),
            Turn::Wait(wait) => wait,
        };
        watched = match watched.take() {
            Some((watch, on)) if on == wait.on => {
                wait_for(world, watch, &wait, until)?; // 4 WAIT
                None
            }
            _ => {
                past(world, wait.death_of.as_ref(), until)?;
                match world.watch(&wait.on) {
                    Ok(watch) => Some((watch, wait.on)), // 2 WATCH
                    Err(FsError::NotFound) => None,      // It is gone, which is what was waited for.
                    Err(error) => return Err(LineError::Queue(error.into())),
                }
            }
        };
    }
}

/// Joins the line of `queue` and waits there: the two in one, for those who do not care for their place before their
/// turn. A join that is disturbed is tried again, after a pause once that has happened [`DISTURBED_MAX`] times.
///
/// # Errors
///
/// [`LineError`]. In each case `me` has left the line, as far as the file system let it.
pub fn join_and_wait<F: Fs, P: Probe, C: Chance>(
    queue: &WaitQueue<F, P, C>,
    me: &Id,
    want: Want,
    world: &impl World,
    until: Option<Instant>,
) -> Result<Ticket, LineError> {
    let mut disturbed = 0;
    let mut ticket = loop {
        match queue.join(me, want) {
            Ok(ticket) => break ticket,
            Err(QueueError::Disturbed) => {
                past(world, None, until)?;
                disturbed += 1;
                if disturbed > DISTURBED_MAX && come_apart(world, until)? == Wake::Interrupted {
                    return Err(LineError::Interrupted);
                }
            }
            Err(error) => return Err(error.into()),
        }
    };
    match in_line(queue, &mut ticket, world, until) {
        Ok(()) => Ok(ticket),
        Err(error) => {
            if error != Halted.into() {
                queue.leave(&ticket).or_else(|left| match left {
                    QueueError::NotInLine => Ok(()),
                    other => Err(other),
                })?;
            }
            Err(error)
        }
    }
}

fn wait_for(world: &impl World, watch: WatchId, wait: &Wait, until: Option<Instant>) -> Result<(), LineError> {
    let mut again = None;
    if wait.looks_again {
        again = Some(world.now()?.saturating_add(Duration::from_millis(LOOK_AGAIN_MS)));
    }
    let end = match (until, again) {
        (Some(until), Some(again)) => Some(until.min(again)),
        (until, again) => until.or(again),
    };
    match world.wait(watch, wait.death_of.as_ref(), end)? {
        Wake::Interrupted => Err(LineError::Interrupted),
        Wake::TimedOut if !wait.looks_again => Err(LineError::TimedOut { behind: wait.death_of.clone() }),
        Wake::TimedOut => past(world, wait.death_of.as_ref(), until),
        Wake::Changed => Ok(()),
    }
}

fn past(world: &impl World, behind: Option<&Id>, until: Option<Instant>) -> Result<(), LineError> {
    match until {
        Some(until) if world.now()? >= until => Err(LineError::TimedOut { behind: behind.cloned() }),
        _ => Ok(()),
    }
}
