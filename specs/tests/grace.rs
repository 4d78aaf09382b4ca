//! The grace policy: what the code does, over `fast_lock`, is what the specification allows.

use lockwright_sim::{
    catalogue::{self, Entry},
    scenario::{Faults, Profile, Scenario},
    unfold::Unfolding,
};
use lockwright_specs::{
    conform::{self, Conformance},
    modules::{self, Modules},
    runs,
    tool::Tool,
};

fn entry(name: &str) -> Entry {
    catalogue::find(name).expect("it is in the catalogue")
}

/// Runs in which time goes on and clients are killed.
fn some_runs(name: &str, clients: u8, runs: u64) -> Vec<Unfolding> {
    let faults = Faults { crashes: clients - 1, ticks: 4, ..Faults::NONE };
    let scenario = Scenario { profile: Profile::Lease, faults, ..Scenario::new(name, clients, 0) };
    runs::random(entry(name).protocol(), &scenario, runs, 250)
}

fn walk(modules: &Modules, tool: &Tool, unfoldings: &[Unfolding]) -> Conformance {
    conform::walk(modules, tool, ["TraceGrace", "GraceCode"], unfoldings).expect("it comes to an end")
}

fn with_grace(grace: u8) -> Modules {
    let modules = Modules::gather().expect("they are copied");
    modules.alter("TraceGrace.cfg", "Grace = 1", &format!("Grace = {grace}")).expect("it is there");
    modules
}

/// With a grace and with none, and every step of the policy is taken.
#[test]
fn what_the_code_does_is_allowed_and_comes_to_every_step() {
    let Some(tool) = Tool::find_for_test() else { return };
    let mut positions = String::new();
    for (name, grace) in [("fast_lock+grace", 1), ("fast_lock+grace0", 0)] {
        let code: Vec<Unfolding> = [some_runs(name, 2, 10), some_runs(name, 3, 10)].concat();
        let walked = walk(&with_grace(grace), &tool, &code);
        assert_eq!(walked.refused.iter().map(ToString::to_string).next(), None, "{name}");
        assert_eq!(walked.unreached(), 0, "{name}");
        positions.extend(walked.values("pc"));
    }
    let text = std::fs::read_to_string(modules::root().join("grace/Grace.tla")).expect("it is there");
    let steps = text.split(" pc[p] = \"").skip(1).filter_map(|rest| rest.split('"').next());
    let missing: Vec<&str> = steps.filter(|step| !positions.contains(&format!("|-> \"{step}\""))).collect();
    assert_eq!(missing, [""; 0]);
}

/// Who does not wait for the grace is refused as it takes an owner for old, and so is who waits for more than that.
#[test]
fn another_grace_is_noticed() {
    let Some(tool) = Tool::find_for_test() else { return };
    for (name, grace) in [("fast_lock+grace0", 1), ("fast_lock+grace", 0)] {
        let walked = walk(&with_grace(grace), &tool, &some_runs(name, 2, 4));
        let first = walked.refused.first().expect("it is another one");
        assert_eq!(first.step.call, "modified", "{name}: {first}");
    }
}

/// Where it should have asked, it recovers.
#[test]
fn a_mutant_is_refused_where_it_differs() {
    let Some(tool) = Tool::find_for_test() else { return };
    let code = runs::counterexample(&entry("grace.old_is_dead")).expect("it is broken");
    let walked = walk(&with_grace(1), &tool, &[code]);
    let first = walked.refused.first().expect("it is broken");
    assert_eq!(
        (first.step.call.as_str(), first.state.get("pc").map(|pc| pc.contains("ASK"))),
        ("discard_file", Some(true))
    );
}

/// The specification with one step changed no longer allows what the code does.
#[test]
fn a_changed_step_of_the_specification_is_noticed() {
    let Some(tool) = Tool::find_for_test() else { return };
    let code = some_runs("fast_lock+grace0", 2, 4);
    for (old, new) in [
        (r#"Goes(p, "FORGET me", IF pc[p] = "TRY" THEN id ELSE p, "none")"#, r#"Goes(p, "FORGET me", p, "none")"#),
        (r#"Goes(p, "SWEEP", p, "none")"#, "Rests(p)"),
    ] {
        let modules = with_grace(0);
        modules.alter("Grace.tla", old, new).expect("it is there");
        assert!(!walk(&modules, &tool, &code).refused.is_empty(), "{new}");
    }
}

/// The policy's own page names the specification that its argument is checked in.
#[test]
fn the_code_names_the_specification() {
    let code = std::fs::read_to_string(modules::root().join("../kernel/src/policies/grace.rs")).expect("it is there");
    assert!(code.contains("specs/grace/Grace.tla"));
}
