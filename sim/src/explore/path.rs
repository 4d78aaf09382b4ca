//! From a state of a search back to a run that leads there.
//!
//! A search keeps fingerprints of states under canonical names. The run is found by going forward again, from the
//! beginning and under the processes' own names, and taking at each state a successor of the right fingerprint.

use std::mem::{Discriminant, discriminant};

use lockwright_kernel::{
    fs::call::Value,
    path::{Name, Path},
};

use super::{
    Verdict, Violation,
    edges::Edges,
    visited::{Fingerprint, StateId, fingerprint},
};
use crate::{
    names::IdNo,
    protocol::Property,
    replay::Reply,
    scenario,
    state::State,
    symmetry::Relabelling,
    trace::Trace,
    world::{Leaps, Step, Successor, World},
};

/// The states on a shortest way to `state`, from the first on.
pub(super) fn back_from(edges: &Edges, layers: &[StateId], state: StateId) -> Vec<StateId> {
    let mut way = vec![state];
    let mut steps = Vec::new();
    let depth = layers.partition_point(|first| *first <= state) - 1;
    for layer in (0..depth).rev() {
        let (from, to) = (layers[layer], layers[layer + 1]);
        let target = way[way.len() - 1];
        let before = (Edges::block_of(from)..=Edges::block_of(to - 1)).find_map(|block| {
            let first = edges.read(block, &mut steps);
            let states = (first..).zip(&steps).filter(|(at, _)| (from..to).contains(at));
            let mut leading = states.filter(|(_, steps)| steps.iter().any(|step| step.target == target));
            leading.next().map(|(at, _)| at)
        });
        way.extend(before);
    }
    way.reverse();
    way
}

/// A run, step for step that of the search, under the processes' own names.
struct Guide<'w, 's> {
    /// The search's world, where names may have been exchanged at each step.
    search: &'w mut World<'s>,
    there: State,
    /// The world of the run.
    own: World<'s>,
    here: State,
    /// What the search's ids are in the run.
    own_ids: Relabelling,
}

/// The choices of a run through states of these fingerprints, and which client `client` is there.
pub(super) fn choices(world: &mut World<'_>, fingerprints: &[Fingerprint], client: u8) -> (Vec<u16>, u8) {
    let mut guide = Guide::new(world);
    let choices = fingerprints.iter().skip(1).map_while(|wanted| guide.step(*wanted)).flatten().collect();
    let who = IdNo::new(client, 0).map_or(client, |id| guide.own_ids.of(id).client());
    (choices, who)
}

impl<'w, 's> Guide<'w, 's> {
    fn new(search: &'w mut World<'s>) -> Self {
        let mut own = World::new(search.protocol, search.scenario);
        let (there, here) = (search.initial(), own.initial());
        let mut guide = Self { search, there: there.clone(), own, here, own_ids: Relabelling::blank() };
        // The first state is renamed too.
        guide.arrive(&there);
        guide
    }

    /// Takes the step that leads to a state of this fingerprint in the search, and those of clients that go first there;
    /// says which they are in the run.
    fn step(&mut self, wanted: Fingerprint) -> Option<Vec<u16>> {
        let (mut leaps, mut numbers) = (Leaps::default(), Vec::new());
        let there = self.there.clone();
        self.search.learning(|world| world.leap_ahead(&there, &mut leaps));
        let at = leaps.last.iter().position(|next| {
            self.search.learning(|world| world.encode_settled(&next.state, &mut numbers));
            fingerprint(&numbers) == wanted
        })?;
        let mut choices = Vec::new();
        let mut state = there;
        for step in self.search.learning(|world| world.steps_of(&state, &leaps, at)) {
            choices.extend(self.follow(&state, &step)?);
            for client in step.step.killed(self.own.scenario.clients) {
                self.note_crash(client);
            }
            state = step.state;
        }
        self.search.learning(|world| world.settle(&mut state, &mut |_| {}));
        choices.extend(self.catch_up());
        self.arrive(&state);
        Some(choices)
    }

