//! What the drivers are trusted for, each by a fault that is planted and found.

use std::{marker::PhantomData, num::NonZeroU32, sync::Mutex};

use lockwright_kernel::{
    chance::Chance,
    fs::{Fs, FsError},
    id::Id,
    path::Path,
};
use lockwright_sim::{
    Replay,
    catalogue::{self, MUTANTS},
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Faults, Walk},
};

use crate::{
    engine::{Body, Engine, Finding, Report, Setup, Verdict},
    loom::{self, Bounds, Loom, Recall},
    shuttle::{self, Draw, Shuttle},
};

fn setup(protocol: &'static dyn Protocol) -> Setup {
    Setup { protocol, clients: 2, crashes: 0, walk: Walk::Atomic, attempts: 1, watched: None }
}

/// A protocol that is an attempt and little else.
#[derive(Debug)]
struct Plant {
    attempt: fn(&Client, Phase, &Replay) -> Result<Outcome, Stop>,
    takes: bool,
}

impl Protocol for Plant {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay) -> Result<Outcome, Stop> {
        (self.attempt)(client, phase, world)
    }

    fn evidence(&self, _: &Id) -> Path {
        Path::root()
    }

    fn takes_the_lock(&self, _: usize, _: usize) -> bool {
        self.takes
    }

    fn sometimes(&self, _: usize, _: Faults) -> Vec<&'static str> {
        Vec::new()
    }
}

/// Everything, however often.
const FORGETFUL: Bounds = Bounds { memory: Recall::Notes, ..Bounds::NONE };

fn somewhere() -> Path {
    "lock".parse().expect("a name")
}

const IDLE: Outcome = Outcome { next: Phase::Idle, said: "looked" };

/// A client that looks three times and wants nothing.
static LOOKS: Plant = Plant {
    takes: false,
    attempt: |_, _, world| {
        for _ in 0..3 {
            world.exists(&somewhere())?;
        }
        Ok(IDLE)
    },
};

/// A client that takes whatever number it is given.
static DRAWS: Plant = Plant {
    takes: false,
    attempt: |client, _, world| {
        world.exists(&somewhere())?;
        let bound = if client.index == 0 { 3 } else { 2 };
        let number = world.below(NonZeroU32::new(bound).expect("not zero"))?;
        let said = [["0 of 3", "1 of 3", "2 of 3"], ["0 of 2", "1 of 2", ""]][client.index][number as usize];
        Ok(Outcome { said, ..IDLE })
    },
};

/// A client that does not stop when it is halted.
static GOES_ON: Plant = Plant {
    takes: false,
    attempt: |_, _, world| {
        if world.exists(&somewhere()) == Err(FsError::Halted) {
            world.exists(&somewhere())?;
        }
        Ok(IDLE)
    },
};

/// A lock that is not one: everybody holds it.
static NO_LOCK: Plant = Plant {
    takes: true,
    attempt: |_, phase, world| {
        world.exists(&somewhere())?;
        let next = if phase == Phase::Idle { Phase::Holding } else { Phase::Idle };
        Ok(Outcome { next, ..IDLE })
    },
};

fn fast_lock() -> Setup {
    setup(catalogue::find("fast_lock").expect("it is in the catalogue").protocol())
}

/// An engine whose threads meet at a mutex that it knows nothing of.
struct Blindfolded<E>(PhantomData<E>);

impl<E: Engine> Engine for Blindfolded<E> {
    type Gate = Mutex<()>;

    const KILLS_BY_THREAD: bool = E::KILLS_BY_THREAD;

    fn gate() -> Self::Gate {
        Mutex::new(())
    }
    fn pass<R>(gate: &Self::Gate, act: impl FnOnce() -> R) -> R {
        let guard = gate.lock();
        let done = act();
        drop(guard);
        done
    }
    fn run(_gate: &Self::Gate, bodies: Vec<Body>) {
        E::run(&E::gate(), bodies);
    }
    fn choose(client: usize, nth: usize, bound: u32) -> u32 {
        E::choose(client, nth, bound)
    }
    fn kills_now() -> bool {
        E::kills_now()
    }
    fn cut() {
        E::cut();
    }
    fn stop(finding: Finding) {
        E::stop(finding);
    }
    fn points() -> usize {
        E::points()
    }
}

#[test]
fn an_engine_that_sees_too_few_scheduling_points_fails() {
    let reports = [
        loom::explore::<Blindfolded<Loom>>(fast_lock(), Bounds::NONE),
        shuttle::explore::<Blindfolded<Shuttle>>(fast_lock(), Draw::Random, 1, 10),
        shuttle::explore::<Blindfolded<Shuttle>>(fast_lock(), Draw::Pct, 1, 10),
    ];
    for Report { verdict, tally } in reports {
        let Verdict::Found(Finding::Fault(what)) = verdict else { panic!("{verdict:?}") };
        assert_eq!(
            what,
            format!("{} calls were made, and the engine saw {} scheduling points", tally.calls, tally.points)
        );
        assert_eq!(tally.executions, 1);
    }
}

