//! `cargo specs [MODULE...]`: checks the models, or those named, and prints what came of each.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

use std::{env, error::Error, process::ExitCode, time::Instant};

use lockwright_specs::{
    models::{self, Model},
    modules::Modules,
    tool::{Tlc, Tool, Verdict},
};

fn main() -> ExitCode {
    let named: Vec<String> = env::args().skip(1).collect();
    let known = models::all();
    if let Some(unknown) = named.iter().find(|name| known.iter().all(|model| model.module != **name)) {
        eprintln!("there is no model {unknown}");
        return ExitCode::from(3);
    }
    let wanted = known.into_iter().filter(|model| named.is_empty() || named.iter().any(|name| name == model.module));
    match run(&wanted.collect::<Vec<_>>()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}

/// True when everything is as it is known to be.
fn run(wanted: &[Model]) -> Result<bool, Box<dyn Error>> {
    let (tool, tlc) = (Tool::find()?, Tlc::find());
    let mut is_well = true;
    println!("{:<24} {:>8} {:>11} {:>7}  verdict", "module", "states", "transitions", "time");
    for model in wanted {
        let begin = Instant::now();
        let outcome = models::check(&tool, model)?;
        let surprise = models::surprise(model, &outcome);
        let verdict = surprise.as_ref().map_or_else(|| "holds".into(), |surprise| format!("NOT AS KNOWN: {surprise}"));
        let seconds = begin.elapsed().as_secs_f64();
        let (states, transitions) = (outcome.states, outcome.transitions);
        println!("{:<24} {states:>8} {transitions:>11} {seconds:>5.1} s  {verdict}", model.module);
        is_well &= surprise.is_none();
        for twin in model.twins {
            let outcome = models::check_twin(&tool, model, twin)?;
            let is_caught = outcome.verdict == Verdict::Violated(twin.violates.into());
            let mark = if is_caught { "" } else { "NOT CAUGHT: " };
            println!("  {mark}{} ({})", twin.what, outcome.verdict);
            is_well &= is_caught;
        }
        if let Some(tlc) = &tlc {
            let verdict = tlc.check(Modules::gather()?.folder(), model.module)?;
            println!("  by TLC: {verdict}");
            is_well &= verdict == Verdict::Holds;
        }
    }
    Ok(is_well)
}
