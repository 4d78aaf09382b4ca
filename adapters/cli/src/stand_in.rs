//! Called as `flock` or `setlock`, this binary takes that command's arguments, as far as their common use goes.
//!
//! It takes a lock of its own: a directory of the name that the command gives, of the kinds `rw-read` and `rw-write`, so
//! that all these commands meet in one lock. A process that uses flock(2) on a file of that name knows nothing of it. So
//! whatever such a process could lock as well is refused: a file that stands there, and a directory that is no lock.
//!
//! `lockfile` of procmail is not among them, see [`LOCKFILE`].

mod flock;
mod setlock;

use std::{ffi::OsStr, fs, path::Path, process::ExitCode};

use crate::{
    exit::{CANNOT_CREATE, Failure, USAGE},
    links,
};

/// Whom these locks keep out, and whom not: a line of each help.
const WHOM: &str = "It takes Lockwright's own lock, a directory called FILE, and does not keep out a process that uses the \
                    real flock(2) on the same file.";

/// Why there is no `lockfile`.
const LOCKFILE: &str = "lockfile cannot be stood in for: its callers give the lock back by `rm -f`, which removes no \
                        directory, and a plain file would be held for ever by the dead; use lockwright lock and unlock";

/// What the directory of a lock holds; see `lockwright_posix::lock`.
const OURS: [&str; 2] = ["owner", "build"];

/// A command whose name this binary can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum StandIn {
    /// That of util-linux
    Flock,
    /// That of daemontools
    Setlock,
    /// Refused, in a line that says why.
    #[value(hide = true)]
    Lockfile,
}

/// The command that is meant by the name under which this binary was called.
pub(crate) fn called_as(command: &OsStr) -> Option<StandIn> {
    let name = Path::new(command).file_name()?;
    [StandIn::Flock, StandIn::Setlock, StandIn::Lockfile].into_iter().find(|stand_in| name == stand_in.name())
}

/// Makes links of these names in `dir`.
pub(crate) fn install(dir: &Path, names: &[StandIn]) -> Result<ExitCode, Failure> {
    if names.contains(&StandIn::Lockfile) {
        return Err(Failure::new(USAGE, LOCKFILE));
    }
    links::make(&[dir], &names.iter().map(|name| dir.join(name.name())).collect::<Vec<_>>())
}

/// What can be typed, of each.
pub(crate) fn commands() -> [clap::Command; 2] {
    use clap::CommandFactory;
    [flock::Flock::command(), setlock::Setlock::command()]
}

impl StandIn {
    fn name(self) -> &'static str {
        match self {
            Self::Flock => "flock",
            Self::Setlock => "setlock",
            Self::Lockfile => "lockfile",
        }
    }

    /// Does what the command does, as far as it can be done.
    pub(crate) fn run(self) -> ExitCode {
        match self {
            Self::Flock => flock::run(),
            Self::Setlock => setlock::run(),
            Self::Lockfile => Failure::new(USAGE, LOCKFILE).report(),
        }
    }
}

/// Refuses what flock(2) could lock too. A directory that is empty may be a lock that is being made, and is taken for one.
fn refuse_to_share(file: &Path) -> Result<(), Failure> {
    let refused = |what: &str| {
        let line = format!(
            "{}: {what} stands there, which flock(2) could lock too, and neither would keep out the other; \
             choose another name",
            file.display()
        );
        Err(Failure::new(CANNOT_CREATE, line))
    };
    // What cannot be looked at is told by who opens the lock.
    match fs::metadata(file) {
        Ok(found) if found.is_file() => refused("a file"),
        Ok(found) if found.is_dir() => {
            let Ok(mut entries) = fs::read_dir(file) else { return Ok(()) };
            let foreign =
                entries.any(|entry| entry.is_ok_and(|entry| OURS.iter().all(|name| entry.file_name() != *name)));
            if foreign { refused("a directory with other things in it") } else { Ok(()) }
        }
        _ => Ok(()),
    }
}
