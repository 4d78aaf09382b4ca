//! Exploring a scenario: in which order, how far, and what comes of it.

pub(crate) mod bfs;
mod graph;
mod store;

use crate::{protocol::Property, trace::Trace};

/// How far a search may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The search ends [`Verdict::Incomplete`] when it comes to more states than this.
    pub states_max: usize,
    /// Whether histories that go on alike are one. The verdict is the same without; the search is far larger.
    pub merge: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { states_max: 100_000_000, merge: true }
    }
}

/// Where a search has come to, after each layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Every state that takes up to this many steps is known.
    pub depth: usize,
    /// How many states are known.
    pub states: usize,
    /// How many of them are the last layer.
    pub frontier: usize,
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
        /// Every behaviour of up to so many steps was covered.
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
    /// The shortest way there. `None` for an outcome that should have been possible: no single run shows its absence.
    pub trace: Option<Trace>,
}

/// A search and its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many states were seen.
    pub states: usize,
    /// How many steps between them.
    pub transitions: usize,
    /// The most steps it takes to come to a state.
    pub depth: usize,
    /// What came of it.
    pub verdict: Verdict,
}
