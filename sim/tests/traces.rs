//! Traces: what they say, what they refuse, and that what is made of them is true.

use lockwright_sim::{
    Code, Divergence, Fault, Limits, Need, ScriptError, Token, Trace, TraceError, Verdict,
    catalogue::{self, Entry, MUTANTS},
    check,
    protocol::Property,
    scenario::Budget,
};

const CRASH: Fault = Fault::Counted(Budget::Crashes);

fn entry(name: &str) -> Entry {
    catalogue::find(name).expect("it is in the catalogue")
}

fn counterexample(entry: Entry) -> Trace {
    match check(entry.protocol(), &entry.scenario(), Limits::default(), &mut |_| {}).verdict {
        Verdict::Violated(violation) => violation.trace.expect("these properties have a run that breaks them"),
        other => panic!("{} was not caught: {other:?}", entry.name),
    }
}

/// B takes the lock; from then on A finds it held, and B gives it back and takes it again.
fn lasso(choices: &[u16], from: usize) -> Token {
    let scenario = "dotlock.empty_is_live clients=2 crashes=0 walk=atomic".parse().expect("a scenario");
    Token { scenario, code: None, choices: choices.to_vec(), lasso: Some((from, Property::NoStarvation)) }
}

#[test]
fn a_token_leads_back_to_its_trace_and_fits_on_a_line() {
    for entry in MUTANTS {
        let trace = counterexample(entry);
        let token = trace.token().to_string();
        assert!(token.len() < 120, "{token}");
        assert_eq!(token.parse::<Token>().unwrap().trace(entry.protocol()), Ok(trace));
    }
}

#[test]
fn a_trace_of_other_code_is_run_only_if_the_caller_insists() {
    let entry = entry("dotlock.check_then_unlink");
    let mut trace = counterexample(entry);
    assert_eq!(trace.code, Some(Code::CURRENT));
    let text = trace.to_string().replace(&Code::CURRENT.to_string(), "00000000c0ffee00");
    trace = text.parse().unwrap();
    let said = trace.replay(entry.protocol()).unwrap_err();
    assert!(matches!(said, Divergence::OtherCode { .. }), "{said}");
    assert!(said.to_string().contains("00000000c0ffee00"), "{said}");
    assert_eq!(trace.replay_anyway(entry.protocol()), Ok(()));
    let token = trace.token();
    assert!(matches!(token.trace(entry.protocol()), Err(Divergence::OtherCode { .. })));
    assert_eq!(Token { code: None, ..token }.trace(entry.protocol()).map(|trace| trace.code), Ok(None));
}

#[test]
fn whoever_insists_is_told_the_first_step_that_is_another() {
    let entry = entry("dotlock.check_then_unlink");
    let mut trace = Trace { code: "c0ffee".parse().ok(), ..counterexample(entry) };
    let at = trace.steps.iter().position(|step| step.text.contains("kill(A1, 0)")).unwrap();
    trace.steps[at].text = trace.steps[at].text.replace("kill(A1, 0)", "rename(\"lock\", \"aside\")");
    let said = trace.replay_anyway(entry.protocol()).unwrap_err();
    assert!(matches!(said, Divergence::Step { step, .. } if step == at + 1), "{said}");
    let lines: Vec<String> = said.to_string().lines().map(str::to_owned).collect();
    assert!(
        lines[0].ends_with(&format!("step {}:", at + 1)) && lines[1].contains("rename") && lines[2].contains("kill"),
        "{said}"
    );
}

#[test]
fn whoever_insists_finds_steps_whose_numbers_changed() {
    let entry = entry("fast_lock.no_look");
    let mut trace = counterexample(entry);
    for step in &mut trace.steps {
        step.choice += 1;
    }
    assert!(matches!(trace.replay(entry.protocol()), Err(Divergence::Step { step: 1, .. })));
    assert_eq!(trace.replay_anyway(entry.protocol()), Ok(()));
}

#[test]
fn a_kept_trace_names_no_code_and_remarks_are_passed_over() {
    let entry = entry("dotlock.empty_is_live");
    let kept = Trace { code: None, ..counterexample(entry) };
    assert!(!kept.to_string().contains("\ncode "));
    assert_eq!(format!("{kept}\n# seen on a Monday\n").parse(), Ok(kept.clone()));
    assert_eq!(kept.replay(entry.protocol()), Ok(()));
    assert!(kept.token().to_string().contains(":any:"));
}

