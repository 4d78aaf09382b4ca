//! `lockwright queue`: who stands in line, in order; and takes somebody out of it.

use std::{process::ExitCode, time::Duration};

use lockwright_kernel::id::Id;
use lockwright_posix::lock::{Entry, PathLock, Standing};

use crate::{
    args::QueueArgs,
    breaking, cut,
    exit::{BUSY, Failure, NOT_HELD, OTHER_KIND, REFUSED, say},
    look,
    order::order,
    owner::print,
    people,
    report::{Report, Told},
    table::table,
    text::{shown, shown_path},
    times,
};

/// How long one has to end by itself whose turn comes meanwhile.
const BREAK: Duration = Duration::from_secs(10);

/// How many characters of what somebody said are shown.
const REASON_CHARS_MAX: usize = 80;

/// Code 0 says that the line was shown, or that the place is given up.
pub(crate) fn queue(args: &QueueArgs) -> Result<ExitCode, Failure> {
    let (lock, standing) = look::open(&args.lock, None)?;
    if let Some(layout) = standing.layout
        && !people::is_in_line(standing.layout)
    {
        let line = format!("{}: a lock of kind {layout} has no line", shown_path(lock.path()));
        return Err(Failure::new(OTHER_KIND, line));
    }
    match (&args.drop, &args.promote, &args.reason) {
        (Some(wanted), _, Some(reason)) => take_out(&lock, &standing, wanted, reason)?,
        (None, Some(wanted), Some(reason)) => bring_forward(&lock, &standing, wanted, reason)?,
        _ if args.json => print(&Report::new(&lock, &standing)?.json()?)?,
        _ => print(&line(&lock, &standing))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One that waits is broken; one that holds has to be broken by name. Whose turn comes meanwhile loses the lock as by `break`.
fn take_out(lock: &PathLock, standing: &Standing, wanted: &str, reason: &str) -> Result<(), Failure> {
    let path = shown_path(lock.path());
    let id = find_or_fail(lock, standing, wanted)?;
    if standing.holders.iter().any(|holder| holder.id == *id) {
        let line = format!("{path}: {} has the lock; see lockwright break", people::who(lock, id));
        return Err(Failure::new(REFUSED, line));
    }
    let order = order(lock, reason)?;
    let world = lock.world();
    let broken =
        lock.break_hold(id, &order, &world, world.after(BREAK)).map_err(|error| breaking::refusal(lock, id, error))?;
    say(&format!("{path}: {}", breaking::told(id, &broken)));
    Ok(())
}

/// One that holds has nobody before it.
fn bring_forward(lock: &PathLock, standing: &Standing, wanted: &str, reason: &str) -> Result<(), Failure> {
    let path = shown_path(lock.path());
    let id = find_or_fail(lock, standing, wanted)?;
    let promoted = cut::promote(lock, id, reason, &lock.world(), || Ok(()))?;
    let line = format!("{path}: {}", cut::told(&promoted));
    if promoted.stayed.is_empty() {
        say(&line);
        return Ok(());
    }
    Err(Failure::new(BUSY, line))
}

fn find_or_fail<'a>(lock: &PathLock, standing: &'a Standing, wanted: &str) -> Result<&'a Id, Failure> {
    let nobody = || {
        let line = format!("{}: nobody stands in line at {}", shown_path(lock.path()), shown(wanted, 255));
        Failure::new(NOT_HELD, line)
    };
    find(standing, wanted).ok_or_else(nobody)
}

/// By its id, or by the number of its place.
fn find<'a>(standing: &'a Standing, wanted: &str) -> Option<&'a Id> {
    let stands = |entry: &&Entry| {
        entry.id.name().as_str() == wanted || entry.number.is_some_and(|number| number.to_string() == wanted)
    };
    standing.holders.iter().chain(&standing.waiters).find(stands).map(|entry| &entry.id)
}

const HEAD: [&str; 8] = ["PLACE", "", "PID", "WHO", "STATE", "AGE", "ID", "REASON"];

fn line(lock: &PathLock, standing: &Standing) -> String {
    let row = |role: &str, entry: &Entry| {
        let told = Told::of(lock, entry);
        let dash = || "-".to_owned();
        let state = match told.alive {
            Some(true) => "alive",
            Some(false) => "dead",
            None => "unknown",
        };
        let host = told.host.unwrap_or_else(dash);
        [
            told.number.map_or_else(dash, |number| number.to_string()),
            role.to_owned(),
            told.pid.map_or_else(dash, |pid| pid.to_string()),
            told.user.map_or_else(|| host.clone(), |user| format!("{user}@{host}")),
            state.to_owned(),
            entry.since.map_or_else(dash, times::age),
            shown(&told.id, usize::MAX),
            told.why.map(|why| shown(&why, REASON_CHARS_MAX)).unwrap_or_default(),
        ]
    };
    let holders = standing.holders.iter().map(|entry| row("holds", entry));
    let waiters = standing.waiters.iter().map(|entry| row("waits", entry));
    let rows: Vec<[String; 8]> = holders.chain(waiters).collect();
    if rows.is_empty() {
        return format!("{}: nobody stands in line\n", shown_path(lock.path()));
    }
    table(&[vec![HEAD.map(str::to_owned)], rows].concat())
}
