//! The safety matrix: every shipped algorithm in every profile that it means something in, and what is found there.
//!
//! A cell is one scenario: that of its profile's column, or another where [`others`] says why. What is to be found there
//! stands in [`expected`], and both the command line and the tests compare with it. A new profile is a new column, and its
//! cells have no expectation until they are given one.

mod expected;
mod markdown;
mod others;

pub use markdown::markdown;

use super::{ALGORITHMS, Entry, Limit, limits};
use crate::{
    Report, Verdict,
    protocol::Property,
    scenario::{Faults, Profile, Scenario},
};

/// An algorithm in a profile.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The algorithm.
    pub entry: Entry,
    /// What is explored.
    pub scenario: Scenario,
    /// What is to be found; `None` for a cell that nobody has said anything about, which is no pass.
    pub expected: Option<Finding>,
    /// Why it has not the clients and faults of its column.
    pub is_other_because: Option<&'static str>,
}

impl Cell {
    /// What is known of the violation that is to be found; `None` where none is.
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        let (property, _) = self.expected?.violated()?;
        limits::known(&self.scenario, property)
    }
}

/// What a search that came to its end found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Every property holds.
    Verified {
        /// How many states there are.
        states: usize,
    },
    /// A property does not hold.
    Violated {
        /// Which.
        property: Property,
        /// How many steps the shortest counterexample has, 0 where there is none to show.
        steps: usize,
        /// How many states the search saw.
        states: usize,
    },
}

impl Finding {
    /// What a report says; `None` where the search did not come to its end.
    #[must_use]
    pub fn of(report: &Report) -> Option<Self> {
        let states = report.states;
        match &report.verdict {
            Verdict::Verified => Some(Self::Verified { states }),
            Verdict::Violated(violation) => {
                let steps = violation.trace.as_ref().map_or(0, |trace| trace.steps.len());
                Some(Self::Violated { property: violation.property, steps, states })
            }
            Verdict::Incomplete { .. } | Verdict::Error(_) => None,
        }
    }

    /// The verdict in one word, as [`Verdict::word`] has it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified { .. } => "Verified",
            Self::Violated { .. } => "Violated",
        }
    }

    /// How many states the search saw.
    #[must_use]
    pub const fn states(self) -> usize {
        let (Self::Verified { states } | Self::Violated { states, .. }) = self;
        states
    }

    /// The property that does not hold, and how many steps its shortest counterexample has.
    #[must_use]
    pub const fn violated(self) -> Option<(Property, usize)> {
        match self {
            Self::Verified { .. } => None,
            Self::Violated { property, steps, .. } => Some((property, steps)),
        }
    }
}

/// All cells, row by row, those of a row in the order of [`Profile::ALL`].
///
/// ```
/// use lockwright_sim::{Limits, catalogue::matrix::{self, Finding}, check};
///
/// let smallest = matrix::cells().into_iter().min_by_key(|cell| cell.expected.map(Finding::states));
/// let cell = smallest.expect("there are algorithms");
/// let report = check(cell.entry.protocol(), &cell.scenario, Limits::default(), &mut |_| {});
/// assert_eq!(Finding::of(&report), cell.expected);
/// ```
#[must_use]
pub fn cells() -> Vec<Cell> {
    let row = |entry: Entry| Profile::ALL.into_iter().filter_map(move |profile| cell(entry, profile));
    ALGORITHMS.into_iter().flat_map(row).collect()
}

/// One cell; `None` where the algorithm means nothing.
#[must_use]
pub fn cell(entry: Entry, profile: Profile) -> Option<Cell> {
    let other = others::of(entry.name, profile);
    let (clients, faults) = other.map_or_else(|| usual(profile), |other| (other.clients, other.faults));
    let scenario = Scenario { faults, profile, ..Scenario::new(entry.name, clients, 0) };
    let expected = expected::of(entry.name, profile);
    entry.is_for(profile).then(|| Cell { entry, scenario, expected, is_other_because: other.map(|other| other.why) })
}

/// The clients and faults of a column: what its profile is about, and a crash where that takes no minutes.
#[must_use]
pub const fn usual(profile: Profile) -> (u8, Faults) {
    let faults = Faults { crashes: 1, ..profile.default_faults() };
    match profile {
        Profile::Local => (3, Faults { errors: 1, ..faults }),
        Profile::Nfs41 | Profile::Nfs3Drc | Profile::Nfs3Nodrc | Profile::NfsLegacy => (2, profile.default_faults()),
        _ => (2, faults),
    }
}

/// What is written down about cells that there are not, or more than once.
#[must_use]
pub fn strays() -> Vec<(&'static str, Profile)> {
    let cells: Vec<_> = cells().iter().map(|cell| (cell.entry.name, cell.scenario.profile)).collect();
    let strays = |all: Vec<(&'static str, Profile)>| {
        let is_stray = |at: usize| !cells.contains(&all[at]) || all[..at].contains(&all[at]);
        (0..all.len()).filter(|at| is_stray(*at)).map(|at| all[at]).collect::<Vec<_>>()
    };
    [strays(expected::all().collect()), strays(others::all().collect())].concat()
}
