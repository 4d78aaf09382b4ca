//! What stands at the path of a lock, as it is told: in JSON, and in words for people.

use std::time::Duration;

use lockwright_kernel::{
    clock::Timestamp, ids::process::ProcessId, policies::lease::Record, probe::Liveness, token::TokenError,
};
use lockwright_posix::{
    lock::{Entry, PathLock, Standing},
    probe::ProcProbe,
};

use crate::{
    exit::{FAILED, Failure},
    held::Held,
    json, lease,
    look::alive,
    notes::{self, Note},
    people,
    text::{shown_command, shown_path},
};

/// Whether a lock is free; as an exit code, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Nobody has it.
    Free = 0,
    /// Somebody has it who is alive.
    Held = 1,
    /// All who have it are dead.
    Stale = 2,
    /// None of those who have it is known to be alive, and one of them may be.
    Unknown = 3,
}

impl State {
    pub(crate) fn of(standing: &Standing) -> Self {
        let any = |liveness| standing.holders.iter().any(|holder| holder.liveness == liveness);
        match () {
            () if standing.holders.is_empty() => Self::Free,
            () if any(Liveness::Alive) => Self::Held,
            () if any(Liveness::Unknown) => Self::Unknown,
            () => Self::Stale,
        }
    }

    /// For people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Held => "held",
            Self::Stale => "stale: all who hold it are dead",
            Self::Unknown => "held, and whether by somebody alive cannot be told",
        }
    }
}

/// The number that was given last, if one was.
pub(crate) fn last_token(lock: &PathLock) -> Result<Option<u64>, Failure> {
    let Ok(tokens) = lock.tokens() else { return Ok(None) };
    match tokens.last() {
        Ok(last) => Ok(last.map(Into::into)),
        Err(TokenError::Disturbed | TokenError::UsedUp(_)) => Ok(None),
        Err(TokenError::Fs(error)) => Err(Failure::of_fs(error, format!("{}.token: {error}", shown_path(lock.path())))),
    }
}

/// What a daemon's locks are, as `--kind` has it: one holder, and a line.
const KIND_OF_DAEMON: &str = "queue";

/// Every key of [`Report`], and what stands there.
const KEYS: [(&str, &str); 8] = [
    ("lock", "the path as it was given"),
    ("kind", "fast, bid, queue, rw, sem=N or fair-sem=N; null where nothing stands"),
    ("state", "free, held, stale or unknown"),
    ("fence", "the last fencing token, null where none was given, and over NFS"),
    ("holders", "the entries of those who hold it, in order"),
    ("waiters", "the entries of those in line, in order"),
    ("trying", "of those about to take it or to join the line, and of those who died so"),
    ("stale", "the ids of the dead among all these"),
];

/// Every key of [`Told`], and what stands there.
const KEYS_OF_ENTRIES: [(&str, &str); 16] = [
    ("id", "under which it is held or waited for"),
    ("token", "what release takes; null where the path is not UTF-8, and over NFS"),
    ("pid", "the process; null where the id names none"),
    ("host", "its host; null where the id names none"),
    ("alive", "whether it, or what it runs, lives; null where that cannot be told"),
    ("evidence", "how that can be told, for people"),
    ("user", "whose process it is, on this host; null where that cannot be seen"),
    ("command", "what it runs, or is to run, cut and escaped; null where that cannot be seen"),
    ("since", "when the entry was made, in seconds since 1970, by the file system's clock"),
    ("kind", "what was asked for, as --kind has it"),
    ("slot", "sem=N: which slot, from 1"),
    ("number", "in a line: the number of its place"),
    ("lease_ms", "the length of the lease that it holds or waits on, in ms; null where it has none, or is lost"),
    ("lapsed", "whether somebody has found that over, and is about to take the lock; null where there is none"),
    ("who", "what was said with --who; null where nothing was"),
    ("why", "what was said with --why; null where nothing was"),
];

/// The part of `status --help` that is about JSON.
pub(crate) fn help() -> String {
    let whole = json::help("With --json, an object with these keys, which stay:", &KEYS);
    format!("{whole}\n\n{}", help_of_entries())
}

fn help_of_entries() -> String {
    json::help("An entry has these:", &KEYS_OF_ENTRIES)
}

/// A lock, as it is told.
#[derive(serde::Serialize)]
pub(crate) struct Report {
    pub(crate) lock: String,
    pub(crate) kind: Option<String>,
    pub(crate) state: State,
    pub(crate) fence: Option<u64>,
    pub(crate) holders: Vec<Told>,
    pub(crate) waiters: Vec<Told>,
    trying: Vec<Told>,
    stale: Vec<String>,
}

