//! `lockwright replay`: runs a counterexample again, over the code as it is now.

use std::{
    fs,
    io::{self, Write},
    process::ExitCode,
};

use lockwright_sim::{Trace, catalogue};

use crate::{
    args::ReplayArgs,
    exit::{Failure, USAGE},
};

/// The run went as written, and breaks the property.
const VIOLATED: u8 = 1;
/// The run did not go as written.
const DIVERGED: u8 = 3;

pub(crate) fn replay(args: &ReplayArgs) -> Result<ExitCode, Failure> {
    let file = args.file.display();
    let refuse = |why: &dyn std::fmt::Display| Failure::new(USAGE, format!("{file}: {why}"));
    let text = fs::read_to_string(&args.file).map_err(|error| refuse(&error))?;
    let trace: Trace = text.parse().map_err(|error| refuse(&error))?;
    let protocol = &trace.scenario.protocol;
    let entry =
        catalogue::find(protocol).ok_or_else(|| refuse(&format!("there is no protocol `{protocol}` any more")))?;
    let mut out = io::stdout().lock();
    // A reader that has seen enough may close the pipe; the exit code says the rest.
    drop(writeln!(out, "{trace}"));
    Ok(match trace.replay(entry.protocol()) {
        Ok(()) => {
            drop(writeln!(out, "Ran as written: {} is violated.", trace.property));
            ExitCode::from(VIOLATED)
        }
        Err(divergence) => {
            drop(writeln!(out, "The code does something else now: {divergence}"));
            ExitCode::from(DIVERGED)
        }
    })
}
