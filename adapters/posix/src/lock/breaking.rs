//! Takes a lock away from somebody by an operator's word: asks first, and makes its fencing token out of date.
//!
//! 1. FIND the entry of the id: it holds, or stands in line.
//! 2. MARK the last fencing number, as it is while the id holds.
//! 3. ORDER the id to give the lock back: [`orders`](super::orders). Then nudge the directory in which its entry stands.
//! 4. WAIT until the entry is gone, or its owner dead, or the time is up. Those in line do not look for orders, and the
//!    dead look for nothing, so neither is waited for.
//! 5. OUTDATE the number: from now on a newer one is the last.
//! 6. TAKE: remove everything of the id. One in line is woken to see it.
//!
//! *Why nobody else loses anything.* What is removed, and who is ordered, is named by the id, and an id is never used twice.
//! OUTDATE renames the very number that was the last one while the id held
//! ([`Tokens::outdate`](lockwright_kernel::token::Tokens::outdate)), so it fails where a successor has got one.
//!
//! *What is out of date.* Every number that the id had got when OUTDATE looked. OUTDATE looks again while that fails and the
//! id holds still. One that it gets between OUTDATE and TAKE is the last until the next holder gets one.
//!
//! *When it stops half way.* An order stands, which the owner may follow later, and the number may be out of date, which
//! keeps its writes out. Breaking again does the rest.
//!
//! *What it leaves to the caller.* To ask a person. What the owner runs goes on when it does not listen.
//!
//! *Source.* Our own.

use lockwright_kernel::{
    clock::Instant,
    id::Id,
    lock::LockError,
    probe::{Liveness, Probe},
    token::{TRIES_MAX, Token, TokenError},
    watch::Wake,
};

use super::{
    PathLock,
    hold::{Hold, wait_until},
    orders::{Order, Orders},
};
use crate::watch::{Mortal, PosixWorld};

/// How somebody lost a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What became of the owner.
    pub way: Way,
    /// The fencing number that is the last one now, and that nobody has; `None` where no number was ever given, or where
    /// a later holder has got one.
    pub fence: Option<Token>,
}

/// What the owner did about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It gave the lock back itself.
    GaveBack,
    /// It was dead.
    WasDead,
    /// It waited in line, and lost its place.
    Waited,
    /// It did not listen in time. It was taken away, and what the owner does may go on.
    TakenAway,
}

/// Why a lock was not taken away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BreakError {
    /// The id neither holds the lock nor stands in line. Nothing has changed.
    #[error("this id neither holds the lock nor waits for it")]
    NotThere,
    /// The caller was asked to stop waiting. The order stands, and the lock was not taken away.
    #[error("interrupted while waiting for the owner; the order to it stands")]
    Interrupted,
    /// The number could not be made out of date, so the lock was not taken away. The order stands.
    #[error("the fencing number could not be raised: {0}")]
    Fence(TokenError),
    /// The lock could not be looked at, or changed.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl PathLock {
    /// Takes the lock, or a place in line, away from `id`. An owner that holds is given until `until` to give it back
    /// itself. This must be a lock of the kind that stands there.
    ///
    /// # Errors
    ///
    /// [`BreakError`].
    pub fn break_hold(&self, id: &Id, order: &Order, world: &PosixWorld, until: Instant) -> Result<Broken, BreakError> {
        let standing = self.standing()?;
        let stands = |entries: &[super::Entry]| entries.iter().any(|entry| entry.id == *id);
        let holds = stands(&standing.holders);
        if !holds && !stands(&standing.waiters) {
            return Err(BreakError::NotThere); // 1 FIND
        }
        let marked = if holds { self.marked(id)? } else { None }; // 2 MARK
        let hold = Hold { lock: &*self.lock, place: &self.place, id, ticket: None };
        let me = Id::from(&self.me.fresh_id().map_err(|_| LockError::Fs(lockwright_kernel::fs::FsError::Io))?);
        let orders = Orders::new(&self.place).map_err(LockError::Fs)?;
        orders.publish(id, order, &me).map_err(LockError::Fs)?; // 3 ORDER
        // One that cannot be nudged does not hear of it in time.
        let _ = hold.nudge();
        let way = if holds { self.wait_for_end(&hold, world, until)? } else { Way::Waited }; // 4 WAIT
        let fence = self.outdated(id, marked).map_err(BreakError::Fence)?; // 5 OUTDATE
        self.recover(id)?; // 6 TAKE
        if way == Way::Waited {
            self.lock.wake_line()?;
        }
        Ok(Broken { way, fence })
    }

    fn wait_for_end(&self, hold: &Hold<'_>, world: &PosixWorld, until: Instant) -> Result<Way, BreakError> {
        let mut way = Way::TakenAway;
        let death = Mortal::Owner(hold.id.clone());
        let wake = wait_until(&[*hold], world, &[death], Some(until), || {
            if !self.lock.holds(hold.id)? {
                way = Way::GaveBack;
            } else if self.probe().liveness(hold.id)? == Liveness::Dead {
                way = Way::WasDead;
            }
            Ok(way != Way::TakenAway)
        })?;
        if wake == Wake::Interrupted { Err(BreakError::Interrupted) } else { Ok(way) }
    }

    /// The last number while `id` holds; `None` where there is none, or where it does not hold any more.
    fn marked(&self, id: &Id) -> Result<Option<Token>, BreakError> {
        let Ok(tokens) = self.tokens() else { return Ok(None) };
        let mut last = tokens.last();
        for _ in 1..TRIES_MAX {
            if last != Err(TokenError::Disturbed) {
                break;
            }
            last = tokens.last();
        }
        let last = last.map_err(BreakError::Fence)?;
        Ok(if self.lock.holds(id)? { last } else { None })
    }

    fn outdated(&self, id: &Id, mut marked: Option<Token>) -> Result<Option<Token>, TokenError> {
        let Ok(tokens) = self.tokens() else { return Ok(None) };
        for _ in 0..TRIES_MAX {
            let Some(last) = marked else { return Ok(None) };
            match tokens.outdate(last) {
                Ok(fence) => return Ok(Some(fence)),
                Err(TokenError::Disturbed) => {}
                Err(error) => return Err(error),
            }
            // Somebody has got a later one: the id itself, if it holds still.
            marked = match self.marked(id) {
                Ok(marked) => marked,
                Err(BreakError::Fence(error)) => return Err(error),
                Err(_) => None,
            };
        }
        Err(TokenError::Disturbed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_successor_is_not_outdated() {
        let dir = tempfile::tempdir().unwrap();
        let lock = PathLock::open(dir.path().join("lock")).unwrap();
        let broken = lock.lock().unwrap();
        let (id, number) = (broken.id().clone(), broken.token().unwrap());
        let marked = lock.marked(&id).unwrap();
        assert_eq!(marked, Some(number));
        broken.unlock().unwrap();
        let next = lock.lock().unwrap();
        let later = next.token().unwrap();
        assert_eq!(lock.marked(&id).unwrap(), None);
        assert_eq!(lock.outdated(&id, marked), Ok(None));
        assert_eq!(lock.tokens().unwrap().last(), Ok(Some(later)));
    }

    #[test]
    fn a_later_number_of_the_same_holder_is_outdated() {
        let dir = tempfile::tempdir().unwrap();
        let lock = PathLock::open(dir.path().join("lock")).unwrap();
        let holder = lock.lock().unwrap();
        let marked = Some(holder.token().unwrap());
        let later = holder.token().unwrap();
        assert_eq!(lock.outdated(holder.id(), marked), Ok(later.checked_add(1)));
    }
}
