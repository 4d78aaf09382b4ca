//! A run under way: the world, where it stands, and the steps it takes.

use super::{event::Event, spell};
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

    /// The client that takes the step of this choice.
    pub(super) fn actor(&mut self, choice: u16) -> Option<u8> {
        self.world.successors(&self.state, &mut self.next);
        self.next.get(usize::from(choice)).and_then(|next| next.step.client())
    }

    /// How each of the steps that can be taken is written.
    pub(super) fn texts(&mut self) -> Vec<String> {
        let events = self.events();
        let next = events.iter().zip(&self.next);
        next.map(|(event, next)| spell::line(&self.world, &self.state, event, &next.state)).collect()
    }

    /// The choice whose step is written so; of several the one of this rank.
    pub(super) fn choice_of(&mut self, text: &str, rank: usize) -> Option<u16> {
        let texts = self.texts();
        let mut alike = (0..).zip(&texts).filter(|&(_, written)| written == text);
        alike.nth(rank).map(|(choice, _)| choice)
    }
}
