//! Rounds that are counted: far fewer states, and nearly as much is found.

mod support;

use lockwright_sim::{
    Limits, Report, Verdict,
    catalogue::{self, MUTANTS},
    check,
    scenario::Scenario,
};

use support::{ORDERED, REDUCED};

const MERGED: Limits = Limits { partial_order: false, ..ORDERED };
const WHOLE: Limits = Limits { merge: false, ..MERGED };

fn explore(name: &str, clients: u8, crashes: u8, rounds: u8, limits: Limits) -> Report {
    let entry = catalogue::find(name).expect("it is in the catalogue");
    check(entry.protocol(), &Scenario { rounds, ..Scenario::new(name, clients, crashes) }, limits, &mut |_| {})
}

#[test]
fn more_rounds_are_more_states_and_without_end_there_are_fewer_than_with_many() {
    for (name, clients, crashes) in [("fast_lock", 2, 1), ("fast_lock+cleaner", 2, 1), ("fair_lock", 2, 0)] {
        let searches = [1, 2, 3, 12].map(|rounds| explore(name, clients, crashes, rounds, REDUCED));
        assert!(searches.iter().all(|report| report.verdict == Verdict::Verified), "{name}: {searches:?}");
        let [one, two, three, many] = searches.map(|report| report.states);
        let endless = explore(name, clients, crashes, 0, REDUCED).states;
        assert!(one < two && two < three && endless < many, "{name}: {one} {two} {three} {endless} {many}");
    }
}

/// What the dead leave may take more rounds to clear away than anybody has.
#[test]
fn once_all_rest_somebody_goes_on_and_clears_away_what_is_left() {
    for (name, clients, crashes) in [("fast_lock", 1, 2), ("fast_lock+cleaner", 2, 2), ("check_bid_check", 2, 2)] {
        let report = explore(name, clients, crashes, 1, REDUCED);
        assert_eq!(report.verdict, Verdict::Verified, "{name}");
    }
}

#[test]
fn searches_agree_with_and_without_each_reduction() {
    for (name, clients, crashes) in
        [("fast_lock", 2, 1), ("fast_lock-dir+cleaner", 2, 1), ("fair_lock", 2, 0), ("semaphore", 2, 0)]
    {
        let searches = [REDUCED, ORDERED, MERGED, WHOLE].map(|limits| explore(name, clients, crashes, 1, limits));
        assert!(searches.iter().all(|report| report.verdict == Verdict::Verified), "{name}: {searches:?}");
        let states = searches.map(|report| report.states);
        assert!(states.is_sorted() && states[0] < states[3], "{name}: {states:?}");
    }
}

/// With one round each client takes the lock once, and that is enough for nearly all to be caught at it.
#[test]
fn every_mutant_is_caught_within_few_rounds() {
    for entry in MUTANTS {
        let mut rounds = 1;
        let caught = loop {
            let scenario = Scenario { rounds, ..entry.scenario() };
            match check(entry.protocol(), &scenario, REDUCED, &mut |_| {}).verdict {
                Verdict::Violated(violation) => break violation,
                Verdict::Verified => rounds += 1,
                other => panic!("{scenario}: {other:?}"),
            }
        };
        assert_eq!(rounds, rounds_to_be_caught(entry.name), "{}", entry.name);
        assert_eq!(caught.property, entry.expected.expect("it is a mutant").property, "{}", entry.name);
        if let Some(trace) = caught.trace {
            assert_eq!(trace.replay(entry.protocol()), Ok(()), "{}", entry.name);
            let file = trace.to_string();
            assert!(file.contains(&format!("rounds={rounds}")), "it is of this scenario: {file}");
        }
    }
}

/// One gives a wrong answer only where somebody comes a second time.
fn rounds_to_be_caught(name: &str) -> u8 {
    if name == "fast_lock.proposal_holds" { 2 } else { 1 }
}
