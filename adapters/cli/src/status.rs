//! `lockwright status`: who has a lock, since when, who waits for it, and who is dead.

use std::process::ExitCode;

use lockwright_kernel::{ids::process::ProcessId, probe::Liveness, token::TokenError};
use lockwright_posix::lock::{Entry, PathLock, Standing};

use crate::{
    args::LookArgs,
    exit::{FAILED, Failure},
    look::{self, alive},
    owner::print,
    times,
};

/// Code 0 says that the lock is free, code 1 that somebody has it, code 2 that only the dead do.
pub(crate) fn status(args: &LookArgs) -> Result<ExitCode, Failure> {
    let (lock, standing) = look::open(&args.lock, args.kind)?;
    let state = State::of(&standing);
    let fence = last_token(&lock)?;
    let text =
        if args.json { json(&lock, &standing, state, fence)? + "\n" } else { table(&lock, &standing, state, fence) };
    print(&text)?;
    Ok(ExitCode::from(state as u8))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Free = 0,
    Held = 1,
    Stale = 2,
}

impl State {
    fn of(standing: &Standing) -> Self {
        match &standing.holders[..] {
            [] => Self::Free,
            holders if holders.iter().all(|holder| holder.liveness == Liveness::Dead) => Self::Stale,
            _ => Self::Held,
        }
    }
}

/// The number that was given last, if one was.
fn last_token(lock: &PathLock) -> Result<Option<u64>, Failure> {
    let Ok(tokens) = lock.tokens() else { return Ok(None) };
    match tokens.last() {
        Ok(last) => Ok(last.map(Into::into)),
        Err(TokenError::Disturbed | TokenError::UsedUp(_)) => Ok(None),
        Err(TokenError::Fs(error)) => Err(Failure::of_fs(error, format!("{}.token: {error}", lock.path().display()))),
    }
}

/// Every key of [`Report`], and what stands there.
const KEYS: [(&str, &str); 8] = [
    ("lock", "the path as it was given"),
    ("kind", "fast, bid, queue, rw, sem=N or fair-sem=N; null where nothing stands"),
    ("state", "free, held or stale"),
    ("fence", "the last fencing token, null where none was given"),
    ("holders", "the entries of those who hold it, in order"),
    ("waiters", "the entries of those in line, in order"),
    ("trying", "of those about to take it or to join the line, and of those who died so"),
    ("stale", "the ids of the dead among all these"),
];

/// Every key of [`Told`], and what stands there.
const KEYS_OF_ENTRIES: [(&str, &str); 8] = [
    ("id", "under which it is held or waited for"),
    ("pid", "the process; null where the id names none"),
    ("host", "its host; null where the id names none"),
    ("alive", "whether it, or what it runs, lives; null where that cannot be told"),
    ("since", "when the entry was made, in seconds since 1970, by the file system's clock"),
    ("kind", "what was asked for, as --kind has it"),
    ("slot", "sem=N: which slot, from 1"),
    ("number", "in a line: the number of its place"),
];

/// The part of `status --help` that is about JSON.
pub(crate) fn help() -> String {
    let lines = |keys: [(&str, &str); 8]| keys.map(|(key, about)| format!("\n  {key:<8} {about}")).concat();
    let [whole, entries] = [lines(KEYS), lines(KEYS_OF_ENTRIES)];
    format!("With --json, an object with these keys, which stay:{whole}\n\nAn entry has these:{entries}")
}

#[derive(serde::Serialize)]
struct Report<'a> {
    lock: String,
    kind: Option<String>,
    state: State,
    fence: Option<u64>,
    holders: Vec<Told>,
    waiters: Vec<Told>,
    trying: Vec<Told>,
    stale: Vec<&'a str>,
}

/// An entry, as it is told.
#[derive(serde::Serialize)]
struct Told {
    id: String,
    pid: Option<u32>,
    host: Option<String>,
    /// `None` where it cannot be told.
    alive: Option<bool>,
    /// In seconds since 1970.
    since: Option<u64>,
    kind: String,
    slot: Option<u32>,
    number: Option<u64>,
}

