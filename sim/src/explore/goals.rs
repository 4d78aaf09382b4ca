//! What must stay possible, whatever has happened: from every state each taker can come to hold the lock, and the
//! directory can become empty but for what may stay, without a further fault.

use std::{
    ops::ControlFlow,
    panic::resume_unwind,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering},
    thread::{self, ScopedJoinHandle},
};

use super::{
    edges::{Edge, Edges},
    visited::StateId,
};
use crate::{
    history::closing::GoOn,
    names::IdNo,
    protocol::Property,
    scenario::{Scenario, letter},
    state::State,
    symmetry::{PermId, Symmetry},
    world::World,
};

/// Goals as bits: bit i for "client i holds the lock", the highest for "everybody is idle and nothing is on disk".
pub(super) type Reached = u32;

const CLEAN: Reached = 1 << 31;

/// The goals of a scenario.
pub(super) fn all(world: &World<'_>) -> Reached {
    let clients = world.scenario.clients;
    let is_asked = |property| !world.protocol.gives_up().contains(&property);
    let takers = (0..clients).filter(|&client| world.protocol.takes_the_lock(client.into(), clients.into()));
    let takers = takers.filter(|_| is_asked(Property::CanBeTaken));
    let clean = if is_asked(Property::NothingLeftBehind) { CLEAN } else { 0 };
    takers.fold(clean, |goals, client| goals | 1 << client)
}

/// The goals that `state` is.
pub(super) fn of_state(world: &World<'_>, state: &State) -> Reached {
    let mut reached = 0;
    let mut idle = true;
    for (client, process) in state.processes.iter().enumerate() {
        idle &= world.is_idle(process);
        if world.in_critical_section(process) {
            reached |= 1 << client;
        }
    }
    if idle && world.is_tidy(state) { reached | CLEAN } else { reached }
}

/// The same goals, those of one property after those of another, in the order in which they are judged.
pub(super) fn by_property(goals: Reached) -> [Reached; 2] {
    [goals & !CLEAN, goals & CLEAN]
}

/// What is violated where goals are out of reach, and what is missed.
pub(super) fn missed(goals: Reached) -> (Property, String) {
    if goals == CLEAN {
        let what = "from here nothing that can happen, short of a fault, leaves the directory empty";
        return (Property::NothingLeftBehind, what.into());
    }
    let clients = (0..Scenario::CLIENTS_MAX).filter(|client| goals & 1 << client != 0);
    let letters: Vec<String> = clients.map(|client| letter(client).to_string()).collect();
    let who = letters.join(" or ");
    let what = format!("from here nothing that can happen, short of a fault, lets {who} take the lock");
    (Property::CanBeTaken, what)
}

/// The goal of this client, in place of another's.
pub(super) fn of_client(goal: Reached, client: u8) -> Reached {
    if goal == CLEAN { CLEAN } else { 1 << client }
}

/// The client that a goal is about.
pub(super) fn client_of(goal: Reached) -> u8 {
    u8::try_from(goal.trailing_zeros()).unwrap_or_default()
}

/// The goals of `property` that `state` can no longer come to, looked at from there on alone.
pub(super) fn lost(world: &mut World<'_>, state: &State, property: Property) -> Reached {
    let mut unreached = all(world);
    unreached &= match property {
        Property::CanBeTaken => !CLEAN,
        Property::NothingLeftBehind => CLEAN,
        _ => 0,
    };
    let (mut seen, mut numbers, mut successors) = (rustc_hash::FxHashSet::default(), Vec::new(), Vec::new());
    state.encode(&mut numbers);
    seen.insert(numbers.clone().into_boxed_slice());
    let mut waiting = std::collections::VecDeque::from([state.clone()]);
    while let (Some(state), true) = (waiting.pop_front(), unreached != 0) {
        unreached &= !of_state(world, &state);
        world.successors(&state, &mut successors);
        for successor in successors.drain(..).filter(|successor| !successor.step.is_fault()) {
            successor.state.encode(&mut numbers);
            if seen.insert(numbers.clone().into_boxed_slice()) {
                waiting.push_back(successor.state);
            }
        }
    }
    unreached
}

/// Whoever watches is asked after so many blocks of states, and once in each pass.
const BLOCKS_UNSEEN: usize = 64;

/// For each state of a whole search the goals that can be come to from there without a further fault.
#[derive(Debug)]
pub(super) struct Reach {
    // invariant: only grows, and so comes to the same whoever is first
    of: Vec<AtomicU32>,
    places: Places,
}

