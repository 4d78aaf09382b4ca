//! Check-bid-check: the kernel's own code, in a folder that is the whole simulated disk.

use std::fmt;

use lockwright_kernel::{
    check_bid_check::{Bidder, Bidders, LockFolder},
    fs::Halted,
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    probe::{Liveness, Probe},
};

use super::{
    fast_lock::word,
    lock_clients::{give_back_by, take_by},
};
use crate::{
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::{self, Faults},
};

/// How a client takes the lock, or gives it back.
pub type Operation = fn(&Replay<'_>, Bidder, &Id) -> Result<(), LockError>;

/// Whether a client finds the lock in use.
pub type Look = fn(&Replay<'_>, Bidder, &Id) -> Result<bool, LockError>;

/// Clients that bid and take their bids back, for ever.
#[derive(Clone, Copy)]
pub struct BidClients {
    /// How they look whether it is worth a bid, where that is an attempt of its own.
    pub look: Option<Look>,
    /// How they take the lock.
    pub take: Operation,
    /// Whether a client that found the lock held goes on trying, and it is promised that somebody gets it.
    pub insists: bool,
}

/// The shipped lock.
pub const LOCK_FOLDER: BidClients = BidClients { look: None, take, insists: false };

/// The same with its two parts as attempts of their own, which have fewer histories. It makes the same calls: the second
/// part knows nothing of the first but that it found no bid.
pub const IN_TWO_PARTS: BidClients = BidClients { look: Some(look), take: bid_at_last, ..LOCK_FOLDER };

/// Clients that go on trying, under a promise that the lock does not make.
pub const INSISTING: BidClients = BidClients { insists: true, ..LOCK_FOLDER };

impl fmt::Debug for BidClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BidClients").field("insists", &self.insists).finish_non_exhaustive()
    }
}

impl Protocol for BidClients {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let Some(me) = bidder(&client.id) else {
            return Err(Stop::Broken(Property::Replayable, format!("{} is no process of a scenario", client.id)));
        };
        if matches!(phase, Phase::Holding | Phase::Releasing) {
            return give_back_by(folder(world, me).unlock(&client.id), phase);
        }
        if let (Some(look), Phase::Idle) = (self.look, phase) {
            return match look(world, me, &client.id) {
                Ok(false) => Ok(Outcome { next: Phase::Trying, said: "found no bid" }),
                Ok(true) => take_by(Err(LockError::Held { owner: None })),
                Err(error) => take_by(Err(error)),
            };
        }
        let outcome = take_by((self.take)(world, me, &client.id))?;
        let next = if self.insists && outcome.next == Phase::Idle { Phase::Trying } else { outcome.next };
        Ok(Outcome { next, ..outcome })
    }

    fn evidence(&self, id: &Id) -> Path {
        bid(id)
    }

    fn promises(&self) -> &[Property] {
        if self.insists { &[Property::NoLivelock] } else { &[] }
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        let mut wanted = vec!["took the lock", "gave it back"];
        if clients > 1 {
            wanted.push("found it held");
        }
        if faults.errors > 0 {
            wanted.extend(["could not try", "could not give it back", "had given it back"]);
        }
        wanted
    }
}

/// The lock over the simulated world.
#[must_use]
pub fn folder<'a>(world: &'a Replay<'a>, me: Bidder) -> LockFolder<&'a Replay<'a>, ByProcess<'a>> {
    LockFolder::new(world, Path::root(), me, ByProcess(world))
}

fn take(world: &Replay<'_>, me: Bidder, id: &Id) -> Result<(), LockError> {
    folder(world, me).try_lock(id)
}

fn look(world: &Replay<'_>, me: Bidder, id: &Id) -> Result<bool, LockError> {
    folder(world, me).in_use(id)
}

fn bid_at_last(world: &Replay<'_>, me: Bidder, id: &Id) -> Result<(), LockError> {
    folder(world, me).bid(id)
}

/// The bid of a contender.
#[must_use]
pub fn bid(id: &Id) -> Path {
    word(&format!("{id}.json")).into()
}

/// What a client's process writes in its bids: its client as the number of a process, and how many were before it as the
/// time.
fn bidder(id: &Id) -> Option<Bidder> {
    let (client, incarnation) = scenario::parse_id(id)?;
    Some(Bidder { pid: u64::from(client) + 1, created: incarnation.into() })
}

/// Tells by the world who is dead.
#[derive(Clone, Copy, Debug)]
pub struct ByProcess<'a>(pub &'a Replay<'a>);

impl Bidders for ByProcess<'_> {
    fn liveness(&self, _: &Id, bidder: &Bidder) -> Result<Liveness, Halted> {
        let client = bidder.pid.checked_sub(1).and_then(|client| u8::try_from(client).ok());
        match (client, u8::try_from(bidder.created)) {
            (Some(client), Ok(incarnation)) => self.0.liveness(&scenario::id(client, incarnation)),
            _ => Ok(Liveness::Unknown),
        }
    }
}
