//! Process numbers: which one each process of a scenario has, and what can be seen of it.
//!
//! In the profile `identity` the processes of a scenario have what the kernel's
//! [`ProcessId`] writes down: a number in a pid namespace, and a start. Each client lives in one namespace, where its
//! first process has the number that the first process there gets, or the next. A process that comes after a crash has a
//! new number, or, for a reuse, that of a first process which is dead. No two processes have the same start.

use std::cell::Cell;

use lockwright_kernel::{
    fs::Halted,
    ids::process::{Boot, GroupSighting, Here, Host, Namespace, ProcessId, ProcessTable, Sighting},
};

use crate::{protocol::Client, replay::Replay, scenario};

/// The incarnations after each crash: a new number, and that of each client's first process.
pub(crate) const CHOICES: u8 = 8;

/// How the clients of a scenario are spread over pid namespaces: one after the other, round and round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespaces(
    /// How many there are, at least 1.
    pub u8,
);

impl Namespaces {
    /// The namespace that a client lives in.
    #[must_use]
    pub const fn of(self, client: u8) -> u8 {
        client % self.0
    }

    /// What a process writes down of itself; `None` for one that is no process of a scenario.
    #[must_use]
    pub fn process(self, client: &Client) -> Option<ProcessId> {
        let (client, incarnation) = scenario::parse_id(&client.id)?;
        Some(ProcessId {
            pid: self.pid(client, incarnation),
            start: start(client, incarnation),
            boot: BOOT,
            namespace: namespace(self.of(client)),
            host: Host::cleaned("node"),
            serial: 1,
            group: None,
        })
    }

    /// Where a client looks from.
    #[must_use]
    pub const fn here(self, client: u8) -> Here {
        Here { boot: BOOT, namespace: namespace(self.of(client)), local: true }
    }

    /// The number of a client's process in its namespace.
    pub(crate) fn pid(self, client: u8, incarnation: u8) -> u32 {
        match (incarnation / CHOICES, incarnation % CHOICES) {
            (0, _) => self.first_pid(client),
            (crashes, 0) => 100 + 10 * u32::from(crashes) + u32::from(client),
            (_, first) => self.first_pid(first - 1),
        }
    }

    /// Numbers 0 and 1 are taken by others.
    fn first_pid(self, client: u8) -> u32 {
        2 + u32::from(client / self.0)
    }
}

const BOOT: Boot = Boot(1);

const fn namespace(number: u8) -> Namespace {
    Namespace { pid: 4_026_531_836 + number as u64, time: None }
}

/// When a process started.
pub(crate) fn start(client: u8, incarnation: u8) -> u64 {
    1000 + 10 * u64::from(incarnation / CHOICES) + u64::from(client)
}

/// The incarnations that may come after one, the first with a new number, each of the others with the number of a
/// client's first process.
pub(crate) fn next(incarnation: u8, clients: u8) -> impl Iterator<Item = u8> {
    let fresh = (incarnation / CHOICES + 1) * CHOICES;
    (0..=clients.min(CHOICES - 1)).map(move |choice| fresh + choice)
}

/// The processes of one namespace, as a client sees them that lives there.
#[derive(Debug)]
pub struct Processes<'a> {
    world: &'a Replay<'a>,
    namespace: u8,
    halted: Cell<bool>,
}

impl<'a> Processes<'a> {
    /// The processes of the namespace of this number.
    #[must_use]
    pub fn new(world: &'a Replay<'a>, namespace: u8) -> Self {
        Self { world, namespace, halted: Cell::new(false) }
    }

    /// What follows from what was seen.
    ///
    /// # Errors
    ///
    /// [`Halted`], when the world halted a look, and what followed from it means nothing.
    pub fn unless_halted<T>(&self, judge: impl FnOnce(&Self) -> T) -> Result<T, Halted> {
        let judged = judge(self);
        if self.halted.get() { Err(Halted) } else { Ok(judged) }
    }
}

impl ProcessTable for Processes<'_> {
    fn process(&self, pid: u32) -> Sighting {
        self.world.sighting(self.namespace, pid).unwrap_or_else(|Halted| {
            self.halted.set(true);
            Sighting::Hidden
        })
    }

    fn group(&self, _leader: u32) -> GroupSighting {
        GroupSighting::Hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_processes_are_the_same_and_a_reused_number_is_that_of_a_first_process() {
        let namespaces = Namespaces(1);
        let mut seen = Vec::new();
        for client in 0..3 {
            seen.push((namespaces.pid(client, 0), start(client, 0)));
            seen.extend(
                next(0, 3).map(|incarnation| (namespaces.pid(client, incarnation), start(client, incarnation))),
            );
        }
        let reused = |(pid, _): &&(u32, u64)| *pid < 100;
        assert_eq!(seen.iter().filter(reused).count(), 3 + 9);
        let [first, again] = [(2, 1000), (2, 1010)];
        assert!(seen.contains(&first) && seen.contains(&again));
        let starts_of_first = seen.iter().filter(|(pid, start)| *pid == 2 && *start == 1000).count();
        assert_eq!(starts_of_first, 1);
    }

    #[test]
    fn two_namespaces_begin_with_the_same_number() {
        let namespaces = Namespaces(2);
        assert_eq!([0, 1, 2].map(|client| namespaces.of(client)), [0, 1, 0]);
        assert_eq!([0, 1, 2].map(|client| namespaces.pid(client, 0)), [2, 2, 3]);
    }
}
