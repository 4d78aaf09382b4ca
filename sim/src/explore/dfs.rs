//! Depth-first search: the state that was found last is expanded first.
//!
//! It is the search of [`bfs`](super::bfs) in another order, on one thread: the same reductions, the same judgement.

use std::ops::{ControlFlow, Range};

use super::{
    Progress, Verdict,
    bfs::{End, Search},
    edges::Edge,
    expand::Found,
    strategy::Observe,
    visited::{StateId, fingerprint},
};

/// What a depth-first search keeps besides.
#[derive(Debug, Default)]
pub(super) struct DepthFirst {
    /// The state from which each was found.
    came_from: Vec<StateId>,
    /// The states that are yet to be expanded, and how deep they are.
    waiting: Vec<(StateId, usize)>,
    /// Those states written down, one after the other, and where each begins.
    numbers: Vec<u16>,
    begins: Vec<usize>,
    /// The steps from each state, in the order in which they were expanded.
    steps: Vec<Edge>,
    /// Where those of a state are.
    steps_of: Vec<Range<usize>>,
    pub(super) deepest: usize,
    is_cut: bool,
}

impl DepthFirst {
    fn push(&mut self, state: StateId, depth: usize, from: StateId, numbers: &[u16]) {
        self.came_from.push(from);
        self.steps_of.push(0..0);
        self.waiting.push((state, depth));
        self.begins.push(self.numbers.len());
        self.numbers.extend_from_slice(numbers);
        self.deepest = self.deepest.max(depth);
    }

    fn pop(&mut self) -> Option<(StateId, usize, Vec<u16>)> {
        let (state, depth) = self.waiting.pop()?;
        let numbers = self.numbers.split_off(self.begins.pop()?);
        Some((state, depth, numbers))
    }

    /// The states on the way on which `state` was found, from the first on.
    pub(super) fn way(&self, state: StateId) -> Vec<StateId> {
        let mut way = vec![state];
        while let Some(&at) = way.last().filter(|at| **at != 0) {
            way.push(self.came_from[at as usize]);
        }
        way.reverse();
        way
    }

    pub(super) fn bytes(&self) -> usize {
        self.came_from.capacity() * size_of::<StateId>()
            + self.waiting.capacity() * size_of::<(StateId, usize)>()
            + self.numbers.capacity() * size_of::<u16>()
            + self.begins.capacity() * size_of::<usize>()
            + self.steps.capacity() * size_of::<Edge>()
            + self.steps_of.capacity() * size_of::<Range<usize>>()
    }
}

/// Whoever watches is told after so many states.
const STATES_UNSEEN: usize = 1 << 10;

impl Search<'_> {
    /// The verdict, or none when histories were merged before all their answers were known.
    pub(super) fn run_depth_first(&mut self, observe: Observe<'_>) -> Option<Verdict> {
        let numbers = self.learn_the_first();
        self.graph.visited.insert(fingerprint(&numbers));
        self.depth_first.push(0, 0, 0, &numbers);
        let mut expanded = 0_usize;
        while let Some((state, depth, numbers)) = self.depth_first.pop() {
            if depth >= self.limits.depth_max {
                self.depth_first.is_cut = true;
                continue;
            }
            if let Some(end) = self.take_in_one(state, depth, &numbers) {
                return self.settled(end);
            }
            expanded += 1;
            if expanded.is_multiple_of(STATES_UNSEEN) || expanded == 1 {
                if self.limits.merge && self.is_misled(false) {
                    return None;
                }
                if let Some(verdict) = self.past_a_limit_of_depth_first(observe) {
                    // A limit that merging too early came to is none.
                    return (!(self.limits.merge && self.is_misled(true))).then_some(verdict);
                }
            }
        }
        if self.limits.merge && self.is_misled(true) {
            return None;
        }
        let at_the_end = self.past_a_limit_of_depth_first(observe);
        Some(match at_the_end {
            Some(verdict) => verdict,
            None => self.judge_depth_first(observe),
        })
    }

    fn take_in_one(&mut self, state: StateId, depth: usize, numbers: &[u16]) -> Option<End> {
        let found = self.expand_one(numbers);
        self.graph.said.extend(&found.said);
        let outcome = found.outcome(0);
        if outcome.broken {
            return Some(End::Broken(state));
        }
        let unanswerable = self.unanswerable();
        if unanswerable.is_some() {
            return unanswerable;
        }
        if outcome.goals != 0 {
            self.graph.goals.push((state, outcome.goals));
        }
        if !self.world.protocol.promises().is_empty() {
            let at = state as usize;
            self.graph.idle.resize(self.graph.idle.len().max(at + 1), 0);
            self.graph.idle[at] = outcome.idle;
        }
        let from = self.depth_first.steps.len();
        for (&Found { fingerprint, is_fault, renamed, actor, serves, .. }, numbers) in found.found(0) {
            self.graph.transitions += 1;
            let (target, new) = self.graph.visited.insert(fingerprint);
            if new {
                self.depth_first.push(target, depth + 1, state, numbers);
            }
            self.depth_first.steps.push(Edge { target, is_fault, renamed, actor, serves });
        }
        self.depth_first.steps_of[state as usize] = from..self.depth_first.steps.len();
        None
    }

    fn past_a_limit_of_depth_first(&self, observe: Observe<'_>) -> Option<Verdict> {
        let progress = Progress { depth: self.depth_first.deepest, ..self.progress_of(self.depth_first.waiting.len()) };
        let reason = match observe(progress) {
            ControlFlow::Break(reason) => reason,
            ControlFlow::Continue(()) if progress.frontier == 0 => return None,
            ControlFlow::Continue(()) => self.limits.outgrown_by(progress)?,
        };
        Some(Verdict::Incomplete { depth: 0, reason })
    }

    fn judge_depth_first(&mut self, observe: Observe<'_>) -> Verdict {
        if self.depth_first.is_cut {
            let reason = format!("deeper than {} steps", self.limits.depth_max);
            return Verdict::Incomplete { depth: 0, reason };
        }
        let steps = std::mem::take(&mut self.depth_first.steps);
        for range in &self.depth_first.steps_of {
            for edge in &steps[range.clone()] {
                self.graph.edges.push(*edge);
            }
            self.graph.edges.close();
        }
        self.judge_the_whole(observe)
    }
}
