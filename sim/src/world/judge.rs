//! What a state is: who holds the lock in it, and which property it breaks by itself.

use smallvec::SmallVec;

use super::{Step, World};
use crate::{
    history::{RootId, Then},
    miss::Miss,
    names::PathId,
    protocol::{Phase, Property},
    scenario::{self, Scenario},
    state::{InCall, Process, State},
    tree::Node,
};

impl World<'_> {
    /// A client that waits in `state` although nobody has anything left to do: those who are idle need not begin
    /// anything.
    pub(crate) fn waits_in_vain<'s>(&self, state: &State, steps: impl IntoIterator<Item = &'s Step>) -> Option<u8> {
        let calls = steps.into_iter().filter(|step| !step.is_fault());
        let going_on = calls.filter_map(Step::client).fold(0_u32, |clients, client| clients | 1 << client);
        let mut busy = (0..).zip(&state.processes).filter(|(_, process)| !self.is_idle(process));
        let first = busy.next().map(|(client, _): (u8, _)| client).filter(|client| going_on & 1 << client == 0)?;
        (!busy.any(|(client, _)| going_on & 1 << client != 0)).then_some(first)
    }

    /// True from the return of a successful attempt to take the lock until the first call of the next attempt.
    pub(crate) fn in_critical_section(&self, process: &Process) -> bool {
        process.call == InCall::Before
            && self.histories.is_root(process.history)
            && self.histories.root_of(process.history).phase.holds()
    }

    pub(crate) fn is_idle(&self, process: &Process) -> bool {
        process.call == InCall::Before
            && self.histories.is_root(process.history)
            && self.histories.root_of(process.history).phase == Phase::Idle
    }

    /// True when nothing is on disk but what stays for good.
    pub(crate) fn is_clean(&self, state: &State) -> bool {
        let stays =
            |path| self.stays.iter().any(|&kept| self.names.is_within(path, kept) || self.names.is_within(kept, path));
        state.tree.entries().iter().all(|&(path, _)| stays(path))
    }

    /// True while a client that has had all its rounds leaves the lock to others: until they have had theirs.
    pub(super) fn rests(&self, state: &State, client: u8) -> bool {
        let Scenario { clients, rounds, .. } = *self.scenario;
        let has_had_all = |client: usize, process: &Process| {
            process.rounds >= rounds || !self.protocol.takes_the_lock(client, clients.into())
        };
        let process = &state.processes[usize::from(client)];
        rounds > 0
            && process.rounds >= rounds
            && self.is_idle(process)
            && !(0..).zip(&state.processes).all(|(client, other)| has_had_all(client, other) && self.is_idle(other))
    }

    /// A property that `state` breaks by itself, and how.
    pub(crate) fn judge(&self, state: &State) -> Result<Option<(Property, String)>, Miss> {
        let mut holders: SmallVec<[RootId; 4]> = SmallVec::new();
        for (client, process) in (0..).zip(&state.processes) {
            let id = || scenario::id(client, process.incarnation);
            match self.histories.then(process.history) {
                Then::Asks(_) => {}
                Then::Breaks(property, what) => return Ok(Some((*property, format!("{}: {what}", id())))),
                Then::Ends(_) => {
                    return Ok(Some((Property::Replayable, format!("{} made an attempt without a call", id()))));
                }
            }
            if self.in_critical_section(process) {
                let phase = self.histories.root_of(process.history).phase;
                holders.push(RootId { client, incarnation: process.incarnation, phase });
            }
        }
        let gives_up = self.protocol.gives_up();
        if let Some(broken) = self.judge_together(state, &holders) {
            return Ok(Some(broken));
        }
        if gives_up.contains(&Property::NotDispossessed) {
            holders.clear();
        }
        for holder in holders {
            let evidence = self.evidence.get(&holder).ok_or(Miss::Evidence(holder))?;
            if evidence.iter().all(|path| state.tree.get(*path).is_none()) {
                let missing: Vec<String> =
                    evidence.iter().map(|path| format!("\"{}\"", self.names.spell(*path))).collect();
                let what = format!("{} holds the lock, and {} is gone", spell(holder), missing.join(" or "));
                return Ok(Some((Property::NotDispossessed, what)));
            }
        }
        if let Some(broken) = self.unexplained(state) {
            return Ok(Some(broken));
        }
        let all_idle = state.processes.iter().all(|process| self.is_idle(process));
        let is_kept = gives_up.contains(&Property::NothingLeftBehind);
        if all_idle && !is_kept && state.left == self.scenario.faults && !self.is_clean(state) {
            let left: Vec<String> = self.spell_tree(state);
            let what = format!("all are idle, nothing went wrong, and there is {}", left.join(", "));
            return Ok(Some((Property::NothingLeftBehind, what)));
        }
        Ok(None)
    }

    /// What is wrong with those who hold at once, and with those who wait meanwhile.
    fn judge_together(&self, state: &State, holders: &[RootId]) -> Option<(Property, String)> {
        let may_overlap = self.protocol.gives_up().contains(&Property::MutualExclusion);
        let told = |holder: &RootId| (usize::from(holder.client), holder.phase);
        let together: SmallVec<[_; 4]> = holders.iter().map(told).collect();
        if holders.len() > 1 && !may_overlap && !self.protocol.may_hold_together(&together) {
            let names: Vec<String> = holders.iter().map(|holder| spell(*holder)).collect();
            return Some((Property::MutualExclusion, format!("{} hold the lock", names.join(" and "))));
        }
        let first = holders.first()?;
        let between: SmallVec<[_; 4]> = (0..)
            .zip(&state.processes)
            .filter(|(_, process)| process.call == InCall::Before && self.histories.is_root(process.history))
            .map(|(client, process): (usize, _)| (client, self.histories.root_of(process.history).phase))
            .collect();
        let what = || format!("{} holds the lock, and somebody waits who came before", spell(*first));
        (!self.protocol.is_in_order(&between)).then(|| (Property::InOrder, what()))
    }

    /// The paths of all entries, sorted, a directory's with a `/` at the end.
    pub(crate) fn spell_tree(&self, state: &State) -> Vec<String> {
        let spell = |&(path, node): &(PathId, Node)| match node {
            Node::Dir => format!("{}/", self.names.spell(path)),
            Node::File(contents) => {
                let contents = self.contents.get(contents);
                let body =
                    if contents.is_empty() { String::new() } else { format!(" = \"{}\"", contents.escape_ascii()) };
                format!("{}{body}", self.names.spell(path))
            }
        };
        let mut entries: Vec<String> = state.tree.entries().iter().map(spell).collect();
        entries.sort();
        entries
    }
}

fn spell(holder: RootId) -> String {
    scenario::id(holder.client, holder.incarnation).to_string()
}
