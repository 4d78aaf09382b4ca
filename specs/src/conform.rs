//! Whether what the code did is what a specification allows, and the other way round.

use std::{
    collections::{BTreeSet, HashMap},
    fmt, io,
};

use lockwright_sim::unfold::{UnfoldedStep, Unfolding};

use crate::{
    code,
    graph::{SpecState, StateGraph},
    modules::Modules,
    tool::Tool,
};

/// What came of walking through the code's states with a specification.
#[derive(Clone, Debug)]
pub struct Conformance {
    /// The code's states, in the order of their numbers in the module.
    states: usize,
    /// The steps that the specification does not allow.
    pub refused: Vec<Refused>,
    /// The states of the walk: those of the specification, and `at`.
    pub walked: StateGraph,
}

/// A step of the code that a specification does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which of the unfoldings it is in.
    pub unfolding: usize,
    /// The step; in a run, `from` counts the steps before it.
    pub step: UnfoldedStep,
    /// The state of the specification that does not allow it.
    pub state: SpecState,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnfoldedStep { from, who, deed, call, paths, answer, .. } = &self.step;
        let who = who.as_deref().unwrap_or("nobody");
        let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
        let deed = deed.name();
        write!(f, "after {from}: {who} {deed} {call}({}) = {answer} in {:?}", paths.join(", "), self.state)
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
pub fn walk(
    modules: &Modules,
    tool: &Tool,
    [trace, data]: [&str; 2],
    unfoldings: &[Unfolding],
) -> io::Result<Conformance> {
    modules.write(&format!("{data}.tla"), &code::module(data, unfoldings))?;
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
        for step in &told.steps {
            let from = places.get(&(first + step.from)).map_or(&[][..], |places| places);
            let stuck = from.iter().find(|&&place| !taken.contains(&(place, first + step.to)));
            refused.extend(stuck.map(|&place| {
                let state = walked.states[place].clone();
                Refused { unfolding, step: step.clone(), state }
            }));
        }
        first += told.states.len();
    }
    Ok(Conformance { states: first - 1, refused, walked })
}

impl Conformance {
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
