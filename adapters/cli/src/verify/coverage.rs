//! `lockwright verify --coverage`: which lines of an algorithm call the world, and what they were answered there.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Instant,
};

use lockwright_sim::{
    scenario::Scenario,
    sites::{self, Answers, CallSite, Seen, Sites},
};
use serde_json::{Map, Value, json};

use super::{INCOMPLETE, VERIFIED, plan, stop::Interrupt};
use crate::{
    args::VerifyArgs,
    exit::{FAILED, Failure},
};

/// States are kept whole here, so of one scenario no more are seen than this.
const STATES_MAX: usize = 10_000_000;

pub(super) fn cover(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let jobs = plan::covered(args)?;
    let interrupt =
        Interrupt::on_signals().map_err(|error| Failure::new(FAILED, format!("cannot be told of signals: {error}")))?;
    let mut all = Sites::default();
    for job in &jobs {
        let began = Instant::now();
        let may_go_on = &mut |_| interrupt.may_go_on(began, args.time);
        let states_max = args.states.min(STATES_MAX);
        all = all.with(sites::cover(job.entry.protocol(), &job.scenario, states_max, may_go_on));
        if interrupt.came() {
            break;
        }
    }
    let scenarios: Vec<&Scenario> = jobs.iter().map(|job| &job.scenario).collect();
    // Whoever closes the pipe has read enough.
    drop(if args.json { objects(&all) } else { table(&all, &scenarios) });
    Ok(ExitCode::from(if all.incomplete.is_empty() { VERIFIED } else { INCOMPLETE }))
}

fn table(all: &Sites, scenarios: &[&Scenario]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (site, answers) in &all.reached {
        let came: Vec<String> = answers.came.iter().map(|(seen, steps)| format!("{seen} {steps}")).collect();
        writeln!(out, "{:<38} {:<13} {}", site.to_string(), answers.call, came.join(", "))?;
        let gaps = gaps(answers);
        if !gaps.is_empty() {
            writeln!(out, "{:<38} {:<13} never: {}", "", "", gaps.join(", "))?;
        }
    }
    for (site, (from, seen)) in &all.unreached {
        writeln!(out, "{:<38} never reached: {from} was never answered {seen}", site.to_string())?;
    }
    writeln!(
        out,
        "\n{} call sites were reached, {} known ones were not, and of what the reached ones may be answered {} answers \
         never came; in {} states of:",
        all.reached.len(),
        all.unreached.len(),
        all.reached.values().map(|answers| answers.gaps().count()).sum::<usize>(),
        all.states,
    )?;
    for scenario in scenarios {
        writeln!(out, "  {scenario}")?;
    }
    for (scenario, reason) in &all.incomplete {
        writeln!(out, "Incomplete: {scenario}: {reason}, and what was not seen may be there")?;
    }
    Ok(())
}

fn objects(all: &Sites) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (site, answers) in &all.reached {
        let came: Map<String, Value> =
            answers.came.iter().map(|(seen, steps)| (seen.to_string(), (*steps).into())).collect();
        writeln!(out, "{}", object(site, json!({ "call": answers.call, "answers": came, "gaps": gaps(answers) })))?;
    }
    for (site, (from, seen)) in &all.unreached {
        let missing = json!({ "behind": from.to_string(), "unanswered": Seen::to_string(seen) });
        writeln!(out, "{}", object(site, missing))?;
    }
    for (scenario, reason) in &all.incomplete {
        writeln!(out, "{}", json!({ "incomplete": scenario.to_string(), "reason": reason }))?;
    }
    Ok(())
}

fn object(site: &CallSite, mut of: Value) -> Value {
    of["file"] = site.file.as_str().into();
    of["line"] = site.line.into();
    of["column"] = site.column.into();
    of
}

fn gaps(answers: &Answers) -> Vec<String> {
    answers.gaps().map(|seen| seen.to_string()).collect()
}
