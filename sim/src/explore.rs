//! Exploring a scenario: in which order, how far, and what comes of it.

mod bfs;
mod dfs;
mod dice;
mod edges;
mod expand;
mod fair;
mod goals;
mod graph;
mod judge;
mod lessons;
mod passes;
mod path;
mod pct;
mod random;
mod runs;
mod saved;
mod session;
mod shard;
mod shared;
mod strategy;
mod visited;

pub use saved::{ResumeError, SaveError, Saved};
pub use session::Session;
pub use shard::{Shard, ShardError};
pub(crate) use strategy::explore;
pub use strategy::{Runs, Strategy};

use passes::{has_long_histories, whole_reason};

use crate::{
    protocol::{Property, Protocol},
    scenario::Profile,
    state::State,
    trace::Trace,
    world::World,
};

/// How far a search may go, and by which means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The search ends [`Verdict::Incomplete`] when it comes to more states than this.
    pub states_max: usize,
    /// The search ends [`Verdict::Incomplete`] when it takes more memory than this, in bytes, for what grows with the
    /// number of states.
    pub bytes_max: usize,
    /// The search ends [`Verdict::Incomplete`] before it takes more steps than this from the beginning. Depth first it
    /// goes on elsewhere before it ends so, and what can be come to in fewer steps may be among what it leaves out.
    pub depth_max: usize,
    /// In which order.
    pub strategy: Strategy,
    /// How many threads search, breadth first; other strategies take one. The outcome is the same for any number.
    pub threads: usize,
    /// Whether histories that go on alike are one. The verdict is the same without; the search is far larger.
    pub merge: bool,
    /// Whether states that differ in the names of processes only are one, where names carry nothing. The verdict is the
    /// same without. Takes `merge`.
    pub symmetry: bool,
    /// Whether a client that nobody can disturb goes first, and other orders are left out. The verdict is the same
    /// without, and so is a counterexample. Takes `merge`.
    pub partial_order: bool,
}

impl Default for Limits {
    /// A hundred million states, as much memory as they take, all reductions, one thread.
    fn default() -> Self {
        Self {
            states_max: 100_000_000,
            bytes_max: usize::MAX,
            depth_max: usize::MAX,
            strategy: Strategy::Bfs,
            threads: 1,
            merge: true,
            symmetry: true,
            partial_order: true,
        }
    }
}

impl Limits {
    /// The same without the reductions that this protocol does not allow, or that cost more than they save.
    #[must_use]
    pub fn heeding(self, protocol: &dyn Protocol, profile: Profile) -> Self {
        let merge = self.merge && !has_long_histories(protocol, profile);
        let allows_more = merge && whole_reason(protocol, profile).is_none();
        let (symmetry, partial_order) = (self.symmetry && allows_more, self.partial_order && allows_more);
        Self { merge, symmetry, partial_order, ..self }
    }

    /// Says which limit of size a search has grown beyond.
    fn outgrown_by(&self, progress: Progress) -> Option<String> {
        if progress.states > self.states_max {
            return Some(format!("more than {} states", self.states_max));
        }
        (progress.bytes > self.bytes_max).then(|| format!("more than {} bytes of memory", self.bytes_max))
    }
}

/// Where a search has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Every state that takes up to this many steps is known.
    pub depth: usize,
    /// How many states are known.
    pub states: usize,
    /// How many steps between them.
    pub transitions: usize,
    /// How many of the states are yet to be expanded.
    pub frontier: usize,
    /// How much memory the states take.
    pub bytes: usize,
}

/// True when `state` violates `property`, by itself or because of what can no longer follow.
pub(crate) fn violates(world: &mut World<'_>, state: &State, property: Property) -> bool {
    world.broken(state).is_some_and(|(broken, _)| broken == property) || lost(world, state, property).is_some()
}

/// What can no longer follow from `state` and has to by `property`, in words.
pub(crate) fn lost(world: &mut World<'_>, state: &State, property: Property) -> Option<String> {
    let lost = goals::lost(world, state, property);
    (lost != 0).then(|| goals::missed(lost).1)
}

/// What a search found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every reachable state was seen, and every property holds.
    Verified,
    /// A property does not hold.
    Violated(Violation),
    /// The search ended at a limit. Nothing was found in what was covered, and that says nothing of the rest.
    Incomplete {
        /// Every behaviour of up to so many steps was covered. That is 0 for all strategies but [`Strategy::Bfs`].
        depth: usize,
        /// Which limit it was.
        reason: String,
    },
    /// The scenario cannot be explored: a fault of the scenario or of the checker.
    Error(String),
}

impl Verdict {
    /// The verdict in one word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Verified => "Verified",
            Self::Violated(_) => "Violated",
            Self::Incomplete { .. } => "Incomplete",
            Self::Error(_) => "Error",
        }
    }
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub property: Property,
    /// What was seen.
    pub what: String,
    /// A run that shows it: breadth first a shortest one, and otherwise one that was made shorter as far as trying
    /// found. `None` for an outcome that should have been possible: no single run shows its absence.
    pub trace: Option<Trace>,
}

/// A search and its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many states were seen.
    pub states: usize,
    /// How many steps between them.
    pub transitions: usize,
    /// The most steps it takes to come to a state.
    pub depth: usize,
    /// What came of it.
    pub verdict: Verdict,
    /// By which means.
    pub coverage: Coverage,
}

impl Report {
    /// Of a search that nothing came of but this.
    fn not_begun(verdict: Verdict) -> Self {
        let coverage = Coverage {
            bytes: 0,
            collision_odds: 0.0,
            symmetric: false,
            symmetry_refused: None,
            shortest: false,
            shrunk_from: None,
            runs: None,
            resumed: None,
        };
        Self { states: 0, transitions: 0, depth: 0, verdict, coverage }
    }
}

/// By which means a search was made, and how sure it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// How much memory the states took.
    pub bytes: usize,
    /// An upper bound of the odds that two states had one fingerprint, so that one of them was left out.
    pub collision_odds: f64,
    /// Whether states that differ in names only were one.
    pub symmetric: bool,
    /// Why they were not, although that was asked for: names carry something. Runs need no such reason.
    pub symmetry_refused: Option<String>,
    /// Whether no counterexample to the property can have fewer steps. Not so for one that goes round a loop, that runs
    /// or a depth-first search found, or when the search for a shortest one was broken off.
    pub shortest: bool,
    /// How many steps the counterexample had before it was made shorter.
    pub shrunk_from: Option<usize>,
    /// The runs that were made by a strategy that makes runs.
    pub runs: Option<Runs>,
    /// Where the search had come to before it was saved and resumed.
    pub resumed: Option<Resumed>,
}

/// How far a search was when it was resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// How many states were known.
    pub states: usize,
    /// How many steps between them.
    pub transitions: usize,
}