    /// Takes the step in the run that `step` is in the search, after `before`; none where the search asked who lives, and
    /// the run did not need to.
    fn follow(&mut self, before: &State, step: &Successor) -> Option<Vec<u16>> {
        let (mut there, mut here) = (Vec::new(), Vec::new());
        self.search.successors(before, &mut there);
        self.own.successors(&self.here, &mut here);
        let key = self.own_key(step);
        // Of several steps that are alike but for the walks of others, each is at the same place among them.
        let alike = there.iter().filter(|other| self.own_key(other) == key);
        let nth = alike.take_while(|other| other.state != step.state).count();
        let mut exact = (0..here.len()).filter(|&at| key_of(&self.own, &here[at]) == key);
        match exact.nth(nth).or_else(|| self.as_good(&key, &here)) {
            None if matches!(key.reply, Some(Reply::Liveness(_))) => Some(Vec::new()),
            choice => self.take(here, choice?).map(|choice| vec![choice]),
        }
    }

    fn take(&mut self, mut here: Vec<Successor>, choice: usize) -> Option<u16> {
        self.here = here.swap_remove(choice).state;
        u16::try_from(choice).ok()
    }

    /// Asks who lives where the search has asked already, or did not need to.
    fn catch_up(&mut self) -> Vec<u16> {
        let (mut choices, mut here) = (Vec::new(), Vec::new());
        while self.search.alone.is_some() && self.own.is_calm(&self.here) {
            self.own.successors(&self.here, &mut here);
            let asks = |next: &Successor| matches!(key_of(&self.own, next).reply, Some(Reply::Liveness(_)));
            let Some(choice) = here.iter().position(asks) else { break };
            choices.extend(self.take(std::mem::take(&mut here), choice));
        }
        choices
    }

    /// The end of a listing, where the search [forgot](World::settle) who came and went: one that finds another client
    /// which lives, or nobody, where that is as good.
    fn as_good(&self, key: &Key, here: &[Successor]) -> Option<usize> {
        let finds = |at: usize, is_right: &dyn Fn(Option<&Name>) -> bool| {
            let own = key_of(&self.own, &here[at]);
            match &own.reply {
                Some(Reply::Fs(Ok(Value::Name(name)))) => {
                    is_right(name.as_ref()) && *key == Key { reply: key.reply.clone(), ..own }
                }
                _ => false,
            }
        };
        let is_living_other = |name: &Name| {
            let process = scenario::parse_id(&name.clone().into());
            process
                .and_then(|(client, incarnation)| IdNo::new(client, incarnation))
                .is_some_and(|id| Some(id.client()) != key.client && self.here.lives(id))
        };
        let living = (0..here.len()).find(|&at| finds(at, &|name| name.is_some_and(is_living_other)));
        living.or_else(|| (0..here.len()).find(|&at| finds(at, &|name| name.is_none())))
    }

    /// The client's next process has a new id in both.
    fn note_crash(&mut self, client: u8) {
        let own = self.own_ids.of(first_process(client));
        if let (Some(new), Some(next)) = (IdNo::new(client, 1), IdNo::new(own.client(), own.incarnation() + 1)) {
            self.own_ids.set(new, next);
        }
    }

    /// Follows the search through the renaming of a state.
    fn arrive(&mut self, state: &State) {
        let mut numbers = Vec::new();
        let renamed = self.search.learning(|world| world.encode(state, &mut numbers));
        self.there = State::decode(&numbers);
        let Some((renamed, symmetry)) = renamed.zip(self.search.symmetry.as_ref()) else { return };
        let ids = std::mem::replace(&mut self.own_ids, Relabelling::blank());
        for (id, image) in symmetry.relabelling(renamed).pairs() {
            self.own_ids.set(image, ids.of(id));
        }
    }

    fn own_key(&self, successor: &Successor) -> Key {
        let own = |client: u8| self.own_ids.of(first_process(client)).client();
        let Key { kind, client, reply, paths, walked } = key_of(self.search, successor);
        let (client, reply) = (client.map(own), reply.map(|reply| self.own_ids.of_reply(&reply)));
        let mut paths: Vec<Path> = paths.iter().map(|path| self.own_ids.of_path(path)).collect();
        paths.sort();
        let mut walked: Vec<u8> = walked.into_iter().map(own).collect();
        walked.sort_unstable();
        Key { kind, client, reply, paths, walked }
    }
}

/// What a step is, in values.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    kind: Discriminant<Step>,
    client: Option<u8>,
    reply: Option<Reply>,
    paths: Vec<Path>,
    walked: Vec<u8>,
}

