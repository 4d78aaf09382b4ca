//! Strategies differ in what they look at first, and never in what they call verified.

use std::ops::ControlFlow;

use lockwright_sim::{
    Limits, Report, Shard, Strategy, Verdict,
    catalogue::{self, Entry, MUTANTS},
    check, check_while,
    protocol::Property,
    scenario::Scenario,
};

/// It takes a whole search to tell of these.
const OF_THE_WHOLE: [Property; 4] =
    [Property::CanBeTaken, Property::NoLivelock, Property::NoStarvation, Property::Sometimes];

const RANDOM: Strategy = Strategy::Random { seed: 1, runs: 2_000, steps: 200, shard: Shard::WHOLE };
/// The same with so few runs that they are made at once.
const FEW: [Strategy; 2] = [
    Strategy::Random { seed: 1, runs: 60, steps: 100, shard: Shard::WHOLE },
    Strategy::Pct { seed: 1, runs: 60, steps: 100, shard: Shard::WHOLE, depth: 3 },
];

/// A second has to go by at two of their steps, and not at any other: breadth first they are caught at once.
const HARDLY_DRAWN: [&str; 3] = ["lease.renewed_by_stamp", "lease.renewed_unheard", "lease.heartbeat_not_started"];

/// They take more switches, each at its step, than PCT draws in as few runs as a test has.
const DRAWN_IN_SHORT_RUNS: [&str; 8] = [
    "fast_lock.proposal_holds",
    "token.empty_is_new",
    "token.begun_in_two_steps",
    "token.gone_is_admitted",
    "mkdir_lock.kill_stale",
    "mkdir_lock.one_listing",
    "mkdir_lock.removed_twice",
    "lease.heartbeat_resurrects",
];

/// With the depth that the mutant takes.
fn pct(entry: Entry) -> Strategy {
    let (depth, steps) = match entry.name {
        "fast_lock.clean_in_place"
        | "one_file.look_then_watch"
        | "semaphore.count_then_enter"
        | "check_bid_check.unreadable_is_absent" => (4, 100),
        // All have to be between two attempts at one moment.
        "check_bid_check.vanished_is_error" => (6, 40),
        _ => (3, 100),
    };
    Strategy::Pct { seed: 1, runs: 15_000, steps, shard: Shard::WHOLE, depth }
}

/// Runs that catch a mutant which a state gives away. Leases take short ones, since their generations are used up soon;
/// and it takes a second to go by just at certain steps, which PCT draws too seldom.
fn telling(entry: Entry) -> Vec<Strategy> {
    if entry.protocol().has_resource() || DRAWN_IN_SHORT_RUNS.contains(&entry.name) {
        return vec![Strategy::Random { seed: 1, runs: 60_000, steps: 40, shard: Shard::WHOLE }];
    }
    // A handover, a death and another handover within one try; or a copy that comes after a release: too deep for as few runs as
    // a test has.
    if ["fast_lock.remembers_owner", "fast_lock.keeps_where_calls_repeat"].contains(&entry.name) {
        return vec![RANDOM];
    }
    // It takes a death and a failed call, each at its moment: more runs, and shorter ones.
    if entry.name == "fast_lock.recovers_unchecked" {
        return vec![Strategy::Random { seed: 1, runs: 15_000, steps: 100, shard: Shard::WHOLE }, pct(entry)];
    }
    vec![RANDOM, pct(entry)]
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
    let is_shrunk = report.coverage.shrunk_from >= Some(trace.steps.len());
    assert!(is_shrunk || trace.loop_from.is_some(), "{}", entry.name);
}

/// Rows of more states are not searched depth first.
const STATES_MAX: usize = 15_000;

