//! Each protocol of the catalogue under each engine: they agree, but for what is listed here with its reason.

use std::fmt::Write as _;

use lockwright_sim::{
    Limits, Verdict as Checked,
    catalogue::{self, ALGORITHMS, Entry, MUTANTS},
    check,
    protocol::Property,
    scenario::{Scenario, Walk},
};

use crate::{
    engine::{Report, Setup, Tally, Verdict},
    loom::{self, Bounds, Loom},
    shuttle::{self, Draw, Shuttle},
};

/// What an engine does not find, though it is there.
const BLIND: [(&str, &str, &str); 5] = [
    (
        "fast_lock.recover_by_path",
        RANDOM,
        "one process has to recover, lock and hold while the other is between two calls, which chance lets it do once in \
         some ten thousand executions",
    ),
    ("mkdir_lock.kill_stale", PCT, "it takes a death, and switches at more steps than are drawn"),
    ("mkdir_lock.one_listing", LOOM, NO_WEAK_LISTING),
    ("mkdir_lock.one_listing", RANDOM, NO_WEAK_LISTING),
    ("mkdir_lock.one_listing", PCT, NO_WEAK_LISTING),
];

const NO_WEAK_LISTING: &str = "no listing here misses what is renamed meanwhile";

const LOOM: &str = "loom";
const RANDOM: &str = "shuttle, random";
const PCT: &str = "shuttle, PCT";

/// How many executions shuttle draws.
const EXECUTIONS: usize = 2000;
/// The same of a mutant, which it may not take before it is caught.
const EXECUTIONS_MAX: usize = 5000;
const SEED: u64 = 5;

/// A test of its own for the time it takes.
#[test]
fn loom_covers_all_of_fast_lock_with_a_crash() {
    let row = Row { entry: ALGORITHMS[0], crashes: 1, walk: Walk::Atomic, attempts: 1, bounds: Bounds::NONE };
    let report = loom::explore::<Loom>(row.setup(row.attempts), row.bounds);
    println!("{report} executions, {} states", report.tally.states);
    row.judge(LOOM, &report);
    // As many as without leaving out any order of a kill and a call that does not touch it.
    assert_eq!(report.tally.states, 122_724);
}

/// A protocol, the bounds of its world, and those of loom.
struct Row {
    entry: Entry,
    crashes: u8,
    walk: Walk,
    /// How often each process tries under loom; under shuttle it does twice.
    attempts: usize,
    bounds: Bounds,
}

#[test]
fn loom_shuttle_and_the_checker_agree_on_every_protocol() {
    let mut table = String::new();
    let mut blind = Vec::new();
    for row in rows() {
        let checked = row.check();
        let wanted = broken(&checked);
        writeln!(table, "{}\n  {:16} {}", row.scenario(), "checker", spell(&checked)).unwrap();
        for (engine, report) in row.run() {
            let Tally { calls, points, .. } = report.tally;
            writeln!(table, "  {engine:16} {report} executions, {calls} calls, {points} points").unwrap();
            row.judge(engine, &report);
            if report.broken() != wanted {
                assert_eq!(
                    report.broken(),
                    None,
                    "{} under {engine}, where the checker says {wanted:?}",
                    row.scenario()
                );
                blind.push((row.entry.name, engine));
            }
        }
    }
    println!("{table}");
    for (name, engine, reason) in BLIND {
        println!("{engine} does not see {name}: {reason}.");
    }
    for entry in MUTANTS.into_iter().filter(|entry| !is_shared(entry)) {
        println!("{}: for the checker alone.", entry.scenario());
    }
    assert_eq!(blind, BLIND.map(|(name, engine, _)| (name, engine)), "as it is, and as it is listed");
}

/// Every algorithm without and with a crash, every mutant in its own scenario, and one mutant where it is none.
fn rows() -> Vec<Row> {
    let [file, dir, file_cleaned, dir_cleaned, ..] = ALGORITHMS;
    let clean_in_place = catalogue::find("fast_lock.clean_in_place").expect("it is in the catalogue");
    let row = |entry, crashes, walk, attempts| Row { entry, crashes, walk, attempts, bounds: Bounds::NONE };
    let some = |entry, most| Row { bounds: Bounds::preemptions(most), ..row(entry, 1, Walk::Split, 1) };
    let algorithms = vec![
        row(file, 0, Walk::Split, 1),
        row(file, 0, Walk::Atomic, 2),
        row(dir, 0, Walk::Split, 1),
        row(dir, 0, Walk::Atomic, 2),
        row(file_cleaned, 0, Walk::Split, 1),
        row(file_cleaned, 1, Walk::Atomic, 1),
        row(dir_cleaned, 0, Walk::Split, 1),
        row(dir_cleaned, 1, Walk::Atomic, 1),
        some(file, 1),
        some(file_cleaned, 1),
        some(dir_cleaned, 1),
    ];
    let mutants = MUTANTS.into_iter().filter(is_shared).map(|entry| {
        let Scenario { faults, walk, .. } = entry.scenario();
        // What is stale is removed in one attempt and taken in the next, and what one left the other finds.
        let takes_two = ["dotlock", "file_lock", "mkdir_lock", "one_kind"];
        let attempts = if takes_two.iter().any(|name| entry.name.starts_with(name)) { 2 } else { 1 };
        row(entry, faults.crashes, walk, attempts)
    });
    algorithms.into_iter().chain(mutants).chain([row(clean_in_place, 0, Walk::Atomic, 1)]).collect()
}

