//! `fast_lock`: what the code does is what the specification allows, and the other way round.

use lockwright_kernel::{
    fast_lock::{FastLock, Leaf},
    lock::Lock,
    probe::Probe,
};
use lockwright_sim::{
    Replay,
    catalogue::{self, Entry},
    protocol::Protocol,
    scenario::{Scenario, Walk},
    scenarios::{
        LockClients,
        fast_lock::{FILE_LEAF, lock_path},
    },
    unfold::Unfolding,
};
use lockwright_specs::{
    conform::{self, Conformance},
    modules::Modules,
    runs,
    tool::Tool,
};

/// The lock without a policy, so that each call of the code is a step of the specification.
const BARE: LockClients = LockClients { make: bare, ..FILE_LEAF };

/// One client takes back the proposals of the other. It asks a question before, which is where it turns to that.
const BARE_CLEANED: LockClients = LockClients {
    cleaner: Some(|world, lock| {
        let other = "B1".parse().unwrap_or_else(|error| unreachable!("{error}"));
        world.liveness(&other)?;
        Ok(lock.clean(&other)?)
    }),
    ..BARE
};

fn bare<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(FastLock::new(world, lock_path(), Leaf::File))
}

fn entry(name: &str) -> Entry {
    catalogue::find(name).expect("it is in the catalogue")
}

fn whole(protocol: &dyn Protocol, scenario: &Scenario) -> Unfolding {
    Unfolding::of(protocol, scenario, 20_000).expect("it is small")
}

/// Where the first client cleans, and so many may be killed.
fn walk(tool: &Tool, cleans: bool, crashes: u8, unfoldings: &[Unfolding]) -> Conformance {
    let modules = Modules::gather().expect("they are copied");
    walk_altered(&modules, tool, cleans, crashes, unfoldings)
}

fn walk_altered(modules: &Modules, tool: &Tool, cleans: bool, crashes: u8, unfoldings: &[Unfolding]) -> Conformance {
    let config = "TraceFastLock.cfg";
    if cleans {
        modules.alter(config, "Cleaners = {}", "Cleaners = {\"A1\", \"A2\"}").expect("it is there");
    }
    modules.alter(config, "Crashes = 0", &format!("Crashes = {crashes}")).expect("it is there");
    conform::walk(modules, tool, ["TraceFastLock", "FastLockCode"], unfoldings).expect("it comes to an end")
}

#[test]
fn the_code_and_the_specification_have_the_same_states_and_steps() {
    let Some(tool) = Tool::find_for_test() else { return };
    for (protocol, model) in [(&BARE, "MCFastLock"), (&BARE_CLEANED, "MCFastLockCleaned")] {
        let code = whole(protocol, &Scenario::new("bare", 2, 0));
        let walked = walk(&tool, protocol.cleaner.is_some(), 0, &[code]);
        assert_eq!((walked.refused.first(), walked.unreached()), (None, 0), "{model}");
        let modules = Modules::gather().expect("they are copied");
        let config = format!("{model}.cfg");
        if protocol.cleaner.is_none() {
            modules.alter(&config, "Crashes = 1", "Crashes = 0").expect("it is there");
        } else {
            modules.alter(&config, "Cleaners = {\"A1\"}", "Cleaners = {\"A1\", \"A2\"}").expect("it is there");
        }
        let alone = modules.graph(&tool, model).expect("it comes to an end");
        assert_eq!(walked.unmatched(&alone), None, "{model}");
        assert_eq!(walked.unmatched_step(&alone), None, "{model}");
    }
}

/// Those of the catalogue: all that two clients can do, and runs of more of them.
#[test]
fn what_the_code_does_is_allowed() {
    let Some(tool) = Tool::find_for_test() else { return };
    let (mut locking, mut cleaning) = (Vec::new(), Vec::new());
    for name in ["fast_lock", "fast_lock-dir"] {
        let scenario = Scenario { walk: Walk::Atomic, ..Scenario::new(name, 2, 0) };
        let protocol = entry(name).protocol();
        if name == "fast_lock" {
            locking.push(whole(protocol, &scenario));
        }
        locking.extend(runs::random(protocol, &Scenario::new(name, 3, 2), 8, 120));
        let name = format!("{name}+cleaner");
        let protocol = entry(&name).protocol();
        cleaning.push(whole(protocol, &Scenario::new(&name, 2, 0)));
        cleaning.extend(runs::random(protocol, &Scenario::new(&name, 3, 1), 8, 120));
    }
    for (cleans, code) in [(false, locking), (true, cleaning)] {
        let walked = walk(&tool, cleans, 2, &code);
        assert_eq!(walked.refused.iter().map(ToString::to_string).next(), None);
        assert_eq!(walked.unreached(), 0);
    }
}

