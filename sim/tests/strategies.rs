//! Strategies differ in what they look at first, and never in what they call verified.

use std::ops::ControlFlow;

use lockwright_sim::{
    Limits, Report, Strategy, Verdict,
    catalogue::{self, Entry, MUTANTS},
    check, check_while,
    protocol::Property,
    scenario::Scenario,
};

/// It takes a whole search to tell of these.
const OF_THE_WHOLE: [Property; 4] =
    [Property::CanBeTaken, Property::NoLivelock, Property::NoStarvation, Property::Sometimes];

const RANDOM: Strategy = Strategy::Random { seed: 1, runs: 2_000, steps: 200 };
/// The same with so few runs that they are made at once.
const FEW: [Strategy; 2] =
    [Strategy::Random { seed: 1, runs: 60, steps: 100 }, Strategy::Pct { seed: 1, runs: 60, steps: 100, depth: 3 }];

/// With the depth that the mutant takes.
fn pct(entry: Entry) -> Strategy {
    let depth = if matches!(entry.name, "fast_lock.clean_in_place" | "one_file.look_then_watch") { 4 } else { 3 };
    Strategy::Pct { seed: 1, runs: 15_000, steps: 100, depth }
}

fn explore(entry: Entry, scenario: &Scenario, strategy: Strategy) -> Report {
    check(entry.protocol(), scenario, Limits { strategy, ..Limits::default() }, &mut |_| {})
}

fn fast_lock(clients: u8, crashes: u8) -> (Entry, Scenario) {
    (catalogue::find("fast_lock").expect("it is in the catalogue"), Scenario::new("fast_lock", clients, crashes))
}

/// Its counterexample breaks a property of the mutant, and runs again.
fn assert_caught(entry: Entry, report: &Report) {
    let Verdict::Violated(violation) = &report.verdict else { panic!("{}: {report:?}", entry.name) };
    let trace = violation.trace.as_ref().expect("a run shows it");
    assert_eq!(trace.property, violation.property, "{}", entry.name);
    assert_eq!(trace.what, violation.what, "{}", entry.name);
    assert_eq!(trace.replay(entry.protocol()), Ok(()), "{}", entry.name);
    assert!(report.coverage.shrunk_from >= Some(trace.steps.len()), "{}", entry.name);
}

/// Which of several states stands for all that differ in names only depends on the order in which they are met, so the
/// numbers are compared where names are kept apart.
#[test]
fn depth_first_sees_the_same_states_and_comes_to_the_same_verdicts() {
    let rows = catalogue::rows().into_iter().filter(|(entry, scenario)| {
        scenario.clients + scenario.faults.crashes <= if stands_in_line(entry) { 2 } else { 3 }
    });
    for (entry, scenario) in rows {
        for symmetry in [true, false] {
            let limits = Limits { symmetry, ..Limits::default() };
            let [breadth, depth] = [Strategy::Bfs, Strategy::Dfs]
                .map(|strategy| check(entry.protocol(), &scenario, Limits { strategy, ..limits }, &mut |_| {}));
            assert_eq!(depth.verdict, Verdict::Verified, "{scenario}");
            assert_eq!(depth.coverage.symmetric, breadth.coverage.symmetric, "{scenario}");
            assert!(depth.depth >= breadth.depth, "{scenario}");
            if !symmetry {
                assert_eq!([depth.states, depth.transitions], [breadth.states, breadth.transitions], "{scenario}");
            }
        }
    }
    for entry in MUTANTS.into_iter().filter(|entry| !stands_in_line(entry)) {
        assert_caught(entry, &explore(entry, &entry.scenario(), Strategy::Dfs));
    }
}

/// Its runs are long, and few of them show what is wrong with a mutant.
fn stands_in_line(entry: &Entry) -> bool {
    entry.name.starts_with("fair_") || entry.name.starts_with("rw_lock")
}

#[test]
fn runs_catch_every_mutant_that_a_state_gives_away() {
    for entry in MUTANTS.into_iter().filter(|entry| !stands_in_line(entry)) {
        let is_of_a_state = !OF_THE_WHOLE.contains(&entry.expected.unwrap().property);
        for strategy in if is_of_a_state { [RANDOM, pct(entry)] } else { FEW } {
            let report = explore(entry, &entry.scenario(), strategy);
            if is_of_a_state {
                assert_caught(entry, &report);
            } else {
                assert_eq!(report.verdict.word(), "Incomplete", "{}", entry.name);
            }
        }
    }
}

/// Of two clients and no faults, so that the bound is 1 in 2 * 20 * 20.
#[test]
fn pct_is_no_worse_than_its_bound() {
    // Of depth 3: a file without an id is looked at by the other, which has to hold the lock when its maker goes on.
    let entry = catalogue::find("dotlock.empty_is_stale").unwrap();
    let found = (0..4_000).filter(|&seed| {
        let strategy = Strategy::Pct { seed, runs: 1, steps: 20, depth: 3 };
        matches!(explore(entry, &entry.scenario(), strategy).verdict, Verdict::Violated(_))
    });
    assert!(found.count() >= 4_000 / (2 * 20 * 20));
}

