//! The fair lock in worlds of their own: where nobody can tell who is dead and there is a lease, and where its contenders
//! are promised that nobody starves.
//!
//! *With a lease* time goes on by ticks, of which there are few, and a death may come after the last of them. So here
//! the dead are dead for longer than a lease: a stamp of somebody who is dead reads as one that is older by that much.
//! Nothing is left out by it, for as long as the lease of a dead one is not over yet, it is to all others as if it paused.
//! What is left of time is how long the living pause, and that is what a lease is about.
//!
//! *With a promise* the directory of the queue and its door stay, as where more is kept in them. Otherwise a contender can
//! be disturbed for ever before it has come to the door: by others who remove, with their own tickets, the directory that
//! it has just made. Those are [`INSISTING`]. And nobody rings who finds the last number taken: with a number that has no
//! end nobody would have to.

use std::{cell::RefCell, num::NonZeroU64, time::Duration};

use lockwright_kernel::{
    clock::Timestamp,
    fs::{
        Fs, Halted, Through,
        call::{Answer, Call, Value},
    },
    id::Id,
    path::Path,
    probe::{Liveness, Probe},
    wait_queue::{Admission, Place, QueueError, Ticket, Turn, WaitQueue, Want},
};

use super::{
    QueueClients,
    fast_lock::{lock_path, word},
    queue_clients::Line,
    wait_queue::{FAIR_LOCK, ticket_dir},
};
use crate::{protocol::Property, replay::Replay};

type World<'a> = &'a Replay<'a>;

/// The highest number here.
const LAST: u8 = 3;

/// How long a lease is: two ticks are more.
const LEASE: Duration = Duration::from_secs(1);

/// A fair lock whose contenders are never known to be dead, and go by a lease.
pub const LEASED: QueueClients =
    QueueClients { make: |world| Box::new(leased(world, |stamp, _| Ok(stamp))), last: LAST, ..FAIR_LOCK };

/// A fair lock under the promise that somebody comes to hold it.
pub const INSISTING: QueueClients = QueueClients {
    make: |world| Box::new(queue(world, world)),
    last: LAST,
    promises: &[Property::NoLivelock],
    ..FAIR_LOCK
};

/// A fair lock whose directories stay, under the promise that everybody comes to hold it.
pub const IN_TIME: QueueClients = QueueClients {
    make: |world| Box::new(standing(world, |turn| turn)),
    last: LAST,
    promises: &[Property::NoLivelock, Property::NoStarvation],
    gives_up: &[Property::NothingLeftBehind],
    ..FAIR_LOCK
};

/// What is taken for the time, when somebody's stamp is compared with a stamp of one's own.
pub(crate) type Now = fn(Timestamp, World<'_>) -> Result<Timestamp, Halted>;

/// The queue with a lease.
pub(crate) fn leased(world: World<'_>, now: Now) -> impl Line + '_ {
    let mine = RefCell::new(None);
    let fs = Through(move |call: &Call| -> Answer {
        if let Call::Touch(path) = call {
            mine.replace(Some(path.clone()));
        }
        match (call, call.on(&world)?) {
            (Call::Modified(path), Value::Stamp(stamp)) => Ok(Value::Stamp(match &*mine.borrow() {
                Some(mine) if mine == path => later(now(stamp, world)?),
                _ if is_dead(world, path)? => stamp,
                _ => later(stamp),
            })),
            (_, value) => Ok(value),
        }
    });
    WaitQueue::new(fs, NobodyKnows, world, lock_path(), Admission::ONE).with_last_number(last()).with_lease(LEASE)
}

/// The queue whose directories stay, with what a contender makes of what it hears about its turn.
pub(crate) fn standing(world: World<'_>, heard: fn(Turn) -> Turn) -> impl Line + '_ {
    let stays = [lock_path(), lock_path().join(&word("door"))];
    let fs = Through(move |call: &Call| match call {
        Call::DiscardDir(path) if stays.contains(path) => Ok(Value::Done),
        call => call.on(&world),
    });
    Polite { world, queue: queue(fs, world), heard }
}

/// Can tell of nobody whether it is dead.
pub(crate) struct NobodyKnows;

impl Probe for NobodyKnows {
    fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
        Ok(Liveness::Unknown)
    }
}

/// The entry is named after its owner.
fn is_dead(world: World<'_>, path: &Path) -> Result<bool, Halted> {
    match path.names().last() {
        Some(name) => Ok(world.liveness(&Id::from(name.clone()))? == Liveness::Dead),
        None => Ok(false),
    }
}

/// By more than a lease.
fn later(stamp: Timestamp) -> Timestamp {
    Timestamp::new(stamp.since_epoch() + LEASE + Duration::from_secs(1))
}

fn last() -> NonZeroU64 {
    NonZeroU64::MIN.saturating_add(u64::from(LAST) - 1)
}

fn queue<F: Fs>(fs: F, world: World<'_>) -> WaitQueue<F, World<'_>, World<'_>> {
    WaitQueue::new(fs, world, world, lock_path(), Admission::ONE).with_last_number(last())
}

/// Joins only where there is a number left. Otherwise it passes the first in line, if that one is dead.
struct Polite<'a, F> {
    world: World<'a>,
    queue: WaitQueue<F, World<'a>, World<'a>>,
    heard: fn(Turn) -> Turn,
}

impl<F: Fs> Line for Polite<'_, F> {
    fn join(&self, me: &Id, want: Want) -> Result<Ticket, QueueError> {
        let highest = Place { number: last().get(), want };
        if self.world.exists(&ticket_dir(highest, LAST))? {
            self.queue.first()?;
            return Err(QueueError::NoNumber(last()));
        }
        self.queue.join(me, want)
    }
    fn turn(&self, ticket: &mut Ticket) -> Result<Turn, QueueError> {
        self.queue.turn(ticket).map(self.heard)
    }
    fn leave(&self, ticket: &Ticket) -> Result<(), QueueError> {
        self.queue.leave(ticket)
    }
    fn cut_in(&self, ticket: &Ticket) -> Result<(), QueueError> {
        self.queue.cut_in(ticket)
    }
    fn downgrade(&self, ticket: &mut Ticket) -> Result<(), QueueError> {
        self.queue.downgrade(ticket)
    }
    fn upgrade(&self, ticket: &Ticket) -> Result<(), QueueError> {
        self.queue.upgrade(ticket)
    }
    fn find(&self, me: &Id) -> Result<Option<Ticket>, QueueError> {
        self.queue.find(me)
    }
}