/// Every step that the specification has names for is taken by the code.
#[test]
fn every_step_is_reached_by_the_code() {
    let Some(tool) = Tool::find_for_test() else { return };
    let protocol = entry("fast_lock").protocol();
    let walked = walk(&tool, false, 2, &runs::random(protocol, &Scenario::new("fast_lock", 3, 2), 30, 120));
    let positions: String = walked.values("pc").into_iter().collect();
    let text =
        std::fs::read_to_string(lockwright_specs::modules::root().join("fast_lock/FastLock.tla")).expect("is there");
    let named = text.split(" pc[p] = \"").skip(1).filter_map(|rest| rest.split_once('"'));
    let steps = named.filter(|(_, rest)| rest.starts_with(" -> ")).map(|(step, _)| step);
    let missing: Vec<&str> = steps.filter(|step| !positions.contains(&format!("|-> \"{step}\""))).collect();
    assert_eq!(missing, [""; 0]);
}

/// A mutant, the call at which its counterexample stops being a behaviour of the specification, and whether a client
/// cleans.
const MUTANTS: [(&str, &str, bool); 8] = [
    ("fast_lock.no_look", "discard_file", true),
    ("fast_lock.clean_in_place", "rename", true),
    ("fast_lock.recover_owner_dir", "list", false),
    ("fast_lock.recover_by_path", "any", false),
    ("fast_lock.sign_after_move", "rename", false),
    ("fast_lock.unlock_tree", "list", false),
    ("fast_lock.unlock_leaves_dirs", "any", false),
    ("fast_lock.signed_inside", "create_file", false),
];

#[test]
fn mutants_are_refused_where_they_differ() {
    let Some(tool) = Tool::find_for_test() else { return };
    for cleans in [false, true] {
        let mutants: Vec<_> = MUTANTS.into_iter().filter(|mutant| mutant.2 == cleans).collect();
        let code: Vec<Unfolding> =
            mutants.iter().map(|mutant| runs::counterexample(&entry(mutant.0)).expect("it is broken")).collect();
        let walked = walk(&tool, cleans, 2, &code);
        for (index, (name, call, _)) in mutants.into_iter().enumerate() {
            let first = walked.refused.iter().find(|refused| refused.unfolding == index);
            let first = first.unwrap_or_else(|| panic!("{name} is allowed"));
            assert_eq!(first.step.call, call, "{name}: {first}");
        }
    }
}

/// A client that never recovers comes to nothing that is forbidden. What it does not do shows where it should.
#[test]
fn a_recovery_that_is_left_out_is_refused() {
    let Some(tool) = Tool::find_for_test() else { return };
    let mutant = entry("fast_lock.no_recovery");
    let code = runs::random(mutant.protocol(), &Scenario::new("fast_lock.no_recovery", 2, 1), 10, 120);
    let walked = walk(&tool, false, 1, &code);
    let first = walked.refused.first().expect("a dead owner is found in one of the runs");
    assert_eq!(first.step.call, "any", "{first}");
}

/// The specification with one step changed no longer allows what the code does.
#[test]
fn a_changed_step_of_the_specification_is_noticed() {
    let Some(tool) = Tool::find_for_test() else { return };
    let code = runs::random(&BARE, &Scenario::new("bare", 2, 0), 4, 120);
    for (old, new) in [
        (r#"ELSE Looks(p) /\ Goes(p, "WITHDRAW leaf")"#, r#"ELSE Looks(p) /\ Goes(p, "CLEAR leaf")"#),
        (r#"Build(p, Proposal(p), "BUILD owner")"#, r#"Build(p, Proposal(p), "SIGN")"#),
        (r#"IF Target(p) \in tree THEN "TIDY proposal""#, r#"IF Target(p) \in tree THEN "TIDY build""#),
    ] {
        let modules = Modules::gather().expect("they are copied");
        modules.alter("FastLock.tla", old, new).expect("it is there");
        assert!(!walk_altered(&modules, &tool, false, 0, &code).refused.is_empty(), "{new}");
    }
}

/// The lock's own page names the specification that its argument is checked in.
#[test]
fn the_code_names_the_specification() {
    let root = lockwright_specs::modules::root();
    let code = std::fs::read_to_string(root.join("../kernel/src/fast_lock.rs")).expect("it is there");
    assert!(code.contains("specs/fast_lock/FastLock.tla"));
}
