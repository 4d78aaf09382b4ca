//! What the tester of the order of operations hears of each step.

use super::{Successor, World};
use crate::{
    history::{NodeId, Then},
    linear::{Heard, TesterId, UNTESTED},
    miss::Miss,
    operations::Event,
    protocol::Property,
    scenario,
    state::{InCall, State},
};

impl World<'_> {
    /// Lets the tester hear the call that `client` makes by the steps `next`, if it departs for it with them, and what
    /// it comes to by its answer.
    ///
    /// Others whose walks these steps find begun have called before.
    pub(super) fn tell_tester(
        &self,
        client: u8,
        departs: Option<NodeId>,
        arrived: NodeId,
        next: &mut [Successor],
    ) -> Result<(), Miss> {
        if next.first().is_none_or(|next| next.state.tester == UNTESTED) {
            return Ok(());
        }
        // The first is the one in which nobody else's walk had begun by this step.
        let others = next[0].state.processes.iter().map(|process| (process.call == InCall::Before, process.history));
        let others: Vec<(bool, NodeId)> = others.collect();
        for Successor { state, walked, .. } in next {
            for &other in &*walked {
                if let (true, history) = others[usize::from(other)] {
                    state.tester = self.departs(state.tester, other, history)?;
                }
            }
            if let Some(history) = departs {
                state.tester = self.departs(state.tester, client, history)?;
            }
            if !self.told_at(Heard::Arrives(client, arrived)).is_empty() {
                state.tester = self.hear(state.tester, Heard::Arrives(client, arrived))?;
            }
        }
        Ok(())
    }

    /// The tester once `client` begins the call that its history asks for.
    pub(super) fn departs(&self, tester: TesterId, client: u8, history: NodeId) -> Result<TesterId, Miss> {
        let heard = Heard::Departs(client, history);
        if tester == UNTESTED || self.told_at(heard).is_empty() { Ok(tester) } else { self.hear(tester, heard) }
    }

    pub(super) fn hear(&self, tester: TesterId, heard: Heard) -> Result<TesterId, Miss> {
        if tester == UNTESTED { Ok(tester) } else { self.testers.hear(tester, heard) }
    }

    pub(super) fn learn_heard(&mut self, tester: TesterId, heard: Heard) {
        let told = self.told_at(heard).to_vec();
        self.testers.learn(tester, heard, &told);
    }

    /// What a client tells there. An operation that it calls last is called when it makes the first call on the world for
    /// it, and so is all that an attempt tells before its first call.
    fn told_at(&self, heard: Heard) -> &[Event] {
        let (history, departs) = match heard {
            Heard::Departs(_, history) => (history, true),
            Heard::Arrives(_, history) => (history, false),
            Heard::Crash(_) | Heard::Cut(_) | Heard::Removal => return &[],
        };
        let told = self.histories.told(history);
        if self.histories.is_root(history) {
            return if departs { told } else { &[] };
        }
        let asks = matches!(self.histories.then(history), Then::Asks(_));
        let last = usize::from(asks && matches!(told.last(), Some(Event::Call(_))));
        let (arrived, called) = told.split_at(told.len() - last);
        if departs { called } else { arrived }
    }

    /// What the answers of operations break in `state`, and how.
    pub(super) fn unexplained(&self, state: &State) -> Option<(Property, String)> {
        let (client, what) = self.testers.broken(state.tester)?;
        let id = scenario::id(client, state.processes[usize::from(client)].incarnation);
        Some((Property::Linearizable, format!("{id}: {what}")))
    }
}
