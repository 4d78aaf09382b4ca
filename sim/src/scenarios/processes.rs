//! `fast_lock` under the kernel's own process ids, whose verdict is run as it ships.

use std::fmt;

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    fs::Halted,
    id::Id,
    ids::process::{Here, ProcessId},
    path::Path,
    policies::check::CheckLock,
    probe::{Liveness, Probe},
};

use super::{
    fast_lock::{evidence, lock_path},
    lock_clients::{give_back, take},
};
use crate::{
    identity::{Namespaces, Processes},
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    replay::Replay,
    scenario::Faults,
};

/// What a client concludes of an owner: the owner, the client itself, where it looks from, and what it sees there.
pub type Judge = fn(&ProcessId, &ProcessId, &Here, &Processes<'_>) -> Liveness;

/// Clients that lock and unlock, each under the id of its process.
#[derive(Clone, Copy)]
pub struct ProcessClients {
    /// Whether an owner is dead.
    pub judge: Judge,
    /// Where they live.
    pub namespaces: Namespaces,
}

/// All live in one pid namespace.
pub const ONE_NAMESPACE: ProcessClients = ProcessClients { judge: verdict, namespaces: Namespaces::ONE };

/// They live in two pid namespaces and share a file system, as containers do with a volume.
pub const TWO_NAMESPACES: ProcessClients =
    ProcessClients { namespaces: Namespaces { count: 2, hosts: false }, ..ONE_NAMESPACE };

/// They live on two hosts of one name, and share a file system.
pub const TWO_HOSTS: ProcessClients =
    ProcessClients { namespaces: Namespaces { count: 2, hosts: true }, ..ONE_NAMESPACE };

/// The kernel's own.
#[must_use]
pub fn verdict(owner: &ProcessId, _me: &ProcessId, here: &Here, seen: &Processes<'_>) -> Liveness {
    owner.verdict(here, seen)
}

impl fmt::Debug for ProcessClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessClients").field("namespaces", &self.namespaces).finish_non_exhaustive()
    }
}

impl Protocol for ProcessClients {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        let (me, here) = self.own(client)?;
        let index = u8::try_from(client.index).unwrap_or(u8::MAX);
        let processes = Processes::new(world, self.namespaces.of(index));
        let probe = Judging { judge: self.judge, me: &me, here, processes };
        let lock = CheckLock::new(FastLock::new(world, lock_path(), Leaf::File), &probe, world);
        match phase {
            Phase::Idle | Phase::Trying | Phase::Waiting(_) => take(&lock, &Id::from(&me)),
            Phase::Holding | Phase::Releasing | Phase::Serving(_) => give_back(&lock, &Id::from(&me), phase),
        }
    }

    fn evidence(&self, id: &Id) -> Path {
        let client = Client { index: 0, id: id.clone() };
        self.namespaces.process(&client).map_or_else(Path::root, |process| evidence(&Id::from(&process)))
    }

    fn namespaces(&self) -> Namespaces {
        self.namespaces
    }

    fn sometimes(&self, clients: usize, _faults: Faults) -> Vec<&'static str> {
        let mut wanted = vec!["took the lock", "gave it back"];
        if clients > 1 {
            wanted.push("found it held");
        }
        wanted
    }
}

impl ProcessClients {
    fn own(&self, client: &Client) -> Result<(ProcessId, Here), Stop> {
        let broken = || Stop::Broken(Property::Replayable, format!("{} is no process of a scenario", client.id));
        self.namespaces.process(client).zip(self.namespaces.here(client)).ok_or_else(broken)
    }
}

/// What a client can tell of others by looking at their processes.
struct Judging<'a> {
    judge: Judge,
    me: &'a ProcessId,
    here: Here,
    processes: Processes<'a>,
}

impl Probe for Judging<'_> {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        let Ok(owner) = ProcessId::try_from(id) else { return Ok(Liveness::Unknown) };
        self.processes.unless_halted(|seen| (self.judge)(&owner, self.me, &self.here, seen))
    }
}
