//! Breadth-first search in exact layers: the first violation found is one of the shortest.
//!
//! A layer is expanded in blocks. The threads expand a block's states over tables that none of them changes; then one
//! thread takes in what they found, in the order of the states. So the numbers of states, of histories and of names are
//! the same whether one thread searches or many.

use std::ops::ControlFlow;

use rustc_hash::FxHashSet;

use super::{
    Coverage, Limits, Progress, Report, Strategy, Verdict, Violation,
    dfs::DepthFirst,
    edges::{Edge, Edges},
    expand::{self, Expanded, Expander, Found, Frontier, expand_all},
    fair::{self, Clients},
    goals::{self, Places, Reach, Reached},
    path,
    strategy::Observe,
    visited::{Fingerprint, StateId, Visited, collision_odds, fingerprint},
};
use crate::{
    history::exchange::Exchangeable,
    names::IdNo,
    protocol::{Property, Protocol},
    scenario::{Faults, Scenario},
    state::State,
    symmetry::Symmetry,
    world::{Leaps, World},
};

/// So many states are expanded before what was found is taken in.
const BLOCK: usize = 1 << 14;

/// Explores every behaviour of `scenario`.
pub(super) fn explore(protocol: &dyn Protocol, scenario: &Scenario, limits: Limits, observe: Observe<'_>) -> Report {
    let reduced = limits.merge && limits.partial_order && protocol.promises().is_empty();
    let limits = Limits { partial_order: reduced, ..limits };
    let report = search(protocol, scenario, limits, observe);
    match &report.verdict {
        Verdict::Violated(Violation { property, trace: Some(trace), .. })
            if reduced && limits.strategy.finds_shortest() =>
        {
            let depth_max = match property {
                Property::CanBeTaken | Property::NothingLeftBehind => limits.depth_max,
                _ => limits.depth_max.min(trace.steps.len()),
            };
            let again = search(protocol, scenario, Limits { partial_order: false, depth_max, ..limits }, observe);
            if matches!(again.verdict, Verdict::Violated(_)) { again } else { report }
        }
        _ => report,
    }
}

fn search(protocol: &dyn Protocol, scenario: &Scenario, limits: Limits, observe: Observe<'_>) -> Report {
    let (search, verdict, refused) = searched(protocol, scenario, limits, observe);
    search.report(verdict, refused)
}

/// A search that has come to a verdict, and why names were not exchanged in it although that was asked for.
pub(super) fn searched<'a>(
    protocol: &'a dyn Protocol,
    scenario: &'a Scenario,
    limits: Limits,
    observe: Observe<'_>,
) -> (Search<'a>, Verdict, Option<String>) {
    let mut world = World::new(protocol, scenario);
    let mut refused = None;
    // Who starves on a loop is told by name.
    let limits = Limits { symmetry: limits.symmetry && protocol.promises().is_empty(), ..limits };
    let ids = if limits.merge && limits.symmetry { exchangeable(protocol, scenario) } else { None };
    if limits.merge && limits.symmetry && ids.is_none() {
        refused = Some(format!("more than {} clients and deaths have no numbers for their ids", IdNo::CLIENTS - 1));
    }
    if let Some(ids) = &ids {
        let kinds = ids.alive.iter().map(|(_, kind)| *kind).collect();
        let pool = ids.dead.iter().copied().chain([ids.spare]).collect();
        world.symmetry = Some(Symmetry::new(&mut world.names, kinds, pool));
    }
    loop {
        let mut search = Search::new(world, limits);
        let verdict = search.run(observe);
        if let Some(verdict) = verdict {
            return (search, verdict, refused);
        }
        world = search.world;
        match &ids {
            Some(ids) if world.symmetry.is_some() => {
                if let Err(refusal) = world.histories.exchange(protocol, ids) {
                    refused = Some(refusal.0);
                    world.symmetry = None;
                }
            }
            _ => world.histories.merge(protocol),
        }
        if let Some(symmetry) = &mut world.symmetry {
            symmetry.forget_nodes();
        }
        if limits.partial_order {
            world.learn_who_is_alone();
        }
    }
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

pub(super) struct Search<'a> {
    pub(super) world: World<'a>,
    pub(super) limits: Limits,
    pub(super) visited: Visited,
    pub(super) edges: Edges,
    /// The states that are goals.
    pub(super) goals: Vec<(StateId, Reached)>,
    /// Who is idle in each state, where that is asked for.
    pub(super) idle: Vec<Clients>,
    pub(super) said: FxHashSet<&'static str>,
    pub(super) transitions: usize,
    /// The first state of each layer.
    layers: Vec<StateId>,
    next: Frontier,
    expander: Expander,
    /// How many states were known when a new answer first came up.
    learned_at: Option<usize>,
    /// Used by the search in the other order only.
    pub(super) depth_first: DepthFirst,
}

