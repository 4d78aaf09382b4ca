//! Random walks.
//!
//! Each step is that of a client drawn from those who can go on, and of its steps (answers, other clients' walks) one
//! that is drawn too. Two things are drawn once a run, since no one value suits every fault: how often it changes from
//! one client to another, at every step or at one in 16 on average; and how often something goes wrong while there is
//! a budget for it, at one step in 4 or in 256.

use super::{
    dice::Dice,
    runs::{Choices, Choose},
};
use crate::scenario::Scenario;

#[derive(Debug)]
pub(super) struct Random {
    seed: u64,
    dice: Dice,
    clients: usize,
    /// One step in so many is another client's.
    switches: usize,
    /// One step in so many is a fault.
    faults: usize,
    last: usize,
}

impl Random {
    pub(super) fn new(seed: u64, scenario: &Scenario) -> Self {
        Self { seed, dice: Dice::of_run(seed, 0), clients: scenario.clients.into(), switches: 1, faults: 1, last: 0 }
    }
}

impl Choose for Random {
    fn begin(&mut self, run: usize) {
        self.dice = Dice::of_run(self.seed, run);
        self.switches = 1 << self.dice.below(5);
        self.faults = 4 << self.dice.below(7);
        self.last = self.dice.below(self.clients);
    }

    fn choose(&mut self, _: usize, choices: &Choices<'_>) -> usize {
        let faults = choices.faults();
        if !faults.is_empty() && (choices.actors().is_empty() || self.dice.below(self.faults) == 0) {
            return faults[self.dice.below(faults.len())];
        }
        let actors = choices.actors();
        if self.dice.below(self.switches) == 0 || !actors.contains(&self.last) {
            self.last = actors[self.dice.below(actors.len())];
        }
        let steps = choices.steps_of(self.last);
        steps[self.dice.below(steps.len())]
    }
}
