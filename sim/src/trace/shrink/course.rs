//! Courses: runs that were made of wishes, up to the first state that breaks the property.

use super::places::{Encoded, Places};
use crate::{
    protocol::Property,
    trace::{event::Event, run::Run},
};

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
    pub(super) places: Places<'a>,
    steps: usize,
    steps_max: usize,
    may_go_on: Option<&'a mut dyn FnMut() -> bool>,
    is_stopped: bool,
}

/// Whoever watches is asked after so many steps.
const STEPS_UNSEEN: usize = 1 << 8;

impl<'a> Courses<'a> {
    pub(in crate::trace) fn new(run: Run<'a>, property: Property, steps_max: usize) -> Self {
        Self { places: Places::new(run, property), steps: 0, steps_max, may_go_on: None, is_stopped: false }
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
        let mut place = self.places.begin();
        let mut course = Course { choices: Vec::new(), events: Vec::new(), states: Vec::new() };
        for wish in wishes {
            if !self.can_go_on() {
                return None;
            }
            self.work();
            let ways = self.places.ways(place);
            let alike = (0..).zip(&*ways).filter_map(|(choice, way)| Some((way.event.likeness(wish)?, choice, way)));
            // The first of those that are most like it.
            let closest = alike.min_by_key(|&(likeness, choice, _)| (u8::MAX - likeness, choice));
            let Some((_, choice, way)) = closest else { continue };
            place = way.to;
            course.choices.push(choice);
            course.events.push(way.event.clone());
            course.states.push(self.places.encoded(place));
            if self.places.is_broken(place) {
                return Some(course);
            }
        }
        None
    }
}