#[test]
fn a_world_that_cannot_be_is_told() {
    let entry = entry("dotlock.empty_is_live");
    for clients in [0, 17, 255] {
        let mut trace = counterexample(entry);
        trace.scenario.clients = clients;
        assert_eq!(trace.replay(entry.protocol()), Err(Divergence::Clients(clients)));
        assert_eq!(trace.token().trace(entry.protocol()), Err(Divergence::Clients(clients)));
    }
}

#[test]
fn a_token_with_a_choice_that_is_not_there_diverges_at_it() {
    let entry = entry("dotlock.empty_is_live");
    let mut token = counterexample(entry).token();
    token.choices[1] = 40;
    assert!(matches!(token.trace(entry.protocol()), Err(Divergence::Step { step: 2, .. })));
    token.choices.clear();
    assert_eq!(token.trace(entry.protocol()), Err(Divergence::NothingViolated));
}

#[test]
fn a_run_without_an_end_is_written_as_prefix_and_loop_and_read_back() {
    let entry = entry("dotlock.empty_is_live");
    let trace = lasso(&[1, 1, 0, 0, 1, 1, 1], 2).trace(entry.protocol()).unwrap();
    let text = trace.to_string();
    let (prefix, rest) = text.split_once("\nand then, for ever:\n\n").expect("it is told");
    assert!(prefix.lines().last().is_some_and(|line| line.starts_with("    2.1  B1  creat")), "{text}");
    assert!(rest.trim_start().starts_with("3.0  A1  creat(\"lock\") write(\"A1\") = -1 EEXIST\n"), "{text}");
    let because =
        "because on the loop A never comes to hold the lock, and it is fair: A takes 2 steps, B takes 3 steps";
    assert!(text.lines().any(|line| line == because), "{text}");
    assert_eq!(text.parse(), Ok(trace.clone()));
    assert_eq!(trace.replay(entry.protocol()), Ok(()));
    assert_eq!(trace.token().to_string().parse::<Token>().unwrap().trace(entry.protocol()), Ok(trace));
}

#[test]
fn a_loop_on_which_somebody_is_served_or_wronged_shows_no_livelock() {
    let entry = entry("dotlock.empty_is_live");
    let mut token = lasso(&[1, 1, 0, 0, 1, 1, 1], 2);
    token.lasso = Some((2, Property::NoLivelock));
    let property = Property::NoLivelock;
    assert_eq!(token.trace(entry.protocol()), Err(Divergence::NotViolated { property }), "B holds the lock");
    let property = Property::NoStarvation;
    let alone = lasso(&[1, 1, 0, 0], 2).trace(entry.protocol());
    assert_eq!(alone, Err(Divergence::NotViolated { property }), "B is given no step");
    let idle = lasso(&[0, 0, 0], 0).trace(entry.protocol());
    assert_eq!(idle, Err(Divergence::NotViolated { property }), "B wants nothing");
}

#[test]
fn a_loop_that_does_not_close_is_no_loop() {
    let entry = entry("dotlock.empty_is_live");
    let mut whole = lasso(&[0, 0, 0], 0);
    whole.lasso = Some((0, Property::CanBeTaken));
    let trace = whole.trace(entry.protocol()).unwrap();
    assert_eq!(trace.to_string().lines().nth(5), Some("and then, for ever:"), "{trace}");
    for (steps, from) in [(3, 1), (2, 0), (3, 3), (3, 40)] {
        let mut cut = Trace { loop_from: Some(from), ..trace.clone() };
        cut.steps.truncate(steps);
        assert_eq!(cut.replay(entry.protocol()), Err(Divergence::NoLoop { step: from + 1 }));
        assert_eq!(lasso(&vec![0; steps], from).trace(entry.protocol()), Err(Divergence::NoLoop { step: from + 1 }));
    }
    let announced = format!("{}\nand then, for ever:\n", counterexample(entry));
    assert!(matches!(announced.parse::<Trace>(), Err(TraceError::EmptyLoop { .. })));
}

