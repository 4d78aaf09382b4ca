//! Process numbers that are used again: what a look at one sees, and which ones a new process may get.

use lockwright_kernel::ids::process::Sighting;

use super::{Successor, World};
use crate::{
    identity::{self, CHOICES},
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

    /// What has a number in a namespace.
    pub(super) fn sight(&self, state: &State, client: u8, look: Look, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let namespaces = self.protocol.namespaces();
        let mut processes = (0..).zip(&state.processes);
        let found = processes.find(|(other, process)| {
            namespaces.of(*other) == look.namespace && namespaces.pid(*other, process.incarnation) == look.pid
        });
        let sighting = match found {
            Some((other, process)) => {
                Sighting::Present { start: identity::start(other, process.incarnation), ended: false }
            }
            None => Sighting::Absent,
        };
        let reply = self.histories.reply_id(&Reply::Sighting(sighting))?;
        self.answer(state.clone(), client, reply, Ok(None).into(), out)
    }
}