/// Two clients in the plain world, which may crash, and a property that the threads can tell: what both have.
fn is_shared(mutant: &Entry) -> bool {
    let scenario = mutant.scenario();
    // Threads are woken by nobody's notice, and end.
    let of_the_endless = [Property::NobodyWaitsInVain, Property::NoLivelock, Property::NoStarvation];
    let is_told = mutant.expected.is_some_and(|expected| !of_the_endless.contains(&expected.property));
    if !is_told || mutant.protocol().is_linearizable() || stands_in_line(mutant) || gives_something_up(mutant) {
        return false;
    }
    scenario == Scenario { walk: scenario.walk, ..Scenario::new(mutant.name, 2, scenario.faults.crashes) }
}

/// Its clients remember their tickets from one attempt to the next, and a thread's attempt begins with nothing.
pub(crate) fn stands_in_line(entry: &Entry) -> bool {
    entry.name.starts_with("fair_") || entry.name.starts_with("rw_")
}

/// What a protocol does not promise is judged all the same here.
pub(crate) fn gives_something_up(entry: &Entry) -> bool {
    !entry.protocol().gives_up().is_empty()
}

fn broken(checked: &Checked) -> Option<Property> {
    match checked {
        Checked::Violated(violation) => Some(violation.property),
        Checked::Verified => None,
        other => panic!("the checker came to no verdict: {other:?}"),
    }
}

impl Row {
    fn scenario(&self) -> Scenario {
        Scenario { walk: self.walk, ..Scenario::new(self.entry.name, 2, self.crashes) }
    }

    fn check(&self) -> Checked {
        check(self.entry.protocol(), &self.scenario(), Limits::default(), &mut |_| {}).verdict
    }

    /// A mutant is to be caught for its own reason, so nothing else is watched.
    fn setup(&self, attempts: usize) -> Setup {
        let watched = self.entry.expected.map(|expected| expected.property);
        let Self { entry, crashes, walk, .. } = *self;
        Setup { protocol: entry.protocol(), clients: 2, crashes: crashes.into(), walk, attempts, watched }
    }

    fn run(&self) -> [(&'static str, Report); 3] {
        let is_caught = self.entry.expected.is_some() && self.scenario() == self.entry.scenario();
        let executions = if is_caught { EXECUTIONS_MAX } else { EXECUTIONS };
        let drawn = |draw| shuttle::explore::<Shuttle>(self.setup(2), draw, SEED, executions);
        [
            (LOOM, loom::explore::<Loom>(self.setup(self.attempts), self.bounds)),
            (RANDOM, drawn(Draw::Random)),
            (PCT, drawn(Draw::Pct)),
        ]
    }

    /// A run that found nothing covered what it should, and saw all that it should.
    fn judge(&self, engine: &str, report: &Report) {
        let scenario = self.scenario();
        assert!(report.tally.points >= report.tally.calls, "{scenario} under {engine}");
        if report.broken().is_some() {
            return;
        }
        let covered = match (engine, self.bounds.preemptions) {
            (LOOM, None) => Verdict::Exhausted,
            (LOOM, Some(most)) => Verdict::Incomplete(format!("up to {most} preemptions")),
            _ => Verdict::Sampled,
        };
        assert_eq!(report.verdict, covered, "{scenario} under {engine}");
        for word in self.entry.protocol().sometimes(2, self.scenario().faults) {
            assert!(report.tally.said.contains(word), "{scenario} under {engine}: nobody {word}");
        }
    }
}

fn spell(checked: &Checked) -> String {
    match checked {
        Checked::Violated(violation) => {
            let steps = violation.trace.as_ref().map_or(0, |trace| trace.steps.len());
            format!("{}, {steps} steps", violation.property)
        }
        other => other.word().into(),
    }
}
