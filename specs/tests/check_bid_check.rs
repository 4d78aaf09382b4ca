//! Check-bid-check: what the code does is what the specification allows, and the other way round.

use lockwright_sim::{
    catalogue::{self, Entry},
    protocol::Protocol,
    scenario::Scenario,
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

fn whole(protocol: &dyn Protocol, crashes: u8) -> Unfolding {
    Unfolding::of(protocol, &Scenario::new("check_bid_check", 2, crashes), 20_000).expect("it is small")
}

fn walk(modules: &Modules, tool: &Tool, unfoldings: &[Unfolding]) -> Conformance {
    conform::walk(modules, tool, ["TraceCheckBidCheck", "CheckBidCheckCode"], unfoldings).expect("it comes to an end")
}

/// With the two parts of an attempt apart, and in one.
#[test]
fn the_code_and_the_specification_have_the_same_states_and_steps() {
    let Some(tool) = Tool::find_for_test() else { return };
    let modules = Modules::gather().expect("they are copied");
    modules.alter("TraceCheckBidCheck.cfg", "Crashes = 2", "Crashes = 0").expect("it is there");
    for (old, new) in [("Crashes = 1", "Crashes = 0"), ("Fails = TRUE", "Fails = FALSE")] {
        modules.alter("MCCheckBidCheck.cfg", old, new).expect("it is there");
    }
    let alone = modules.graph(&tool, "MCCheckBidCheck").expect("it comes to an end");
    for name in ["check_bid_check", "check_bid_check+whole"] {
        let walked = walk(&modules, &tool, &[whole(entry(name).protocol(), 0)]);
        assert_eq!((walked.refused.first(), walked.unreached()), (None, 0), "{name}");
        assert_eq!(walked.unmatched(&alone), None, "{name}");
        assert_eq!(walked.unmatched_step(&alone), None, "{name}");
    }
}

/// Of two clients, of which one is killed and comes back, and of three, of which two are.
#[test]
fn what_the_code_does_is_allowed_and_comes_to_every_step() {
    let Some(tool) = Tool::find_for_test() else { return };
    let protocol = entry("check_bid_check").protocol();
    let mut positions = String::new();
    let of_three = runs::random(protocol, &Scenario::new("check_bid_check", 3, 2), 10, 120);
    for code in [vec![whole(protocol, 1)], of_three] {
        let walked = walk(&Modules::gather().expect("they are copied"), &tool, &code);
        assert_eq!(walked.refused.iter().map(ToString::to_string).next(), None);
        assert_eq!(walked.unreached(), 0);
        positions.extend(walked.values("pc"));
    }
    let text = std::fs::read_to_string(modules::root().join("check_bid_check/CheckBidCheck.tla")).expect("it is there");
    let steps = text.split("[] pc[p] = \"").skip(1).filter_map(|rest| rest.split('"').next());
    let missing: Vec<&str> = steps.filter(|step| !positions.contains(&format!("|-> \"{step}\""))).collect();
    assert_eq!(missing, [""; 0]);
}

/// A mutant, and the call at which its counterexample stops being a behaviour of the specification.
const MUTANTS: [(&str, &str); 5] = [
    ("check_bid_check.fill_after", "create_file"),
    ("check_bid_check.half_read_is_error", "create_file"),
    ("check_bid_check.no_second_check", "rename"),
    ("check_bid_check.unreadable_is_absent", "read"),
    ("check_bid_check.vanished_is_error", "read"),
];

#[test]
fn mutants_are_refused_where_they_differ() {
    let Some(tool) = Tool::find_for_test() else { return };
    let code: Vec<Unfolding> =
        MUTANTS.iter().map(|mutant| runs::counterexample(&entry(mutant.0)).expect("it is broken")).collect();
    let modules = Modules::gather().expect("they are copied");
    modules.alter("TraceCheckBidCheck.cfg", "Fails = FALSE", "Fails = TRUE").expect("it is there");
    let walked = walk(&modules, &tool, &code);
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
    let code = runs::random(entry("check_bid_check").protocol(), &Scenario::new("check_bid_check", 3, 1), 8, 120);
    for (old, new) in [
        (r#"Goes(p, "CHECK AGAIN")"#, r#"Goes(p, "HOLD")"#),
        (r#"IF bidding[p] THEN "WITHDRAW" ELSE "idle""#, r#""idle""#),
        (r#"TurnsTo(p, about[p], "REMOVE")"#, "Retreats(p)"),
    ] {
        let modules = Modules::gather().expect("they are copied");
        modules.alter("CheckBidCheck.tla", old, new).expect("it is there");
        assert!(!walk(&modules, &tool, &code).refused.is_empty(), "{new}");
    }
}

/// The lock's own page names the specification that its argument is checked in.
#[test]
fn the_code_names_the_specification() {
    let code = std::fs::read_to_string(modules::root().join("../kernel/src/check_bid_check.rs")).expect("it is there");
    assert!(code.contains("specs/check_bid_check/CheckBidCheck.tla"));
}
