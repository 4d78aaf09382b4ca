//! The steps that spend a budget.

use super::{Step, Successor, World};
use crate::{history::Then, miss::Miss, scenario::Budget, state::State};

impl World<'_> {
    /// Adds everything that can go wrong in `state`.
    pub(super) fn faults(&self, state: &State, out: &mut Vec<Successor>) -> Result<(), Miss> {
        for client in 0..self.scenario.clients {
            self.crash(state, client, out)?;
        }
        Ok(())
    }

    /// A process that has begun nothing has nothing to lose: its crash would only change its id.
    pub(super) fn crash(&self, state: &State, client: u8, out: &mut Vec<Successor>) -> Result<(), Miss> {
        let process = &state.processes[usize::from(client)];
        if self.is_idle(process) || matches!(self.histories.then(process.history), Then::Breaks(..)) {
            return Ok(());
        }
        let Some(left) = state.left.spend(Budget::Crashes) else { return Ok(()) };
        let mut next = State { left, ..state.clone() };
        next.processes[usize::from(client)] = self.process(client, process.incarnation + 1)?;
        out.push(Successor { step: Step::Crash { client }, state: next, walked: Vec::new(), error: None, said: None });
        Ok(())
    }
}
