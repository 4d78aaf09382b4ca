//! Courses: runs that were made of wishes, up to the first state that breaks the property.

use rustc_hash::FxHashMap;

use crate::{
    protocol::Property,
    state::State,
    trace::{event::Event, run::Run, seen::is_seen},
};

/// A state, in numbers.
pub(in crate::trace) type Encoded = Vec<u16>;

/// A run that breaks the property with its last step.
#[derive(Clone, Debug)]
pub(in crate::trace) struct Course {
    pub(in crate::trace) choices: Vec<u16>,
    pub(in crate::trace) events: Vec<Event>,
    /// The states after each step.
    pub(in crate::trace) states: Vec<Encoded>,
}

impl Course {
    /// Smaller is better: steps, then faults, then switches of client.
    pub(in crate::trace) fn size(&self) -> [usize; 3] {
        let faults = self.events.iter().map(|event| event.faults.len()).sum();
        let switches = self.events.windows(2).filter(|pair| pair[0].client != pair[1].client).count();
        [self.events.len(), faults, switches]
    }
}

/// The runs of one world that break one property, for as long as the work is within its bound.
pub(in crate::trace) struct Courses<'a> {
    pub(super) run: Run<'a>,
    property: Property,
    steps: usize,
    steps_max: usize,
    judged: FxHashMap<Encoded, bool>,
    may_go_on: Option<&'a mut dyn FnMut() -> bool>,
    is_stopped: bool,
}

/// Whoever watches is asked after so many steps.
const STEPS_UNSEEN: usize = 1 << 8;

impl<'a> Courses<'a> {
    pub(in crate::trace) fn new(run: Run<'a>, property: Property, steps_max: usize) -> Self {
        Self { run, property, steps: 0, steps_max, judged: FxHashMap::default(), may_go_on: None, is_stopped: false }
    }

    /// Stops when `may_go_on` says no.
    pub(in crate::trace) fn asking(self, may_go_on: &'a mut dyn FnMut() -> bool) -> Self {
        Self { may_go_on: Some(may_go_on), ..self }
    }

    /// How many steps were taken so far.
    pub(in crate::trace) fn steps(&self) -> usize {
        self.steps
    }

    pub(in crate::trace) fn can_go_on(&self) -> bool {
        self.steps < self.steps_max && !self.is_stopped
    }

    /// Counts one step of the work.
    pub(super) fn work(&mut self) {
        self.steps += 1;
        if let Some(may_go_on) = self.may_go_on.as_mut().filter(|_| self.steps.is_multiple_of(STEPS_UNSEEN)) {
            self.is_stopped |= !may_go_on();
        }
    }

    /// The run that comes closest to `wishes`; `None` when it does not break the property, or the work is at its bound.
    pub(in crate::trace) fn follow(&mut self, wishes: &[Event]) -> Option<Course> {
        self.run.restart();
        let mut course = Course { choices: Vec::new(), events: Vec::new(), states: Vec::new() };
        for wish in wishes {
            if !self.can_go_on() {
                return None;
            }
            let events = self.run.events();
            self.work();
            let Some((choice, event)) = closest(events, wish) else { continue };
            self.run.go(choice.into());
            let state = encoded(&self.run.state);
            course.choices.push(choice);
            course.events.push(event);
            course.states.push(state.clone());
            if self.is_broken(state) {
                return Some(course);
            }
        }
        None
    }

    /// Whether the state in which the run stands breaks the property, and no other that goes before it.
    pub(super) fn is_broken(&mut self, state: Encoded) -> bool {
        if let Some(&broken) = self.judged.get(&state) {
            return broken;
        }
        let broken = is_seen(&mut self.run.world, &self.run.state, self.property);
        self.judged.insert(state, broken);
        broken
    }
}

/// The step that is most like `wish`, the first of them.
fn closest(events: Vec<Event>, wish: &Event) -> Option<(u16, Event)> {
    let alike = (0..).zip(events).filter_map(|(choice, event)| Some((event.likeness(wish)?, choice, event)));
    let best = alike.min_by_key(|&(likeness, choice, _)| (u8::MAX - likeness, choice));
    best.map(|(_, choice, event)| (choice, event))
}

pub(super) fn encoded(state: &State) -> Encoded {
    let mut numbers = Vec::new();
    state.encode(&mut numbers);
    numbers
}
