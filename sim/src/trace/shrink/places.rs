//! Where runs have been: each state once, with the steps out of it. Hundreds of runs that differ in a few steps go
//! through the same states, and what the world makes of a state takes longer than to look it up.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::{
    protocol::Property,
    state::State,
    trace::{event::Event, run::Run, seen::is_seen},
};

/// A state, in numbers.
pub(in crate::trace) type Encoded = Rc<[u16]>;

/// The number of a place. It means something until [`Places::begin`] is called again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlaceId(usize);

/// A step, and where it leads. The choice that takes it is its index among the steps of its place.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) event: Event,
    pub(super) to: PlaceId,
}

#[derive(Debug)]
struct Place {
    state: State,
    encoded: Encoded,
    /// Once they were asked for.
    ways: Option<Rc<[Way]>>,
    is_broken: Option<bool>,
}

/// Places are forgotten when a run begins and there are so many.
const PLACES_MAX: usize = 1 << 17;

pub(super) struct Places<'a> {
    run: Run<'a>,
    property: Property,
    all: Vec<Place>,
    known: FxHashMap<Encoded, PlaceId>,
}

impl<'a> Places<'a> {
    /// Those of the world of `run`, told by whether they break `property`.
    pub(super) fn new(run: Run<'a>, property: Property) -> Self {
        Self { run, property, all: Vec::new(), known: FxHashMap::default() }
    }

    /// Where each run begins. Places of runs before may be other ones from here on.
    pub(super) fn begin(&mut self) -> PlaceId {
        if self.all.len() > PLACES_MAX {
            self.all.clear();
            self.known.clear();
        }
        self.run.restart();
        self.place_of(self.run.state.clone())
    }

    fn place_of(&mut self, state: State) -> PlaceId {
        let mut numbers = Vec::new();
        state.encode(&mut numbers);
        let encoded: Encoded = numbers.into();
        let next = PlaceId(self.all.len());
        let place = *self.known.entry(Rc::clone(&encoded)).or_insert(next);
        if place == next {
            self.all.push(Place { state, encoded, ways: None, is_broken: None });
        }
        place
    }

    /// The state there, in numbers: the same at each visit, also after places were forgotten.
    pub(super) fn encoded(&self, place: PlaceId) -> Encoded {
        Rc::clone(&self.all[place.0].encoded)
    }

    /// The steps that can be taken there, in the order of their choices.
    pub(super) fn ways(&mut self, place: PlaceId) -> Rc<[Way]> {
        if let Some(ways) = &self.all[place.0].ways {
            return Rc::clone(ways);
        }
        self.run.state = self.all[place.0].state.clone();
        let branches = self.run.branches();
        let ways: Rc<[Way]> =
            branches.into_iter().map(|(event, state)| Way { event, to: self.place_of(state) }).collect();
        self.all[place.0].ways = Some(Rc::clone(&ways));
        ways
    }

    /// Whether the state there breaks the property, and no other that goes before it.
    pub(super) fn is_broken(&mut self, place: PlaceId) -> bool {
        let Self { run, property, all, .. } = self;
        let Place { state, is_broken, .. } = &mut all[place.0];
        *is_broken.get_or_insert_with(|| is_seen(&mut run.world, state, *property))
    }
}
