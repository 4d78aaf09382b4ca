//! The checker's peers: what the same verdict on the same lock costs elsewhere.
//!
//! | who | what it explores | a walk to a directory | a listing |
//! |---|---|---|---|
//! | `ours` | the kernel's own code | parted from its effect, or not | in two steps |
//! | stateright | [`model`], written by hand in Rust | not parted | in two steps, or in one |
//! | tla-checker | `peers/FastLock.tla`, written by hand in TLA+ | not parted | in one step |
//! | SPIN | `peers/FastLock.pml`, written by hand in Promela | not parted | in one step |
//!
//! All of them let clients lock and unlock for ever, be killed at any step and go on as new processes, and check mutual
//! exclusion, that no live holder is dispossessed, and that nothing is left behind when nobody was killed.
//!
//! *What the grains do.* A finer grain has more behaviours, so more states, and finds more: cleaning in place is caught
//! only where walks are parted. So times compare between rows of one grain, and transitions a second between all.
//! Of one grain are `ours` with atomic walks and merged histories and stateright with [`Grain::Ours`]: they have the
//! same states and transitions, to the last one, as a test of this module sees. And so have stateright with
//! [`Grain::Plain`], tla-checker and SPIN.
//!
//! *Reductions.* Merging makes of the code's histories what a model has by hand. Symmetry makes one of the states that
//! differ in who is who; stateright has it depth first only, so that one has to choose between it and the shortest
//! counterexample. Ours also forgets the dead whom nothing on disk speaks of any more. All run on one thread, but for one
//! row of ours, which is compared with the same on one.
//!
//! *What only ours does besides.* It runs the code, so there is no model that could say something else; it checks what
//! the code answers; and it keeps the whole graph, to check that from every state each client can come to hold the lock
//! and the disk can be emptied. That is part of its times. None of the others can ask it: they have "always" and
//! "eventually", and not "from everywhere, possibly".

use std::{
    error::Error,
    time::{Duration, Instant},
};

use lockwright_sim::{
    Limits, Verdict, catalogue, check,
    scenario::{Scenario, Walk},
};
use stateright::{Checker, Model as _};

use self::model::{FastLock, Grain};

pub mod model;
pub mod spin;
mod symmetry;
pub mod tla;
pub mod tree;

/// What a search that verified the lock came to, and in what time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// How many states it came to.
    pub states: usize,
    /// How many steps between them.
    pub transitions: usize,
    /// The longest way that it went: breadth first, the most steps it takes to come to a state.
    pub depth: usize,
    /// How long it took.
    pub time: Duration,
}

/// Clients and crashes.
pub type Bounds = [u8; 2];

/// A search, or why it is no verdict that the lock is safe.
pub type Answer = Result<Search, Box<dyn Error>>;

/// What our own checker does to explore less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Nothing: every history of answers is a state of its own.
    None,
    /// Histories that go on alike are one.
    Merge,
    /// And states that differ only in who is who are one.
    Symmetry,
    /// And calls that nobody can disturb are taken together, as [`Limits::default`] has it.
    All,
}

/// In which order stateright goes through the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Breadth first, so that counterexamples are shortest.
    BreadthFirst,
    /// Depth first, where states that differ only in who is who are one. It has symmetry in this order only, and its
    /// counterexamples are then as long as they come.
    DepthFirstSymmetric,
}

/// Our own checker on the shipped lock, on one thread.
///
/// # Errors
///
/// When it does not verify it.
pub fn ours(bounds: Bounds, walk: Walk, reduction: Reduction) -> Answer {
    ours_on(1, bounds, walk, reduction)
}

/// The same on so many threads: the states, their order and the verdict are the same.
///
/// # Errors
///
/// When it does not verify it.
pub fn ours_on(threads: usize, [clients, crashes]: Bounds, walk: Walk, reduction: Reduction) -> Answer {
    let name = "fast_lock";
    let protocol = catalogue::find(name).ok_or("there is no such protocol")?.protocol();
    let scenario = Scenario { walk, ..Scenario::new(name, clients, crashes) };
    let limits = Limits {
        merge: reduction != Reduction::None,
        symmetry: matches!(reduction, Reduction::Symmetry | Reduction::All),
        partial_order: reduction == Reduction::All,
        threads,
        ..Limits::default()
    };
    let start = Instant::now();
    let report = check(protocol, &scenario, limits, &mut |_| {});
    let time = start.elapsed();
    match report.verdict {
        Verdict::Verified => {
            Ok(Search { states: report.states, transitions: report.transitions, depth: report.depth, time })
        }
        other => Err(format!("{scenario}: {other:?}").into()),
    }
}

