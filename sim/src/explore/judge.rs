//! Judging a graph of states that is complete: what must stay possible, what must come about, what must have been seen.
//!
//! It takes its time where there are many states, so whoever watches is asked meanwhile, and can break it off.

use std::ops::ControlFlow;

use super::{
    Strategy, Verdict, Violation,
    bfs::Search,
    edges::Edge,
    fair,
    goals::{self, Places, Reach},
    path,
    strategy::Observe,
    visited::StateId,
};
use crate::{history::closing::GoOn, protocol::Property, scenario::Scenario};

impl Search<'_> {
    /// The properties of the whole graph, once it is complete.
    pub(super) fn judge_the_whole(&mut self, observe: Observe<'_>) -> Verdict {
        let progress = self.progress_of(0);
        match self.judge(&mut || observe(progress)) {
            ControlFlow::Continue(verdict) => verdict,
            ControlFlow::Break(reason) => Verdict::Incomplete {
                depth: if self.limits.strategy == Strategy::Bfs { progress.depth } else { 0 },
                reason: format!("{reason}, with all states seen, while what follows from them was being judged"),
            },
        }
    }

    fn judge(&mut self, go_on: GoOn<'_>) -> ControlFlow<String, Verdict> {
        let goals = goals::all(&self.world);
        let places = Places::new(self.world.symmetry.as_ref(), self.world.scenario);
        let threads = self.limits.threads.max(1);
        let reach = Reach::new(&self.graph.edges, goals, &self.graph.goals, places, threads, go_on)?;
        for goals in goals::by_property(goals) {
            if let Some((state, goal)) = reach.first_without(goals) {
                let (choices, client) = self.way_to(state, goals::client_of(goal));
                let (property, what) = goals::missed(goals::of_client(goal, client));
                return ControlFlow::Continue(self.violated(property, &what, &choices));
            }
        }
        if let Some(verdict) = self.judge_fair_runs(go_on)? {
            return ControlFlow::Continue(verdict);
        }
        let Scenario { clients, faults, .. } = *self.world.scenario;
        let wanted = self.world.protocol.sometimes(clients.into(), faults);
        ControlFlow::Continue(match wanted.into_iter().find(|word| !self.graph.said.contains(word)) {
            None => Verdict::Verified,
            Some(word) => Verdict::Violated(Violation {
                property: Property::Sometimes,
                what: format!("no attempt ever came to this: {word}"),
                trace: None,
            }),
        })
    }

    /// The promises that speak of runs which go on for ever.
    fn judge_fair_runs(&mut self, go_on: GoOn<'_>) -> ControlFlow<String, Option<Verdict>> {
        let clients = self.world.scenario.clients;
        for &promise in self.world.protocol.promises() {
            for client in
                (0..clients).filter(|client| self.world.protocol.takes_the_lock((*client).into(), clients.into()))
            {
                let everybody = promise == Property::NoLivelock;
                let may = |step: &Edge| !(step.serves && (everybody || step.actor == client));
                if let Some(cycle) = fair::cycle(&self.graph.edges, clients, &self.graph.idle, client, may, go_on)? {
                    return ControlFlow::Continue(Some(self.goes_round(promise, client, &cycle)));
                }
            }
        }
        ControlFlow::Continue(None)
    }

    fn goes_round(&mut self, promise: Property, client: u8, cycle: &[StateId]) -> Verdict {
        let mut way = self.way(cycle[0]);
        let loop_from = way.len() - 1;
        way.extend(&cycle[1..]);
        let fingerprints = self.fingerprints(way);
        path::goes_round(&mut self.world, promise, client, &fingerprints, loop_from)
    }
}
