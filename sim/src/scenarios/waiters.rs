//! Clients of an exclusive lock that wait for it, as the kernel's blocking call does.
//!
//! [`blocking::lock`] goes round for as long as it takes, and attempts are bounded.
//! So an attempt has as many rounds as [`Waiters::rounds`] says. Where the kernel would take one watch more, and where its
//! try at the lock was disturbed, the attempt ends, and the next one begins anew; so it does where the first try was more
//! than a look and found the lock held all the same. What that leaves out is little: a waiter that goes on without a look
//! at the lock before its next watch, or with a watch from before it was disturbed.

use std::{cell::Cell, fmt, num::NonZeroU32};

use lockwright_kernel::{
    blocking::{self, WaitError},
    chance::Chance,
    clock::{Clock, Instant},
    fs::{FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    watch::{Wake, Watch, WatchId},
};

use super::{
    LockClients,
    lock_clients::{give_back, is_made_up},
};
use crate::{
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
};

/// How a client comes to hold the lock, waiting for as long as it takes.
pub type WaitFor = fn(&Rounds<'_>, &Id, Option<Instant>) -> Result<(), WaitError>;

/// Clients that wait for a lock, hold it, and give it back.
#[derive(Clone, Copy)]
pub struct Waiters {
    /// The lock.
    pub clients: LockClients,
    /// How they wait.
    pub wait_for: WaitFor,
    /// How many watches an attempt takes; at least 1.
    pub rounds: u32,
    /// Whether they look again after a while although they were told of nothing.
    pub polls: bool,
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters").field("rounds", &self.rounds).field("polls", &self.polls).finish_non_exhaustive()
    }
}

const TOOK: &str = "took the lock";
const RELEASED: &str = "gave it back";
const WOKEN: &str = "was woken";
const WENT_ROUND: &str = "had nothing to wait for";
const WAITED_IN_VAIN: &str = "waited in vain";
const LOST: &str = "was not the first";
const FAILED_TO_TAKE: &str = "could not try";
const DISTURBED: &str = "was disturbed";

impl Protocol for Waiters {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let lock = (self.clients.make)(world);
        if matches!(phase, Phase::Holding | Phase::Releasing) {
            return give_back(&*lock, &client.id, phase);
        }
        let rounds = Rounds {
            world,
            lock,
            left: Cell::new(self.rounds),
            woken: Cell::new(false),
            tried: Cell::new(false),
            end: Cell::new(None),
        };
        let until = self.polls.then(|| Instant::new(std::time::Duration::from_nanos(1)));
        let (next, said) = match (self.wait_for)(&rounds, &client.id, until) {
            Ok(()) => (Phase::Holding, TOOK),
            Err(WaitError::TimedOut { .. }) => (Phase::Trying, WAITED_IN_VAIN),
            Err(error) => match (rounds.end.get(), error) {
                (Some(said), _) => (Phase::Trying, said),
                (None, WaitError::Lock(error)) if is_made_up(&error) => (Phase::Trying, FAILED_TO_TAKE),
                (None, WaitError::Lock(error)) => return Err(error.into()),
                (None, error) => {
                    return Err(Stop::Broken(Property::AnswersAsDocumented, format!("waiting answered: {error}")));
                }
            },
        };
        Ok(Outcome { next, said })
    }

    fn evidence(&self, id: &Id) -> Path {
        (self.clients.evidence)(id)
    }

    fn sometimes(&self, clients: usize, _faults: Faults) -> Vec<&'static str> {
        let mut wanted = vec![TOOK, RELEASED];
        if clients > 1 {
            wanted.push(WOKEN);
        }
        if clients > 1 && self.polls {
            wanted.push(WAITED_IN_VAIN);
        }
        wanted
    }
}

/// The kernel's own way: watch, look, wait.
///
/// # Errors
///
/// Those of [`blocking::lock`].
pub fn blocking(rounds: &Rounds<'_>, me: &Id, until: Option<Instant>) -> Result<(), WaitError> {
    blocking::lock(rounds, me, rounds, until)
}

/// The lock and the world, for as many rounds as an attempt has.
pub struct Rounds<'a> {
    world: &'a Replay<'a>,
    lock: Box<dyn Lock + 'a>,
    left: Cell<u32>,
    /// Whether the last wait was ended by a change.
    woken: Cell<bool>,
    /// Whether the first try is over.
    tried: Cell<bool>,
    /// Why there is no further round.
    end: Cell<Option<&'static str>>,
}

impl fmt::Debug for Rounds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rounds").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Lock for Rounds<'_> {
    /// Ends the attempt where it was disturbed, and where the first try was lost to another contender.
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        let answer = self.lock.try_lock(me);
        let end = match answer {
            Err(LockError::Disturbed) => DISTURBED,
            Err(LockError::Held { .. }) if !self.tried.replace(true) && self.world.may_have_changed_something() => LOST,
            _ => return answer,
        };
        self.end.set(Some(end));
        Err(LockError::NotOwner)
    }
    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.lock.unlock(me)
    }
    fn owner(&self) -> Result<Option<Id>, LockError> {
        self.lock.owner()
    }
    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        self.lock.proposals()
    }
    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.lock.clean(id)
    }
    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.lock.recover(id)
    }
    fn waits_on(&self) -> Path {
        self.lock.waits_on()
    }
}

impl Watch for Rounds<'_> {
    /// Ends the attempt after its last round.
    fn watch(&self, dir: &Path) -> Result<WatchId, FsError> {
        let Some(left) = self.left.get().checked_sub(1) else {
            self.end.set(Some(if self.woken.get() { WOKEN } else { WENT_ROUND }));
            return Err(FsError::Exhausted);
        };
        self.left.set(left);
        self.woken.set(false);
        self.world.watch(dir)
    }

    fn wait(&self, watch: WatchId, owner: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted> {
        let wake = self.world.wait(watch, owner, until)?;
        self.woken.set(wake == Wake::Changed);
        Ok(wake)
    }
}

impl Clock for Rounds<'_> {
    fn now(&self) -> Result<Instant, Halted> {
        self.world.now()
    }
}

impl Chance for Rounds<'_> {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        self.world.below(bound)
    }
}

impl blocking::World for Rounds<'_> {
    fn pause(&self, until: Instant) -> Result<Wake, Halted> {
        self.world.pause(until)
    }
}
