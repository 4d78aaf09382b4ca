//! Locks that take a name for what their host remembers of it, as programs on a mount of NFS do that ask nobody anew.

use lockwright_kernel::{
    fs::Fs,
    id::Id,
    lock::LockError,
    path::{Name, Path},
};

use super::bare::Bare;
use crate::{
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::{self, Faults},
    scenarios::{LockClients, fast_lock::word, wait_queue},
};

/// Clients whose names are what their host remembers.
#[derive(Clone, Copy, Debug)]
pub struct Believing(&'static dyn Protocol);

/// The shipped fair lock, over a mount that is believed.
pub const FAIR_LOCK: Believing = Believing(&wait_queue::FAIR_LOCK);

/// The flags below, over a mount that is believed.
pub const BELIEVED_FLAGS: Believing = Believing(&FLAGS);

/// Each client has a directory with a flag in it: who has raised its flag looks whether the other's is up, and lowers its own
/// if so. Of two who hold, the one that was later to raise its flag has looked after the other had; so it excludes, as long
/// as names are what the server has.
pub const FLAGS: LockClients = LockClients {
    make: |world| Box::new(Bare { world, take: raise, give_back: lower }),
    evidence: |id| flag(id.name()),
    cleaner: None,
};

/// How many clients have flags.
const CLIENTS: u8 = 2;

fn flag(of: &Name) -> Path {
    Path::from(of.clone()).join(&word("flag"))
}

fn raise(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    world.create_dir(&Path::from(me.name().clone()))?;
    world.create_dir(&flag(me.name()))?;
    for other in (0..CLIENTS).map(|client| scenario::id(client, 0)).filter(|other| other != me) {
        if world.exists(&flag(other.name()))? {
            lower(world, me)?;
            return Err(LockError::Held { owner: Some(other) });
        }
    }
    Ok(())
}

fn lower(world: &Replay<'_>, me: &Id) -> Result<(), LockError> {
    world.discard_dir(&flag(me.name()))?;
    Ok(world.discard_dir(&Path::from(me.name().clone()))?)
}

impl Protocol for Believing {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        self.0.attempt(client, phase, world)
    }

    fn evidence(&self, id: &Id) -> Path {
        self.0.evidence(id)
    }

    fn evidences(&self, id: &Id, phase: Phase) -> Vec<Path> {
        self.0.evidences(id, phase)
    }

    fn may_hold_together(&self, holders: &[(usize, Phase)]) -> bool {
        self.0.may_hold_together(holders)
    }

    fn is_in_order(&self, clients: &[(usize, Phase)]) -> bool {
        self.0.is_in_order(clients)
    }

    fn promises(&self) -> &[Property] {
        self.0.promises()
    }

    fn believes_names(&self) -> bool {
        true
    }

    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        self.0.sometimes(clients, faults)
    }
}