/// stateright on the hand-written model, on one thread: with more, not even its breadth-first order is one.
///
/// # Errors
///
/// When it does not verify it.
pub fn stateright([clients, crashes]: Bounds, grain: Grain, order: Order) -> Answer {
    match clients {
        2 => explore::<2>(crashes, grain, order),
        3 => explore::<3>(crashes, grain, order),
        _ => Err(format!("there is no model of {clients} clients").into()),
    }
}

fn explore<const CLIENTS: usize>(crashes: u8, grain: Grain, order: Order) -> Answer {
    let model = FastLock::<CLIENTS>::new(crashes, grain).ok_or("the model has not so many ids")?;
    let builder = model.checker().threads(1);
    let start = Instant::now();
    match order {
        Order::BreadthFirst => judge(&builder.spawn_bfs().join(), start),
        Order::DepthFirstSymmetric => judge(&builder.symmetry().spawn_dfs().join(), start),
    }
}

fn judge<const CLIENTS: usize>(checker: &impl Checker<FastLock<CLIENTS>>, start: Instant) -> Answer {
    let time = start.elapsed();
    let discoveries = checker.discoveries();
    let found: Vec<_> = discoveries.keys().copied().collect();
    if !checker.is_done() || found != [model::TAKEN] {
        let paths: Vec<String> = discoveries.values().map(ToString::to_string).collect();
        return Err(format!("stateright came to {found:?}\n{}", paths.concat()).into());
    }
    // It counts the initial state among the generated ones, and depth from 1.
    let (transitions, depth) = (checker.state_count() - 1, checker.max_depth() - 1);
    Ok(Search { states: checker.unique_state_count(), transitions, depth, time })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Bounds; 3] = [[2, 0], [2, 1], [3, 0]];

    fn size(search: Answer) -> [usize; 3] {
        let Search { states, transitions, depth, .. } = search.unwrap();
        [states, transitions, depth]
    }

    #[test]
    fn the_plain_model_is_verified_in_a_search_of_the_size_it_had() {
        let sizes = [[881, 1_762, 39], [18_645, 39_230, 66], [41_936, 126_303, 60]];
        for (bounds, expected) in ALL.into_iter().zip(sizes) {
            assert_eq!(size(stateright(bounds, Grain::Plain, Order::BreadthFirst)), expected, "{bounds:?}");
        }
    }

    #[test]
    fn at_our_grain_the_model_has_the_states_and_the_transitions_of_the_code() {
        for bounds in ALL {
            let model = stateright(bounds, Grain::Ours, Order::BreadthFirst);
            assert_eq!(size(model), size(ours(bounds, Walk::Atomic, Reduction::Merge)), "{bounds:?}");
        }
    }

    /// The model tries every order, we keep that of clients that look alike.
    #[test]
    fn our_symmetry_leaves_few_states_that_differ_only_in_who_is_who() {
        for bounds in [[2, 0], [3, 0]] {
            let [least, ..] = size(stateright(bounds, Grain::Ours, Order::DepthFirstSymmetric));
            let [states, ..] = size(ours(bounds, Walk::Atomic, Reduction::Symmetry));
            assert!(least <= states && states * 100 <= least * 101, "{bounds:?}: {states}, and {least} would do");
        }
    }

    #[test]
    fn symmetry_makes_as_many_states_one_as_there_are_ways_to_number_the_clients() {
        for (bounds, orders) in [([2, 1], 2), ([3, 0], 6)] {
            for grain in [Grain::Plain, Grain::Ours] {
                let [all, one] = [Order::BreadthFirst, Order::DepthFirstSymmetric]
                    .map(|order| stateright(bounds, grain, order).unwrap().states);
                assert!(one * orders >= all && one * (orders - 1) < all, "{bounds:?}: {one} of {all}");
            }
        }
    }

    #[test]
    fn a_model_has_no_more_ids_than_its_tree_has_room_for() {
        assert!(FastLock::<3>::new(2, Grain::Plain).is_some());
        assert!(FastLock::<3>::new(3, Grain::Plain).is_none());
    }
}
