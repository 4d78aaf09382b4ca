//! Making runs, one after the other, each step chosen by somebody: what is judged on the way, and what is told of it.
//!
//! A run is in a world in which nothing is merged and nobody renamed. States are counted by their fingerprints.

use std::{mem, ops::ControlFlow, rc::Rc};

use rustc_hash::FxHashMap;

use super::{
    Coverage, Limits, Progress, Report, Verdict, path,
    strategy::{Observe, Runs},
    visited::{Fingerprint, Visited, collision_odds, fingerprint},
};
use crate::{
    protocol::Protocol,
    scenario::Scenario,
    state::State,
    world::{Successor, World},
};

/// Chooses the steps of runs.
pub(super) trait Choose {
    /// The run of this number begins, counted from 0. What is chosen in it depends on no other.
    fn begin(&mut self, run: usize);

    /// Which of the steps comes next, there being at least one; `step` counts them from 0.
    fn choose(&mut self, step: usize, choices: &Choices<'_>) -> usize;
}

/// The steps that there are to choose from, by their index.
#[derive(Debug)]
pub(super) struct Choices<'a> {
    steps: &'a [Successor],
    clients: usize,
}

impl Choices<'_> {
    /// Who can go on: clients, and after the last of them whoever takes the steps that are no client's.
    pub(super) fn actors(&self) -> Vec<usize> {
        (0..=self.clients).filter(|actor| self.steps.iter().any(|step| self.is_by(step, *actor))).collect()
    }

    pub(super) fn steps_of(&self, actor: usize) -> Vec<usize> {
        self.those(|step| self.is_by(step, actor))
    }

    pub(super) fn faults(&self) -> Vec<usize> {
        self.those(|step| step.step.is_fault())
    }

    fn those(&self, are: impl Fn(&Successor) -> bool) -> Vec<usize> {
        self.steps.iter().enumerate().filter(|(_, step)| are(step)).map(|(at, _)| at).collect()
    }

    fn is_by(&self, step: &Successor, actor: usize) -> bool {
        !step.step.is_fault() && step.step.client().map_or(self.clients, usize::from) == actor
    }
}

/// Whoever watches is told after so many steps.
const STEPS_UNSEEN: usize = 1 << 10;

/// Of the first so many states it is kept what can follow them: the beginning of each run leads through them again. A state
/// and what follows it are some kilobytes.
const KEPT_MAX: usize = 1 << 13;

/// Makes runs until one breaks a property, a limit is come to, or there are enough of them.
pub(super) fn explore(
    protocol: &dyn Protocol,
    scenario: &Scenario,
    limits: Limits,
    runs: Runs,
    choose: &mut dyn Choose,
    observe: Observe<'_>,
) -> Report {
    let mut making = Making {
        world: World::new(protocol, scenario),
        limits,
        runs: Runs { runs: 0, ..runs },
        visited: Visited::new(),
        kept: FxHashMap::default(),
        steps: 0,
        deepest: 0,
        way: Vec::new(),
    };
    let mut verdict = making.past_a_limit(observe);
    for number in runs.shard.places(runs.runs) {
        if verdict.is_some() {
            break;
        }
        making.runs.runs += 1;
        choose.begin(number);
        verdict = making.run(choose, observe);
    }
    let done = || Verdict::Incomplete { depth: 0, reason: "that is all the runs that were asked for".into() };
    let verdict = verdict.unwrap_or_else(done);
    making.report(verdict)
}

struct Making<'a> {
    world: World<'a>,
    limits: Limits,
    /// What was made so far.
    runs: Runs,
    visited: Visited,
    /// What can follow states that break nothing.
    kept: FxHashMap<Fingerprint, Rc<Vec<Successor>>>,
    steps: usize,
    deepest: usize,
    /// The states of the run under way.
    way: Vec<Fingerprint>,
}

