//! A run under way: the world, where it stands, and the steps it takes.

use super::{event::Event, round::Round, spell};
use crate::{
    protocol::Protocol,
    scenario::Scenario,
    state::State,
    world::{Successor, World},
};

#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) world: World<'a>,
    pub(super) state: State,
    next: Vec<Successor>,
}

/// A step that was taken, and how it is written.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) event: Event,
    /// Who, the call and its answer.
    pub(super) act: String,
    /// The same and what changed.
    pub(super) text: String,
    /// The state after it.
    pub(super) state: State,
}

impl<'a> Run<'a> {
    pub(super) fn new(protocol: &'a dyn Protocol, scenario: &'a Scenario) -> Self {
        let mut world = World::new(protocol, scenario);
        let state = world.initial();
        Self { world, state, next: Vec::new() }
    }

    /// Goes back to the beginning, with all that was learned of the world.
    pub(super) fn restart(&mut self) {
        self.state = self.world.initial();
    }

    /// The steps that can be taken, in the order of their choices.
    pub(super) fn events(&mut self) -> Vec<Event> {
        self.world.successors(&self.state, &mut self.next);
        self.next.iter().map(|taken| Event::of(&self.world, &self.state, taken)).collect()
    }

    /// The steps that can be taken, and where each leads.
    pub(super) fn branches(&mut self) -> Vec<(Event, State)> {
        let events = self.events();
        events.into_iter().zip(self.next.drain(..).map(|next| next.state)).collect()
    }

    /// Takes one of the steps that [`Run::events`] has just told.
    pub(super) fn go(&mut self, choice: usize) {
        if choice < self.next.len() {
            self.state = self.next.swap_remove(choice).state;
        }
    }

    /// Takes a step and says what it was; `None` when there is no such choice.
    pub(super) fn step(&mut self, choice: u16) -> Option<Taken> {
        let event = self.events().into_iter().nth(choice.into())?;
        let before = self.state.clone();
        self.go(choice.into());
        let state = self.state.clone();
        let act = spell::act(&self.world, &before, &event);
        let text = spell::line(&self.world, &before, &event, &state);
        Some(Taken { event, act, text, state })
    }

    /// What happens on the loop of a run that took these steps and goes on with those from `loop_from` on for ever.
    pub(super) fn round(&mut self, taken: &[Taken], loop_from: usize) -> Round {
        let begin = match loop_from.checked_sub(1).and_then(|before| taken.get(before)) {
            Some(before) => before.state.clone(),
            None => self.world.initial(),
        };
        Round::of(self, &begin, taken.get(loop_from..).unwrap_or_default())
    }

    /// The choice whose step is written so, the first of several.
    pub(super) fn choice_of(&mut self, text: &str) -> Option<u16> {
        let events = self.events();
        let mut written = events.iter().zip(&self.next);
        let at = written.position(|(event, next)| spell::line(&self.world, &self.state, event, &next.state) == text)?;
        u16::try_from(at).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{ALGORITHMS, MUTANTS};

    #[test]
    fn a_world_that_has_seen_much_offers_its_steps_in_the_same_order_as_a_new_one() {
        for entry in ALGORITHMS.into_iter().chain(MUTANTS) {
            let scenario = Scenario::new(entry.name, 2, 2);
            let mut seasoned = Run::new(entry.protocol(), &scenario);
            for seed in 0..40 {
                seasoned.restart();
                let mut new = Run::new(entry.protocol(), &scenario);
                for step in 0..60 {
                    let there_are = seasoned.events().len();
                    // Goes about anyhow, but not in circles.
                    let choice = (seed * 31 + step * step * 7 + step * seed) % there_are.max(1);
                    let choice = u16::try_from(choice).unwrap();
                    let [old, new] = [&mut seasoned, &mut new].map(|run| run.step(choice).map(|taken| taken.text));
                    assert_eq!(old, new, "{}", entry.name);
                }
            }
        }
    }
}
