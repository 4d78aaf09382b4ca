//! Owners, said to people: who, since when, and whether they live, with the evidence.

use lockwright_kernel::{clock::Timestamp, id::Id, ids::process::ProcessId, probe::Liveness};
use lockwright_posix::{
    evidence::Evidence,
    lock::{Entry, Layout, PathLock},
    probe::ProcProbe,
};

use crate::{
    text::{shown, shown_command},
    times, users,
};

/// How many characters of a user's name, or of an id that is no process, are shown.
const NAME_CHARS_MAX: usize = 255;

/// Who an owner is: `alice@node7, pid 4312 (rsync -a /srv)`, as far as that can be seen from here.
pub(crate) fn who(lock: &PathLock, id: &Id) -> String {
    let Ok(process) = ProcessId::try_from(id) else {
        return format!("id {}", shown(id.name().as_str(), NAME_CHARS_MAX));
    };
    let (pid, host) = (process.pid, process.host.as_str());
    match lock.probe().person(id) {
        Some(person) => {
            let (user, command) = (user(person.uid), shown_command(&person.command));
            format!("{user}@{host}, pid {pid} ({command})")
        }
        None => format!("pid {pid} on {host}"),
    }
}

/// The name of a user of this host, or its number.
pub(crate) fn user(uid: u32) -> String {
    match users::name_of(uid) {
        Some(name) => shown(&name, NAME_CHARS_MAX),
        None => format!("uid {uid}"),
    }
}

/// Whether it lives, and how that can be told.
pub(crate) fn alive(probe: &ProcProbe, entry: &Entry) -> String {
    let word = match entry.liveness {
        Liveness::Alive => "yes",
        Liveness::Dead => "no",
        Liveness::Unknown => "unknown",
    };
    let evidence = probe.evidence(&entry.id);
    // A bid may name another process than its id does, and a moment has passed.
    if evidence.liveness() == entry.liveness { format!("{word} ({evidence})") } else { word.to_owned() }
}

/// Whether those who hold such a lock hold it by their place in a line.
pub(crate) fn is_in_line(layout: Option<Layout>) -> bool {
    matches!(layout, Some(Layout::Queue | Layout::ReadWrite | Layout::FairSemaphore(_)))
}

/// Since when somebody holds or, in a line, stands there: the place may have been had before the lock.
pub(crate) fn since(since: Option<Timestamp>, in_line: bool) -> String {
    let line = if in_line { "in line " } else { "" };
    match since {
        Some(since) => format!("{line}since {} ({})", times::short(since), times::age(since)),
        None => format!("{line}since a moment that cannot be told"),
    }
}

/// What is said of a hold that was taken from the dead.
pub(crate) fn recovered(id: &Id, since: Option<Timestamp>, evidence: Evidence) -> String {
    let whose = match ProcessId::try_from(id) {
        Ok(process) => format!("pid {} on {}", process.pid, process.host.as_str()),
        Err(_) => format!("id {}", shown(id.name().as_str(), NAME_CHARS_MAX)),
    };
    let age = since.map_or_else(String::new, |since| format!(", whose entry was {} old", times::age(since)));
    match evidence {
        Evidence::LeaseOver => format!("taken over from {whose}{age}: {evidence}, and may live"),
        _ => format!("recovered from {whose}{age}, and who is dead: {evidence}"),
    }
}