#[test]
fn a_search_that_ends_at_a_budget_is_incomplete() {
    let bounds = Bounds { executions: 100, ..Bounds::NONE };
    let report = loom::explore::<Loom>(fast_lock(), bounds);
    assert_eq!(report.verdict, Verdict::Incomplete("a budget of executions".into()));
    assert!(report.tally.executions <= 100);
    let report = loom::explore::<Loom>(fast_lock(), Bounds::preemptions(1));
    assert_eq!(report.verdict, Verdict::Incomplete("up to 1 preemptions".into()));
}

#[test]
fn the_same_run_twice_is_the_same() {
    let setup = Setup { crashes: 1, ..fast_lock() };
    let run = || {
        let drawn = [Draw::Random, Draw::Pct].map(|draw| shuttle::explore::<Shuttle>(setup, draw, 3, 50));
        (drawn, loom::explore::<Loom>(setup, Bounds::preemptions(0)))
    };
    assert_eq!(run(), run());
}

#[test]
fn loom_runs_every_interleaving_and_with_a_memory_every_step_between_states() {
    let [all, known] = [FORGETFUL, Bounds::NONE].map(|bounds| loom::explore::<Loom>(setup(&LOOKS), bounds));
    assert_eq!([&all.verdict, &known.verdict], [&Verdict::Exhausted; 2]);
    // Two times three calls in any order: six over three. As a grid of four by four states it has 24 steps, and each
    // of them that is not the first to its state ends an execution; one comes to the end.
    assert_eq!([all.tally.executions, known.tally.executions], [20, 24 - 15 + 1]);
    assert_eq!([all.tally.states, known.tally.states], [15, 15]); // The first is not come to.
}

#[test]
fn what_a_memory_cuts_off_changes_no_verdict_and_leaves_out_no_state() {
    for entry in MUTANTS.into_iter().filter(|entry| entry.name.starts_with("dotlock")) {
        for (crashes, attempts) in [(0, 2), (1, 1)] {
            for watched in [Property::MutualExclusion, entry.expected.expect("a mutant").property] {
                let setup = Setup { crashes, attempts, watched: Some(watched), ..setup(entry.protocol()) };
                let [all, known] = [FORGETFUL, Bounds::NONE].map(|bounds| loom::explore::<Loom>(setup, bounds));
                assert_eq!(all.broken(), known.broken(), "{} {crashes} {watched}", entry.name);
                if known.verdict == Verdict::Exhausted {
                    assert_eq!(all.tally.states, known.tally.states, "{} {crashes} {watched}", entry.name);
                    assert!(known.tally.executions < all.tally.executions);
                }
            }
        }
    }
}

#[test]
fn every_number_that_can_be_drawn_is_drawn() {
    let report = loom::explore::<Loom>(setup(&DRAWS), FORGETFUL);
    let said: Vec<_> = report.tally.said.into_iter().collect();
    assert_eq!(said, ["0 of 2", "0 of 3", "1 of 2", "1 of 3", "2 of 3"]);
    assert_eq!(report.tally.executions, 2 * 6, "two orders, six scripts");
    let bounded = loom::explore::<Loom>(setup(&DRAWS), Bounds::preemptions(0));
    assert_eq!(bounded.tally.executions, 2 * 6, "neither order takes a preemption");
}

#[test]
fn an_attempt_that_goes_on_after_it_was_halted_is_caught() {
    let calm = setup(&GOES_ON);
    assert_eq!(loom::explore::<Loom>(calm, Bounds::NONE).verdict, Verdict::Exhausted);
    let killed = Setup { crashes: 1, ..calm };
    assert_eq!(loom::explore::<Loom>(killed, Bounds::NONE).broken(), Some(Property::Replayable));
    let drawn = shuttle::explore::<Shuttle>(killed, Draw::Random, 1, 1000);
    assert_eq!(drawn.broken(), Some(Property::Replayable));
}

#[test]
fn a_finding_tells_what_was_seen_and_the_calls_up_to_there() {
    let report = loom::explore::<Loom>(setup(&NO_LOCK), Bounds::NONE);
    let Verdict::Found(Finding::Broken { property, what, calls }) = report.verdict else { panic!("{report:?}") };
    assert_eq!(property, Property::MutualExclusion);
    assert_eq!(what, "A1 and B1 hold the lock");
    assert_eq!(calls, ["A1 stat(\"lock\") = -1 ENOENT", "B1 stat(\"lock\") = -1 ENOENT"]);
}