fn key_of(world: &World<'_>, successor: &Successor) -> Key {
    let step = &successor.step;
    let reply = step.reply().map(|reply| world.histories.reply(reply).clone());
    let mut paths: Vec<Path> = step.paths().iter().map(|path| world.names.spell(*path)).collect();
    paths.sort();
    let mut walked = successor.walked.clone();
    walked.sort_unstable();
    Key { kind: discriminant(step), client: step.client(), reply, paths, walked }
}

fn first_process(client: u8) -> IdNo {
    IdNo::new(client, 0).unwrap_or(IdNo(0))
}

/// The state that a run ends in.
pub(super) fn run(world: &mut World<'_>, choices: &[u16]) -> State {
    let mut state = world.initial();
    let mut successors = Vec::new();
    for &choice in choices {
        world.successors(&state, &mut successors);
        if usize::from(choice) < successors.len() {
            state = successors.swap_remove(choice.into()).state;
        }
    }
    state
}

/// So many times round a loop, histories that are not merged repeat themselves as merged ones do.
const ROUNDS_MAX: usize = 4;

/// The verdict on a run that comes to a loop and stays in it: the states on the way and once round, of which the one at
/// `loop_from` is where the loop begins.
pub(super) fn goes_round(
    world: &mut World<'_>,
    promise: Property,
    client: u8,
    fingerprints: &[Fingerprint],
    loop_from: usize,
) -> Verdict {
    let mut way = fingerprints.to_vec();
    for round in 1..=ROUNDS_MAX {
        let (choices, _) = choices(world, &way, client);
        let from = choices.len() - (fingerprints.len() - 1 - loop_from);
        let trace = Trace::record_loop(world.protocol, world.scenario, promise, &choices, from);
        match trace.replay(world.protocol) {
            Ok(()) => {
                return Verdict::Violated(Violation {
                    property: promise,
                    what: trace.what.clone(),
                    trace: Some(trace),
                });
            }
            Err(divergence) if round == ROUNDS_MAX => {
                return Verdict::Error(format!("found that {promise} is violated, and running it again {divergence}"));
            }
            Err(_) => way.extend_from_slice(&fingerprints[loop_from + 1..]),
        }
    }
    Verdict::Error(format!("found that {promise} is violated, and no loop comes round"))
}

/// The verdict on a run through states of these fingerprints, the last of which breaks a property by itself.
pub(super) fn broken(world: &mut World<'_>, fingerprints: &[Fingerprint]) -> Verdict {
    let (choices, _) = choices(world, fingerprints, 0);
    let mut own = World::new(world.protocol, world.scenario);
    let end = run(&mut own, &choices);
    match own.broken(&end) {
        Some((property, what)) => violated(world, property, &what, &choices),
        None => Verdict::Error("a state that breaks a property is not where the search came to it".into()),
    }
}

/// The verdict on a run that breaks a property, once it was run again over histories that are not merged: a
/// counterexample that does not stand is the checker's own fault, unless it is that of an attempt which cannot be run
/// again.
pub(super) fn violated(world: &World<'_>, property: Property, what: &str, choices: &[u16]) -> Verdict {
    let trace = Trace::record(world.protocol, world.scenario, property, what, choices);
    let again = if property == Property::Replayable { Ok(()) } else { trace.replay(world.protocol) };
    match again {
        Ok(()) => Verdict::Violated(Violation { property, what: trace.what.clone(), trace: Some(trace) }),
        Err(divergence) => {
            Verdict::Error(format!("found that {property} is violated ({what}), and running it again {divergence}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::{
        catalogue,
        explore::{Limits, passes::Passes},
        scenario::Scenario,
    };

    #[test]
    fn every_state_of_a_search_is_found_back() {
        for (name, clients, crashes) in [("fast_lock", 2, 1), ("fast_lock", 3, 0), ("fast_lock-dir+cleaner", 3, 0)] {
            let entry = catalogue::find(name).unwrap();
            let scenario = Scenario::new(name, clients, crashes);
            let mut passes = Passes::new(entry.protocol(), &scenario, Limits::default());
            passes.run(&mut |_| ControlFlow::Continue(()));
            let search = &mut passes.search;
            assert!(search.graph.visited.len() > 1000, "{scenario}");
            for state in (0..).take(search.graph.visited.len()).step_by(17) {
                let way = search.fingerprints(search.way(state));
                let mut guide = Guide::new(&mut search.world);
                let lost = way[1..].iter().position(|wanted| guide.step(*wanted).is_none());
                assert_eq!(lost, None, "{scenario}: state {state}");
            }
        }
    }
}
