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
    models::{self, Model, Twin},
    tlc::{NoTlc, TLC_VARIABLE, Tlc},
    tool::{TOOL_VARIABLE, Tool, VERSION},
};
use row::Row;
use serde_json::json;

/// Check the specifications of the algorithms with tla-checker, and that a broken twin of each is caught.
#[derive(Debug, Parser)]
#[command(name = "cargo specs", bin_name = "cargo specs", after_help = after_help())]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
struct Args {
    /// The models to check, by name [default: all]
    #[arg(value_name = "MODEL")]
    models: Vec<String>,
    /// List the models with the states that each is known to have, and check none
    #[arg(long)]
    list: bool,
    /// Take the larger models, which TLC alone checks, in some minutes
    #[arg(long)]
    larger: bool,
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
         cargo specs --no-twins --json      for another program\n  \
         cargo specs --larger               the larger models and their twins, with TLC\n\n\
         Environment:\n  \
         {TOOL_VARIABLE:<16} tla-checker {VERSION}, where it is not found as `tla`\n  \
         {TLC_VARIABLE:<16} the jar of TLC, which then checks the models as well, and is needed for --larger\n\n\
         Exit codes:\n  \
         0  everything is as it is known to be\n  \
         1  a model does not hold, has other states than before, or a twin was not caught\n  \
         2  there is no such model or option\n  \
         3  a check could not be made"
    )
}

fn main() -> ExitCode {
    let args = Args::parse();
    let (known, others) = (models::all(), models::larger());
    let (known, others) = if args.larger { (others, known) } else { (known, others) };
    if let Some(unknown) = args.models.iter().find(|name| !is_one_of(&known, name)) {
        let names: Vec<&str> = known.iter().map(|model| model.module).collect();
        match (is_one_of(&others, unknown), args.larger) {
            (true, false) => eprintln!("{unknown} is one of the larger models: cargo specs --larger {unknown}"),
            (true, true) => eprintln!("{unknown} is none of the larger models: cargo specs {unknown}"),
            (false, _) => eprintln!("there is no model {unknown}; there are {}", names.join(", ")),
        }
        return ExitCode::from(2);
    }
    let is_wanted = |model: &Model| args.models.is_empty() || args.models.iter().any(|name| name == model.module);
    let wanted: Vec<Model> = known.into_iter().filter(is_wanted).collect();
    if args.list {
        list(&wanted, args.json);
        return ExitCode::SUCCESS;
    }
    match if args.larger { check_larger(&args, &wanted) } else { check(&args, &wanted) } {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}

fn is_one_of(models: &[Model], name: &str) -> bool {
    models.iter().any(|model| model.module == name)
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
    let tool = Tool::find()?;
    let tlc = match Tlc::find() {
        Ok(tlc) => Some(tlc),
        Err(NoTlc::NotNamed) => None,
        Err(missing) => return Err(missing.into()),
    };
    let mut tally = Tally::begin(args);
    for model in wanted {
        let (outcome, seconds) = timed(args, model.module, || models::check(&tool, model))?;
        tally.tell(&Row::of_model(model, &outcome, models::surprise(model, &outcome).as_deref(), seconds));
        for twin in model.twins.iter().filter(|_| !args.no_twins) {
            let (outcome, seconds) = timed(args, &broken(model, twin), || models::check_twin(&tool, model, twin))?;
            tally.tell(&Row::of_twin(model, twin, &outcome, seconds));
        }
        if let Some(tlc) = &tlc {
            let by = format!("{} by TLC", model.module);
            let (outcome, seconds) = timed(args, &by, || models::check_by_tlc(tlc, model))?;
            let surprise = models::surprise(model, &outcome);
            tally.tell(&Row::of_model(model, &outcome, surprise.as_deref(), seconds).again_by_tlc());
        }
    }
    Ok(tally.end())
}

/// The same of the larger models.
fn check_larger(args: &Args, wanted: &[Model]) -> Result<bool, Box<dyn Error>> {
    let tlc = Tlc::find()?;
    let mut tally = Tally::begin(args);
    for model in wanted {
        let (outcome, seconds) = timed(args, model.module, || models::check_by_tlc(&tlc, model))?;
        let surprise = models::surprise(model, &outcome);
        tally.tell(&Row::of_model(model, &outcome, surprise.as_deref(), seconds).by_tlc());
        for twin in model.twins.iter().filter(|_| !args.no_twins) {
            let (outcome, seconds) =
                timed(args, &broken(model, twin), || models::check_larger_twin(&tlc, model, twin))?;
            tally.tell(&Row::of_twin(model, twin, &outcome, seconds).by_tlc());
        }
    }
    Ok(tally.end())
}

fn broken(model: &Model, twin: &Twin) -> String {
    format!("{}, broken: {}", model.module, twin.what)
}

/// How many checks there were, told one by one, and how many came out otherwise than known.
struct Tally {
    begin: Instant,
    as_json: bool,
    checks: u32,
    surprises: u32,
}

impl Tally {
    fn begin(args: &Args) -> Self {
        if !args.json {
            println!("{}", Row::HEAD);
        }
        Self { begin: Instant::now(), as_json: args.json, checks: 0, surprises: 0 }
    }

    fn tell(&mut self, row: &Row<'_>) {
        self.checks += 1;
        self.surprises += u32::from(!row.is_as_known);
        println!("{}", if self.as_json { row.json() } else { row.to_string() });
    }

    /// True when there was no surprise.
    fn end(self) -> bool {
        let Self { begin, as_json, checks, surprises } = self;
        if !as_json {
            println!("{checks} checks in {} s, {surprises} not as known", begin.elapsed().as_secs());
        }
        surprises == 0
    }
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