impl Reach {
    /// Works it out, from the goals that states are themselves, on so many threads. Most steps lead onward, so passes from
    /// the last state to the first need few repetitions; and what has all goals is not looked at again.
    pub(super) fn new(
        edges: &Edges,
        goals: Reached,
        are: &[(StateId, Reached)],
        places: Places,
        threads: usize,
        go_on: GoOn<'_>,
    ) -> ControlFlow<String, Self> {
        let mut of = Vec::new();
        of.resize_with(edges.states(), AtomicU32::default);
        for &(state, reached) in are {
            of[state as usize] = reached.into();
        }
        let reach = Self { of, places };
        let mut blocks: Vec<usize> = (0..edges.blocks()).rev().collect();
        loop {
            let (changed, open) = reach.pass(edges, goals, &blocks, threads, go_on)?;
            blocks = open;
            if !changed {
                return ControlFlow::Continue(reach);
            }
        }
    }

    /// Looks once at these blocks of states; says whether that changed anything, and which of the blocks lack goals yet.
    fn pass(
        &self,
        edges: &Edges,
        goals: Reached,
        blocks: &[usize],
        threads: usize,
        go_on: GoOn<'_>,
    ) -> ControlFlow<String, (bool, Vec<usize>)> {
        let next = AtomicUsize::new(0);
        let work = |go_on: GoOn<'_>| {
            let (mut changed, mut open, mut steps) = (false, Vec::new(), Vec::new());
            while let Some(&block) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
                if block.is_multiple_of(BLOCKS_UNSEEN) {
                    go_on()?;
                }
                let (was_changed, is_open) = self.update_block(edges, goals, block, &mut steps);
                changed |= was_changed;
                if is_open {
                    open.push(block);
                }
            }
            ControlFlow::Continue((changed, open))
        };
        go_on()?;
        let (own, others) = thread::scope(|scope| {
            let others: Vec<_> = (1..threads.min(blocks.len()))
                .map(|_| scope.spawn(|| work(&mut || ControlFlow::Continue(()))))
                .collect();
            let own = work(go_on);
            if own.is_break() {
                next.store(blocks.len(), Ordering::Relaxed);
            }
            (own, others.into_iter().map(ScopedJoinHandle::join).collect::<Vec<_>>())
        });
        let (mut changed, mut open) = own?;
        for other in others {
            let (other_changed, other_open) = other.unwrap_or_else(|panic| resume_unwind(panic))?;
            changed |= other_changed;
            open.extend(other_open);
        }
        open.sort_unstable_by(|one, other| other.cmp(one));
        ControlFlow::Continue((changed, open))
    }

    /// Says whether anything changed, and whether some state lacks goals yet.
    fn update_block(&self, edges: &Edges, goals: Reached, block: usize, steps: &mut Vec<Vec<Edge>>) -> (bool, bool) {
        let first = edges.read(block, steps) as usize;
        let (mut changed, mut open) = (false, false);
        for (at, steps) in (first..first + steps.len()).zip(steps).rev() {
            let before = self.reached(at);
            if before & goals == goals {
                continue;
            }
            let onward = steps.iter().filter(|step| !step.is_fault);
            let reached = onward.fold(before, |reached, step| {
                reached | self.places.undo(step.renamed, self.reached(step.target as usize))
            });
            if reached != before {
                // Nobody else updates this state.
                self.of[at].store(reached, Ordering::Relaxed);
                changed = true;
            }
            open |= reached & goals != goals;
        }
        (changed, open)
    }

    fn reached(&self, state: usize) -> Reached {
        self.of[state].load(Ordering::Relaxed)
    }

    /// The first state from which one of `goals` cannot be reached, and which of them.
    pub(super) fn first_without(&self, goals: Reached) -> Option<(StateId, Reached)> {
        let missed = (0..).zip(&self.of).map(|(state, of)| (state, goals & !of.load(Ordering::Relaxed)));
        let (state, missed) = missed.into_iter().find(|(_, missed)| *missed != 0)?;
        Some((state, 1 << missed.trailing_zeros()))
    }
}

/// Where the clients are after each renaming.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<Vec<u8>>);

impl Places {
    pub(super) fn new(symmetry: Option<&Symmetry>, scenario: &Scenario) -> Self {
        let places = symmetry.into_iter().flat_map(|symmetry| {
            symmetry.relabellings().map(|relabelling| {
                let ids = (0..scenario.clients).filter_map(|client| IdNo::new(client, 0));
                ids.map(|id| relabelling.of(id).client()).collect()
            })
        });
        Self(places.collect())
    }

    /// What is reached, by the names of before the renaming.
    fn undo(&self, renamed: Option<PermId>, reached: Reached) -> Reached {
        let Some(renamed) = renamed else { return reached };
        let places = self.0[usize::from(renamed)].iter().enumerate();
        places.fold(reached & CLEAN, |undone, (client, place)| undone | (reached >> place & 1) << client)
    }
}
