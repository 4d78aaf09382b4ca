//! Breadth-first search in exact layers: the first violation found is one of the shortest.

use rustc_hash::FxHashSet;

use super::{
    Limits, Progress, Report, Verdict, Violation,
    graph::Graph,
    store::{StateId, Store},
};
use crate::{
    protocol::{Property, Protocol},
    scenario::Scenario,
    state::State,
    trace::Trace,
    world::{Step, Successor, World},
};

/// Explores every behaviour of `scenario`.
pub(crate) fn explore(
    protocol: &dyn Protocol,
    scenario: &Scenario,
    limits: Limits,
    observe: &mut dyn FnMut(Progress),
) -> Report {
    let mut world = World::new(protocol, scenario);
    loop {
        let mut search = Search::new(world);
        if let Some(verdict) = search.run(limits, observe) {
            let Search { store, transitions, depth, .. } = search;
            return Report { states: store.len(), transitions, depth, verdict };
        }
        world = search.world;
        world.histories.merge(protocol);
    }
}

/// True when `state` breaks `property`, by itself or because of what can no longer follow.
pub(crate) fn violates(world: &mut World<'_>, state: &State, property: Property) -> bool {
    if world.broken(state).is_some_and(|(broken, _)| broken == property) {
        return true;
    }
    let goals: Vec<Goal> = goals(world).into_iter().filter(|goal| goal.property() == property).collect();
    let mut unreached = goals;
    let (mut store, mut numbers, mut successors) = (Store::new(), Vec::new(), Vec::new());
    state.encode(&mut numbers);
    store.insert(&numbers);
    let mut at = 0;
    while at < store.len() && !unreached.is_empty() {
        let state = State::decode(store.get(state_id(at)));
        unreached.retain(|goal| !goal.reached(world, &state));
        world.successors(&state, &mut successors);
        for successor in &successors {
            if !matches!(successor.step, Step::Crash { .. }) {
                successor.state.encode(&mut numbers);
                store.insert(&numbers);
            }
        }
        at += 1;
    }
    !unreached.is_empty()
}

/// What must stay possible, whatever has happened.
#[derive(Clone, Copy, Debug)]
enum Goal {
    Holds(u8),
    Clean,
}

fn goals(world: &World<'_>) -> Vec<Goal> {
    let clients = world.scenario.clients;
    let takers = (0..clients).filter(|&client| world.protocol.takes_the_lock(client.into(), clients.into()));
    takers.map(Goal::Holds).chain([Goal::Clean]).collect()
}

impl Goal {
    fn property(self) -> Property {
        match self {
            Self::Holds(_) => Property::CanBeTaken,
            Self::Clean => Property::NothingLeftBehind,
        }
    }

    fn reached(self, world: &World<'_>, state: &State) -> bool {
        match self {
            Self::Holds(client) => world.in_critical_section(&state.processes[usize::from(client)]),
            Self::Clean => {
                let idle = state.processes.iter().all(|process| world.is_idle(process));
                idle && state.tree.entries().is_empty()
            }
        }
    }

    fn missed(self) -> String {
        match self {
            Self::Holds(client) => {
                let id = crate::scenario::id(client, 0);
                let letter = &id.name().as_str()[..1];
                format!("from here nothing that can happen, short of a crash, lets {letter} take the lock")
            }
            Self::Clean => "from here nothing that can happen, short of a crash, leaves the directory empty".into(),
        }
    }
}

struct Search<'a> {
    world: World<'a>,
    store: Store,
    /// How each state was first come to: from which state, by its which successor.
    origins: Vec<(StateId, u16)>,
    calm: Graph,
    said: FxHashSet<&'static str>,
    transitions: usize,
    depth: usize,
    /// How many states were known when a new answer first came up.
    learned_at: Option<usize>,
}

impl<'a> Search<'a> {
    fn new(world: World<'a>) -> Self {
        Self {
            world,
            store: Store::new(),
            origins: vec![(0, 0)],
            calm: Graph::default(),
            said: FxHashSet::default(),
            transitions: 0,
            depth: 0,
            learned_at: None,
        }
    }

