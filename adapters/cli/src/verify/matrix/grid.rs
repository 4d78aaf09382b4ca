//! The matrix for people: a row an algorithm, a column a profile, and below it what there is to say of single cells.

use std::{
    io::{self, Write},
    path::Path,
};

use lockwright_sim::{
    Verdict,
    catalogue::{
        Entry, Limit,
        matrix::{Cell, Finding},
    },
    scenario::Profile,
};

use super::{
    super::row::{Row, tell},
    Done,
};

/// The columns, and which of their cells there are.
#[derive(Debug)]
pub(super) struct Grid {
    profiles: Vec<Profile>,
    cells: Vec<(&'static str, Profile)>,
}

impl Grid {
    pub(super) fn of(cells: &[Cell]) -> Self {
        let cells: Vec<_> = cells.iter().map(|cell| (cell.entry.name, cell.scenario.profile)).collect();
        let mut profiles = Profile::ALL.to_vec();
        profiles.retain(|profile| cells.iter().any(|(_, column)| column == profile));
        Self { profiles, cells }
    }

    pub(super) fn head(&self) -> io::Result<()> {
        line(&mut io::stdout().lock(), "algorithm", self.profiles.iter().map(|profile| profile.name().to_owned()))
    }

    /// The row of an algorithm, as far as it was explored.
    pub(super) fn row(&self, entry: Entry, done: &[Done]) -> io::Result<()> {
        let cells = self.profiles.iter().map(|profile| {
            let is_it = |row: &Row| row.entry.name == entry.name && row.scenario.profile == *profile;
            match done.iter().find(|done| is_it(&done.row)) {
                Some(done) => found(&done.row),
                None if self.cells.contains(&(entry.name, *profile)) => "not here".into(),
                None => "-".into(),
            }
        });
        line(&mut io::stdout().lock(), entry.name, cells)
    }
}

fn line(out: &mut impl Write, first: &str, cells: impl Iterator<Item = String>) -> io::Result<()> {
    let line = cells.fold(format!("{first:<24}"), |line, cell| format!("{line} {cell:<18}"));
    writeln!(out, "{}", line.trim_end())
}

/// `Verified 339` with the number of states, `Violated in 11` with the number of steps; marked where it is not as expected.
fn found(row: &Row) -> String {
    let word = row.report.verdict.word();
    let found = match Finding::of(&row.report) {
        Some(Finding::Verified { states }) => format!("{word} {states}"),
        Some(Finding::Violated { steps, .. }) => format!("{word} in {steps}"),
        None => word.into(),
    };
    if row.is_as_known() == Some(true) { found } else { format!("{found} !") }
}

/// What is not as expected, and then the violations that are known, each reason once.
pub(super) fn notes(done: &[Done]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for Done { row, trace } in done.iter().filter(|done| done.row.is_as_known() != Some(true)) {
        other_than_expected(&mut out, row, trace.as_deref())?;
    }
    let known: Vec<(Limit, &Done)> = done.iter().filter_map(|done| Some((done.row.limit()?, done))).collect();
    for (at, (limit, _)) in known.iter().enumerate() {
        let is_same = |(other, _): &(Limit, &Done)| (other.property, other.why) == (limit.property, limit.why);
        if known[..at].iter().any(is_same) {
            continue;
        }
        writeln!(out, "\nknown limit: {}: {}", limit.property, limit.why)?;
        for (_, Done { row, trace }) in known.iter().filter(|one| is_same(one)) {
            let run = trace.as_ref().map_or_else(String::new, |file| format!("lockwright replay {}", file.display()));
            writeln!(out, "  {:<40} {run}", row.name())?;
        }
    }
    Ok(())
}

fn other_than_expected(out: &mut impl Write, row: &Row, trace: Option<&Path>) -> io::Result<()> {
    let expected = row.cell.as_ref().and_then(|cell| cell.expected);
    let expected =
        expected.map_or_else(|| "nothing is known of it".into(), |expected| format!("expected: {}", long(expected)));
    let found = Finding::of(&row.report).map_or_else(|| row.report.verdict.word().into(), long);
    writeln!(out, "\n{}: {found}; {expected}", row.scenario)?;
    match &row.report.verdict {
        Verdict::Verified => Ok(()),
        Verdict::Violated(violation) => tell(out, violation, trace),
        Verdict::Incomplete { depth, reason } => writeln!(out, "  {reason}; {}", row.covered(*depth)),
        Verdict::Error(what) => writeln!(out, "  {what}"),
    }
}

fn long(found: Finding) -> String {
    match found.violated() {
        Some((property, steps)) => {
            format!("{}, {property}, in {steps} steps and {} states", found.word(), found.states())
        }
        None => format!("{}, {} states", found.word(), found.states()),
    }
}
