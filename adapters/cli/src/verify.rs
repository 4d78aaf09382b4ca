//! `lockwright verify`: explores scenarios side by side and prints a row for each.

mod plan;
mod progress;
mod row;
mod traces;

use std::{
    process::ExitCode,
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::Instant,
};

use lockwright_sim::{Limits, Verdict, check};

use crate::{args::VerifyArgs, exit::Failure};

use plan::Job;
use progress::Line;
use row::{Row, Table};

/// Everything verified.
const VERIFIED: u8 = 0;
/// A property is violated, or a mutant was not caught.
const VIOLATED: u8 = 1;
/// A search ended at a limit.
const INCOMPLETE: u8 = 2;
/// A scenario cannot be explored.
const ERROR: u8 = 3;

pub(crate) fn verify(args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let jobs = plan::plan(args)?;
    let limits = Limits { states_max: args.states, merge: !args.no_merge, ..Limits::default() };
    let table = Table::new(args.json, args.mutants);
    let mut code = VERIFIED;
    // Whoever closes the pipe has read enough; no further row is worked out for him.
    let mut is_read = table.head().is_ok();
    explore_all(&jobs, limits, |row| {
        let trace = traces::keep(args, &row)?;
        is_read = is_read && table.row(&row, trace.as_deref()).is_ok();
        code = worse(code, exit_code(&row));
        Ok(is_read)
    })?;
    Ok(ExitCode::from(code))
}

/// Explores the jobs on all cores, and hands over the rows in the order of the jobs until told to stop.
fn explore_all(
    jobs: &[Job],
    limits: Limits,
    mut hand_over: impl FnMut(Row) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let line = Line::new();
    let waiting = Mutex::new(jobs.iter().enumerate());
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from).min(jobs.len()) {
            let (send, waiting, line) = (send.clone(), &waiting, &line);
            scope.spawn(move || {
                let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                while let Some((index, job)) = next() {
                    if send.send((index, explore(job, limits, line))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut done: Vec<Option<Row>> = jobs.iter().map(|_| None).collect();
        let mut next = 0;
        let mut more = Ok(true);
        for (index, row) in receive {
            done[index] = Some(row);
            while let (Ok(true), Some(row)) = (&more, done.get_mut(next).and_then(Option::take)) {
                more = line.hidden(|| hand_over(row));
                next += 1;
            }
            if !matches!(more, Ok(true)) {
                waiting.lock().unwrap_or_else(PoisonError::into_inner).by_ref().for_each(drop);
            }
        }
        more.map(|_| ())
    })
}

fn explore(job: &Job, limits: Limits, line: &Line) -> Row {
    let began = Instant::now();
    let mut observe = |progress| line.show(&job.scenario, progress, began.elapsed());
    let report = check(job.entry.protocol(), &job.scenario, limits, &mut observe);
    Row {
        entry: job.entry,
        scenario: job.scenario.clone(),
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