/// Which of several states stands for all that differ in names only depends on the order in which they are met, so the
/// numbers are compared where names are kept apart.
#[test]
fn depth_first_sees_the_same_states_and_comes_to_the_same_verdicts() {
    let mut compared = 0;
    for (entry, scenario) in catalogue::rows() {
        let small = Limits { states_max: STATES_MAX, ..Limits::default() };
        let is_small = |report: &Report| report.verdict == Verdict::Verified;
        if !is_small(&check(entry.protocol(), &scenario, small, &mut |_| {})) {
            continue;
        }
        compared += 1;
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
    assert!(compared > 50, "{compared} rows are small");
    // Of one the numbers have no end, and depth first it goes from each to the next.
    let has_an_end = |entry: &Entry| entry.name != "mkdir_lock.one_listing";
    for entry in MUTANTS.into_iter().filter(|entry| !has_long_runs(entry) && has_an_end(entry)) {
        assert_caught(entry, &explore(entry, &entry.scenario(), Strategy::Dfs));
    }
}

/// Its runs are long, and few of them show what is wrong with a mutant.
fn has_long_runs(entry: &Entry) -> bool {
    ["fair_", "rw_lock", "leased."].iter().any(|name| entry.name.starts_with(name))
}

#[test]
fn runs_catch_every_mutant_that_a_state_gives_away() {
    for entry in MUTANTS.into_iter().filter(|entry| !has_long_runs(entry)) {
        let is_of_the_whole = OF_THE_WHOLE.contains(&entry.expected.unwrap().property);
        let is_of_a_state = !is_of_the_whole && !HARDLY_DRAWN.contains(&entry.name);
        for strategy in if is_of_a_state { telling(entry) } else { FEW.to_vec() } {
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
        let strategy = Strategy::Pct { seed, runs: 1, steps: 20, shard: Shard::WHOLE, depth: 3 };
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

const RANDOM_SHORT: Strategy = Strategy::Random { seed: 5, runs: 50, steps: 100, shard: Shard::WHOLE };

fn with_seed(strategy: Strategy, seed: u64) -> Strategy {
    match strategy {
        Strategy::Random { runs, steps, shard, .. } => Strategy::Random { seed, runs, steps, shard },
        Strategy::Pct { runs, steps, shard, depth, .. } => Strategy::Pct { seed, runs, steps, shard, depth },
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
        for strategy in [RANDOM, Strategy::Pct { seed: 1, runs: 2_000, steps: 100, shard: Shard::WHOLE, depth: 4 }] {
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
                matches!(&report.verdict, Verdict::Incomplete { reason, .. } if reason.starts_with("enough")),
                "{strategy:?} {last}: {:?}",
                report.verdict
            );
        }
    }
}

/// All states are known then, and it still takes a while until it is known what can follow from them.
#[test]
fn a_judgement_can_be_broken_off_and_says_so() {
    let (entry, scenario) = fast_lock(2, 1);
    for strategy in [Strategy::Bfs, Strategy::Dfs] {
        let limits = Limits { strategy, ..Limits::default() };
        let whole = check(entry.protocol(), &scenario, limits, &mut |_| {});
        let mut at_its_end = 0;
        let report = check_while(entry.protocol(), &scenario, limits, &mut |progress| {
            at_its_end += usize::from(progress.frontier == 0);
            // The first time it has just come to its end.
            if at_its_end == 2 { ControlFlow::Break("enough".to_owned()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((report.states, report.transitions), (whole.states, whole.transitions));
        let Verdict::Incomplete { depth, reason } = &report.verdict else { panic!("{report:?}") };
        assert_eq!(reason, "enough, with all states seen, while what follows from them was being judged");
        assert_eq!(*depth, if strategy == Strategy::Bfs { whole.depth } else { 0 });
    }
}

#[test]
fn whoever_watches_can_have_a_counterexample_as_it_was_found_or_as_short_as_it_was_by_then() {
    let entry = catalogue::find("fast_lock.no_look").expect("it is in the catalogue");
    let limits = Limits { strategy: Strategy::Dfs, ..Limits::default() };
    let mut lengths = Vec::new();
    for last in [1, 2, 100, usize::MAX] {
        let mut count = 0;
        let report = check_while(entry.protocol(), &entry.scenario(), limits, &mut |progress| {
            // Nothing waits any more once something was found.
            count += usize::from(progress.frontier == 0);
            if count >= last { ControlFlow::Break("enough".to_owned()) } else { ControlFlow::Continue(()) }
        });
        let Verdict::Violated(violation) = &report.verdict else { panic!("{report:?}") };
        assert_eq!(report.coverage.shrunk_from.is_none(), last == 1);
        assert!(!report.coverage.shortest);
        let trace = violation.trace.as_ref().expect("a run shows it");
        assert_eq!(trace.replay(entry.protocol()), Ok(()));
        lengths.push(trace.steps.len());
    }
    assert!(lengths[0] > 12 && lengths[3] == 12, "12 are enough: {lengths:?}");
    assert!(lengths.is_sorted_by(|before, after| before >= after), "{lengths:?}");
}

/// The first search finds it with calls joined, and another one how short it can be.
#[test]
fn a_counterexample_is_called_shortest_only_when_that_was_searched_to_its_end() {
    let entry = catalogue::find("fast_lock.no_look").expect("it is in the catalogue");
    let mut told = 0;
    let limits = Limits::default();
    let whole = check(entry.protocol(), &entry.scenario(), limits, &mut |_| told += 1);
    assert!(whole.coverage.shortest);
    let mut count = 0;
    let report = check_while(entry.protocol(), &entry.scenario(), limits, &mut |_| {
        count += 1;
        if count == told { ControlFlow::Break("enough".to_owned()) } else { ControlFlow::Continue(()) }
    });
    let Verdict::Violated(violation) = &report.verdict else { panic!("{report:?}") };
    assert_eq!(violation.trace.as_ref().map(|trace| trace.replay(entry.protocol())), Some(Ok(())));
    assert!(!report.coverage.shortest);
}

/// Where several cannot, all of them are named.
#[test]
fn who_can_no_longer_take_the_lock_is_named() {
    for (name, who) in [("dotlock.empty_is_live", "A or B"), ("fast_lock.no_recovery", "A or B")] {
        let entry = catalogue::find(name).expect("it is in the catalogue");
        for strategy in [Strategy::Bfs, Strategy::Dfs] {
            let Verdict::Violated(violation) = explore(entry, &entry.scenario(), strategy).verdict else {
                panic!("it is broken")
            };
            let told = format!("from here nothing that can happen, short of a fault, lets {who} take the lock");
            assert_eq!(violation.what, told, "{name}");
            assert_eq!(violation.trace.expect("a run shows it").what, told, "{name}");
        }
    }
}
