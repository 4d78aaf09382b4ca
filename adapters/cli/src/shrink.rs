//! `lockwright shrink`: makes a counterexample shorter.

use std::process::ExitCode;

use lockwright_sim::{Effort, Shrunk};

use crate::{
    args::ShrinkArgs,
    exit::Failure,
    replay::{Source, print},
};

pub(crate) fn shrink(args: &ShrinkArgs) -> Result<ExitCode, Failure> {
    let source = Source::of(&args.run)?;
    let (trace, done) = source.run(false)?;
    done.map_err(|divergence| source.diverged(&divergence))?;
    let shrunk = trace.shrink(source.entry.protocol(), Effort { steps_max: args.steps });
    let Shrunk { trace: shorter, steps, finished } = shrunk.map_err(|divergence| source.diverged(&divergence))?;
    let [before, after] = [&trace, &shorter].map(|trace| trace.steps.len());
    let end = if finished { "nothing more helped" } else { "that was the bound, and more may help" };
    // Remarks, so that all of it is a trace.
    print(&format!(
        "{shorter}\n# {before} steps became {after}; {steps} were tried, and {end}\n# lockwright replay {}\n",
        shorter.token()
    ));
    Ok(ExitCode::SUCCESS)
}
