//! `lockwright verify`: explores scenarios one after the other and prints a row for each.

mod coverage;
pub(crate) mod json;
mod plan;
mod progress;
mod row;
mod stop;
mod traces;

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use lockwright_sim::{Limits, Strategy, Verdict, check_while};

use crate::{
    args::VerifyArgs,
    exit::{FAILED, Failure, USAGE},
};

use plan::Job;
use progress::Line;
use row::{Row, Table, Total};
use stop::Interrupt;

/// Everything verified.
const VERIFIED: u8 = 0;
/// A property is violated, or a mutant was not caught.
const VIOLATED: u8 = 1;
/// A search ended at a limit, or was not begun.
const INCOMPLETE: u8 = 2;
/// A scenario cannot be explored.
const ERROR: u8 = 3;

pub(crate) fn verify(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    if args.coverage {
        return coverage::cover(args);
    }
    let jobs = plan::plan(args)?;
    let limits = limits(args)?;
    let interrupt =
        Interrupt::on_signals().map_err(|error| Failure::new(FAILED, format!("cannot be told of signals: {error}")))?;
    let (table, line) = (Table::new(args), Line::new());
    let (mut code, mut total) = (VERIFIED, Total::default());
    // Whoever closes the pipe has read enough; no further row is worked out for him.
    let mut is_read = table.head().is_ok();
    for job in &jobs {
        if !is_read {
            break;
        }
        let row = explore(job, limits, args.time, &interrupt, &line);
        let trace = traces::keep(args, &row)?;
        is_read = line.hidden(|| table.row(&row, trace.as_deref())).is_ok();
        code = worse(code, exit_code(&row));
        total.add(&row);
        if interrupt.came() {
            break;
        }
    }
    let skipped = jobs.len() - total.scenarios();
    if skipped > 0 {
        code = worse(code, INCOMPLETE);
    }
    // The code says it all to a reader that is gone.
    drop(line.hidden(|| table.foot(&total, skipped)));
    Ok(ExitCode::from(code))
}

fn limits(args: &VerifyArgs) -> Result<Limits, Failure> {
    let strategy = args.strategy(drawn_seed).map_err(|error| Failure::new(USAGE, error))?;
    let threads = match strategy {
        Strategy::Bfs => args.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, usize::from),
        _ => 1,
    };
    Ok(Limits {
        states_max: args.states,
        bytes_max: args.memory.unwrap_or(usize::MAX),
        depth_max: args.depth.unwrap_or(usize::MAX),
        strategy,
        threads,
        merge: !args.no_merge,
        symmetry: !args.no_symmetry,
        partial_order: !args.no_partial_order,
    })
}

/// Another one each time, and short enough to be typed.
fn drawn_seed() -> u64 {
    RandomState::new().build_hasher().finish() >> 40
}

fn explore(job: &Job, limits: Limits, time: Option<Duration>, interrupt: &Interrupt, line: &Line) -> Row {
    let began = Instant::now();
    let report = check_while(job.entry.protocol(), &job.scenario, limits, &mut |progress| {
        line.show(&job.scenario, progress, began.elapsed());
        interrupt.may_go_on(began, time)
    });
    Row {
        entry: job.entry,
        scenario: job.scenario.clone(),
        limits,
        report,
        took: began.elapsed(),
        as_expected: job.as_expected,
    }
}

fn exit_code(row: &Row) -> u8 {
    match (&row.report.verdict, row.entry.expected) {
        (Verdict::Violated(violation), Some(expected)) if row.as_expected => {
            if violation.property == expected.property { VERIFIED } else { VIOLATED }
        }
        (Verdict::Verified, Some(_)) if row.as_expected => VIOLATED,
        (Verdict::Verified, _) => VERIFIED,
        (Verdict::Violated(_), _) => VIOLATED,
        (Verdict::Incomplete { .. }, _) => INCOMPLETE,
        (Verdict::Error(_), _) => ERROR,
    }
}

/// A violation outweighs all else, and a scenario that cannot be explored outweighs one that was not finished.
fn worse(one: u8, other: u8) -> u8 {
    let weight = |code| match code {
        VERIFIED => 0,
        INCOMPLETE => 1,
        ERROR => 2,
        _ => 3,
    };
    if weight(other) > weight(one) { other } else { one }
}
