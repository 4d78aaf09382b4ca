//! glockd: what the server, its clients and the network do is what the specification allows.

use std::collections::BTreeSet;

use lockwright_sim::network::{
    self, Flaw, Scenario, Verdict,
    unfold::{UnfoldedStep, Unfolding},
};
use lockwright_specs::{
    conform::{self, Conformance},
    modules::{self, Modules},
    tool::Tool,
};

const CONFIG: &str = "TraceGlockD.cfg";

/// Nobody whose signs of life are asked for waits in vain meanwhile: the question would come with the answer, and be heard
/// before it. Nobody sends ahead.
fn scenario(row: &str) -> Scenario {
    let scenario = network::find(row).expect("it is one of the rows").scenario;
    Scenario { wait: if scenario.says_hello { 4 } else { scenario.wait }, ahead: 1, ..scenario }
}

/// What is wrong goes wrong rarely: else all would be gone before anything is under way.
const FAULTS_ONE_IN: usize = 6;

/// Runs that chance picks. The same every time.
fn some_runs(scenario: &Scenario, runs: u64, steps: usize) -> Vec<Unfolding> {
    let run = |seed| {
        let mut chance = fastrand::Rng::with_seed(seed);
        Unfolding::of_run(scenario, steps, |events| {
            loop {
                let choice = chance.usize(..events.len().max(1));
                let is_fault = matches!(events.get(choice), Some(&("quit" | "break" | "cut" | "restart" | "tick")));
                if !is_fault || chance.usize(..FAULTS_ONE_IN) == 0 || events.len() == 1 {
                    return choice;
                }
            }
        })
    };
    (0..runs).map(run).collect()
}

fn modules_for(scenario: &Scenario) -> Modules {
    let modules = Modules::gather().expect("they are copied");
    let hello = if scenario.says_hello { "TRUE" } else { "FALSE" };
    modules.alter(CONFIG, "Hello = FALSE", &format!("Hello = {hello}")).expect("it is there");
    modules.alter(CONFIG, "Wait = 1", &format!("Wait = {}", scenario.wait)).expect("it is there");
    modules
}

fn walk(modules: &Modules, tool: &Tool, code: &[Unfolding]) -> Conformance<UnfoldedStep> {
    conform::walk(modules, tool, ["TraceGlockD", "GlockDCode"], code).expect("it comes to an end")
}

/// All that two clients do who send one command each, and runs of the rows as they are; and every step of the
/// specification is taken.
#[test]
fn what_the_code_does_is_allowed_and_comes_to_every_step() {
    let Some(tool) = Tool::find_for_test() else { return };
    let mut taken = BTreeSet::new();
    for (row, runs) in [("compete", 10), ("queue", 15), ("count", 10), ("break", 15), ("pipeline", 10), ("restart", 30)]
    {
        let large = scenario(row);
        let names = if large.cuts > 0 { large.names } else { &["a"] };
        let (ticks, cuts) = (large.ticks.min(1), large.cuts.min(1));
        let small = Scenario { clients: 2, names, commands: 1, ticks, cuts, ..large };
        let mut code = some_runs(&large, runs, 80);
        if large.ends == 0 {
            code.push(Unfolding::of(&small, 10_000).expect("it is small"));
        }
        let walked = walk(&modules_for(&large), &tool, &code);
        assert_eq!(walked.refused.iter().map(ToString::to_string).next(), None, "{row}");
        assert_eq!(walked.unreached(), 0, "{row}");
        let steps = code.iter().flat_map(|code| &code.steps);
        taken.extend(steps.map(|step| step.ask.map_or(step.event, |(kind, ..)| kind)));
        for stage in ["none", "claiming", "granting", "settling"] {
            let text = format!("stage |-> \"{stage}\"");
            taken.extend(walked.values("server").iter().any(|server| server.contains(&text)).then_some(stage));
        }
        for place in ["lost", "leaving"] {
            let text = format!("\"{place}\"");
            taken.extend(walked.values("server").iter().any(|server| server.contains(&text)).then_some(place));
        }
    }
    let all = [
        "connect",
        "get",
        "lock",
        "release",
        "stray",
        "join",
        "part",
        "back",
        "ping",
        "quit",
        "break",
        "read",
        "cut",
        "hear",
        "server notices",
        "client notices",
        "work",
        "restart",
        "tick",
        "none",
        "claiming",
        "granting",
        "settling",
        "lost",
        "leaving",
    ];
    let missing: Vec<&str> = all.into_iter().filter(|step| !taken.contains(step)).collect();
    assert_eq!(missing, [""; 0]);
}

