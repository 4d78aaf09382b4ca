//! Breadth-first search in exact layers: the first violation found is one of the shortest.
//!
//! A layer is expanded in blocks, and a block in small pieces. All threads expand pieces; one of them takes in what they
//! found besides, in the order of the states, as soon as it is there. So the numbers of states, of histories and of names
//! are the same whether one thread searches or many, and nobody waits for long: layers may be as small as some pieces.
//!
//! Between two blocks a search can be broken off, and gone on with; see [`saved`](super::saved).

use std::{
    ops::ControlFlow,
    sync::{PoisonError, RwLock},
};

use super::{
    Limits, Progress, Strategy, Verdict,
    dfs::DepthFirst,
    expand::{Expanded, Expander, Frontier, in_order},
    graph::{Graph, Taken, state_id},
    lessons::Lessons,
    path,
    shared::Shared,
    strategy::{Observe, STATES_MAX},
    visited::{Fingerprint, StateId, Visited, fingerprint},
};
use crate::{protocol::Property, world::World};

/// After so many states it is asked whether the search is to go on.
const STATES_AT_ONCE: usize = 1 << 14;

pub(super) struct Search<'a> {
    pub(super) world: World<'a>,
    pub(super) lessons: Lessons,
    pub(super) limits: Limits,
    pub(super) graph: Graph,
    /// The first state of each layer.
    pub(super) layers: Vec<StateId>,
    /// The layer under way; those of its states that come before `at` are expanded.
    pub(super) layer: Frontier,
    pub(super) at: usize,
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
        let graph = Graph::new(!world.protocol.promises().is_empty());
        Self {
            world,
            lessons,
            limits,
            graph,
            layers: vec![0],
            layer: Frontier::default(),
            at: 0,
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
        if self.graph.visited.len() == 0 {
            self.begin();
        } else if let Some(verdict) = self.past_a_limit(observe) {
            return Some(verdict);
        }
        loop {
            while self.at < self.layer.len() {
                let layer = std::mem::take(&mut self.layer);
                let to = (self.at + STATES_AT_ONCE).min(layer.len());
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
            if self.graph.next.len() == 0 {
                break;
            }
            self.layers.push(state_id(self.graph.visited.len() - self.graph.next.len()));
            (self.layer, self.at) = (std::mem::take(&mut self.graph.next), 0);
        }
        if self.limits.merge && self.is_misled(true) {
            return None;
        }
        Some(self.judge_the_whole(observe))
    }

    fn begin(&mut self) {
        let numbers = self.learn_the_first();
        self.graph.visited.insert(fingerprint(&numbers));
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
        let states = self.graph.visited.len();
        let learned_at = *self.learned_at.get_or_insert(states);
        at_its_end || states > learned_at + learned_at / 2 + 1000
    }

    /// Expands the states `from..to` of a layer, and takes in what is found.
    fn block(&mut self, layer: &Frontier, (from, to): (usize, usize)) -> Option<End> {
        let threads = self.limits.threads.max(1);
        let (world, graph) = (Shared::new(&mut self.world), RwLock::new(&mut self.graph));
        let (lessons, expander) = (&mut self.lessons, &mut self.expander);
        let end = in_order((&world, &graph), layer, (from, to), threads, |expanded, first| {
            let mut graph = graph.write().unwrap_or_else(PoisonError::into_inner);
            let mut taken = graph.take_in(expanded, 0);
            while let Taken::Missed(at) = taken {
                let state = layer.get(first + at);
                // As a rule it was learned since, and whoever learns has to wait for all who expand.
                let mut alone = expander.expand_one(&world.read(), &graph.visited, state);
                if alone.outcome(0).missed {
                    world.change(|world| {
                        lessons.take(world, state);
                    });
                    alone = expander.expand_one(&world.read(), &graph.visited, state);
                }
                graph.said.extend(&alone.said);
                taken = if graph.take_in_one(&alone, 0) { graph.take_in(expanded, at + 1) } else { Taken::Broken };
            }
            match taken {
                Taken::Broken => ControlFlow::Break(End::Broken(graph.first_unexpanded())),
                Taken::All | Taken::Missed(_) => ControlFlow::Continue(()),
            }
        });
        end.or_else(|| self.unanswerable())
    }

    pub(super) fn unanswerable(&self) -> Option<End> {
        let request = self.world.unanswerable.as_ref()?;
        Some(End::Unanswerable(format!("a client asks what this world cannot answer: {request}")))
    }

    /// Expands a state on this thread, working out whatever is missed.
    pub(super) fn expand_one(&mut self, state: &[u16]) -> Expanded {
        learn_and_expand(&mut self.world, &mut self.lessons, &mut self.expander, &self.graph.visited, state)
    }

    fn progress(&self) -> Progress {
        let progress = self.progress_of(self.layer.len() - self.at + self.graph.next.len());
        Progress { bytes: progress.bytes + self.layer.bytes(), ..progress }
    }

    pub(super) fn progress_of(&self, frontier: usize) -> Progress {
        Progress {
            depth: self.layers.len() - 1,
            states: self.graph.visited.len(),
            transitions: self.graph.transitions,
            frontier,
            bytes: self.graph.bytes() + self.depth_first.bytes() + self.lessons.bytes(),
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
        } else if !is_misled && progress.depth >= depth_max && self.graph.next.len() == progress.frontier {
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
            _ => path::back_from(&self.graph.edges, &self.layers, state),
        }
    }

    pub(super) fn fingerprints(&self, way: Vec<StateId>) -> Vec<Fingerprint> {
        way.into_iter().map(|state| self.graph.visited.fingerprint(state)).collect()
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

/// Expands a state, working out whatever is missed. What others may have missed that is known by now is no lesson: so the
/// lessons are the same for any number of threads.
fn learn_and_expand(
    world: &mut World<'_>,
    lessons: &mut Lessons,
    expander: &mut Expander,
    visited: &Visited,
    state: &[u16],
) -> Expanded {
    let first = expander.expand_one(world, visited, state);
    if !first.outcome(0).missed {
        return first;
    }
    lessons.take(world, state);
    expander.expand_one(world, visited, state)
}