impl<'a> Search<'a> {
    fn new(world: World<'a>, limits: Limits) -> Self {
        let promises = !world.protocol.promises().is_empty();
        Self {
            world,
            limits,
            visited: Visited::new(),
            edges: if promises { Edges::telling_actors() } else { Edges::default() },
            goals: Vec::new(),
            idle: Vec::new(),
            said: FxHashSet::default(),
            transitions: 0,
            layers: vec![0],
            next: Frontier::default(),
            expander: Expander::default(),
            learned_at: None,
            depth_first: DepthFirst::default(),
        }
    }

    /// The verdict, or none when histories were merged before all their answers were known.
    fn run(&mut self, observe: Observe<'_>) -> Option<Verdict> {
        if self.limits.strategy == Strategy::Dfs {
            return self.run_depth_first(observe);
        }
        let initial = self.world.initial();
        let mut numbers = Vec::new();
        self.world.learning(|world| world.encode(&initial, &mut numbers));
        self.visited.insert(fingerprint(&numbers));
        self.next.push(&numbers);
        while self.next.len() > 0 {
            let layer = std::mem::take(&mut self.next);
            let mut from = 0;
            while from < layer.len() {
                let to = (from + BLOCK).min(layer.len());
                if let Some(verdict) = self.block(&layer, (from, to)) {
                    return self.settled(verdict);
                }
                if self.limits.merge && self.is_misled(false) {
                    return None;
                }
                from = to;
                let progress = self.progress(layer.len() - from, &layer);
                if let Some(verdict) = self.past_a_limit(progress, observe) {
                    return self.settled(verdict);
                }
            }
            if self.next.len() > 0 {
                self.layers.push(state_id(self.visited.len() - self.next.len()));
            }
        }
        if self.limits.merge && self.is_misled(true) {
            return None;
        }
        Some(self.judge_the_whole())
    }

    /// A verdict that came of merging too early is none.
    pub(super) fn settled(&mut self, verdict: Verdict) -> Option<Verdict> {
        (!(self.limits.merge && self.is_misled(true))).then_some(verdict)
    }

    /// True when an answer came up that the merging did not know, and the search is at its end or has gone on for a
    /// while since, so as to learn more answers on the same way.
    pub(super) fn is_misled(&mut self, at_its_end: bool) -> bool {
        if !self.world.histories.learned() {
            return false;
        }
        let states = self.visited.len();
        let learned_at = *self.learned_at.get_or_insert(states);
        at_its_end || states > learned_at + learned_at / 2 + 1000
    }