/// What is wrong, and the step at which its shortest run stops being a behaviour of the specification.
const FLAWED: [(&str, &str); 9] = [
    ("serves_the_gone", "server notices"),
    ("releases_for_anybody", "read"),
    ("keeps_count", "server notices"),
    ("takes_cut_line", "cut"),
    ("forgetful_restart", "restart"),
    ("no_grace", "restart"),
    ("short_grace", "tick"),
    ("drops_too_soon", "tick"),
    ("takes_loss_for_end", "server notices"),
];

#[test]
fn what_is_wrong_is_refused_where_it_goes_wrong() {
    let Some(tool) = Tool::find_for_test() else { return };
    let mut found = Vec::new();
    for (row, _) in FLAWED {
        let scenario = scenario(row);
        let Verdict::Violated(violation) = network::check(&scenario, 1_000_000).verdict else {
            panic!("{row} is broken")
        };
        let run = Unfolding::of_steps(&scenario, &violation.steps);
        assert_eq!(run.steps.len(), violation.steps.len(), "{row}");
        let walked = walk(&modules_for(&scenario), &tool, &[run]);
        let first = walked.refused.first().unwrap_or_else(|| panic!("{row} is allowed"));
        found.push((row, first.step.event));
    }
    assert_eq!(found, FLAWED);
}

/// A client that counts its time from the answer takes its locks for its own too long.
#[test]
fn a_client_that_counts_from_the_answer_is_refused_as_it_hears() {
    let Some(tool) = Tool::find_for_test() else { return };
    let scenario = Scenario { flaw: Some(Flaw::CountsFromAnswer), ..scenario("break") };
    let walked = walk(&modules_for(&scenario), &tool, &some_runs(&scenario, 10, 60));
    let first = walked.refused.first().expect("one of the answers comes later than it was asked for");
    assert_eq!(first.step.event, "hear", "{first}");
}

/// The specification with one step changed no longer allows what the code does.
#[test]
fn a_changed_step_of_the_specification_is_noticed() {
    let Some(tool) = Tool::find_for_test() else { return };
    for (row, old, new) in [
        (
            "queue",
            "Serve([g EXCEPT !.locks = [g.locks EXCEPT ![n] = Released",
            "Serve([g EXCEPT !.last = g.last + 1, !.locks = [g.locks EXCEPT ![n] = Released",
        ),
        ("queue", "Append(g.locks[n].line, s)", "<<s>> \\o g.locks[n].line"),
        ("restart", "at + GraceTime", "at + 2"),
    ] {
        // Nobody goes and no time passes, so that there are lines.
        let scenario = Scenario { quits: 0, ticks: if row == "queue" { 0 } else { 3 }, ..scenario(row) };
        let modules = modules_for(&scenario);
        modules.alter("GlockDServer.tla", old, new).expect("it is there");
        assert!(!walk(&modules, &tool, &some_runs(&scenario, 15, 80)).refused.is_empty(), "{new}");
    }
}

/// The server's own page names the specification.
#[test]
fn the_code_names_the_specification() {
    let code = std::fs::read_to_string(modules::root().join("../kernel/src/glockd.rs")).expect("it is there");
    assert!(code.contains("specs/glockd/GlockD.tla"));
}
