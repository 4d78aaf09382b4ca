//! Whether what the code did is what a specification allows, and the other way round.

use std::{
    collections::{BTreeSet, HashMap},
    fmt, io,
};

use lockwright_sim::unfold::UnfoldedStep;

use crate::{
    graph::{SpecState, StateGraph},
    modules::Modules,
    tool::Tool,
};

/// What the code did: a scenario or a run, unfolded.
pub trait Told: Sized {
    /// One step of it.
    type Step: ToldStep;

    /// How many states there are.
    fn states(&self) -> usize;

    /// The steps between them.
    fn steps(&self) -> &[Self::Step];

    /// The TLA+ module called `name` of several.
    fn module(name: &str, told: &[Self]) -> String;
}

/// One step of what the code did.
pub trait ToldStep: Clone {
    /// The indices of the states before and after.
    fn ends(&self) -> (usize, usize);

    /// What it is, in words.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    fn tell(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// What came of walking through the code's states with a specification.
#[derive(Clone, Debug)]
pub struct Conformance<S = UnfoldedStep> {
    /// The code's states, in the order of their numbers in the module.
    states: usize,
    /// The steps that the specification does not allow.
    pub refused: Vec<Refused<S>>,
    /// The states of the walk: those of the specification, and `at`.
    pub walked: StateGraph,
}

/// A step of the code that a specification does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused<S = UnfoldedStep> {
    /// Which of the unfoldings it is in.
    pub unfolding: usize,
    /// The step; in a run, `from` counts the steps before it.
    pub step: S,
    /// The state of the specification that does not allow it.
    pub state: SpecState,
}

impl<S: ToldStep> fmt::Display for Refused<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.step.tell(f)?;
        write!(f, " in {:?}", self.state)
    }
}

/// Walks through `unfoldings` with the module `trace`, which extends one called `data` and has a variable `at`.
///
/// Where the code can take a step, each state of the specification in which it can be there has to have that step. So
/// every run through the unfoldings is a behaviour of the specification, however long, and none is refused.
///
/// # Errors
///
/// When the model checker could not be run, or did not come to an end.
pub fn walk<T: Told>(
    modules: &Modules,
    tool: &Tool,
    [trace, data]: [&str; 2],
    unfoldings: &[T],
) -> io::Result<Conformance<T::Step>> {
    modules.write(&format!("{data}.tla"), &T::module(data, unfoldings))?;
    let walked = modules.graph(tool, trace)?;
    let mut at = Vec::new();
    for state in &walked.states {
        let number = state.get("at").and_then(|at| at.parse::<usize>().ok());
        at.push(number.ok_or_else(|| io::Error::other(format!("{trace} has no number `at`")))?);
    }
    let mut places: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, &number) in at.iter().enumerate() {
        places.entry(number).or_default().push(index);
    }
    let taken: BTreeSet<(usize, usize)> = walked.steps.iter().map(|&(from, to)| (from, at[to])).collect();
    let (mut refused, mut first) = (Vec::new(), 1);
    for (unfolding, told) in unfoldings.iter().enumerate() {
        for step in told.steps() {
            let (from, to) = step.ends();
            let from = places.get(&(first + from)).map_or(&[][..], |places| places);
            let stuck = from.iter().find(|&&place| !taken.contains(&(place, first + to)));
            refused.extend(stuck.map(|&place| {
                let state = walked.states[place].clone();
                Refused { unfolding, step: step.clone(), state }
            }));
        }
        first += told.states();
    }
    Ok(Conformance { states: first - 1, refused, walked })
}

impl<S> Conformance<S> {
    /// How many of the code's states the walk did not come to, because a step before was refused.
    #[must_use]
    pub fn unreached(&self) -> usize {
        let reached: BTreeSet<_> = self.walked.states.iter().map(|state| state.get("at")).collect();
        self.states - reached.len()
    }

    /// Compares the states of the specification that the walk came through with `all` that it has, by the variables that
    /// both have but `at`: the first state that only one of them has.
    #[must_use]
    pub fn unmatched(&self, all: &StateGraph) -> Option<SpecState> {
        let walked: BTreeSet<SpecState> = self.walked.states.iter().map(|state| state.without("at")).collect();
        let all: BTreeSet<SpecState> = all.states.iter().cloned().collect();
        walked.symmetric_difference(&all).next().cloned()
    }

    /// The same of the steps, but those that change nothing.
    #[must_use]
    pub fn unmatched_step(&self, all: &StateGraph) -> Option<(SpecState, SpecState)> {
        let steps = |graph: &StateGraph| -> BTreeSet<(SpecState, SpecState)> {
            let state = |at: usize| graph.states[at].without("at");
            let steps = graph.steps.iter().map(|&(from, to)| (state(from), state(to)));
            steps.filter(|(from, to)| from != to).collect()
        };
        steps(&self.walked).symmetric_difference(&steps(all)).next().cloned()
    }

    /// Every value that `variable` has on the walk.
    #[must_use]
    pub fn values(&self, variable: &str) -> BTreeSet<&str> {
        self.walked.states.iter().filter_map(|state| state.get(variable)).collect()
    }
}