    /// The verdict, or none when histories were merged before all their answers were known.
    fn run(&mut self, limits: Limits, observe: &mut dyn FnMut(Progress)) -> Option<Verdict> {
        let initial = self.world.initial();
        let mut numbers = Vec::new();
        initial.encode(&mut numbers);
        self.store.insert(&numbers);
        let mut layer = 0..1;
        while !layer.is_empty() {
            for state in layer.clone() {
                let verdict = self.expand(state, limits);
                if limits.merge && self.is_misled(verdict.is_some()) {
                    return None;
                }
                if verdict.is_some() {
                    return verdict;
                }
            }
            let states = self.store.len();
            layer = layer.end..states;
            observe(Progress { depth: self.depth, states, frontier: layer.len() });
            self.depth += usize::from(!layer.is_empty());
        }
        if limits.merge && self.is_misled(true) {
            return None;
        }
        Some(self.judge_the_whole())
    }

    /// True when an answer came up that the merging did not know, and the search is at its end or has gone on for a
    /// while since, so as to learn more answers on the same way.
    fn is_misled(&mut self, at_its_end: bool) -> bool {
        if !self.world.histories.learned() {
            return false;
        }
        let states = self.store.len();
        let learned_at = *self.learned_at.get_or_insert(states);
        at_its_end || states > learned_at + learned_at / 2 + 1000
    }

    /// Checks a state and finds its successors.
    fn expand(&mut self, at: usize, limits: Limits) -> Option<Verdict> {
        let id = state_id(at);
        let state = State::decode(self.store.get(id));
        if let Some((property, what)) = self.world.broken(&state) {
            return Some(self.violated(property, what, id));
        }
        let mut successors = Vec::new();
        self.world.successors(&state, &mut successors);
        if let Some(request) = &self.world.unanswerable {
            return Some(Verdict::Error(format!("a client asks what this world cannot answer: {request}")));
        }
        let mut numbers = Vec::new();
        for (ordinal, Successor { step, state, said, .. }) in (0..).zip(successors) {
            self.transitions += 1;
            self.said.extend(said);
            state.encode(&mut numbers);
            let (target, new) = self.store.insert(&numbers);
            if new {
                self.origins.push((id, ordinal));
            }
            if !matches!(step, Step::Crash { .. }) {
                self.calm.push(target);
            }
        }
        self.calm.close();
        if self.store.len() > limits.states_max {
            let reason = format!("more than {} states", limits.states_max);
            return Some(Verdict::Incomplete { depth: self.depth, reason });
        }
        None
    }

    /// The properties of the whole graph, once it is complete.
    fn judge_the_whole(&mut self) -> Verdict {
        for goal in goals(&self.world) {
            if let Some(state) = self.first_cut_off(goal) {
                return self.violated(goal.property(), goal.missed(), state);
            }
        }
        let (clients, crashes) = (self.world.scenario.clients, self.world.scenario.crashes);
        let wanted = self.world.protocol.sometimes(clients.into(), crashes.into());
        match wanted.into_iter().find(|word| !self.said.contains(word)) {
            None => Verdict::Verified,
            Some(word) => Verdict::Violated(Violation {
                property: Property::Sometimes,
                what: format!("no attempt ever came to this: {word}"),
                trace: None,
            }),
        }
    }

    fn first_cut_off(&self, goal: Goal) -> Option<StateId> {
        let ids = (0..self.store.len()).map(state_id);
        let reached = |id: &StateId| goal.reached(&self.world, &State::decode(self.store.get(*id)));
        self.calm.first_cut_off(ids.filter(reached))
    }

    fn violated(&self, property: Property, what: String, at: StateId) -> Verdict {
        let mut choices = Vec::new();
        let mut id = at;
        while id != 0 {
            let (before, ordinal) = self.origins[id as usize];
            choices.push(ordinal);
            id = before;
        }
        choices.reverse();
        let trace = Trace::record(self.world.protocol, self.world.scenario, property, &what, &choices);
        // Run again over histories that are not merged: a counterexample that does not stand is the checker's own fault,
        // unless it is that of an attempt which cannot be run again.
        let again = if property == Property::Replayable { Ok(()) } else { trace.replay(self.world.protocol) };
        if let Err(divergence) = again {
            return Verdict::Error(format!(
                "found that {property} is violated ({what}), and running it again {divergence}"
            ));
        }
        Verdict::Violated(Violation { property, what, trace: Some(trace) })
    }
}

fn state_id(at: usize) -> StateId {
    StateId::try_from(at).unwrap_or_else(|_| unreachable!("the store counts in this type"))
}