    /// Expands some states of a layer and takes in what is found.
    fn block(&mut self, layer: &Frontier, (from, to): (usize, usize)) -> Option<Verdict> {
        let threads = if to - from < 2 * expand::piece() { 1 } else { self.limits.threads.max(1) };
        let expanded = expand_all(&self.world, &self.visited, layer, (from, to), threads);
        let mut at = from;
        for piece in expanded {
            self.said.extend(&piece.said);
            for index in 0..expand::piece().min(to - at) {
                if let Some(verdict) = self.take_in(&piece, index, layer.get(at)) {
                    return Some(verdict);
                }
                at += 1;
            }
        }
        if let Some(request) = &self.world.unanswerable {
            return Some(Verdict::Error(format!("a client asks what this world cannot answer: {request}")));
        }
        None
    }

    fn take_in(&mut self, piece: &Expanded, index: usize, state: &[u16]) -> Option<Verdict> {
        if piece.outcome(index).missed {
            let piece = self.expand_alone(state);
            self.said.extend(&piece.said);
            return self.take_in(&piece, 0, state);
        }
        let id = state_id(self.edges.states());
        let outcome = piece.outcome(index);
        if outcome.broken {
            return Some(self.broken_at(id));
        }
        if outcome.goals != 0 {
            self.goals.push((id, outcome.goals));
        }
        if !self.world.protocol.promises().is_empty() {
            self.idle.push(outcome.idle);
        }
        for (&Found { fingerprint, known, is_fault, renamed, actor, serves, .. }, numbers) in piece.found(index) {
            self.transitions += 1;
            let target = known.unwrap_or_else(|| {
                let (target, new) = self.visited.insert(fingerprint);
                if new {
                    self.next.push(numbers);
                }
                target
            });
            self.edges.push(Edge { target, is_fault, renamed, actor, serves });
        }
        self.edges.close();
        None
    }

    /// Expands a state on this thread.
    pub(super) fn expand_one(&mut self, state: &[u16]) -> Expanded {
        let mut expanded = Expanded::default();
        self.expander.expand(&self.world, &self.visited, state, &mut expanded);
        if expanded.outcome(0).missed { self.expand_alone(state) } else { expanded }
    }

    /// Expands a state, working out whatever is missed.
    fn expand_alone(&mut self, state: &[u16]) -> Expanded {
        let decoded = State::decode(state);
        let (mut leaps, mut numbers) = (Leaps::default(), Vec::new());
        self.world.broken(&decoded);
        self.world.learning(|world| world.leap_ahead(&decoded, &mut leaps));
        for next in &leaps.last {
            self.world.learning(|world| world.encode_settled(&next.state, &mut numbers));
        }
        let mut expanded = Expanded::default();
        self.expander.expand(&self.world, &self.visited, state, &mut expanded);
        expanded
    }

    fn progress(&self, waiting: usize, layer: &Frontier) -> Progress {
        let progress = self.progress_of(waiting + self.next.len());
        Progress { bytes: progress.bytes + layer.bytes(), ..progress }
    }

    pub(super) fn progress_of(&self, frontier: usize) -> Progress {
        Progress {
            depth: self.layers.len() - 1,
            states: self.visited.len(),
            transitions: self.transitions,
            frontier,
            bytes: self.visited.bytes()
                + self.edges.bytes()
                + self.next.bytes()
                + self.depth_first.bytes()
                + self.goals.capacity() * size_of::<(StateId, Reached)>()
                + self.idle.capacity() * size_of::<Clients>(),
        }
    }

    fn past_a_limit(&self, progress: Progress, observe: Observe<'_>) -> Option<Verdict> {
        let depth_max = self.limits.depth_max;
        let asked = observe(progress);
        let reason = if let ControlFlow::Break(reason) = asked {
            reason
        } else if progress.frontier == 0 {
            return None;
        } else if let Some(reason) = self.limits.outgrown_by(progress) {
            reason
        } else if progress.depth >= depth_max && self.next.len() == progress.frontier {
            format!("deeper than {depth_max} steps")
        } else {
            return None;
        };
        Some(Verdict::Incomplete { depth: progress.depth, reason })
    }

