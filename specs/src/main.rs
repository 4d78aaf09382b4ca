//! `cargo specs [MODEL...]`: checks the models, or those named, and prints what came of each.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

mod row;

use std::{
    error::Error,
    io::{self, IsTerminal, stderr},
    process::ExitCode,
    time::Instant,
};

use clap::Parser;
use lockwright_specs::{
    models::{self, Model},
    modules::Modules,
    tool::{TLC_VARIABLE, TOOL_VARIABLE, Tlc, Tool, VERSION},
};
use row::Row;
use serde_json::json;

/// Check the specifications of the algorithms with tla-checker, and that a broken twin of each is caught.
#[derive(Debug, Parser)]
#[command(name = "cargo specs", bin_name = "cargo specs", after_help = after_help())]
struct Args {
    /// The models to check, by name [default: all]
    #[arg(value_name = "MODEL")]
    models: Vec<String>,
    /// List the models with the states that each is known to have, and check none
    #[arg(long)]
    list: bool,
    /// Leave out the broken twins
    #[arg(long)]
    no_twins: bool,
    /// Print an object of JSON a line: for a model or twin its verdict, and whether that is the known one
    #[arg(long)]
    json: bool,
}

fn after_help() -> String {
    format!(
        "Examples:\n  \
         cargo specs                        every model and its broken twins\n  \
         cargo specs MCFastLock MCFairLock  two of them\n  \
         cargo specs --no-twins --json      for another program\n\n\
         Environment:\n  \
         {TOOL_VARIABLE:<16} tla-checker {VERSION}, where it is not found as `tla`\n  \
         {TLC_VARIABLE:<16} the jar of TLC, which then checks the models as well\n\n\
         Exit codes:\n  \
         0  everything is as it is known to be\n  \
         1  a model does not hold, has other states than before, or a twin was not caught\n  \
         2  there is no such model or option\n  \
         3  a check could not be made"
    )
}

fn main() -> ExitCode {
    let args = Args::parse();
    let known = models::all();
    if let Some(unknown) = args.models.iter().find(|name| known.iter().all(|model| model.module != **name)) {
        let names: Vec<&str> = known.iter().map(|model| model.module).collect();
        eprintln!("there is no model {unknown}; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    let is_wanted = |model: &Model| args.models.is_empty() || args.models.iter().any(|name| name == model.module);
    let wanted: Vec<Model> = known.into_iter().filter(is_wanted).collect();
    if args.list {
        list(&wanted, args.json);
        return ExitCode::SUCCESS;
    }
    match check(&args, &wanted) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}

fn list(models: &[Model], as_json: bool) {
    for Model { module, states, what, .. } in models {
        if as_json {
            println!("{}", json!({ "model": module, "states": states, "what": what }));
        } else {
            println!("{module:<24} {states:>8}  {what}");
        }
    }
}

/// True when everything is as it is known to be.
fn check(args: &Args, wanted: &[Model]) -> Result<bool, Box<dyn Error>> {
    let (tool, tlc, begin) = (Tool::find()?, Tlc::find(), Instant::now());
    let (mut checks, mut surprises) = (0, 0);
    let mut tell = |row: &Row<'_>| {
        checks += 1;
        surprises += u32::from(!row.is_as_known);
        println!("{}", if args.json { row.json() } else { row.to_string() });
    };
    if !args.json {
        println!("{}", Row::HEAD);
    }
    for model in wanted {
        let (outcome, seconds) = timed(args, model.module, || models::check(&tool, model))?;
        let surprise = models::surprise(model, &outcome);
        tell(&Row::of_model(model, &outcome, surprise.as_deref(), seconds));
        for twin in model.twins.iter().filter(|_| !args.no_twins) {
            let what = format!("{}, broken: {}", model.module, twin.what);
            let (outcome, seconds) = timed(args, &what, || models::check_twin(&tool, model, twin))?;
            tell(&Row::of_twin(model, twin, &outcome, seconds));
        }
        if let Some(tlc) = &tlc {
            let refined = model.refines.map(|_| "Refines");
            let modules = Modules::gather()?;
            let by = format!("{} by TLC", model.module);
            let (outcome, seconds) = timed(args, &by, || tlc.check(modules.folder(), model.module, refined))?;
            tell(&Row::by_tlc(model, &outcome, models::surprise(model, &outcome).as_deref(), seconds));
        }
    }
    if !args.json {
        println!("{checks} checks in {} s, {surprises} not as known", begin.elapsed().as_secs());
    }
    Ok(surprises == 0)
}

/// Tells whoever watches what is under way.
fn timed<T>(args: &Args, what: &str, check: impl FnOnce() -> io::Result<T>) -> io::Result<(T, f64)> {
    let is_watched = !args.json && stderr().is_terminal();
    if is_watched {
        eprint!("{what} ...");
    }
    let begin = Instant::now();
    let outcome = check();
    if is_watched {
        eprint!("\r\x1b[K");
    }
    Ok((outcome?, begin.elapsed().as_secs_f64()))
}
