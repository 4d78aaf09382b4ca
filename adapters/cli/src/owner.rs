//! `lockwright owner`: who has a lock.

use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
};

use lockwright_kernel::{
    id::Id,
    ids::process::ProcessId,
    lock::LockError,
    probe::{Liveness, Probe},
};
use lockwright_posix::lock::PathLock;

use crate::{
    args::LockArgs,
    exit::{FAILED, Failure},
};

/// Prints the owner's id. Code 0 says that there is one, code 1 that the lock is free.
pub(crate) fn owner(args: &LockArgs) -> Result<ExitCode, Failure> {
    let lock = PathLock::open(&args.lock)?;
    let owner = look(&lock)?;
    let code = if owner.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let line = match &owner {
        _ if args.json => Some(json(&lock, owner.as_ref())?),
        owner => owner.as_ref().map(Id::to_string),
    };
    if let Some(line) = line {
        writeln!(io::stdout(), "{line}").map_err(|error| Failure::new(FAILED, format!("standard output: {error}")))?;
    }
    Ok(code)
}

/// The owner that is recorded on disk.
pub(crate) fn look(lock: &PathLock) -> Result<Option<Id>, Failure> {
    lock.owner().map_err(|error| unreadable(lock, &error))
}

/// Whether the owner may still run; what cannot be told is unknown.
pub(crate) fn liveness(lock: &PathLock, owner: &Id) -> Liveness {
    lock.probe().liveness(owner).unwrap_or(Liveness::Unknown)
}

/// A lock that could not be looked at, or changed.
pub(crate) fn unreadable(lock: &PathLock, error: &LockError) -> Failure {
    let line = format!("{}: {error}", lock.path().display());
    match error {
        LockError::Fs(error) => Failure::of_fs(*error, line),
        _ => Failure::new(FAILED, line),
    }
}

/// An owner, said to people: the process and the host where its id names them.
pub(crate) struct Shown<'a>(pub(crate) Option<&'a Id>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(id) = self.0 else {
            return f.write_str("somebody who cannot be told yet");
        };
        match ProcessId::try_from(id) {
            Ok(process) => write!(f, "pid {} on {} (id {id})", process.pid, process.host.as_str()),
            Err(_) => write!(f, "id {id}"),
        }
    }
}

#[derive(serde::Serialize)]
struct Report {
    lock: String,
    owner: Option<String>,
    pid: Option<u32>,
    host: Option<String>,
    /// `None` where it cannot be told, and where there is no owner.
    alive: Option<bool>,
}

fn json(lock: &PathLock, owner: Option<&Id>) -> Result<String, Failure> {
    let process = owner.and_then(|id| ProcessId::try_from(id).ok());
    let report = Report {
        lock: lock.path().to_string_lossy().into_owned(),
        owner: owner.map(Id::to_string),
        pid: process.as_ref().map(|process| process.pid),
        host: process.map(|process| process.host.as_str().to_owned()),
        alive: owner.and_then(|owner| match liveness(lock, owner) {
            Liveness::Alive => Some(true),
            Liveness::Dead => Some(false),
            Liveness::Unknown => None,
        }),
    };
    serde_json::to_string(&report).map_err(|error| Failure::new(FAILED, error))
}
