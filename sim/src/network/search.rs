//! Breadth first through all states of a scenario.

use std::{collections::BTreeSet, hash::Hasher, ops::ControlFlow};

use rustc_hash::FxHashSet;
use siphasher::sip128::{Hasher128, SipHasher13};

use super::{
    scenario::{Property, Scenario},
    servers::Servers,
    world::{Event, World},
};

/// A search and its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many states were seen.
    pub states: usize,
    /// How many steps between them.
    pub transitions: usize,
    /// The most steps it takes to come to a state.
    pub depth: usize,
    /// Which answers clients were seen to get.
    pub seen: BTreeSet<&'static str>,
    /// What came of it.
    pub verdict: Verdict,
}

/// What a search found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every state was seen, and every property holds in it.
    Verified,
    /// A property does not hold.
    Violated(Violation),
    /// It was broken off, for this reason. That says nothing of the states that were not seen.
    Incomplete(String),
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub property: Property,
    /// What was seen.
    pub what: String,
    /// A run of the fewest steps that shows it.
    pub steps: Vec<String>,
}

/// Explores all that can happen in `scenario`, up to so many states.
#[must_use]
pub fn check(scenario: &Scenario, states_max: usize) -> Report {
    check_while(scenario, states_max, &mut |_| ControlFlow::Continue(()))
}

/// The same for as long as `may_go_on`, which is asked after every state that was gone on from, and told how many there are.
pub fn check_while(
    scenario: &Scenario,
    states_max: usize,
    may_go_on: &mut dyn FnMut(usize) -> ControlFlow<String>,
) -> Report {
    let mut servers = Servers::of(*scenario);
    let first = World::new(&mut servers);
    let mut search = Search {
        servers,
        known: FxHashSet::from_iter([fingerprint(&first)]),
        came: vec![None],
        transitions: 0,
        seen: BTreeSet::new(),
    };
    let (mut layer, mut depth) = (vec![(0, first)], 0);
    loop {
        let next = match search.expand(&layer, may_go_on) {
            Ok(next) => next,
            Err(end @ Verdict::Violated(_)) => return search.report(depth + 1, end),
            Err(end) => return search.report(depth, end),
        };
        if next.is_empty() {
            return search.report(depth, Verdict::Verified);
        }
        if search.came.len() > states_max {
            return search.report(depth, Verdict::Incomplete(format!("more than {states_max} states")));
        }
        (layer, depth) = (next, depth + 1);
    }
}

/// What is kept of the states that were expanded.
struct Search {
    servers: Servers,
    known: FxHashSet<u128>,
    /// How each state was come to first.
    came: Vec<Option<(usize, Event)>>,
    transitions: usize,
    seen: BTreeSet<&'static str>,
}

impl Search {
    fn expand(
        &mut self,
        layer: &[(usize, World)],
        may_go_on: &mut dyn FnMut(usize) -> ControlFlow<String>,
    ) -> Result<Vec<(usize, World)>, Verdict> {
        let mut next = Vec::new();
        for (number, world) in layer {
            if let ControlFlow::Break(reason) = may_go_on(self.came.len()) {
                return Err(Verdict::Incomplete(reason));
            }
            for event in world.events(&self.servers) {
                self.transitions += 1;
                self.seen.extend(world.seen(event, &self.servers.scenario));
                let after = world.after(event, &mut self.servers).map_err(|(property, what)| {
                    let steps = self.steps(*number, event);
                    Verdict::Violated(Violation { property, what, steps })
                })?;
                if self.known.insert(fingerprint(&after)) {
                    next.push((self.came.len(), after));
                    self.came.push(Some((*number, event)));
                }
            }
        }
        Ok(next)
    }

    /// The run that comes to `event` after the state of this number, told by running it again.
    fn steps(&mut self, mut number: usize, event: Event) -> Vec<String> {
        let mut events = vec![event];
        while let Some((before, event)) = self.came[number] {
            events.push(event);
            number = before;
        }
        let mut world = World::new(&mut self.servers);
        let mut steps = Vec::new();
        for event in events.into_iter().rev() {
            steps.push(world.tell(event, &self.servers.scenario));
            if let Ok(after) = world.after(event, &mut self.servers) {
                world = after;
            }
        }
        steps
    }

    fn report(self, depth: usize, verdict: Verdict) -> Report {
        Report { states: self.came.len(), transitions: self.transitions, depth, seen: self.seen, verdict }
    }
}

/// 128 bits that stand for a state.
fn fingerprint(world: &World) -> u128 {
    let mut hasher = SipHasher13::new();
    world.hash_in_order(&mut hasher);
    hasher.write_u8(0);
    hasher.finish128().as_u128()
}