impl Making<'_> {
    fn run(&mut self, choose: &mut dyn Choose, observe: Observe<'_>) -> Option<Verdict> {
        let mut state = self.world.initial();
        let (mut computed, mut numbers) = (Vec::new(), Vec::new());
        self.way.clear();
        for step in 0..=self.runs.steps_max {
            let fingerprint = self.arrive(&state, &mut numbers);
            let successors = if let Some(kept) = self.kept.get(&fingerprint) {
                Rc::clone(kept)
            } else {
                self.world.successors(&state, &mut computed);
                if self.is_broken(&state, &computed) {
                    return Some(path::broken(&mut self.world, &self.way));
                }
                if let Some(request) = &self.world.unanswerable {
                    return Some(Verdict::Error(format!("a client asks what this world cannot answer: {request}")));
                }
                let successors = Rc::new(mem::take(&mut computed));
                if self.kept.len() < KEPT_MAX {
                    self.kept.insert(fingerprint, Rc::clone(&successors));
                }
                successors
            };
            if step == self.runs.steps_max || successors.is_empty() {
                break;
            }
            let choices = Choices { steps: &successors, clients: self.world.scenario.clients.into() };
            state = successors[choose.choose(step, &choices)].state.clone();
            self.steps += 1;
            if self.steps.is_multiple_of(STEPS_UNSEEN) {
                let verdict = self.past_a_limit(observe);
                if verdict.is_some() {
                    return verdict;
                }
            }
        }
        None
    }

    fn arrive(&mut self, state: &State, numbers: &mut Vec<u16>) -> Fingerprint {
        self.deepest = self.deepest.max(self.way.len());
        self.world.learning(|world| world.encode(state, numbers));
        let fingerprint = fingerprint(numbers);
        self.visited.insert(fingerprint);
        self.way.push(fingerprint);
        fingerprint
    }

    fn is_broken(&mut self, state: &State, successors: &[Successor]) -> bool {
        self.world.learning(|world| world.judge(state)).is_some()
            || self.world.waits_in_vain(state, successors.iter().map(|next| &next.step)).is_some()
    }

    fn past_a_limit(&self, observe: Observe<'_>) -> Option<Verdict> {
        let progress = Progress {
            depth: self.deepest,
            states: self.visited.len(),
            transitions: self.steps,
            frontier: 0,
            bytes: self.visited.bytes(),
        };
        let reason = match observe(progress) {
            ControlFlow::Break(reason) => reason,
            ControlFlow::Continue(()) => self.limits.outgrown_by(progress)?,
        };
        Some(Verdict::Incomplete { depth: 0, reason })
    }

    fn report(self, verdict: Verdict) -> Report {
        Report {
            states: self.visited.len(),
            transitions: self.steps,
            depth: self.deepest,
            verdict,
            coverage: Coverage {
                bytes: self.visited.bytes(),
                collision_odds: collision_odds(self.visited.len()),
                symmetric: false,
                symmetry_refused: None,
                shortest: false,
                shrunk_from: None,
                runs: Some(self.runs),
                resumed: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalogue,
        explore::{Shard, pct::Pct, random::Random},
    };

    /// Each run's number and all that was chosen in it.
    struct Recorded<'a> {
        by: &'a mut dyn Choose,
        runs: Vec<(usize, Vec<usize>)>,
    }

    impl Choose for Recorded<'_> {
        fn begin(&mut self, run: usize) {
            self.runs.push((run, Vec::new()));
            self.by.begin(run);
        }

        fn choose(&mut self, step: usize, choices: &Choices<'_>) -> usize {
            let choice = self.by.choose(step, choices);
            self.runs.last_mut().unwrap().1.push(choice);
            choice
        }
    }

    fn made(shard: Shard, is_random: bool) -> Vec<(usize, Vec<usize>)> {
        let entry = catalogue::find("fast_lock").unwrap();
        let scenario = Scenario::new("fast_lock", 3, 2);
        let runs = Runs { seed: 5, runs: 50, steps_max: 120, shard };
        let (mut random, mut pct) = (Random::new(5, &scenario), Pct::new(runs, &scenario, 3));
        let by: &mut dyn Choose = if is_random { &mut random } else { &mut pct };
        let mut recorded = Recorded { by, runs: Vec::new() };
        let go_on: Observe<'_> = &mut |_| ControlFlow::Continue(());
        let report = explore(entry.protocol(), &scenario, Limits::default(), runs, &mut recorded, go_on);
        let made = report.coverage.runs.unwrap();
        assert_eq!((made.runs, made.shard), (recorded.runs.len(), shard));
        assert_eq!(made.last(), recorded.runs.last().map_or(0, |(number, _)| number + 1));
        recorded.runs
    }

    #[test]
    fn the_runs_of_all_shards_are_the_runs_that_are_made_without() {
        for is_random in [true, false] {
            let whole = made(Shard::WHOLE, is_random);
            assert_eq!(whole.len(), 50);
            for of in [2, 3, 7, 60] {
                let shards = (1..=of).flat_map(|index| made(Shard::new(index, of).unwrap(), is_random));
                let mut all: Vec<_> = shards.collect();
                all.sort();
                assert!(all == whole, "{of} shards");
            }
        }
    }
}
