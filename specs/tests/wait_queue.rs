//! `wait_queue`: each step of the code is a step of the specification, and what a broken queue does is refused where it
//! goes wrong.

use std::collections::BTreeSet;

use lockwright_sim::{
    Limits, Verdict, catalogue, check,
    scenario::{Scenario, Walk},
    unfold::Unfolding,
};
use lockwright_specs::{
    conform::{self, Conformance},
    modules::{self, Modules},
    runs,
    tool::Tool,
};

const CONFIG: &str = "TraceWaitQueue.cfg";
const MODULES: [&str; 2] = ["TraceWaitQueue", "WaitQueueCode"];

/// For the modules: how the queue differs from a lock that two contend for.
type Changes = &'static [(&'static str, &'static str)];

const LOCK: Changes = &[];
const LOCK_OF_THREE: Changes = &[("{\"A1\", \"B1\"}", "{\"A1\", \"B1\", \"C1\"}")];
const LOCK_AND_CRASH: Changes =
    &[("{\"A1\", \"B1\"}", "{\"A1\", \"A2\", \"B1\", \"B2\"}"), ("Crashes = 0", "Crashes = 1")];
const SEMAPHORE: Changes = &[("Slots = 1", "Slots = 2")];
const READ_WRITE: Changes =
    &[("Slots = 1", "Slots = 0"), ("Last = 4", "Last = 2"), ("Sharers = {}", "Sharers = {\"B1\"}")];
const DOWNGRADE: Changes = &[
    ("Slots = 1", "Slots = 0"),
    ("Last = 4", "Last = 2"),
    ("Sharers = {}", "Sharers = {\"B1\"}"),
    ("Downgrades = FALSE", "Downgrades = TRUE"),
];
const DOWNGRADE_OF_WRITERS: Changes =
    &[("Slots = 1", "Slots = 0"), ("Last = 4", "Last = 2"), ("Downgrades = FALSE", "Downgrades = TRUE")];

/// The one whose client is the first cuts in.
const CUTTING: Changes = &[("Last = 4", "Last = 3"), ("Cutters = {}", "Cutters = {\"A1\"}")];

/// All that two clients do who each take their turn once, and runs of those who may die.
const CODE: [(&str, u8, Changes); 6] = [
    ("fair_lock", 0, LOCK),
    ("fair_lock", 1, LOCK_AND_CRASH),
    ("fair_semaphore", 0, SEMAPHORE),
    ("rw_lock", 0, READ_WRITE),
    ("rw_lock+downgrade", 0, DOWNGRADE),
    ("fair_lock+cutting", 0, CUTTING),
];

fn walk(tool: &Tool, changes: Changes, unfoldings: &[Unfolding]) -> Conformance {
    let modules = Modules::gather().expect("they are copied");
    for (old, new) in changes {
        modules.alter(CONFIG, old, new).expect("it is there");
    }
    conform::walk(&modules, tool, MODULES, unfoldings).expect("it comes to an end")
}

fn unfold(name: &str, crashes: u8) -> Vec<Unfolding> {
    let protocol = catalogue::find(name).expect("it is in the catalogue").protocol();
    let scenario = Scenario { walk: Walk::Atomic, rounds: 1, ..Scenario::new(name, 2, crashes) };
    if crashes == 0 {
        return vec![Unfolding::of(protocol, &scenario, 5_000).expect("it is small")];
    }
    runs::random(protocol, &scenario, 20, 90)
}

#[test]
fn what_the_code_does_is_allowed_and_takes_it_through_every_step() {
    let Some(tool) = Tool::find_for_test() else { return };
    let mut seen = BTreeSet::new();
    for (name, crashes, changes) in CODE {
        let walked = walk(&tool, changes, &unfold(name, crashes));
        let refused = walked.refused.first().map(ToString::to_string);
        assert_eq!((refused, walked.unreached()), (None, 0), "{name}");
        let places = walked.values("pc").into_iter().flat_map(|places| places.split('"'));
        seen.extend(places.map(str::to_owned));
    }
    let files = ["Join", "Admission", "Turn", "Leave", "Cut"].map(|part| format!("wait_queue/WaitQueue{part}.tla"));
    let text = files.map(|file| std::fs::read_to_string(modules::root().join(file)).expect("it is there")).concat();
    let steps = text.split("pc[p] = \"").skip(1).filter_map(|rest| rest.split('"').next());
    let missing: BTreeSet<&str> = steps.filter(|step| !seen.contains(*step)).collect();
    let beyond: BTreeSet<&str> = BEYOND.into_iter().collect();
    assert!(missing.is_subset(&beyond), "{missing:?}");
}

/// The steps that take more than two clients with one turn each: several in the door at once, no number left, a mark of
/// the dead; and one that nobody comes to whose ticket stays.
const BEYOND: [&str; 9] = [
    "door sample",
    "door sample ends",
    "door unmark",
    "meet unmark",
    "numbers",
    "numbers end",
    "sweep ends",
    "unmark",
    "withdraw leaf",
];

/// The mutants that differ in what is specified, and the call that gives each away: how many steps there are before it,
/// whose it is, and what it calls.
const MUTANTS: [(&str, Changes, usize, &str, &str); 7] = [
    ("fair_lock.no_doorway", LOCK_OF_THREE, 17, "A1", "list(lock)"),
    ("fair_lock.flag_down_first", LOCK_OF_THREE, 16, "A1", "rename(lock/door/A1, lock/A1)"),
    ("fair_lock.line_before_door", LOCK_OF_THREE, 14, "B1", "list(lock)"),
    ("rw_lock.downgrade_by_rename", DOWNGRADE_OF_WRITERS, 16, "B1", "discard_dir(lock/1/B1/alone)"),
    ("rw_lock.look_then_register", READ_WRITE, 0, "B1", "list(lock)"),
    ("fair_lock.cut_stops_half_way", CUTTING, 29, "A1", "remove_dir(lock/1/B1/stay)"),
    ("fair_lock.cut_steals", CUTTING, 30, "A1", "exists(lock/1/B1/stay)"),
];

#[test]
fn what_a_mutant_does_is_refused_where_it_goes_wrong() {
    let Some(tool) = Tool::find_for_test() else { return };
    let mut found = Vec::new();
    for (name, changes, ..) in MUTANTS {
        let mutant = catalogue::find(name).expect("it is in the catalogue");
        let report = check(mutant.protocol(), &mutant.scenario(), Limits::default(), &mut |_| {});
        let Verdict::Violated(violation) = report.verdict else { panic!("{name} is broken") };
        let run = violation.trace.expect("a run shows it").unfold(mutant.protocol()).expect("it runs");
        let walked = walk(&tool, changes, &[run]);
        let first = walked.refused.iter().min_by_key(|refused| refused.step.from).expect("it is refused");
        let step = &first.step;
        let paths: Vec<String> = step.paths.iter().map(ToString::to_string).collect();
        let call = format!("{}({})", step.call, paths.join(", "));
        found.push((name, step.from, step.who.clone().unwrap_or_default(), call));
    }
    let known = MUTANTS.map(|(name, _, from, who, call)| (name, from, who.to_owned(), call.to_owned()));
    assert_eq!(found, known);
}

/// The queue's own page names the specification that its argument is checked in.
#[test]
fn the_code_names_the_specification() {
    let code = std::fs::read_to_string(modules::root().join("../kernel/src/wait_queue.rs")).expect("it is there");
    assert!(code.contains("specs/wait_queue/WaitQueue.tla"));
}
