//! Probabilistic concurrency testing: see [`Strategy::Pct`](super::Strategy::Pct) for what it is worth.
//!
//! Where the power may be cut, what becomes durable is not up to a client: whoever makes it so is one more that has a
//! priority. How many faults a run has is drawn, from none to all of the budgets; and then at which steps, and of what
//! can go wrong there, which. A client that waits goes on waiting until a change of priorities, as it does in the world.

use super::{
    dice::Dice,
    runs::{Choices, Choose},
    strategy::Runs,
};
use crate::scenario::Scenario;

#[derive(Debug)]
pub(super) struct Pct {
    seed: u64,
    dice: Dice,
    steps: usize,
    depth: usize,
    faults: usize,
    /// Of each who takes steps; the highest goes on.
    priorities: Vec<usize>,
    /// The step before which the client that would take it falls to the priority that is the index here.
    changes: Vec<usize>,
    /// The steps at which something goes wrong.
    wrongs: Vec<usize>,
}

impl Pct {
    pub(super) fn new(runs: Runs, scenario: &Scenario, depth: usize) -> Self {
        let faults = scenario.faults.nonzero().map(|(_, count)| usize::from(count)).sum();
        let priorities = vec![0; usize::from(scenario.clients) + 1];
        let Runs { seed, steps_max: steps, .. } = runs;
        let dice = Dice::of_run(seed, 0);
        Self { seed, dice, steps, depth, faults, priorities, changes: Vec::new(), wrongs: Vec::new() }
    }
}

impl Choose for Pct {
    fn begin(&mut self, run: usize) {
        self.dice = Dice::of_run(self.seed, run);
        // Below these are the priorities that are fallen to.
        for (place, priority) in self.priorities.iter_mut().enumerate() {
            *priority = self.depth + place;
        }
        self.dice.shuffle(&mut self.priorities);
        let faults = self.dice.below(self.faults + 1);
        let mut draw = |count| (0..count).map(|_| self.dice.below(self.steps)).collect();
        self.changes = draw(self.depth.saturating_sub(1));
        self.wrongs = draw(faults);
    }

    fn choose(&mut self, step: usize, choices: &Choices<'_>) -> usize {
        let (actors, faults) = (choices.actors(), choices.faults());
        if !faults.is_empty() && (actors.is_empty() || self.wrongs.contains(&step)) {
            return faults[self.dice.below(faults.len())];
        }
        let highest = |priorities: &[usize]| actors.iter().copied().max_by_key(|actor| priorities[*actor]);
        for (priority, _) in self.changes.iter().enumerate().filter(|(_, change)| **change == step) {
            if let Some(actor) = highest(&self.priorities) {
                self.priorities[actor] = priority;
            }
        }
        let steps = choices.steps_of(highest(&self.priorities).unwrap_or_default());
        steps[self.dice.below(steps.len())]
    }
}
