//! Merging changes the size of a search and nothing else; and the same search twice is the same to the last number.

mod support;

use lockwright_sim::{
    Limits, Report, Verdict,
    catalogue::{self, Entry, LIMITS, MUTANTS},
    check,
    scenario::{Profile, Scenario},
};

use support::{ORDERED, REDUCED};

const MERGED: Limits = Limits { partial_order: false, ..ORDERED };
/// Searches of more states are made on one thread alone.
const ON_TWO_THREADS: usize = 20_000;

/// A search of more states is broken off at fewer places: six mutants would take most of the time.
const COARSE: usize = 80_000;

const WHOLE: Limits = Limits { merge: false, ..MERGED };

/// Every row, limit and mutant whose unmerged search is small. Under other faults than crashes the leaf as directory
/// does as its twin does, a power cut is cheap only where there is one that locks, and slots double what there is to do.
fn scenarios() -> impl Iterator<Item = (Entry, Scenario)> {
    let is_small = |(entry, scenario): &(Entry, Scenario)| {
        let is_twin = entry.name.contains("-dir") && faults(scenario) > scenario.faults.crashes;
        let is_cheap = scenario.faults.cuts == 0 || entry.name.contains("+cleaner");
        let is_cheap = is_cheap
            && entry.name != "check_bid_check+whole"
            && (!entry.name.starts_with("semaphore") || scenario.clients + faults(scenario) == 2);
        scenario.clients + faults(scenario) <= 3 && !is_twin && is_cheap
    };
    let rows = catalogue::rows().into_iter().filter(is_small);
    let limits = LIMITS.into_iter().filter_map(|limit| Some((catalogue::find(limit.name)?, limit.scenario())));
    let mutants = MUTANTS.into_iter().map(|entry| (entry, entry.scenario()));
    let limits = limits.filter(|(entry, _)| !entry.name.starts_with("semaphore") && !entry.name.ends_with("+whole"));
    // There nothing is reduced.
    let is_reduced = |(_, scenario): &(Entry, Scenario)| !scenario.profile.is_nfs();
    rows.chain(limits).chain(mutants).filter(|(entry, scenario)| !is_long(entry, scenario)).filter(is_reduced)
}

/// Attempts that take many steps, or look at a whole line, have too many histories to keep apart.
fn is_long(entry: &Entry, scenario: &Scenario) -> bool {
    let stands_in_line = entry.name.starts_with("fair_") || entry.name.starts_with("rw_lock");
    let on_a_lease = ["fast_lock+lease", "fast_lock+fence", "leased."].iter().any(|name| entry.name.starts_with(name));
    let counts_or_looks_ahead = entry.name.starts_with("token") || entry.name.starts_with("one_kind");
    let looks_far = entry.expected.is_none() || scenario.clients > 2 || *scenario != Scenario::new(entry.name, 2, 0);
    entry.name.contains("grace")
        || entry.name == "semaphore.one_too_many"
        || on_a_lease
        || stands_in_line && looks_far
        || counts_or_looks_ahead && scenario.clients > 2
}

fn faults(scenario: &Scenario) -> u8 {
    scenario.faults.nonzero().map(|(_, count)| count).sum()
}

fn explore(entry: Entry, scenario: &Scenario, limits: Limits) -> Report {
    check(entry.protocol(), scenario, limits, &mut |_| {})
}

#[test]
fn searches_of_algorithms_agree_with_and_without_each_reduction_and_on_any_number_of_threads() {
    scenarios().filter(|(entry, _)| entry.expected.is_none()).for_each(agree);
}

#[test]
fn searches_of_mutants_agree_with_and_without_each_reduction_and_on_any_number_of_threads() {
    scenarios().filter(|(entry, _)| entry.expected.is_some()).for_each(agree);
}

/// On the verdict and the shortest length with whatever reduction; on everything on one thread and on two, but for what is
/// long.
fn agree((entry, scenario): (Entry, Scenario)) {
    let [alike, ordered, merged, whole] = [REDUCED, ORDERED, MERGED, WHOLE].map(|limits| {
        let one = explore(entry, &scenario, Limits { threads: 1, ..limits });
        if one.states <= ON_TWO_THREADS {
            let two = explore(entry, &scenario, Limits { threads: 2, ..limits });
            assert_eq!(one, two, "{scenario}");
        }
        one
    });
    let states = [&alike, &ordered, &merged, &whole].map(|report| report.states);
    assert!(states.is_sorted(), "{scenario}: {states:?}");
    // There the names, or what is written in a bid, say what a process is, or whose answers are explained, or who of
    // two with one number is the first.
    let refuses = scenario.profile == Profile::Identity
        || entry.protocol().is_linearizable()
        || entry.name.starts_with("check_bid_check")
        || entry.name == "mkdir_lock.one_listing";
    assert_eq!(alike.coverage.symmetry_refused.is_some(), refuses, "{scenario}");
    for reduced in [alike, ordered, merged] {
        assert_eq!(reduced.verdict.word(), whole.verdict.word(), "{scenario}");
        if let (Verdict::Violated(reduced), Verdict::Violated(whole)) = (&reduced.verdict, &whole.verdict) {
            assert_eq!(reduced.property, whole.property, "{scenario}");
            let [reduced, whole] =
                [reduced, whole].map(|found| found.trace.as_ref().expect("these have a run that breaks them"));
            // Of loops it is not the shortest that is shown, but one in the first part that has any.
            assert_eq!(reduced.loop_from.is_some(), whole.loop_from.is_some(), "{scenario}");
            assert!(whole.loop_from.is_some() || reduced.steps.len() == whole.steps.len(), "{scenario}");
        }
    }
}

/// Where the search for a shortest one is broken off, the counterexample is that of the reduced search: the very run is
/// found back from states in which it was forgotten who is who.
#[test]
fn a_reduced_search_has_a_run_to_show_for_what_it_found() {
    let mut longer = 0;
    for entry in MUTANTS {
        let scenario = entry.scenario();
        let report = explore(entry, &scenario, REDUCED);
        let fine = if report.states > COARSE { 1 } else { 2 };
        let Verdict::Violated(shortest) = report.verdict else { panic!("{scenario}") };
        let Some(shortest) = shortest.trace else { continue };
        let found = (0..).map(|step| 20 + (20 << (step / fine)) * (step % fine + fine) / fine).find_map(|states_max| {
            match explore(entry, &scenario, Limits { states_max, ..REDUCED }).verdict {
                Verdict::Violated(found) => Some(found),
                Verdict::Incomplete { .. } => None,
                other => panic!("{scenario}: {other:?}"),
            }
        });
        let trace = found.unwrap().trace.unwrap();
        assert_eq!(trace.replay(entry.protocol()), Ok(()), "{scenario}");
        longer += usize::from(trace.steps.len() > shortest.steps.len());
    }
    assert!(longer > 0, "each run was a shortest one, so none was that of a reduced search");
}

#[test]
fn merging_is_worth_its_while() {
    let entry = catalogue::find("fast_lock").unwrap();
    let scenario = Scenario::new("fast_lock", 3, 0);
    let [merged, whole] = [MERGED, WHOLE].map(|limits| explore(entry, &scenario, limits).states);
    assert!(merged * 5 < whole, "{merged} states merged, {whole} in all");
}
