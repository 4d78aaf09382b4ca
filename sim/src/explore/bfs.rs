//! Breadth-first search in exact layers: the first violation found is one of the shortest.
//!
//! A layer is expanded in blocks. The threads expand a block's states over tables that none of them changes; then one
//! thread takes in what they found, in the order of the states. So the numbers of states, of histories and of names are
//! the same whether one thread searches or many.
//!
//! Between two blocks a search can be broken off, and gone on with; see [`saved`](super::saved).

use std::ops::ControlFlow;

use rustc_hash::FxHashSet;

use super::{
    Limits, Progress, Strategy, Verdict,
    dfs::DepthFirst,
    edges::{Edge, Edges},
    expand::{self, Expanded, Expander, Found, Frontier, expand_all},
    fair::Clients,
    goals::Reached,
    lessons::Lessons,
    path,
    strategy::{Observe, STATES_MAX},
    visited::{Fingerprint, StateId, Visited, fingerprint},
};
use crate::{protocol::Property, world::World};

/// So many states are expanded before what was found is taken in.
const BLOCK: usize = 1 << 14;

pub(super) struct Search<'a> {
    pub(super) world: World<'a>,
    pub(super) lessons: Lessons,
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
    pub(super) layers: Vec<StateId>,
    /// The layer under way; those of its states that come before `at` are expanded.
    pub(super) layer: Frontier,
    pub(super) at: usize,
    /// What was found of the next one.
    pub(super) next: Frontier,
    expander: Expander,
    /// How many states were known when a new answer first came up.
    pub(super) learned_at: Option<usize>,
    /// Used by the search in the other order only.
    pub(super) depth_first: DepthFirst,
}

/// What a search can come to before it has seen everything.
#[derive(Debug)]
pub(super) enum End {
    /// This state breaks a property by itself.
    Broken(StateId),
    Unanswerable(String),
}

impl<'a> Search<'a> {
    pub(super) fn new(world: World<'a>, lessons: Lessons, limits: Limits) -> Self {
        let promises = !world.protocol.promises().is_empty();
        Self {
            world,
            lessons,
            limits,
            visited: Visited::new(),
            edges: if promises { Edges::telling_actors() } else { Edges::default() },
            goals: Vec::new(),
            idle: Vec::new(),
            said: FxHashSet::default(),
            transitions: 0,
            layers: vec![0],
            layer: Frontier::default(),
            at: 0,
            next: Frontier::default(),
            expander: Expander::default(),
            learned_at: None,
            depth_first: DepthFirst::default(),
        }
    }

    /// The verdict, or none when histories were merged before all their answers were known. Run again after
    /// [`Verdict::Incomplete`], it goes on from there.
    pub(super) fn run(&mut self, observe: Observe<'_>) -> Option<Verdict> {
        if self.limits.strategy == Strategy::Dfs {
            return self.run_depth_first(observe);
        }
        if self.visited.len() == 0 {
            self.begin();
        } else if let Some(verdict) = self.past_a_limit(observe) {
            return Some(verdict);
        }
        loop {
            while self.at < self.layer.len() {
                let layer = std::mem::take(&mut self.layer);
                let to = (self.at + BLOCK).min(layer.len());
                let end = self.block(&layer, (self.at, to));
                (self.layer, self.at) = (layer, to);
                if let Some(end) = end {
                    return self.settled(end);
                }
                if self.limits.merge && self.is_misled(false) {
                    return None;
                }
                if let Some(verdict) = self.past_a_limit(observe) {
                    return Some(verdict);
                }
            }
            if self.next.len() == 0 {
                break;
            }
            self.layers.push(state_id(self.visited.len() - self.next.len()));
            (self.layer, self.at) = (std::mem::take(&mut self.next), 0);
        }
        if self.limits.merge && self.is_misled(true) {
            return None;
        }
        Some(self.judge_the_whole(observe))
    }

    fn begin(&mut self) {
        let numbers = self.learn_the_first();
        self.visited.insert(fingerprint(&numbers));
        self.layer.push(&numbers);
    }

    /// The first state, written down.
    pub(super) fn learn_the_first(&mut self) -> Vec<u16> {
        let initial = self.world.initial();
        let mut numbers = Vec::new();
        self.world.learning(|world| world.encode(&initial, &mut numbers));
        numbers
    }

