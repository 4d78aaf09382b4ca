//! What a script answers: its exit code, and lines on standard output.

use std::{
    ffi::OsStr,
    fmt,
    io::{self, Write},
    process::ExitCode,
};

use lockwright_kernel::{blocking::DISTURBED_MAX, id::Id, lock::LockError};

use crate::exit::Failure;

/// Held by another, or not by this id.
pub(super) const HELD: u8 = 1;
/// A call on the file system failed.
pub(super) const FAILED: u8 = 2;
/// The command line makes no sense.
pub(super) const USAGE: u8 = 10;
/// This id holds no slot.
pub(super) const NO_SLOT: u8 = 19;
/// This id has the lock already, or there is no id for that process.
pub(super) const BAD_ID: u8 = 20;

/// A mistake on the command line.
pub(super) fn usage(line: impl fmt::Display) -> Failure {
    Failure::new(USAGE, line)
}

/// Tries to take the lock at `at`, again at once while others take the try back.
pub(super) fn taken(at: &OsStr, me: &Id, attempt: impl Fn() -> Result<(), LockError>) -> Result<ExitCode, Failure> {
    let mut answer = attempt();
    for _ in 0..DISTURBED_MAX {
        if answer != Err(LockError::Disturbed) {
            break;
        }
        answer = attempt();
    }
    match answer {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(LockError::Held { .. } | LockError::Disturbed) => Ok(HELD.into()),
        Err(error) => Err(failure(at, me, &error)),
    }
}

/// What came of a release.
pub(super) fn released(at: &OsStr, me: &Id, answer: Result<(), LockError>) -> Result<ExitCode, Failure> {
    answer.map(|()| ExitCode::SUCCESS).map_err(|error| failure(at, me, &error))
}

/// A failure that has to do with `me`.
pub(super) fn failure(at: &OsStr, me: &Id, error: &LockError) -> Failure {
    let at = at.display();
    match error {
        LockError::AlreadyOwner => Failure::new(BAD_ID, format!("{at}: {me} has this lock already")),
        LockError::NotOwner => Failure::new(HELD, format!("{at}: {me} does not have this lock")),
        error => failed(format!("{at}: {error}")),
    }
}

/// A call that failed.
pub(super) fn failed(line: impl fmt::Display) -> Failure {
    Failure::new(FAILED, line)
}

/// Code 0 for yes, 1 for no.
pub(super) fn says(yes: bool) -> ExitCode {
    if yes { ExitCode::SUCCESS } else { HELD.into() }
}

/// Prints each on a line of its own.
pub(super) fn print<T: fmt::Display>(lines: impl IntoIterator<Item = T>) -> Result<ExitCode, Failure> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}").map_err(|error| failed(format!("standard output: {error}")))?;
    }
    Ok(ExitCode::SUCCESS)
}
