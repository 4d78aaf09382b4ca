//! What the server counts, and how `q` shows it.

use alloc::vec::Vec;

use core::fmt::Write;

use super::{
    Glockd,
    clients::{Busy, ClientId},
    command::Command,
    reply::Bytes,
};

/// The kinds of commands that are counted, in the order of their names.
pub const VERBS: [&str; 20] = [
    "back", "d", "dump", "g", "hello", "i", "iam", "lg", "lsg", "me", "ping", "pong", "q", "r", "sd", "sg", "si", "sr",
    "who", "invalid",
];

/// The kinds that `q` shows: those that the original does.
const SHOWN: [&str; 10] = ["d", "dump", "g", "i", "q", "r", "sd", "sg", "si", "sr"];

/// What was counted since the server began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Statistics {
    /// How often each of [`VERBS`] was asked for; the last counts lines that are no command.
    pub commands: [u64; VERBS.len()],
    /// How many exclusive locks were released because their holder was gone.
    pub orphans: u64,
    /// The same of shared locks, once for each holder.
    pub shared_orphans: u64,
    /// How many waits ended with a grant.
    pub waits_granted: u64,
    /// How many waits came to their end in vain.
    pub waits_timed_out: u64,
    /// How often a limit was reached, and something was refused for it.
    pub refused: u64,
    /// How often something was asked for that the client may not.
    pub forbidden: u64,
    /// How many clients were taken for gone because they gave no sign of life.
    pub silent: u64,
}

/// How much there is at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Clients that are connected.
    pub connections: usize,
    /// Exclusive locks that are held.
    pub locks: usize,
    /// Names of shared locks that are held.
    pub shared_locks: usize,
    /// Clients that wait in line.
    pub waiters: usize,
    /// The number of this run.
    pub epoch: u32,
    /// Whether nobody is granted anything but what was theirs.
    pub is_in_grace: bool,
}

impl Statistics {
    pub(super) fn count(&mut self, command: Option<&Command<'_>>) {
        self.commands[command.map_or(VERBS.len() - 1, place)] += 1;
    }

    fn of(&self, verb: &str) -> u64 {
        VERBS.iter().zip(self.commands).find(|(name, _)| **name == verb).map_or(0, |(_, count)| count)
    }
}

/// Where in [`VERBS`] it is counted.
const fn place(command: &Command<'_>) -> usize {
    match command {
        Command::Back(..) => 0,
        Command::List(_) => 1,
        Command::Dump | Command::SharedDump => 2,
        Command::Get(_) => 3,
        Command::Hello => 4,
        Command::Inspect(_) => 5,
        Command::Iam(_) => 6,
        Command::Lock(..) => 7,
        Command::SharedLimited(..) => 8,
        Command::Me => 9,
        Command::Ping => 10,
        Command::Pong => 11,
        Command::Statistics => 12,
        Command::Release(_) => 13,
        Command::SharedList(_) => 14,
        Command::SharedGet(_) => 15,
        Command::SharedInspect(_) => 16,
        Command::SharedRelease(_) => 17,
        Command::Who(_) => 18,
    }
}

impl Glockd {
    /// What was counted.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// How much there is at the moment.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        Gauges {
            connections: self.clients.connected,
            locks: self.exclusive.held.len(),
            shared_locks: self.shared.held.len(),
            waiters: self.queue.waiting,
            epoch: self.fences.epoch(),
            is_in_grace: self.grace.is_some(),
        }
    }

    /// Who holds the exclusive lock `name`. It may be a client that is gone, until its locks are released.
    #[must_use]
    pub fn holder(&self, name: &[u8]) -> Option<ClientId> {
        self.clients.see_at(self.exclusive.hold(name)?.slot).map(|client| client.id)
    }

    /// Who holds the shared lock `name`, in the order of coming.
    pub fn shared_holders(&self, name: &[u8]) -> impl Iterator<Item = ClientId> {
        let slots = self.shared.held.get(name).into_iter().flat_map(|holders| &holders.slots);
        slots.filter_map(|slot| self.clients.see_at(*slot)).map(|client| client.id)
    }

    /// What this client stands in line for.
    #[must_use]
    pub fn waits_for(&self, client: ClientId) -> Option<&[u8]> {
        match &self.clients.see(client)?.busy {
            Busy::Waits { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Whether a command of this client is yet to be answered, so that those it sends after have to wait.
    #[must_use]
    pub fn is_busy(&self, client: ClientId) -> bool {
        self.clients.see(client).is_some_and(|client| client.busy != Busy::Free)
    }

    /// The answer to `q`: its keys in order.
    pub(super) fn write_statistics(&self, out: &mut Vec<u8>) {
        let (counted, now, mut out) = (&self.statistics, self.gauges(), Bytes(out));
        for verb in SHOWN {
            let _ = writeln!(out, "command_{verb}: {}", counted.of(verb));
        }
        let invalid = counted.of("invalid");
        let _ = writeln!(out, "connections: {}\ninvalid_commands: {invalid}", now.connections);
        let _ = writeln!(out, "locks: {}\norphans: {}", now.locks, counted.orphans);
        let _ = writeln!(out, "shared_locks: {}\nshared_orphans: {}", now.shared_locks, counted.shared_orphans);
    }
}