    /// What an end comes to, unless it came of merging too early; then it is none, and nothing is learned of it.
    pub(super) fn settled(&mut self, end: End) -> Option<Verdict> {
        if self.limits.merge && self.is_misled(true) {
            return None;
        }
        Some(match end {
            End::Broken(state) => self.broken_at(state),
            End::Unanswerable(what) => Verdict::Error(what),
        })
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
    fn block(&mut self, layer: &Frontier, (from, to): (usize, usize)) -> Option<End> {
        let threads = if to - from < 2 * expand::piece() { 1 } else { self.limits.threads.max(1) };
        let expanded = expand_all(&self.world, &self.visited, layer, (from, to), threads);
        let mut at = from;
        for piece in expanded {
            self.said.extend(&piece.said);
            for index in 0..expand::piece().min(to - at) {
                if let Some(end) = self.take_in(&piece, index, layer.get(at)) {
                    return Some(end);
                }
                at += 1;
            }
        }
        self.unanswerable()
    }

    pub(super) fn unanswerable(&self) -> Option<End> {
        let request = self.world.unanswerable.as_ref()?;
        Some(End::Unanswerable(format!("a client asks what this world cannot answer: {request}")))
    }

    fn take_in(&mut self, piece: &Expanded, index: usize, state: &[u16]) -> Option<End> {
        if piece.outcome(index).missed {
            let piece = self.expand_alone(state);
            self.said.extend(&piece.said);
            return self.take_in(&piece, 0, state);
        }
        let id = state_id(self.edges.states());
        let outcome = piece.outcome(index);
        if outcome.broken {
            return Some(End::Broken(id));
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
        let expanded = self.expander.expand_one(&self.world, &self.visited, state);
        if expanded.outcome(0).missed { self.expand_alone(state) } else { expanded }
    }

    /// Expands a state, working out whatever is missed.
    fn expand_alone(&mut self, state: &[u16]) -> Expanded {
        self.lessons.take(&mut self.world, state);
        self.expander.expand_one(&self.world, &self.visited, state)
    }

    fn progress(&self) -> Progress {
        let progress = self.progress_of(self.layer.len() - self.at + self.next.len());
        Progress { bytes: progress.bytes + self.layer.bytes(), ..progress }
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
                + self.lessons.bytes()
                + self.goals.capacity() * size_of::<(StateId, Reached)>()
                + self.idle.capacity() * size_of::<Clients>(),
        }
    }

    /// A search that is about to be begun anew grows by half at most until then, so that where it ends does not depend
    /// on how far it may grow, and it comes to the same when it is broken off there and resumed.
    fn past_a_limit(&self, observe: Observe<'_>) -> Option<Verdict> {
        let progress = self.progress();
        let is_misled = self.limits.merge && self.world.histories.learned();
        let Limits { depth_max, .. } = self.limits;
        let limits = if is_misled { Limits { states_max: STATES_MAX, ..self.limits } } else { self.limits };
        let reason = if let ControlFlow::Break(reason) = observe(progress) {
            reason
        } else if progress.frontier == 0 {
            return None;
        } else if let Some(reason) = limits.outgrown_by(progress) {
            reason
        } else if !is_misled && progress.depth >= depth_max && self.next.len() == progress.frontier {
            format!("deeper than {depth_max} steps")
        } else {
            return None;
        };
        // What was merged too early may have hidden something at any depth.
        Some(Verdict::Incomplete { depth: if is_misled { 0 } else { progress.depth }, reason })
    }

    fn broken_at(&mut self, state: StateId) -> Verdict {
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
    pub(super) fn way_to(&mut self, state: StateId, client: u8) -> (Vec<u16>, u8) {
        let fingerprints = self.fingerprints(self.way(state));
        path::choices(&mut self.world, &fingerprints, client)
    }

    pub(super) fn violated(&self, property: Property, what: &str, choices: &[u16]) -> Verdict {
        path::violated(&self.world, property, what, choices)
    }
}

fn state_id(at: usize) -> StateId {
    StateId::try_from(at).unwrap_or_else(|_| unreachable!("the table of states counts in this type"))
}