/// An entry, as it is told.
#[derive(serde::Serialize)]
pub(crate) struct Told {
    pub(crate) id: String,
    token: Option<String>,
    pub(crate) pid: Option<u32>,
    pub(crate) host: Option<String>,
    /// `None` where it cannot be told.
    pub(crate) alive: Option<bool>,
    evidence: String,
    pub(crate) user: Option<String>,
    pub(crate) command: Option<String>,
    /// In seconds since 1970.
    since: Option<u64>,
    pub(crate) kind: String,
    pub(crate) slot: Option<u32>,
    pub(crate) number: Option<u64>,
    lease_ms: Option<u64>,
    lapsed: Option<bool>,
    #[serde(skip)]
    pub(crate) lease: Option<Record>,
    pub(crate) who: Option<String>,
    pub(crate) why: Option<String>,
}

impl Report {
    /// What stands there, with the number that was given last.
    pub(crate) fn new(lock: &PathLock, standing: &Standing) -> Result<Self, Failure> {
        let (name, fence) = (lock.path().to_string_lossy().into_owned(), last_token(lock)?);
        Ok(Self::of(name, standing, fence, |entry| Told::of(lock, entry)))
    }

    /// What stands at an address, by somebody who tells an entry.
    pub(crate) fn of(lock: String, standing: &Standing, fence: Option<u64>, told: impl Fn(&Entry) -> Told) -> Self {
        let all_told = |entries: &[Entry]| entries.iter().map(&told).collect();
        Self {
            lock,
            kind: standing.layout.map(|layout| layout.to_string()),
            state: State::of(standing),
            fence,
            holders: all_told(&standing.holders),
            waiters: all_told(&standing.waiters),
            trying: all_told(&standing.trying),
            stale: standing.stale().map(|entry| entry.id.to_string()).collect(),
        }
    }

    /// The same of a daemon's lock, of which less is known.
    pub(crate) fn of_daemon(lock: String, state: State, holder: Option<String>) -> Self {
        Self {
            lock,
            kind: (state == State::Held).then(|| KIND_OF_DAEMON.to_owned()),
            state,
            fence: None,
            holders: holder.into_iter().map(Told::of_daemon).collect(),
            waiters: Vec::new(),
            trying: Vec::new(),
            stale: Vec::new(),
        }
    }

    /// On one line, with its end.
    pub(crate) fn json(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map(|text| text + "\n").map_err(|error| Failure::new(FAILED, error))
    }
}

impl Told {
    /// When the entry was made.
    pub(crate) fn stamp(&self) -> Option<Timestamp> {
        self.since.map(|seconds| Timestamp::new(Duration::from_secs(seconds)))
    }

    pub(crate) fn of(lock: &PathLock, entry: &Entry) -> Self {
        let token = Held::new(entry.id.clone(), lock.path()).ok();
        Self {
            token: token.and_then(|held| held.to_text().into_string().ok()),
            ..Self::seen_by(lock.probe(), entry, notes::of(lock, &entry.id).unwrap_or_default())
        }
    }

    /// The same of an entry that nobody can give back by a token.
    pub(crate) fn seen_by(probe: &ProcProbe, entry: &Entry, Note { who, why }: Note) -> Self {
        let process = ProcessId::try_from(&entry.id).ok();
        let person = probe.person(&entry.id);
        Self {
            id: entry.id.to_string(),
            token: None,
            pid: process.as_ref().map(|process| process.pid),
            host: process.map(|process| process.host.as_str().to_owned()),
            alive: alive(entry.liveness),
            evidence: people::alive(probe, entry),
            user: person.as_ref().map(|person| people::user(person.uid)),
            command: person.map(|person| shown_command(&person.command)),
            since: entry.since.map(|since| since.since_epoch().as_secs()),
            kind: entry.kind.to_string(),
            slot: entry.slot.map(Into::into),
            number: entry.number.map(Into::into),
            lease_ms: lease::millis(entry),
            lapsed: entry.lease.map(|record| matches!(record, Record::Lapsed(_))),
            lease: entry.lease,
            who,
            why,
        }
    }
}

impl Told {
    fn of_daemon(id: String) -> Self {
        Self {
            id,
            token: None,
            pid: None,
            host: None,
            alive: None,
            evidence: "the daemon takes it for connected".to_owned(),
            user: None,
            command: None,
            since: None,
            kind: KIND_OF_DAEMON.to_owned(),
            slot: None,
            number: None,
            lease_ms: None,
            lapsed: None,
            lease: None,
            who: None,
            why: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::to_value;

    use super::*;

    #[test]
    fn the_help_tells_every_key() {
        let dir = tempfile::tempdir().unwrap();
        let lock = PathLock::open(dir.path().join("lock")).unwrap();
        let _guard = lock.lock().unwrap();
        let report = Report::new(&lock, &lock.standing().unwrap()).unwrap();
        json::has_keys(&to_value(&report.holders[0]).unwrap(), &KEYS_OF_ENTRIES);
        json::has_keys(&to_value(&report).unwrap(), &KEYS);
    }
}
