//! The check policy: what the code does, over `fast_lock`, is what the specification allows.

use lockwright_sim::{
    catalogue::{self, Entry},
    scenario::{Scenario, Walk},
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

fn walk(tool: &Tool, unfoldings: &[Unfolding]) -> Conformance {
    let modules = Modules::gather().expect("they are copied");
    conform::walk(&modules, tool, ["TraceCheck", "CheckCode"], unfoldings).expect("it comes to an end")
}

/// All that two clients can do, and runs of three of which two are killed; and every step of the policy is taken by them.
#[test]
fn what_the_code_does_is_allowed_and_comes_to_every_step() {
    let Some(tool) = Tool::find_for_test() else { return };
    let protocol = entry("fast_lock").protocol();
    let scenario = Scenario { walk: Walk::Atomic, ..Scenario::new("fast_lock", 2, 0) };
    let mut code = vec![Unfolding::of(protocol, &scenario, 20_000).expect("it is small")];
    code.extend(runs::random(protocol, &Scenario::new("fast_lock", 3, 2), 60, 200));
    let walked = walk(&tool, &code);
    assert_eq!(walked.refused.iter().map(ToString::to_string).next(), None);
    assert_eq!(walked.unreached(), 0);
    let positions: String = walked.values("pc").into_iter().collect();
    let steps = ["TRY", "ASK", "RECOVER", "AGAIN", "TRY AGAIN", "HOLD", "SWEEP", "SWEEP ASK", "SWEEP RECOVER"];
    let missing = steps.into_iter().find(|step| !positions.contains(&format!("|-> \"{step}\"")));
    assert_eq!(missing, None);
}

/// A mutant, and the call at which its counterexample stops being a behaviour of the specification.
const MUTANTS: [(&str, &str); 3] =
    [("fast_lock.recover_owner_dir", "list"), ("fast_lock.recover_by_path", "any"), ("fast_lock.unlock_tree", "list")];

#[test]
fn mutants_are_refused_where_they_differ() {
    let Some(tool) = Tool::find_for_test() else { return };
    let code: Vec<Unfolding> =
        MUTANTS.iter().map(|mutant| runs::counterexample(&entry(mutant.0)).expect("it is broken")).collect();
    let walked = walk(&tool, &code);
    for (index, (name, call)) in MUTANTS.into_iter().enumerate() {
        let first = walked.refused.iter().find(|refused| refused.unfolding == index);
        let first = first.unwrap_or_else(|| panic!("{name} is allowed"));
        assert_eq!(first.step.call, call, "{name}: {first}");
    }
}

/// The specification with one step changed no longer allows what the code does.
#[test]
fn a_changed_step_of_the_specification_is_noticed() {
    let Some(tool) = Tool::find_for_test() else { return };
    let code = runs::random(entry("fast_lock").protocol(), &Scenario::new("fast_lock", 2, 1), 10, 150);
    for (old, new) in [
        (r#"IF pc[p] = "TRY" THEN Goes(p, "ASK", id) ELSE"#, r#"IF FALSE THEN Goes(p, "ASK", id) ELSE"#),
        (r#"owner = p /\ Goes(p, "SWEEP", p)"#, r#"owner = p /\ Goes(p, "idle", p)"#),
    ] {
        let modules = Modules::gather().expect("they are copied");
        modules.alter("Check.tla", old, new).expect("it is there");
        let walked = conform::walk(&modules, &tool, ["TraceCheck", "CheckCode"], &code).expect("it comes to an end");
        assert!(!walked.refused.is_empty(), "{new}");
    }
}

/// The policy's own page names the specification that its argument is checked in.
#[test]
fn the_code_names_the_specification() {
    let code = std::fs::read_to_string(modules::root().join("../kernel/src/policies/check.rs")).expect("it is there");
    assert!(code.contains("specs/check/Check.tla"));
}