#[test]
fn a_crash_that_a_violation_needs_is_told_from_one_that_it_does_not() {
    let needed = counterexample(entry("dotlock.check_then_unlink"));
    let marks = needed.marks(entry("dotlock.check_then_unlink").protocol(), 100_000).unwrap();
    let [crash] = &marks.faults[..] else { panic!("{marks}") };
    assert_eq!((crash.fault, &crash.need), (CRASH, &Need::Needed));
    assert!(needed.steps[crash.steps[0] - 1].text.contains("killed by SIGKILL"));

    // A is killed with its file half made, comes back and removes it, and then all goes wrong without a crash.
    let token: Token = "lw1:dotlock.empty_is_stale/2/1/atomic:any:0200001101".parse().unwrap();
    let stale = entry("dotlock.empty_is_stale").protocol();
    let trace = token.trace(stale).unwrap();
    let marks = trace.marks(stale, 100_000).unwrap();
    let [crash] = &marks.faults[..] else { panic!("{trace}{marks}") };
    assert_eq!((crash.fault, &crash.need), (CRASH, &Need::Unneeded), "{trace}{marks}");
    assert!(marks.to_string().contains("it is violated in 5 steps"), "{marks}");

    let bounded = needed.marks(entry("dotlock.check_then_unlink").protocol(), 5).unwrap();
    assert_eq!(bounded.faults[0].need, Need::Unknown);
    assert!(bounded.to_string().contains("more than 5 states"), "{bounded}");
}

#[test]
fn a_parted_walk_is_marked_and_switches_are_told_apart() {
    let entry = entry("fast_lock.clean_in_place");
    let trace = counterexample(entry);
    let marks = trace.marks(entry.protocol(), 100_000).unwrap();
    let [walk] = &marks.faults[..] else { panic!("{marks}") };
    assert_eq!((walk.fault, &walk.need), (Fault::HadWalked, &Need::Needed));
    assert!(trace.steps[walk.steps[0] - 1].text.contains("had walked"));
    let count = |need| marks.switches.iter().filter(|mark| mark.need == need).count();
    assert_eq!(count(Need::Needed) + count(Need::Unneeded), marks.switches.len());
    assert!(count(Need::Needed) > 0 && count(Need::Unneeded) > 0, "{trace}{marks}");
}

#[test]
fn of_a_run_without_an_end_nothing_is_said_that_was_not_searched() {
    let entry = entry("dotlock.empty_is_live");
    let trace = lasso(&[1, 1, 0, 0, 1, 1, 1], 2).trace(entry.protocol()).unwrap();
    let marks = trace.marks(entry.protocol(), 1000).unwrap();
    assert!(marks.switches.iter().all(|mark| mark.need == Need::Unknown) && !marks.switches.is_empty());
    assert_eq!(trace.shrink(entry.protocol(), lockwright_sim::Effort::default()).unwrap().trace, trace);
}

#[test]
fn itf_has_a_state_for_each_step_and_says_where_a_loop_goes_on() {
    for entry in MUTANTS {
        let trace = counterexample(entry);
        let itf: serde_json::Value = serde_json::from_str(&trace.to_itf(entry.protocol()).unwrap()).unwrap();
        let states = itf["states"].as_array().unwrap();
        assert_eq!(states.len(), trace.steps.len() + 1);
        for (index, state) in states.iter().enumerate() {
            assert_eq!(state["#meta"]["index"], index);
            let mut variables: Vec<&String> =
                state.as_object().unwrap().keys().filter(|key| !key.starts_with('#')).collect();
            variables.sort();
            assert_eq!(serde_json::json!(variables), itf["vars"]);
            assert_eq!(state["processes"].as_array().unwrap().len(), usize::from(trace.scenario.clients));
        }
        assert_eq!(itf.get("loop").is_some(), trace.loop_from.is_some(), "{}", entry.name);
    }
    let entry = entry("dotlock.empty_is_live");
    let trace = lasso(&[1, 1, 0, 0, 1, 1, 1], 2).trace(entry.protocol()).unwrap();
    let itf: serde_json::Value = serde_json::from_str(&trace.to_itf(entry.protocol()).unwrap()).unwrap();
    assert_eq!(itf["loop"], 3);
    assert_eq!(itf["states"][7]["tree"], itf["states"][2]["tree"]);
    assert_eq!(
        itf["states"][2]["processes"][1],
        serde_json::json!({
            "id": "B1", "phase": "holding", "last_call": "creat(\"lock\") write(\"B1\") = 0",
        })
    );
}

#[test]
fn a_run_with_faults_is_no_script() {
    let refused = |name| counterexample(entry(name)).to_script(entry(name).protocol()).unwrap_err();
    assert!(matches!(refused("dotlock.empty_is_live"), ScriptError::Fault { fault: CRASH, .. }));
    assert!(matches!(refused("fast_lock.clean_in_place"), ScriptError::Fault { fault: Fault::HadWalked, .. }));
}