    /// The properties of the whole graph, once it is complete.
    pub(super) fn judge_the_whole(&mut self) -> Verdict {
        let mut goals = goals::all(&self.world);
        let places = Places::new(self.world.symmetry.as_ref(), self.world.scenario);
        let reach = Reach::new(&self.edges, goals, &self.goals, places);
        while let Some(goal) = goals::first(goals) {
            if let Some(state) = reach.first_without(goal) {
                let (choices, client) = self.way_to(state, goals::client_of(goal));
                let (property, what) = goals::missed(goal, client);
                return self.violated(property, &what, &choices);
            }
            goals &= !goal;
        }
        if let Some(verdict) = self.judge_fair_runs() {
            return verdict;
        }
        let Scenario { clients, faults, .. } = *self.world.scenario;
        let wanted = self.world.protocol.sometimes(clients.into(), faults);
        match wanted.into_iter().find(|word| !self.said.contains(word)) {
            None => Verdict::Verified,
            Some(word) => Verdict::Violated(Violation {
                property: Property::Sometimes,
                what: format!("no attempt ever came to this: {word}"),
                trace: None,
            }),
        }
    }

    /// The promises that speak of runs which go on for ever.
    fn judge_fair_runs(&mut self) -> Option<Verdict> {
        let clients = self.world.scenario.clients;
        for &promise in self.world.protocol.promises() {
            for client in
                (0..clients).filter(|client| self.world.protocol.takes_the_lock((*client).into(), clients.into()))
            {
                let everybody = promise == Property::NoLivelock;
                let may = |step: &Edge| !(step.serves && (everybody || step.actor == client));
                if let Some(cycle) = fair::cycle(&self.edges, clients, &self.idle, client, may) {
                    return Some(self.goes_round(promise, client, &cycle));
                }
            }
        }
        None
    }

    fn goes_round(&mut self, promise: Property, client: u8, cycle: &[StateId]) -> Verdict {
        let mut way = self.way(cycle[0]);
        let loop_from = way.len() - 1;
        way.extend(&cycle[1..]);
        let fingerprints = self.fingerprints(way);
        path::goes_round(&mut self.world, promise, client, &fingerprints, loop_from)
    }

    pub(super) fn broken_at(&mut self, state: StateId) -> Verdict {
        let way = self.fingerprints(self.way(state));
        path::broken(&mut self.world, &way)
    }

    /// The states on the way to one, from the first on: breadth first, a shortest way.
    pub(super) fn way(&self, state: StateId) -> Vec<StateId> {
        match self.limits.strategy {
            Strategy::Dfs => self.depth_first.way(state),
            _ => path::back_from(&self.edges, &self.layers, state),
        }
    }

    pub(super) fn fingerprints(&self, way: Vec<StateId>) -> Vec<Fingerprint> {
        way.into_iter().map(|state| self.visited.fingerprint(state)).collect()
    }

    /// The choices that lead to a state, and who `client` is there.
    fn way_to(&mut self, state: StateId, client: u8) -> (Vec<u16>, u8) {
        let fingerprints = self.fingerprints(self.way(state));
        path::choices(&mut self.world, &fingerprints, client)
    }

    fn violated(&self, property: Property, what: &str, choices: &[u16]) -> Verdict {
        path::violated(&self.world, property, what, choices)
    }

    fn report(self, verdict: Verdict, refused: Option<String>) -> Report {
        let bytes = self.progress(0, &Frontier::default()).bytes;
        Report {
            states: self.visited.len(),
            transitions: self.transitions,
            depth: self.depth_first.deepest.max(self.layers.len() - 1),
            verdict,
            coverage: Coverage {
                bytes,
                collision_odds: collision_odds(self.visited.len()),
                symmetric: self.world.symmetry.is_some(),
                symmetry_refused: refused,
                shrunk_from: None,
                runs: None,
            },
        }
    }
}

fn state_id(at: usize) -> StateId {
    StateId::try_from(at).unwrap_or_else(|_| unreachable!("the table of states counts in this type"))
}
