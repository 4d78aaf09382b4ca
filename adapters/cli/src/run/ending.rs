//! What the end of a command and the release of its lock come to: an exit code, and what is said of it.
//!
//! | the lock | exit code |
//! |---|---|
//! | was given back | that of the command |
//! | was broken by an operator | 85 |
//! | was lost while the command ran, or its lease was not renewed | 81 |
//! | was held for longer than it was to | 124 |
//! | could not be given back | 84, where the command ended well |

use std::{fmt, time::Duration};

use lockwright_kernel::{id::Id, lock::LockError};
use lockwright_posix::lock::{Guard, Loss, Order, PathLock};

use super::{
    locks::Locks,
    report::Fate,
    supervise::{Cause, Outcome},
};
use crate::{
    args::OnLost,
    events::{self, Event, Shown, Voice},
    exit::{BROKEN, FAILED, Failure, LOST, TOO_LONG, UNRELEASED},
    order::Told,
};

/// A lock after its release.
#[derive(Debug)]
pub(super) struct Released<'a> {
    lock: &'a PathLock,
    id: Id,
    answer: Result<(), LockError>,
}

/// Gives all locks back.
pub(super) fn release(locks: &Locks, guards: Vec<Guard>) -> Vec<Released<'_>> {
    let release = |(lock, guard): (_, Guard)| Released { lock, id: guard.id().clone(), answer: guard.unlock() };
    locks.all.iter().zip(guards).map(release).collect()
}

/// The exit code, and what became of the locks: of several, the worst. What was not said before is said now.
pub(super) fn ending(voice: Voice, outcome: &Outcome, released: &[Released<'_>], held: Duration) -> (u8, Fate) {
    let of_command = outcome.code.unwrap_or(FAILED);
    let (code, lost) = match &outcome.cause {
        Some(Cause::Lost(loss, which)) => (None, Some((loss.clone(), *which))),
        Some(Cause::NotRenewed(_)) => (None, Some((Loss { is_gone: true, order: None }, 0))),
        Some(Cause::TooLong(_)) => (Some(TOO_LONG), None),
        None => (None, None),
    };
    let mut losses: Vec<Loss> = lost.iter().map(|(known, _)| known.clone()).collect();
    let mut is_released = true;
    for (index, Released { lock, id, answer }) in released.iter().enumerate() {
        let path = lock.path().display();
        match answer {
            // Of the one that ended the command it was said, and this may be how it ended.
            _ if lost.as_ref().is_some_and(|(_, which)| *which == index) => {}
            Ok(()) => {
                let (lock, id) = (Shown(lock.path()), events::text(id));
                voice.tell(&Event::Released { lock, id, held_ms: events::millis(held) });
            }
            Err(LockError::NotOwner) => {
                losses.push(Loss { is_gone: true, order: lock.order_to(id).unwrap_or_default() });
                let found = &losses[losses.len() - 1];
                tell_of(voice, lock, id, found);
                voice.say(&format!("{path}: {}, before the command had ended", Lost(found)));
            }
            Err(error) => {
                let (lock, id) = (Shown(lock.path()), events::text(id));
                voice.tell(&Event::NotReleased { lock, id, message: error.to_string() });
                voice.say(&format!("{path}: the lock was not given back: {error}"));
                is_released = false;
            }
        }
    }
    match losses.first() {
        Some(first) => of_loss(first),
        None if is_released => (code.unwrap_or(of_command), Fate::Released),
        None => (code.unwrap_or(if of_command == 0 { UNRELEASED } else { of_command }), Fate::NotReleased),
    }
}

/// The same of one lock, and where nobody orders it back. Nothing is said.
pub(super) fn of_one(outcome: &Outcome, released: &Result<(), LockError>) -> (u8, Fate) {
    let of_command = outcome.code.unwrap_or(FAILED);
    match (&outcome.cause, released) {
        (Some(Cause::Lost(..) | Cause::NotRenewed(_)), _) | (_, Err(LockError::NotOwner)) => (LOST, Fate::Lost),
        (Some(Cause::TooLong(_)), Ok(())) => (TOO_LONG, Fate::Released),
        (Some(Cause::TooLong(_)), Err(_)) => (TOO_LONG, Fate::NotReleased),
        (None, Ok(())) => (of_command, Fate::Released),
        (None, Err(_)) => (if of_command == 0 { UNRELEASED } else { of_command }, Fate::NotReleased),
    }
}

/// A lock that was lost before the command began.
pub(super) fn lost_before(lock: &PathLock, loss: &Loss, ending: &str) -> Failure {
    Failure::new(of_loss(loss).0, format!("{}: {}{ending}", lock.path().display(), Lost(loss)))
}

fn of_loss(loss: &Loss) -> (u8, Fate) {
    if loss.order.is_some() { (BROKEN, Fate::Broken) } else { (LOST, Fate::Lost) }
}

/// Says that the command is to end, and why.
pub(super) fn say_cause(voice: Voice, locks: &Locks, ids: &[Id], cause: &Cause, on_lost: OnLost) {
    let goes_on = matches!((cause, on_lost), (Cause::Lost(..) | Cause::NotRenewed(_), OnLost::Warn));
    let then = if goes_on { "the command goes on, without the lock" } else { "stopping the command" };
    match cause {
        Cause::Lost(loss, which) => {
            let lock = &locks.all[*which];
            tell_of(voice, lock, &ids[*which], loss);
            voice.say(&format!("{}: {}; {then}", lock.path().display(), Lost(loss)));
        }
        Cause::NotRenewed(why) => {
            tell_of(voice, locks.main(), locks.main_of(ids), &Loss { is_gone: true, order: None });
            voice.say(&format!("{}: {why}; {then}", locks.main().path().display()));
        }
        Cause::TooLong(hold) => {
            let path = locks.main().path().display();
            voice.tell(&Event::TooLong { held_ms: events::millis(*hold) });
            voice.say(&format!("{path}: held for {hold:?}, which is all it was to be; {then}"));
        }
    }
}

fn tell_of(voice: Voice, lock: &PathLock, id: &Id, loss: &Loss) {
    let order = loss.order.as_ref();
    voice.tell(&Event::Lost {
        lock: Shown(lock.path()),
        id: events::text(id),
        gone: loss.is_gone,
        by: order.map(Order::by),
        reason: order.map(Order::why),
    });
}

struct Lost<'a>(&'a Loss);

impl fmt::Display for Lost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.order {
            Some(order) => Told(order).fmt(f),
            None => f.write_str("the lock was taken away, and nobody said why"),
        }
    }
}
