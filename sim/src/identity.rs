//! Process numbers: which one each process of a scenario has, and what can be seen of it.
//!
//! In the profile `identity` the processes of a scenario have what the kernel's
//! [`ProcessId`] writes down: a number in a pid namespace, a start, and the boot of its host. Each client lives in one
//! namespace, where its first process has the number that the first process there gets, or the next. A process that comes
//! after a crash has a new number, or, for a reuse, that of a first process which is dead. On one boot no two processes of
//! a namespace have the same number and start; after a restart of its host a client's process has the number *and* the
//! start of its first one, as on a machine that starts the same services in the same order.

use std::cell::Cell;

use lockwright_kernel::{
    fs::Halted,
    ids::process::{Boot, GroupSighting, Here, Host, Namespace, ProcessId, ProcessTable, Sighting},
};

use crate::{
    protocol::Client,
    replay::Replay,
    scenario::{self, Profile, Scenario},
};

/// The incarnations after each crash: a new number, and that of each client's first process.
pub(crate) const CHOICES: u8 = 8;

/// So many crashes of a client between two restarts of its host have numbers.
const CRASHES: u8 = 8;

/// So many boots of a host have numbers.
const BOOTS: u8 = 4;

/// How the clients of a scenario are spread over pid namespaces: one after the other, round and round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespaces {
    /// How many there are, at least 1.
    pub count: u8,
    /// Whether each is on a host of its own. The hosts share the file system, have the same name, and number their
    /// namespaces alike. Otherwise there is one host, and the file system is its own.
    pub hosts: bool,
}

impl Namespaces {
    /// One on one host.
    pub const ONE: Self = Self { count: 1, hosts: false };

    /// The namespace that a client lives in.
    #[must_use]
    pub const fn of(self, client: u8) -> u8 {
        client % self.count
    }

    /// What a process writes down of itself; `None` for one that is no process of a scenario.
    #[must_use]
    pub fn process(self, client: &Client) -> Option<ProcessId> {
        let (client, incarnation) = scenario::parse_id(&client.id)?;
        Some(ProcessId {
            pid: self.pid(client, incarnation),
            start: start(client, incarnation),
            boot: self.boot(client, incarnation),
            namespace: self.namespace(client),
            host: Host::cleaned("node"),
            serial: 1,
            group: None,
        })
    }

    /// Where a process looks from; `None` for one that is no process of a scenario.
    #[must_use]
    pub fn here(self, client: &Client) -> Option<Here> {
        let (client, incarnation) = scenario::parse_id(&client.id)?;
        let boot = self.boot(client, incarnation);
        Some(Here { boot, namespace: self.namespace(client), local: !self.hosts })
    }

    /// How many hosts there are.
    pub(crate) fn hosts(self) -> u8 {
        if self.hosts { self.count } else { 1 }
    }

    /// The host that a client lives on.
    pub(crate) fn host_of(self, client: u8) -> u8 {
        client % self.hosts()
    }

    /// The number of a client's process in its namespace.
    pub(crate) fn pid(self, client: u8, incarnation: u8) -> u32 {
        match (crashes(incarnation), incarnation % CHOICES) {
            (0, _) => self.first_pid(client),
            (crashes, 0) => 100 + 10 * u32::from(crashes) + u32::from(client),
            (_, first) => self.first_pid(first - 1),
        }
    }

    /// Numbers 0 and 1 are taken by others.
    fn first_pid(self, client: u8) -> u32 {
        2 + u32::from(client / self.count)
    }

    fn boot(self, client: u8, incarnation: u8) -> Boot {
        let boot = incarnation / CHOICES / CRASHES;
        Boot(1 + u128::from(boot) * u128::from(self.hosts()) + u128::from(self.host_of(client)))
    }

    /// The first namespace of every kernel has the same number.
    fn namespace(self, client: u8) -> Namespace {
        let number = if self.hosts { 0 } else { self.of(client) };
        Namespace { pid: 4_026_531_836 + u64::from(number), time: None }
    }
}

/// How many crashes there were since the host was started.
fn crashes(incarnation: u8) -> u8 {
    incarnation / CHOICES % CRASHES
}

/// When a process started, in ticks after boot.
pub(crate) fn start(client: u8, incarnation: u8) -> u64 {
    1000 + 10 * u64::from(crashes(incarnation)) + u64::from(client)
}

/// When a process started by the wall clock, read without an error: ticks are seconds here, and this was the boot.
pub const BOOTED: u64 = 1_000_000;

/// The incarnations that may come after one, the first with a new number, each of the others with the number of a
/// client's first process.
pub(crate) fn next(incarnation: u8, clients: u8) -> impl Iterator<Item = u8> {
    let fresh = incarnation - incarnation % CHOICES + CHOICES;
    (0..=clients.min(CHOICES - 1)).map(move |choice| fresh + choice)
}

/// The incarnation that comes after a restart of the host; `None` when there are no numbers left.
pub(crate) fn rebooted(incarnation: u8) -> Option<u8> {
    (incarnation / CHOICES / CRASHES + 1).checked_mul(CHOICES * CRASHES)
}

/// Why a scenario's processes have not numbers enough, if they have not.
pub(crate) fn lacks_numbers(scenario: &Scenario) -> Option<String> {
    let Scenario { profile, faults, .. } = *scenario;
    let lacks = profile == Profile::Identity && (faults.crashes >= CRASHES || faults.reboots >= BOOTS);
    lacks.then(|| format!("only {} crashes and {} reboots have process numbers", CRASHES - 1, BOOTS - 1))
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

    /// When the process with the number `pid` started, by the wall clock, in seconds; see [`Replay::started`].
    pub fn started(&self, pid: u32) -> Option<u64> {
        self.world.started(self.namespace, pid).unwrap_or_else(|Halted| {
            self.halted.set(true);
            None
        })
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
        let namespaces = Namespaces::ONE;
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
        let namespaces = Namespaces { count: 2, hosts: false };
        assert_eq!([0, 1, 2].map(|client| namespaces.of(client)), [0, 1, 0]);
        assert_eq!([0, 1, 2].map(|client| namespaces.pid(client, 0)), [2, 2, 3]);
    }

    #[test]
    fn a_restarted_host_gives_the_same_number_and_start_on_another_boot() {
        let namespaces = Namespaces { count: 2, hosts: true };
        let process = |client, incarnation| {
            let id = scenario::id(client, incarnation);
            namespaces.process(&Client { index: client.into(), id }).unwrap()
        };
        let before = process(0, next(0, 2).next().unwrap());
        let after = process(0, rebooted(0).unwrap());
        assert_eq!(ProcessId { boot: process(0, 0).boot, ..after.clone() }, process(0, 0));
        let boots = [process(0, 0).boot, process(1, 0).boot, after.boot, process(1, rebooted(0).unwrap()).boot];
        assert_eq!(boots, [1, 2, 3, 4].map(Boot));
        assert_eq!(before.boot, process(0, 0).boot);
        assert_eq!(rebooted(rebooted(rebooted(0).unwrap()).unwrap()), Some(192));
        assert_eq!(rebooted(192), None);
    }
}
