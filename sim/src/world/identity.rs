//! Process numbers that are used again: what a look at one sees, and which ones a new process may get.

use lockwright_kernel::ids::process::Sighting;

use super::{Step, Successor, World, calls::Came};
use crate::{
    identity::{self, CHOICES},
    linear::Heard,
    miss::Miss,
    plan::Look,
    replay::Reply,
    scenario::{Budget, Faults, Profile},
    state::State,
};

impl World<'_> {
    /// The incarnations that may follow that of a client's process, each with the budgets that are left after it.
    pub(super) fn incarnations_after(&self, state: &State, client: u8, left: Faults) -> Vec<(u8, Faults)> {
        let incarnation = state.processes[usize::from(client)].incarnation;
        if self.scenario.profile != Profile::Identity {
            return vec![(incarnation + 1, left)];
        }
        let namespaces = self.protocol.namespaces();
        let mut after = Vec::new();
        if identity::lacks_numbers(self.scenario).is_some() {
            return after;
        }
        for next in identity::next(incarnation, self.scenario.clients) {
            let choice = next % CHOICES;
            if choice == 0 {
                after.push((next, left));
                continue;
            }
            let pid = namespaces.pid(client, next);
            let here = namespaces.of(client) == namespaces.of(choice - 1);
            let others = (0..).zip(&state.processes).filter(|(other, _)| *other != client);
            let mut others = others.filter(|(other, _)| namespaces.of(*other) == namespaces.of(client));
            let taken = others.any(|(other, process)| namespaces.pid(other, process.incarnation) == pid);
            if let (true, false, Some(left)) = (here, taken, left.spend(Budget::Reuses)) {
                after.push((next, left));
            }
        }
        after
    }

    /// Restarts of each host: its processes are dead, and what is on disk stays.
    pub(super) fn reboots(&self, state: &State, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let Some(left) = state.left.spend(Budget::Reboots) else { return Ok(()) };
        let namespaces = self.protocol.namespaces();
        for host in 0..namespaces.hosts() {
            let mut next = State { left, ..state.clone() };
            let mut killed = 0;
            for client in (0..self.scenario.clients).filter(|client| namespaces.host_of(*client) == host) {
                let process = &mut next.processes[usize::from(client)];
                let Some(incarnation) = identity::rebooted(process.incarnation) else { return Ok(()) };
                *process = self.next_process(client, process, incarnation)?;
                next.tester = self.hear(next.tester, Heard::Crash(client))?;
                killed |= 1 << client;
            }
            out.push(Successor::quiet(Step::Reboot { host, clients: killed }, next));
        }
        Ok(())
    }

    /// What has a number in a namespace.
    pub(super) fn sight(&self, state: &State, client: u8, look: Look, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let sighting = match self.found(state, look) {
            Some(start) => Sighting::Present { start, ended: false },
            None => Sighting::Absent,
        };
        let reply = self.histories.reply_id(&Reply::Sighting(sighting))?;
        self.answer(state.clone(), client, reply, Ok(None).into(), out)
    }

    /// When what has a number started, by the wall clock, which is right or a second off.
    pub(super) fn started(&self, state: &State, client: u8, look: Look, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let started = self.found(state, look).map(|start| identity::BOOTED + start);
        let reply = self.histories.reply_id(&Reply::Started(started))?;
        self.answer(state.clone(), client, reply, Came::default(), out)?;
        let (Some(left), Some(started)) = (state.left.spend(Budget::Jitters), started) else { return Ok(()) };
        for off in [started - 1, started + 1] {
            let reply = self.histories.reply_id(&Reply::Started(Some(off)))?;
            let came = Came::default().odd(Budget::Jitters);
            self.answer(State { left, ..state.clone() }, client, reply, came, out)?;
        }
        Ok(())
    }

    /// The start of what has a number.
    fn found(&self, state: &State, look: Look) -> Option<u64> {
        let namespaces = self.protocol.namespaces();
        let mut processes = (0..).zip(&state.processes);
        let found = processes.find(|(other, process)| {
            namespaces.of(*other) == look.namespace && namespaces.pid(*other, process.incarnation) == look.pid
        });
        found.map(|(other, process)| identity::start(other, process.incarnation))
    }
}
