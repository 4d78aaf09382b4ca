//! Leases: how they begin, how they are told of, and `lockwright renew`.

use std::{
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lockwright_kernel::{
    id::Id,
    ids::process::ProcessId,
    policies::lease::{Lease, Record, Term, outlasted_after},
    probe::Liveness,
};
use lockwright_posix::{
    lock::{AcquireErrorKind, Contender, Entry, RenewError},
    watch::PosixWorld,
};

use crate::{
    args::{LeaseArgs, LockArgs, RenewArgs},
    exit::{BUSY, FAILED, Failure, LOST, NOT_HELD, REFUSED},
    text::shown_path,
};

/// What the id of a lease begins with that is held for no process. No id of a process begins so.
const NO_PROCESS: &str = "lease-";

/// The same contender, on a lease where one was asked for. A failure ends in `ending`.
pub(crate) fn begin<'lock>(
    contender: Contender<'lock>,
    args: LeaseArgs,
    ending: &str,
) -> Result<Contender<'lock>, Failure> {
    let Some(length) = args.lease else { return Ok(contender) };
    contender.on_lease(length).map_err(|error| match error.kind() {
        AcquireErrorKind::NoLeases(_) => Failure::new(REFUSED, format!("{error}{ending}")),
        AcquireErrorKind::Fs(fs) => Failure::of_fs(*fs, format!("{error}{ending}")),
        AcquireErrorKind::Held { .. } => Failure::new(BUSY, format!("{error}{ending}")),
        _ => Failure::new(FAILED, format!("{error}{ending}")),
    })
}

/// Whether a lock is to be held until it is given back, or its lease is over, whatever process ends.
pub(crate) fn is_for_no_process(args: &LockArgs) -> bool {
    args.lease.lease.is_some() && args.pid.is_none()
}

/// An id that says nothing of whether its owner lives.
pub(crate) fn id(fresh: &ProcessId) -> Id {
    format!("{NO_PROCESS}{fresh}").parse().unwrap_or_else(|_| Id::from(fresh))
}

/// Whether an id is such a one.
pub(crate) fn is_of_no_process(id: &Id) -> bool {
    id.name().as_str().starts_with(NO_PROCESS)
}

/// When it ends, in seconds since 1970, by this host's wall clock as it is set now.
pub(crate) fn expires(lease: &Lease, world: &PosixWorld) -> u64 {
    let left = lease.ends().saturating_since(world.after(Duration::ZERO));
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    wall.saturating_add(left).as_secs()
}

/// How long the lease of an entry is, in milliseconds, if it has one.
pub(crate) fn millis(entry: &Entry) -> Option<u64> {
    match entry.lease? {
        Record::Runs(Term { length, .. }) => u64::try_from(length.as_millis()).ok(),
        Record::Lapsed(_) => None,
    }
}

/// What is said of it beside whether its owner lives.
pub(crate) fn told(entry: &Entry) -> String {
    match entry.lease {
        None => String::new(),
        Some(Record::Lapsed(_)) => ", on a lease that is over".to_owned(),
        Some(Record::Runs(Term { length, renewals })) => {
            format!(", on a lease of {length:?}, renewed {renewals} times")
        }
    }
}

/// The same in a word or two.
pub(crate) fn short(lease: Option<Record>) -> Option<String> {
    Some(match lease? {
        Record::Lapsed(_) => "lease over".to_owned(),
        Record::Runs(Term { length, .. }) => format!("lease {length:?}"),
    })
}

/// When a holder on a lease loses what it has.
pub(crate) fn ends(entry: &Entry) -> Option<String> {
    let length = match entry.lease? {
        _ if entry.liveness == Liveness::Dead => return None,
        Record::Lapsed(_) => return Some("now: its lease is over, so whoever wants it next takes it".to_owned()),
        Record::Runs(Term { length, .. }) => length,
    };
    let seen = format!("when somebody who waits has seen its lease not renewed for {:?}", outlasted_after(length));
    Some(match ProcessId::try_from(&entry.id) {
        Ok(process) if entry.liveness == Liveness::Alive => {
            format!("when it is given back, when pid {} and all that it runs have ended, or {seen}", process.pid)
        }
        _ => format!("when it is given back, or {seen}"),
    })
}

/// `lockwright renew`. Code 0 says that the lease counts from now on.
pub(crate) fn renew(args: &RenewArgs) -> Result<ExitCode, Failure> {
    let (lock, _) = crate::look::open(&args.token.path, None)?;
    let Err(error) = lock.renew_as(&args.token.id) else { return Ok(ExitCode::SUCCESS) };
    let line = format!("{}: {error}", shown_path(lock.path()));
    Err(match error {
        RenewError::NoLease => Failure::new(NOT_HELD, line),
        RenewError::NotHeld | RenewError::Over => Failure::new(LOST, line),
        RenewError::Fs(fs) => Failure::of_fs(fs, line),
    })
}
