//! Passes: a search is begun anew when it met an answer that its merging did not know, with that answer known.
//!
//! When that is depends on what the search meets, and not on how far it may go: so a search that is broken off and resumed
//! is begun anew where it would have been.

use std::ops::ControlFlow;

use super::{
    Coverage, Limits, Report, Verdict, bfs::Search, lessons::Lessons, strategy::Observe, visited::collision_odds,
};
use crate::{
    history::{closing::GoOn, exchange::Exchangeable},
    names::IdNo,
    protocol::Protocol,
    scenario::{Faults, Profile, Scenario},
    symmetry::Symmetry,
    world::World,
};

/// A search, over as many passes as it takes.
pub(super) struct Passes<'a> {
    pub(super) search: Search<'a>,
    ids: Option<Exchangeable>,
    /// Why states that differ in names only are kept apart, although that was asked for.
    refused: Option<String>,
    /// The pass is over, and another has to be begun.
    pub(super) is_over: bool,
}

impl<'a> Passes<'a> {
    pub(super) fn new(protocol: &'a dyn Protocol, scenario: &'a Scenario, limits: Limits) -> Self {
        let limits = limits.heeding(protocol, scenario.profile);
        let mut world = World::new(protocol, scenario);
        let mut refused = None;
        let numbered = scenario.profile == Profile::Identity;
        let ids = if limits.symmetry && !numbered { exchangeable(protocol, scenario) } else { None };
        if limits.symmetry && numbered {
            refused = Some("a process has a number and a start, which follow from its name".into());
        } else if limits.symmetry && ids.is_none() {
            refused = Some(format!("more than {} clients and deaths have no numbers for their ids", IdNo::CLIENTS - 1));
        }
        if let Some(ids) = &ids {
            let kinds = ids.alive.iter().map(|(_, kind)| *kind).collect();
            let pool = ids.dead.iter().copied().chain([ids.spare]).collect();
            world.symmetry = Some(Symmetry::new(&mut world.names, kinds, pool));
        }
        let lessons = Lessons::new(protocol, scenario);
        Self { search: Search::new(world, lessons, limits), ids, refused, is_over: false }
    }

    pub(super) fn run(&mut self, observe: Observe<'_>) -> Verdict {
        loop {
            if !self.is_over {
                if let Some(verdict) = self.search.run(observe) {
                    return verdict;
                }
                self.is_over = true;
            }
            let progress = self.search.progress_of(0);
            if let ControlFlow::Break(reason) = self.begin_anew(&mut || observe(progress)) {
                return Verdict::Incomplete { depth: 0, reason };
            }
        }
    }

    /// Begins another pass, over all that was learned. Broken off, it goes on when it is called again.
    pub(super) fn begin_anew(&mut self, go_on: GoOn<'_>) -> ControlFlow<String> {
        let Search { world: World { protocol, scenario, .. }, limits, .. } = self.search;
        let histories = &mut self.search.world.histories;
        let merged = match &self.ids {
            Some(ids) if self.search.world.symmetry.is_some() => histories.exchange(protocol, ids, go_on),
            _ => histories.merge(protocol, go_on).map_continue(Ok),
        };
        match merged {
            ControlFlow::Break(reason) => return ControlFlow::Break(reason),
            ControlFlow::Continue(Ok(())) => {}
            ControlFlow::Continue(Err(refusal)) => {
                self.refused = Some(refusal.0);
                self.search.world.symmetry = None;
            }
        }
        let mut world = std::mem::replace(&mut self.search.world, World::new(protocol, scenario));
        let mut lessons = std::mem::replace(&mut self.search.lessons, Lessons::new(protocol, scenario));
        lessons.end_pass();
        if let Some(symmetry) = &mut world.symmetry {
            symmetry.forget_nodes();
        }
        world.make_room_for_images();
        if limits.partial_order {
            world.learn_who_is_alone();
        }
        self.search = Search::new(world, lessons, limits);
        self.is_over = false;
        ControlFlow::Continue(())
    }

    pub(super) fn report(&self, verdict: Verdict) -> Report {
        let search = &self.search;
        let progress = search.progress_of(0);
        Report {
            states: progress.states,
            transitions: progress.transitions,
            depth: search.depth_first.deepest.max(progress.depth),
            verdict,
            coverage: Coverage {
                bytes: progress.bytes,
                collision_odds: collision_odds(progress.states),
                symmetric: search.world.symmetry.is_some(),
                symmetry_refused: self.refused.clone(),
                shortest: false,
                shrunk_from: None,
                runs: None,
                resumed: None,
            },
        }
    }
}

/// Why no two of its states are one, nor two of its calls one step, if that is so.
pub(super) fn whole_reason(protocol: &dyn Protocol, profile: Profile) -> Option<&'static str> {
    if !protocol.promises().is_empty() {
        return Some("who starves on a loop is told by name");
    }
    if has_long_histories(protocol, profile) {
        return Some("its attempts have more histories than there are states");
    }
    protocol.is_linearizable().then_some("what explains the answers of operations is told by name")
}

/// Whether histories are kept apart: those of the protocol, or those of looks before refusals are believed.
pub(super) fn has_long_histories(protocol: &dyn Protocol, profile: Profile) -> bool {
    protocol.has_long_histories() || profile.is_nfs()
}

/// Whose ids may be exchanged; `None` when there are more than have numbers.
fn exchangeable(protocol: &dyn Protocol, scenario: &Scenario) -> Option<Exchangeable> {
    let Scenario { clients, faults: Faults { crashes, cuts, .. }, .. } = *scenario;
    let deaths = crashes.checked_add(cuts.checked_mul(clients)?)?;
    let alive = (0..clients).map(|client| {
        let kind = protocol.kind(client.into(), clients.into());
        IdNo::new(client, 0).map(|id| (id, kind))
    });
    let dead = (clients..clients.checked_add(deaths)?).map(|client| IdNo::new(client, 0));
    let spare = IdNo::new(clients + deaths, 0)?;
    Some(Exchangeable { alive: alive.collect::<Option<_>>()?, dead: dead.collect::<Option<_>>()?, spare })
}
