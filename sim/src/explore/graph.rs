//! What a search has found so far: the states, the steps between them, and what was seen on the way.

use rustc_hash::FxHashSet;

use super::{
    edges::{Edge, Edges},
    expand::{Expanded, Found, Frontier},
    fair::Clients,
    goals::Reached,
    visited::{StateId, Visited},
};

#[derive(Debug)]
pub(super) struct Graph {
    pub(super) visited: Visited,
    pub(super) edges: Edges,
    /// The states that are goals.
    pub(super) goals: Vec<(StateId, Reached)>,
    /// Who is idle in each state, where that is asked for.
    pub(super) idle: Vec<Clients>,
    asks_who_is_idle: bool,
    pub(super) said: FxHashSet<&'static str>,
    pub(super) transitions: usize,
    /// The states that were found and are yet to be expanded, breadth first those of the next layer.
    pub(super) next: Frontier,
}

/// How far the taking in of expanded states came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    All,
    /// The expansion of this one lacks something that nobody had worked out; it is not taken in.
    Missed(usize),
    /// The state that would have been taken in next breaks a property by itself.
    Broken,
}

impl Graph {
    /// Nothing found yet. Where something is `promised`, it is kept who takes each step and who is idle.
    pub(super) fn new(promised: bool) -> Self {
        Self {
            visited: Visited::new(),
            edges: if promised { Edges::telling_actors() } else { Edges::default() },
            goals: Vec::new(),
            idle: Vec::new(),
            asks_who_is_idle: promised,
            said: FxHashSet::default(),
            transitions: 0,
            next: Frontier::default(),
        }
    }

    /// Takes in expanded states from the one at `first` on, in their order.
    pub(super) fn take_in(&mut self, expanded: &Expanded, first: usize) -> Taken {
        if first == 0 {
            self.said.extend(&expanded.said);
        }
        for at in first..expanded.len() {
            if expanded.outcome(at).missed {
                return Taken::Missed(at);
            }
            if !self.take_in_one(expanded, at) {
                return Taken::Broken;
            }
        }
        Taken::All
    }

    /// Takes in one state; false when it breaks a property by itself.
    pub(super) fn take_in_one(&mut self, expanded: &Expanded, at: usize) -> bool {
        let outcome = expanded.outcome(at);
        if outcome.broken {
            return false;
        }
        if outcome.goals != 0 {
            self.goals.push((self.first_unexpanded(), outcome.goals));
        }
        if self.asks_who_is_idle {
            self.idle.push(outcome.idle);
        }
        for (&Found { fingerprint, known, is_fault, renamed, actor, serves, .. }, numbers) in expanded.found(at) {
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
        true
    }

    /// The state that is taken in next.
    pub(super) fn first_unexpanded(&self) -> StateId {
        state_id(self.edges.states())
    }

    /// How much memory this takes.
    pub(super) fn bytes(&self) -> usize {
        self.visited.bytes()
            + self.edges.bytes()
            + self.next.bytes()
            + self.goals.capacity() * size_of::<(StateId, Reached)>()
            + self.idle.capacity() * size_of::<Clients>()
    }
}

/// A state's place in the order of discovery, as its number.
pub(super) fn state_id(at: usize) -> StateId {
    StateId::try_from(at).unwrap_or_else(|_| unreachable!("the table of states counts in this type"))
}
