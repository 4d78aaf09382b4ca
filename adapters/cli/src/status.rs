//! `lockwright status`: who has a lock, since when, who waits for it, and who is dead.

use std::process::ExitCode;

use lockwright_kernel::probe::Liveness;
use lockwright_nfs::Address;
use lockwright_posix::lock::{Entry, Standing};

use crate::{
    args::LookArgs,
    daemon,
    exit::Failure,
    lease, look, nfs,
    notes::Note,
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
    if let Some(address) = nfs::address(&args.lock)? {
        return over_nfs(&address, args);
    }
    let (lock, standing) = look::open(&args.lock, args.kind)?;
    let state = State::of(&standing);
    let text = if args.json {
        Report::new(&lock, &standing)?.json()?
    } else {
        told(&shown_path(lock.path()), &standing, last_token(&lock)?, |entry| Told::of(&lock, entry))
    };
    print(&text)?;
    Ok(ExitCode::from(state as u8))
}

/// There nobody says why, and no numbers are given.
fn over_nfs(address: &Address, args: &LookArgs) -> Result<ExitCode, Failure> {
    let (place, standing) = look::open_over_nfs(address, args.kind)?;
    let name = address.to_string();
    let told_of = |entry: &_| Told::seen_by(place.probe(), entry, Note::default());
    let text = if args.json {
        Report::of(name, &standing, None, told_of).json()?
    } else {
        told(&shown_path(&name), &standing, None, told_of)
    };
    print(&text)?;
    Ok(ExitCode::from(State::of(&standing) as u8))
}

const HEAD: [&str; 9] = ["", "PID", "HOST", "STATE", "SINCE", "AGE", "AT", "ID", "REASON"];

/// One line that says it all, and one for each entry. Of those who try only the dead are shown; the others are gone the
/// next moment.
fn told(lock: &str, standing: &Standing, fence: Option<u64>, told: impl Fn(&Entry) -> Told) -> String {
    let kind = standing.layout.map_or_else(String::new, |layout| format!(" ({layout})"));
    let fence = fence.map_or_else(String::new, |fence| format!("; last fence {fence}"));
    let head = format!("{lock}: {}{kind}{fence}\n", State::of(standing).word());
    let dead = standing.trying.iter().filter(|entry| entry.liveness == Liveness::Dead);
    let mut rows: Vec<[String; 9]> = (standing.holders.iter().map(|entry| row("holds", told(entry), entry)))
        .chain(standing.waiters.iter().map(|entry| row("waits", told(entry), entry)))
        .chain(dead.map(|entry| row("tried", told(entry), entry)))
        .collect();
    if rows.is_empty() {
        return head;
    }
    let no_reasons = rows.iter().all(|row| row[8].is_empty());
    rows.insert(0, HEAD.map(|word| if no_reasons && word == "REASON" { String::new() } else { word.to_owned() }));
    head + &table(&rows)
}

fn row(role: &str, told: Told, entry: &Entry) -> [String; 9] {
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
    let said = said.into_iter().flatten().map(|text| shown(&text, REASON_CHARS_MAX));
    let said: Vec<String> = lease::short(entry.lease).into_iter().chain(said).collect();
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
