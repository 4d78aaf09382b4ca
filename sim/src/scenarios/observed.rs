//! Clients of a lock, and one that looks who owns it; every operation must be as if it took one moment.

use std::fmt;

use lockwright_kernel::{id::Id, path::Path};

use super::{LockClients, lock_clients::is_made_up};
use crate::{
    protocol::{Client, Outcome, Phase, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
};

/// Clients that lock and unlock. Where there is an observer, the first client is that, and never locks.
#[derive(Clone, Copy)]
pub struct Observed {
    /// Those who lock and unlock, with a lock that [tells](crate::operations) of its operations.
    pub clients: LockClients,
    /// Whether one of them looks instead.
    pub observer: bool,
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").field("observer", &self.observer).finish_non_exhaustive()
    }
}

const SAW_OWNER: &str = "saw an owner";
const SAW_NOBODY: &str = "saw no owner";
const FAILED_TO_LOOK: &str = "could not look";

impl Protocol for Observed {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        if !self.observer || client.index > 0 {
            return self.clients.attempt(client, phase, world);
        }
        let said = match (self.clients.make)(world).owner() {
            Ok(Some(_)) => SAW_OWNER,
            Ok(None) => SAW_NOBODY,
            Err(error) if is_made_up(&error) => FAILED_TO_LOOK,
            Err(error) => return Err(error.into()),
        };
        Ok(Outcome { next: Phase::Idle, said })
    }

    fn evidence(&self, id: &Id) -> Path {
        self.clients.evidence(id)
    }

    fn takes_the_lock(&self, index: usize, _clients: usize) -> bool {
        !self.observer || index > 0
    }

    fn kind(&self, index: usize, clients: usize) -> u8 {
        u8::from(self.takes_the_lock(index, clients))
    }

    fn is_linearizable(&self) -> bool {
        true
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        let lockers = clients - usize::from(self.observer);
        let mut wanted = self.clients.sometimes(lockers, faults);
        if self.observer {
            wanted.push(SAW_NOBODY);
        }
        if self.observer && lockers > 0 {
            wanted.push(SAW_OWNER);
        }
        wanted
    }
}
