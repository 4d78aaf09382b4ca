//! Operations are as if each took one moment: what that finds, and what nothing else does.

use lockwright_kernel::{id::Id, path::Path};
use lockwright_sim::{
    Limits, Replay, Report, Strategy, Verdict,
    catalogue::{self, Entry, MUTANTS},
    check,
    protocol::{Client, Outcome, Phase, Property, Protocol, Stop},
    scenario::{Faults, Scenario},
};

fn explore(protocol: &dyn Protocol, scenario: &Scenario) -> Report {
    check(protocol, scenario, Limits::default(), &mut |_| {})
}

fn mutants() -> impl Iterator<Item = Entry> {
    let is_meant = |entry: &Entry| entry.expected.is_some_and(|expected| expected.property == Property::Linearizable);
    MUTANTS.into_iter().filter(is_meant)
}

/// The same protocol, of whose operations nobody asks.
#[derive(Debug)]
struct Unasked(&'static dyn Protocol);

impl Protocol for Unasked {
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay<'_>) -> Result<Outcome, Stop> {
        self.0.attempt(client, phase, world)
    }
    fn evidence(&self, id: &Id) -> Path {
        self.0.evidence(id)
    }
    fn takes_the_lock(&self, index: usize, clients: usize) -> bool {
        self.0.takes_the_lock(index, clients)
    }
    fn kind(&self, index: usize, clients: usize) -> u8 {
        self.0.kind(index, clients)
    }
    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str> {
        self.0.sometimes(clients, faults)
    }
}

#[test]
fn these_mutants_are_caught_by_nothing_else() {
    assert_eq!(mutants().count(), 6);
    for entry in mutants() {
        let verdict = explore(&Unasked(entry.protocol()), &entry.scenario()).verdict;
        assert_eq!(verdict, Verdict::Verified, "{}", entry.name);
    }
}

#[test]
fn a_counterexample_says_which_operation_and_whose_the_lock_can_have_been() {
    let what = |name: &str| {
        let entry = catalogue::find(name).unwrap();
        match explore(entry.protocol(), &entry.scenario()).verdict {
            Verdict::Violated(violation) => violation.what,
            other => panic!("{name}: {other:?}"),
        }
    };
    assert_eq!(
        what("fast_lock.unreadable_is_free"),
        "A1: answers that no order of the operations explains: owner() answered that nobody owns the lock, and while it \
         ran the lock was B1's"
    );
    assert!(what("fast_lock.remembers_owner").ends_with(
        "try_lock(B1) answered that the lock is held by A1, and while it ran the lock was nobody's or A2's or B1's"
    ));
}

/// What a search asks for, it gets or is told why not.
#[test]
fn states_are_kept_apart_by_name_and_that_is_told() {
    let entry = catalogue::find("fast_lock+observer").unwrap();
    let scenario = Scenario::new(entry.name, 2, 1);
    let report = explore(entry.protocol(), &scenario);
    assert_eq!(report.verdict, Verdict::Verified);
    assert!(!report.coverage.symmetric);
    let refused = report.coverage.symmetry_refused.clone();
    assert_eq!(refused.as_deref(), Some("what explains the answers of operations is told by name"));
    for limits in [
        Limits { partial_order: false, ..Limits::default() },
        Limits { threads: 2, ..Limits::default() },
        Limits { strategy: Strategy::Dfs, ..Limits::default() },
    ] {
        let again = check(entry.protocol(), &scenario, limits, &mut |_| {});
        assert_eq!((again.states, again.transitions), (report.states, report.transitions));
    }
}

/// The same clients and the same lock, twice: that nobody asks costs nothing.
#[test]
fn a_search_that_does_not_ask_is_of_the_size_it_was() {
    let [asked, plain] = ["fast_lock+observer", "fast_lock"].map(|name| catalogue::find(name).unwrap());
    let scenario = Scenario::new("fast_lock", 2, 1);
    let unasked = explore(plain.protocol(), &scenario);
    assert_eq!([unasked.states, unasked.transitions], [4_285, 9_935]);
    let scenario = Scenario::new(asked.name, 3, 0);
    let [with, without] = [asked.protocol(), &Unasked(asked.protocol())].map(|protocol: &dyn Protocol| {
        let limits = Limits { symmetry: false, partial_order: false, ..Limits::default() };
        check(protocol, &scenario, limits, &mut |_| {}).states
    });
    assert!(without < with, "{without} states, and {with} with what is known of the order of operations");
}

/// An outsider who frees the lock, and a power cut that takes back what was done, are no operations, and explain much.
#[test]
fn what_comes_from_outside_is_no_fault_of_the_operations() {
    let entry = catalogue::find("fast_lock+observer").unwrap();
    let line = "fast_lock+observer clients=2 crashes=0 walk=split profile=power cuts=1";
    assert_eq!(explore(entry.protocol(), &line.parse().unwrap()).verdict, Verdict::Verified);
    let line = "fast_lock+observer clients=2 crashes=0 walk=split profile=operator removals=1";
    match explore(entry.protocol(), &line.parse().unwrap()).verdict {
        Verdict::Violated(violation) => assert_eq!(violation.property, Property::NotDispossessed),
        other => panic!("{other:?}"),
    }
}
