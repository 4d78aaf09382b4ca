//! Merging changes the size of a search and nothing else; and the same search twice is the same to the last number.

use lockwright_sim::{
    Limits, Report, Verdict,
    catalogue::{self, Entry, MUTANTS},
    check,
    scenario::Scenario,
};

const MERGED: Limits = Limits { states_max: 10_000_000, merge: true };
const WHOLE: Limits = Limits { merge: false, ..MERGED };

/// Every row and every mutant whose unmerged search is small.
fn scenarios() -> impl Iterator<Item = (Entry, Scenario)> {
    let rows = catalogue::rows().into_iter().filter(|(_, scenario)| scenario.clients + scenario.crashes <= 3);
    rows.chain(MUTANTS.into_iter().map(|entry| (entry, entry.scenario())))
}

fn explore(entry: Entry, scenario: &Scenario, limits: Limits) -> Report {
    check(entry.protocol(), scenario, limits, &mut |_| {})
}

#[test]
fn merged_and_unmerged_searches_agree_on_verdict_and_shortest_length() {
    for (entry, scenario) in scenarios() {
        let [merged, whole] = [MERGED, WHOLE].map(|limits| explore(entry, &scenario, limits));
        assert_eq!(merged.verdict.word(), whole.verdict.word(), "{scenario}");
        assert!(merged.states <= whole.states, "{scenario}");
        if let (Verdict::Violated(merged), Verdict::Violated(whole)) = (merged.verdict, whole.verdict) {
            assert_eq!(merged.property, whole.property, "{scenario}");
            let [merged, whole] = [merged, whole].map(|violation| violation.trace.unwrap().steps.len());
            assert_eq!(merged, whole, "{scenario}");
        }
    }
}

#[test]
fn merging_is_worth_its_while() {
    let entry = catalogue::find("fast_lock").unwrap();
    let scenario = Scenario::new("fast_lock", 3, 0);
    let [merged, whole] = [MERGED, WHOLE].map(|limits| explore(entry, &scenario, limits).states);
    assert!(merged * 5 < whole, "{merged} states merged, {whole} in all");
}

#[test]
fn the_same_search_twice_is_the_same() {
    for (entry, scenario) in scenarios() {
        for limits in [MERGED, WHOLE] {
            assert_eq!(explore(entry, &scenario, limits), explore(entry, &scenario, limits), "{scenario}");
        }
    }
}
