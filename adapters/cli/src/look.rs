//! Looks at a lock, and how owners are said to people.

use std::{fmt, path::Path};

use lockwright_kernel::{id::Id, ids::process::ProcessId, lock::LockError, probe::Liveness};
use lockwright_nfs::Address;
use lockwright_posix::lock::{Kind, PathLock, Standing, advice};

use crate::{
    daemon,
    exit::{FAILED, Failure, OTHER_KIND},
    nfs::{self, NfsPlace},
};

/// What stands at the path, and a lock of that kind; of the kind that was said, where nothing does.
pub(crate) fn open(path: &Path, said: Option<Kind>) -> Result<(PathLock, Standing), Failure> {
    daemon::refuse(path)?;
    nfs::refuse(path)?;
    let open = |kind| PathLock::open_unguarded(path, kind); // Whosever it is, it can be looked at.
    let lock = open(said.unwrap_or_default())?;
    let standing = look(&lock)?;
    check_kind(&path.display(), &standing, said)?;
    match standing.layout {
        Some(layout) if layout != lock.kind().layout() => Ok((open(layout.kind())?, standing)),
        _ => Ok((lock, standing)),
    }
}

/// The same at an address.
pub(crate) fn open_over_nfs(address: &Address, said: Option<Kind>) -> Result<(NfsPlace, Standing), Failure> {
    let place = NfsPlace::open(address)?;
    let failed = |error| nfs::failure(address, &error);
    if place.has_bids().map_err(|error| failed(error.into()))? {
        let line = format!("{address}: a lock of kind bid stands there, and over NFS nothing is told of it");
        return Err(Failure::new(OTHER_KIND, line));
    }
    let standing = place.standing().map_err(failed)?;
    check_kind(address, &standing, said)?;
    Ok((place, standing))
}

/// Whether that kind of lock stands there which was said.
fn check_kind(at: &dyn fmt::Display, standing: &Standing, said: Option<Kind>) -> Result<(), Failure> {
    match (standing.layout, said) {
        (Some(layout), Some(said)) if layout != said.layout() => {
            let line = format!("{at}: a lock of kind {layout} stands there, and not of kind {said}");
            Err(Failure::new(OTHER_KIND, line))
        }
        _ => Ok(()),
    }
}

/// Who has the lock that stands there, of whatever kind, and who waits for it.
pub(crate) fn look(lock: &PathLock) -> Result<Standing, Failure> {
    lock.standing().map_err(|error| unreadable(lock, &error))
}

/// A lock that could not be looked at, or changed.
pub(crate) fn unreadable(lock: &PathLock, error: &LockError) -> Failure {
    let line = format!("{}: {error}", lock.path().display());
    match error {
        LockError::Fs(error) => Failure::of_fs(*error, format!("{line}; {}", advice(*error))),
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

/// Whether it runs, as JSON has it: `None` where it cannot be told.
pub(crate) fn alive(liveness: Liveness) -> Option<bool> {
    match liveness {
        Liveness::Alive => Some(true),
        Liveness::Dead => Some(false),
        Liveness::Unknown => None,
    }
}
