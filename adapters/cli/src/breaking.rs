//! `lockwright break`: takes a lock away from one holder, or from one who waits, by an operator's word.
//!
//! The id is asked for, so that it hits whom `status` showed and nobody who came later; the reason, so that the one whom it
//! hits can say it; and a yes, for it may interrupt work.

use std::{
    io::{self, BufRead, IsTerminal, Read},
    process::ExitCode,
};

use lockwright_kernel::id::Id;
use lockwright_posix::lock::{BreakError, Broken, Order, PathLock, Way};

use crate::{
    args::BreakArgs,
    exit::{CANNOT_CREATE, FAILED, Failure, NOT_HELD, REFUSED, USAGE, ask, failed, say},
    look::{self, Shown, unreadable},
    order::order,
    owner::print,
};

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 100;

/// Code 0 says that this id has the lock no more.
pub(crate) fn break_hold(args: &BreakArgs) -> Result<ExitCode, Failure> {
    let (lock, standing) = look::open(&args.lock, None)?;
    let path = lock.path().display();
    let there = |entries: &[lockwright_posix::lock::Entry]| entries.iter().any(|entry| entry.id == args.id);
    if !there(&standing.holders) && !there(&standing.waiters) {
        return Err(not_there(&lock, &args.id));
    }
    if !args.yes {
        confirm(&format!("{path}: take the lock away from {}? yes or no: ", Shown(Some(&args.id))))?;
    }
    let order = order(&lock, &args.reason)?;
    let world = lock.world();
    let broken = lock
        .break_hold(&args.id, &order, &world, world.after(args.wait))
        .map_err(|error| refusal(&lock, &args.id, error))?;
    if args.json {
        print(&(json(&lock, &args.id, &order, &broken)? + "\n"))?;
    } else {
        say(&format!("{path}: {}", told(&args.id, &broken)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks on a terminal.
fn confirm(question: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new(USAGE, "nobody is there to be asked: say --yes"));
    }
    ask(question);
    let mut answer = String::new();
    let read = io::stdin().lock().take(ANSWER_BYTES_MAX).read_line(&mut answer);
    read.map_err(failed("cannot read the answer"))?;
    if answer.trim() == "yes" { Ok(()) } else { Err(Failure::new(REFUSED, "nothing was broken")) }
}

/// What became of the owner, said to people.
pub(crate) fn told(id: &Id, broken: &Broken) -> String {
    let whom = Shown(Some(id));
    let line = match broken.way {
        Way::GaveBack => format!("given back by {whom}"),
        Way::WasDead => format!("taken away from {whom}, which was dead"),
        Way::Waited => format!("taken out of the line: {whom}"),
        Way::TakenAway => format!("taken away from {whom}, which did not answer: what it does may go on"),
    };
    match broken.fence {
        Some(fence) => format!("{line}; numbers below {fence} are out of date"),
        None => line,
    }
}

fn not_there(lock: &PathLock, id: &Id) -> Failure {
    let line = format!("{}: {} neither holds the lock nor waits for it", lock.path().display(), Shown(Some(id)));
    Failure::new(NOT_HELD, line)
}

/// Why it was not broken.
pub(crate) fn refusal(lock: &PathLock, id: &Id, error: BreakError) -> Failure {
    let path = lock.path().display();
    match error {
        BreakError::NotThere => not_there(lock, id),
        BreakError::Lock(error) => unreadable(lock, &error),
        BreakError::Fence(error) => Failure::new(CANNOT_CREATE, format!("{path}: {error}; the lock was not broken")),
        error @ BreakError::Interrupted => Failure::new(FAILED, format!("{path}: {error}")),
    }
}

#[derive(serde::Serialize)]
struct Report<'a> {
    lock: String,
    id: String,
    by: &'a str,
    reason: &'a str,
    /// `gave-back`, `dead`, `waited` or `taken`.
    way: &'static str,
    fence: Option<u64>,
}

fn json(lock: &PathLock, id: &Id, order: &Order, broken: &Broken) -> Result<String, Failure> {
    let report = Report {
        lock: lock.path().to_string_lossy().into_owned(),
        id: id.to_string(),
        by: order.by(),
        reason: order.why(),
        way: match broken.way {
            Way::GaveBack => "gave-back",
            Way::WasDead => "dead",
            Way::Waited => "waited",
            Way::TakenAway => "taken",
        },
        fence: broken.fence.map(Into::into),
    };
    serde_json::to_string(&report).map_err(|error| Failure::new(FAILED, error))
}
