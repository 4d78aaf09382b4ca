//! `lockwright verify`: explores scenarios one after the other and prints a row for each.

mod coverage;
pub(crate) mod json;
mod matrix;
mod network;
mod part;
mod plan;
mod progress;
mod row;
mod save;
mod stop;
mod traces;

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    ops::ControlFlow,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use lockwright_sim::{Limits, Progress, Session, Strategy, Verdict, check_while};

use crate::{
    args::VerifyArgs,
    exit::{FAILED, Failure, USAGE},
};

use part::Part;
use plan::Job;
use progress::Line;
use row::{Row, Table, Total};
use save::{Keep, Source};
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
    if args.matrix {
        return matrix::matrix(args);
    }
    if args.network {
        return network::verify(args);
    }
    let source = args.resume.as_deref().map(Source::open).transpose()?;
    let jobs = plan::plan(args, source.as_ref().map(Source::scenario))?;
    let limits = limits(args)?;
    let (jobs, part) = Part::of(args, limits.strategy, jobs);
    let option = if args.save.is_some() { "--save" } else { "--resume" };
    if args.save.is_some() || source.is_some() {
        save::only_one(option, jobs.iter().map(|job| &job.scenario))?;
    }
    let mut resumed = match (source, jobs.first()) {
        (Some(source), Some(job)) => Some(source.resume(job.entry.protocol(), &job.scenario, limits)?),
        _ => None,
    };
    let keep = args.save.as_deref().map(Keep::at).transpose()?;
    let interrupt =
        Interrupt::on_signals().map_err(|error| Failure::new(FAILED, format!("cannot be told of signals: {error}")))?;
    let (table, line) = (Table::new(args, part), Line::new());
    let (mut code, mut total) = (VERIFIED, Total::default());
    // Whoever closes the pipe has read enough; no further row is worked out for him.
    let mut is_read = table.head().is_ok();
    for job in &jobs {
        if !is_read {
            break;
        }
        let watch = Watch { began: Instant::now(), time: args.time, interrupt: &interrupt, line: &line };
        let (row, kept) = explore(job, limits, &watch, resumed.take(), keep.as_ref());
        let trace = traces::keep(args, &row)?;
        is_read = line.hidden(|| table.row(&row, trace.as_deref())).is_ok();
        // The row is told although the search it is of was not kept.
        kept?;
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
    is_read &= line.hidden(|| table.foot(&total, skipped)).is_ok();
    if args.is_plain() && is_read {
        code = worse(code, network::verify_short(args, &interrupt));
    }
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

/// Who watches a search.
struct Watch<'a> {
    began: Instant,
    time: Option<Duration>,
    interrupt: &'a Interrupt,
    line: &'a Line,
}

/// The row, and whether a search that was not finished could be kept.
fn explore(
    job: &Job,
    limits: Limits,
    watch: &Watch<'_>,
    resumed: Option<Session<'_>>,
    keep: Option<&Keep<'_>>,
) -> (Row, Result<(), Failure>) {
    let &Watch { began, time, interrupt, line } = watch;
    let (protocol, scenario) = (job.entry.protocol(), &job.scenario);
    let observe: &mut dyn FnMut(Progress) -> ControlFlow<String> = &mut |progress| {
        line.show(scenario, progress, began.elapsed());
        interrupt.may_go_on(began, time)
    };
    let session = resumed.or_else(|| Session::new(protocol, scenario, limits).filter(|_| keep.is_some()));
    let (mut kept, mut saved) = (Ok(()), None);
    let report = match session {
        None => check_while(protocol, scenario, limits, observe),
        Some(mut session) => {
            let report = session.run(observe);
            if let (Verdict::Incomplete { .. }, Some(keep)) = (&report.verdict, keep) {
                kept = keep.save(&mut session);
                saved = kept.is_ok().then(|| keep.file().to_owned());
            }
            report
        }
    };
    let (scenario, took) = (job.scenario.clone(), began.elapsed());
    let limits = limits.heeding(protocol, scenario.profile);
    (Row { entry: job.entry, scenario, limits, report, took, as_expected: job.as_expected, saved, cell: None }, kept)
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