impl Told {
    fn of(entry: &Entry) -> Self {
        let process = ProcessId::try_from(&entry.id).ok();
        Self {
            id: entry.id.to_string(),
            pid: process.as_ref().map(|process| process.pid),
            host: process.map(|process| process.host.as_str().to_owned()),
            alive: alive(entry.liveness),
            since: entry.since.map(|since| since.since_epoch().as_secs()),
            kind: entry.kind.to_string(),
            slot: entry.slot.map(Into::into),
            number: entry.number.map(Into::into),
        }
    }
}

fn json(lock: &PathLock, standing: &Standing, state: State, fence: Option<u64>) -> Result<String, Failure> {
    let told = |entries: &[Entry]| entries.iter().map(Told::of).collect();
    let report = Report {
        lock: lock.path().to_string_lossy().into_owned(),
        kind: standing.layout.map(|layout| layout.to_string()),
        state,
        fence,
        holders: told(&standing.holders),
        waiters: told(&standing.waiters),
        trying: told(&standing.trying),
        stale: standing.stale().map(|entry| entry.id.name().as_str()).collect(),
    };
    serde_json::to_string(&report).map_err(|error| Failure::new(FAILED, error))
}

const HEAD: [&str; 8] = ["", "PID", "HOST", "STATE", "SINCE", "AGE", "AT", "ID"];

/// One line that says it all, and one for each entry. Of those who try only the dead are shown; the others are gone the
/// next moment.
fn table(lock: &PathLock, standing: &Standing, state: State, fence: Option<u64>) -> String {
    let kind = standing.layout.map_or_else(String::new, |layout| format!(" ({layout})"));
    let state = match state {
        State::Free => "free",
        State::Held => "held",
        State::Stale => "stale: all who hold it are dead",
    };
    let fence = fence.map_or_else(String::new, |fence| format!("; last fence {fence}"));
    let mut text = format!("{}: {state}{kind}{fence}\n", lock.path().display().to_string().escape_debug());
    let dead = standing.trying.iter().filter(|entry| entry.liveness == Liveness::Dead);
    let rows = (standing.holders.iter().map(|entry| row("holds", entry)))
        .chain(standing.waiters.iter().map(|entry| row("waits", entry)))
        .chain(dead.map(|entry| row("tried", entry)));
    let mut rows: Vec<[String; 8]> = rows.collect();
    if rows.is_empty() {
        return text;
    }
    rows.insert(0, HEAD.map(str::to_owned));
    let widths: Vec<usize> = (0..8).map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0)).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

fn row(role: &str, entry: &Entry) -> [String; 8] {
    let told = Told::of(entry);
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
    [
        role.to_owned(),
        told.pid.map_or_else(dash, |pid| pid.to_string()),
        told.host.unwrap_or_else(dash),
        state.to_owned(),
        entry.since.map_or_else(dash, times::date_and_time),
        entry.since.map_or_else(dash, times::age),
        at,
        told.id.escape_debug().to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_tells_every_key() {
        let told = Told {
            id: String::new(),
            pid: None,
            host: None,
            alive: None,
            since: None,
            kind: String::new(),
            slot: None,
            number: None,
        };
        let report = Report {
            lock: String::new(),
            kind: None,
            state: State::Free,
            fence: None,
            holders: vec![told],
            waiters: Vec::new(),
            trying: Vec::new(),
            stale: Vec::new(),
        };
        let report = serde_json::to_string(&report).unwrap();
        let places = |keys: [(&str, &str); 8]| {
            keys.map(|(key, _)| report.find(&format!("\"{key}\":")).expect("it is a key of the report"))
        };
        let whole = places(KEYS);
        assert!(whole.is_sorted(), "{report}");
        let entries = KEYS_OF_ENTRIES.map(|(key, _)| format!("\"{key}\""));
        let entry = report.split_once("[{").and_then(|(_, rest)| rest.split_once("}]")).expect("an entry").0;
        let keys: Vec<&str> = entry.split(',').filter_map(|pair| Some(pair.split_once(':')?.0)).collect();
        assert_eq!(keys, entries);
        assert_eq!(report.matches("\":").count(), KEYS.len() + KEYS_OF_ENTRIES.len(), "{report}");
    }
}
