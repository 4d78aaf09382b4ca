//! `lockwright verify --matrix`: every shipped algorithm in every profile, as one table.
//!
//! What is to be found in each cell is known, see [`mod@matrix`]. A cell in which anything else is found is marked, and told
//! below the table, as is each violation that is known.

mod grid;

use std::{path::PathBuf, process::ExitCode, time::Instant};

use lockwright_sim::{
    Verdict,
    catalogue::{
        ALGORITHMS,
        matrix::{self, Cell},
    },
};

use super::{
    ERROR, INCOMPLETE, Job, Part, VERIFIED, VIOLATED, Watch, explore, limits, plan,
    progress::Line,
    row::{Row, Table, Total},
    stop::Interrupt,
    traces, worse,
};
use crate::{
    args::VerifyArgs,
    exit::{FAILED, Failure, USAGE},
};

use grid::Grid;

/// A cell that was explored, and the file that its counterexample was written to.
#[derive(Debug)]
struct Done {
    row: Row,
    trace: Option<PathBuf>,
}

pub(super) fn matrix(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let limits = limits(args)?;
    let all = cells(args)?;
    let grid = Grid::of(&all);
    let (cells, part) = Part::of(args, limits.strategy, all);
    let interrupt =
        Interrupt::on_signals().map_err(|error| Failure::new(FAILED, format!("cannot be told of signals: {error}")))?;
    let (table, line) = (Table::new(args, part), Line::new());
    let (mut done, mut total, mut code) = (Vec::<Done>::new(), Total::default(), VERIFIED);
    let mut is_read = args.json || grid.head().is_ok();
    for (at, cell) in cells.iter().enumerate() {
        if !is_read || interrupt.came() {
            break;
        }
        let watch = Watch { began: Instant::now(), time: args.time, interrupt: &interrupt, line: &line };
        let row = explored(cell, |job| explore(job, limits, &watch, None, None).0);
        let trace = traces::keep(args, &row)?;
        code = worse(code, exit_code(&row));
        total.add(&row);
        let is_last_of_its_row =
            interrupt.came() || cells.get(at + 1).is_none_or(|next| next.entry.name != cell.entry.name);
        done.push(Done { row, trace });
        let Done { row, trace } = &done[at];
        let told = line.hidden(|| match (args.json, is_last_of_its_row) {
            (true, _) => table.row(row, trace.as_deref()),
            (false, false) => Ok(()),
            (false, true) => grid.row(cell.entry, &done),
        });
        is_read = told.is_ok();
    }
    let skipped = cells.len() - done.len();
    if skipped > 0 {
        code = worse(code, INCOMPLETE);
    }
    if !args.json {
        // The code says it all to a reader that is gone.
        drop(line.hidden(|| grid::notes(&done).and_then(|()| table.foot(&total, skipped))));
    }
    Ok(ExitCode::from(code))
}

/// The cells that were asked for.
fn cells(args: &VerifyArgs) -> Result<Vec<Cell>, Failure> {
    let name = args.protocol.as_deref().unwrap_or_default();
    if name.contains('=') {
        return Err(Failure::new(
            USAGE,
            "the matrix has scenarios of its own: name an algorithm, or leave --matrix out",
        ));
    }
    let mut cells = matrix::cells();
    cells.retain(|cell| plan::is_meant(args, &cell.entry));
    if cells.is_empty() {
        let known = ALGORITHMS.map(|entry| entry.name).join(", ");
        return Err(Failure::new(USAGE, format!("there is no `{name}` in the matrix; there are {known}")));
    }
    cells.retain(|cell| args.profile.is_none_or(|profile| cell.scenario.profile == profile));
    match args.profile {
        Some(profile) if cells.is_empty() => {
            Err(Failure::new(USAGE, format!("{name} means nothing in the world of {profile}; leave --profile out")))
        }
        _ => Ok(cells),
    }
}

fn explored(cell: &Cell, explore: impl FnOnce(&Job) -> Row) -> Row {
    let job = Job { entry: cell.entry, scenario: cell.scenario.clone(), as_expected: false };
    Row { cell: Some(cell.clone()), ..explore(&job) }
}

/// A violation that is known is no failure, and a cell that came out better than it is known to be is one.
fn exit_code(row: &Row) -> u8 {
    match &row.report.verdict {
        Verdict::Incomplete { .. } => INCOMPLETE,
        Verdict::Error(_) => ERROR,
        Verdict::Verified | Verdict::Violated(_) if row.is_as_known() == Some(true) => VERIFIED,
        Verdict::Verified | Verdict::Violated(_) => VIOLATED,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lockwright_sim::{Limits, catalogue::matrix::Finding, check, protocol::Property};

    use super::*;

    /// What a cell comes to when this was expected of it.
    fn code(name: &str, expected: impl FnOnce(Finding) -> Option<Finding>, states_max: usize) -> u8 {
        let cells = matrix::cells().into_iter().filter(|cell| cell.entry.name == name);
        let smallest = cells.min_by_key(|cell| cell.expected.map(Finding::states)).expect("it ships");
        let right = smallest.expected.expect("the matrix is whole");
        let cell = Cell { expected: expected(right), ..smallest };
        let limits = Limits { states_max, ..Limits::default() };
        let row = explored(&cell, |Job { entry, scenario, .. }| Row {
            entry: *entry,
            scenario: scenario.clone(),
            limits,
            report: check(entry.protocol(), scenario, limits, &mut |_| {}),
            took: Duration::ZERO,
            as_expected: false,
            saved: None,
            cell: None,
        });
        exit_code(&row)
    }

    /// The smallest cell of this one is violated.
    const VIOLATED_ONE: &str = "fast_lock";
    const VERIFIED_ONE: &str = "fast_lock+hosts";

    #[test]
    fn a_cell_that_is_as_expected_is_fine() {
        assert_eq!(code(VIOLATED_ONE, Some, 1_000_000), VERIFIED);
        assert_eq!(code(VERIFIED_ONE, Some, 1_000_000), VERIFIED);
    }

    #[test]
    fn a_violation_that_nobody_expected_and_one_that_is_gone_are_told() {
        let verified = |right: Finding| Some(Finding::Verified { states: right.states() });
        assert_eq!(code(VIOLATED_ONE, verified, 1_000_000), VIOLATED);
        let violated = |right: Finding| {
            Some(Finding::Violated { property: Property::MutualExclusion, steps: 3, states: right.states() })
        };
        assert_eq!(code(VERIFIED_ONE, violated, 1_000_000), VIOLATED);
        assert_eq!(code(VIOLATED_ONE, violated, 1_000_000), VIOLATED);
    }

    #[test]
    fn another_number_of_states_or_steps_is_told_and_so_is_a_cell_of_which_nothing_is_expected() {
        let larger = |right: Finding| match right {
            Finding::Verified { states } => Some(Finding::Verified { states: states + 1 }),
            Finding::Violated { steps, states, property } => {
                Some(Finding::Violated { steps: steps + 1, states, property })
            }
        };
        for name in [VIOLATED_ONE, VERIFIED_ONE] {
            assert_eq!(code(name, larger, 1_000_000), VIOLATED);
            assert_eq!(code(name, |_| None, 1_000_000), VIOLATED);
        }
    }

    #[test]
    fn a_search_that_came_to_a_limit_is_incomplete_whatever_was_expected() {
        assert_eq!(code(VERIFIED_ONE, Some, 100), INCOMPLETE);
        assert_eq!(code(VIOLATED_ONE, Some, 10), INCOMPLETE);
    }
}
