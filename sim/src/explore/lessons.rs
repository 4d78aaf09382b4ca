//! Lessons: the states that a search learned from, so that it can learn the same again.
//!
//! A state is written down in numbers of names, histories and relabellings, which are given out as things come up. They
//! come up in the first state, in states that [`Lessons::take`] looks at because their expansion missed something, and
//! where a search is begun anew. Each of these is a function of what was known before it. So who goes through the same
//! lessons in the same order comes to the same numbers, whatever the tables are made of; and there are few of them, for
//! most states have nothing new to tell.
//!
//! Whether it is really the same that was learned is told by a *digest*: of what the attempts did, of the paths and of the
//! relabellings, in the order of their numbers. The lesson that follows is only taken when its state is written in
//! numbers of the same meaning.

use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher13;

use super::expand::Frontier;
use crate::{
    history::Then,
    protocol::Protocol,
    scenario::{self, Scenario},
    state::State,
    world::{Leaps, World},
};

#[derive(Debug)]
pub(super) struct Lessons {
    states: Frontier,
    /// What was known before each of them.
    before: Vec<u64>,
    /// How many lessons there were at the end of each pass that is over.
    passes: Vec<usize>,
    digest: Digest,
}

impl Lessons {
    pub(super) fn new(protocol: &dyn Protocol, scenario: &Scenario) -> Self {
        let digest = Digest::new(protocol, scenario);
        Self { states: Frontier::default(), before: Vec::new(), passes: Vec::new(), digest }
    }

    /// Works out whatever an expansion of `state` would miss; says whether there was anything.
    pub(super) fn take(&mut self, world: &mut World<'_>, state: &[u16]) -> bool {
        let (before, learned) = (self.digest.of(world), world.learned);
        learn_from(world, state);
        let is_one = world.learned != learned;
        if is_one {
            self.states.push(state);
            self.before.push(before);
        }
        is_one
    }

    pub(super) fn end_pass(&mut self) {
        self.passes.push(self.states.len());
    }

    /// What is known now.
    pub(super) fn digest(&mut self, world: &World<'_>) -> u64 {
        self.digest.of(world)
    }

    /// The lessons of each pass, the one under way last: each state with what was known before.
    pub(super) fn passes(&self) -> impl ExactSizeIterator<Item = impl ExactSizeIterator<Item = (&[u16], u64)>> {
        let mut ends = self.passes.clone();
        ends.push(self.states.len());
        let mut from = 0;
        ends.into_iter().map(move |to| {
            let lessons = (from..to).map(|at| (self.states.get(at), self.before[at]));
            from = to;
            lessons
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.states.bytes() + self.before.capacity() * size_of::<u64>()
    }
}

fn learn_from(world: &mut World<'_>, state: &[u16]) {
    let decoded = State::decode(state);
    let (mut leaps, mut numbers) = (Leaps::default(), Vec::new());
    world.broken(&decoded);
    world.learning(|world| world.leap_ahead(&decoded, &mut leaps));
    for next in &leaps.last {
        world.learning(|world| world.encode_settled(&next.state, &mut numbers));
    }
}

/// A number that depends on all that was learned, and on the order.
#[derive(Debug)]
struct Digest {
    hasher: SipHasher13,
    /// So much of it is in the number already.
    nodes: usize,
    paths: usize,
    relabellings: usize,
}

impl Digest {
    /// Of nothing but what the protocol says of itself.
    fn new(protocol: &dyn Protocol, scenario: &Scenario) -> Self {
        let mut hasher = SipHasher13::new();
        let clients = usize::from(scenario.clients);
        for client in 0..scenario.clients {
            let index = usize::from(client);
            protocol.takes_the_lock(index, clients).hash(&mut hasher);
            protocol.kind(index, clients).hash(&mut hasher);
            protocol.evidence(&scenario::id(client, 0)).to_string().hash(&mut hasher);
        }
        protocol.promises().hash(&mut hasher);
        protocol.sometimes(clients, scenario.faults).hash(&mut hasher);
        format!("{:?}", protocol.namespaces()).hash(&mut hasher);
        Self { hasher, nodes: 0, paths: 0, relabellings: 0 }
    }

    fn of(&mut self, world: &World<'_>) -> u64 {
        let World { histories, names, symmetry, .. } = world;
        for node in histories.nodes_from(self.nodes) {
            histories.root_of(node).hash(&mut self.hasher);
            match histories.then(node) {
                Then::Asks(request) => histories.request(*request).hash(&mut self.hasher),
                then => then.hash(&mut self.hasher),
            }
            self.nodes += 1;
        }
        for path in names.all_paths().skip(self.paths) {
            names.spell(path).to_string().hash(&mut self.hasher);
            self.paths += 1;
        }
        if let Some(symmetry) = symmetry {
            for relabelling in symmetry.relabellings().skip(self.relabellings) {
                relabelling.hash(&mut self.hasher);
                self.relabellings += 1;
            }
        }
        self.hasher.finish()
    }
}
