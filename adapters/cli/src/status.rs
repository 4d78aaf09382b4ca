//! `lockwright status`: who has a lock, since when, who waits for it, and who is dead.

use std::process::ExitCode;

use lockwright_kernel::probe::Liveness;
use lockwright_posix::lock::{Entry, PathLock, Standing};

use crate::{
    args::LookArgs,
    daemon,
    exit::Failure,
    look,
    owner::print,
    report::{Report, State, Told, last_token},
    table::table,
    text::{shown, shown_path},
    times,
};

/// How many characters of what somebody said are shown.
const REASON_CHARS_MAX: usize = 80;

/// The codes are those of [`State`].
pub(crate) fn status(args: &LookArgs) -> Result<ExitCode, Failure> {
    if let Some(address) = daemon::address(&args.lock) {
        return daemon::status(&address?, args);
    }
    let (lock, standing) = look::open(&args.lock, args.kind)?;
    let state = State::of(&standing);
    let text = if args.json {
        Report::new(&lock, &standing)?.json()?
    } else {
        told(&lock, &standing, state, last_token(&lock)?)
    };
    print(&text)?;
    Ok(ExitCode::from(state as u8))
}

const HEAD: [&str; 9] = ["", "PID", "HOST", "STATE", "SINCE", "AGE", "AT", "ID", "REASON"];

/// One line that says it all, and one for each entry. Of those who try only the dead are shown; the others are gone the
/// next moment.
fn told(lock: &PathLock, standing: &Standing, state: State, fence: Option<u64>) -> String {
    let kind = standing.layout.map_or_else(String::new, |layout| format!(" ({layout})"));
    let fence = fence.map_or_else(String::new, |fence| format!("; last fence {fence}"));
    let head = format!("{}: {}{kind}{fence}\n", shown_path(lock.path()), state.word());
    let dead = standing.trying.iter().filter(|entry| entry.liveness == Liveness::Dead);
    let mut rows: Vec<[String; 9]> = (standing.holders.iter().map(|entry| row("holds", lock, entry)))
        .chain(standing.waiters.iter().map(|entry| row("waits", lock, entry)))
        .chain(dead.map(|entry| row("tried", lock, entry)))
        .collect();
    if rows.is_empty() {
        return head;
    }
    let no_reasons = rows.iter().all(|row| row[8].is_empty());
    rows.insert(0, HEAD.map(|word| if no_reasons && word == "REASON" { String::new() } else { word.to_owned() }));
    head + &table(&rows)
}

fn row(role: &str, lock: &PathLock, entry: &Entry) -> [String; 9] {
    let told = Told::of(lock, entry);
    let dash = || "-".to_owned();
    let state = match entry.liveness {
        Liveness::Alive => "alive",
        Liveness::Dead => "dead",
        Liveness::Unknown => "unknown",
    };
    let mode = if entry.kind.layout().to_string() == told.kind { String::new() } else { format!(" {}", told.kind) };
    let at = match (told.slot, told.number) {
        (Some(slot), _) => format!("slot {slot}"),
        (_, Some(number)) => format!("place {number}{mode}"),
        _ => dash(),
    };
    let said = [told.why, told.who.map(|who| format!("by {who}"))];
    let said: Vec<String> = said.into_iter().flatten().map(|text| shown(&text, REASON_CHARS_MAX)).collect();
    [
        role.to_owned(),
        told.pid.map_or_else(dash, |pid| pid.to_string()),
        told.host.unwrap_or_else(dash),
        state.to_owned(),
        entry.since.map_or_else(dash, times::date_and_time),
        entry.since.map_or_else(dash, times::age),
        at,
        shown(&told.id, usize::MAX),
        said.join(", "),
    ]
}