#[test]
fn runs_are_never_verified_and_say_what_was_seen() {
    let (entry, scenario) = fast_lock(2, 1);
    for strategy in FEW {
        let report = explore(entry, &scenario, strategy);
        let Verdict::Incomplete { depth: 0, reason } = &report.verdict else { panic!("{report:?}") };
        assert_eq!(reason, "that is all the runs that were asked for");
        let runs = report.coverage.runs.unwrap();
        assert_eq!((runs.seed, runs.runs, runs.steps_max), (1, 60, 100));
        assert_eq!((report.transitions, report.depth), (6_000, 100));
        assert!((100..6_000).contains(&report.states), "{}", report.states);
    }
}

#[test]
fn the_same_seed_makes_the_same_runs_and_another_seed_others() {
    let (entry, scenario) = fast_lock(3, 1);
    for strategy in FEW {
        let once = explore(entry, &scenario, strategy);
        assert_eq!(once, explore(entry, &scenario, strategy));
        assert_ne!(once.states, explore(entry, &scenario, with_seed(strategy, 2)).states);
    }
    for entry in MUTANTS {
        let once = explore(entry, &entry.scenario(), RANDOM_SHORT);
        assert_eq!(once, explore(entry, &entry.scenario(), RANDOM_SHORT), "{}", entry.name);
    }
}

const RANDOM_SHORT: Strategy = Strategy::Random { seed: 5, runs: 50, steps: 100 };

fn with_seed(strategy: Strategy, seed: u64) -> Strategy {
    match strategy {
        Strategy::Random { runs, steps, .. } => Strategy::Random { seed, runs, steps },
        Strategy::Pct { runs, steps, depth, .. } => Strategy::Pct { seed, runs, steps, depth },
        complete => complete,
    }
}

#[test]
fn faults_are_drawn_within_their_budgets() {
    for (crashes, reaches_more) in [(0, false), (1, true)] {
        let (entry, scenario) = fast_lock(2, crashes);
        let (_, without) = fast_lock(2, 0);
        let whole = Limits { merge: false, ..Limits::default() };
        let faultless = check(entry.protocol(), &without, whole, &mut |_| {}).states;
        for strategy in [RANDOM, Strategy::Pct { seed: 1, runs: 2_000, steps: 100, depth: 4 }] {
            let seen = explore(entry, &scenario, strategy).states;
            assert_eq!(seen > faultless, reaches_more, "{seen} of {faultless}");
        }
    }
}

/// In every strategy: no limit makes a search verified.
#[test]
fn whatever_ends_a_search_early_makes_it_incomplete() {
    let (entry, scenario) = fast_lock(2, 1);
    for strategy in [Strategy::Bfs, Strategy::Dfs].into_iter().chain(FEW) {
        let whole = explore(entry, &scenario, strategy);
        let limits = Limits { strategy, ..Limits::default() };
        let cases = [
            (Limits { states_max: whole.states / 2, ..limits }, "more than "),
            (Limits { bytes_max: 1000, ..limits }, "more than 1000 bytes of memory"),
            (Limits { depth_max: whole.depth / 2, ..limits }, "deeper than "),
        ];
        for threads in [1, 2] {
            for (limits, why) in &cases {
                let limits = Limits { threads, ..*limits };
                let report = check(entry.protocol(), &scenario, limits, &mut |_| {});
                let Verdict::Incomplete { depth, reason } = &report.verdict else { panic!("{limits:?}: {report:?}") };
                let why = if strategy.is_complete() || *why != "deeper than " { *why } else { "that is all " };
                assert!(reason.starts_with(why), "{limits:?}: {reason}");
                assert!(*depth == 0 || strategy == Strategy::Bfs, "{limits:?}");
                assert!(report.depth <= limits.depth_max && report.states < whole.states, "{limits:?}: {report:?}");
            }
        }
    }
}

#[test]
fn whoever_watches_can_end_a_search() {
    let (entry, scenario) = fast_lock(2, 1);
    for strategy in [Strategy::Bfs, Strategy::Dfs].into_iter().chain(FEW) {
        let limits = Limits { strategy, ..Limits::default() };
        // At once, after a while, and at the very last moment.
        let mut told = 0;
        check(entry.protocol(), &scenario, limits, &mut |_| told += 1);
        for last in [1, told / 2, told] {
            let mut count = 0;
            let report = check_while(entry.protocol(), &scenario, limits, &mut |_| {
                count += 1;
                if count >= last { ControlFlow::Break("enough".to_owned()) } else { ControlFlow::Continue(()) }
            });
            assert!(
                matches!(&report.verdict, Verdict::Incomplete { reason, .. } if reason == "enough"),
                "{strategy:?} {last}: {:?}",
                report.verdict
            );
        }
    }
}

#[test]
fn whoever_watches_can_have_a_counterexample_as_it_was_found() {
    let entry = catalogue::find("fast_lock.no_look").expect("it is in the catalogue");
    let limits = Limits { strategy: Strategy::Dfs, ..Limits::default() };
    let [mut told, mut count] = [0, 0];
    check(entry.protocol(), &entry.scenario(), limits, &mut |_| told += 1);
    let report = check_while(entry.protocol(), &entry.scenario(), limits, &mut |_| {
        count += 1;
        if count == told { ControlFlow::Break("enough".to_owned()) } else { ControlFlow::Continue(()) }
    });
    let Verdict::Violated(violation) = &report.verdict else { panic!("{report:?}") };
    assert_eq!(report.coverage.shrunk_from, None);
    let trace = violation.trace.as_ref().expect("a run shows it");
    assert!(trace.steps.len() > 12, "12 are enough");
    assert_eq!(trace.replay(entry.protocol()), Ok(()));
}
