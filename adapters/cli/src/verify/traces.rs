//! Where counterexamples go.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use lockwright_sim::{
    Verdict, Violation,
    scenario::{Budget, Scenario},
};

use super::row::Row;
use crate::{
    args::VerifyArgs,
    exit::{CANNOT_CREATE, Failure},
};

/// Writes the counterexample of a row, if it has one that is kept: mutants that are meant to be caught leave theirs
/// only where a folder is named.
pub(super) fn keep(args: &VerifyArgs, row: &Row) -> Result<Option<PathBuf>, Failure> {
    let Verdict::Violated(Violation { trace: Some(trace), .. }) = &row.report.verdict else { return Ok(None) };
    let dir = match &args.traces {
        Some(dir) => dir.as_path(),
        None if row.as_expected => return Ok(None),
        None => Path::new("."),
    };
    let Scenario { protocol, clients, faults, rounds, .. } = &trace.scenario;
    let other = faults.nonzero().filter(|(budget, _)| *budget != Budget::Crashes);
    let mut name = format!("{protocol}-{clients}-{}", faults.crashes);
    if *rounds > 0 {
        name = format!("{name}-rounds{rounds}");
    }
    let name = other.fold(name, |name, (budget, count)| format!("{name}-{}{count}", budget.name()));
    let file = dir.join(format!("{name}.trace"));
    write(&file, &trace.to_string()).map_err(|error| {
        Failure::new(
            CANNOT_CREATE,
            format!("cannot write {}: {error}; name another folder with --traces", file.display()),
        )
    })?;
    Ok(Some(file))
}

/// Written beside and moved there, so that a full disk leaves no half a trace under its name.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let unfinished = file.with_extension("trace.tmp");
    let written = fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, file));
    if written.is_err() {
        // The first error is the one to tell.
        drop(fs::remove_file(&unfinished));
    }
    written
}
