//! `lockwright fence`: fencing tokens from the shell, on the side of the lock and on that of the resource.

use std::{path::Path, process::ExitCode};

use lockwright_kernel::{
    id::Id,
    lock::LockError,
    token::{Token, TokenError, Tokens, Verdict},
};
use lockwright_posix::{
    fs::PosixFs,
    lock::{FenceError, Kind, PathLock},
};

use crate::{
    args::{FenceCommand, Whom, shared_with},
    exit::{CANNOT_CREATE, FAILED, Failure, LOST, failed},
    json,
    owner::print,
    text::shown_path,
};

/// A number that was not had. The line ends in `ending`.
pub(crate) fn failure(lock: &PathLock, error: &FenceError, ending: &str) -> Failure {
    let line = format!("{}.token: no fencing token: {error}{ending}", shown_path(lock.path()));
    match error {
        FenceError::NotHeld => Failure::new(FAILED, line),
        FenceError::Lock(LockError::Fs(fs)) | FenceError::Token(TokenError::Fs(fs)) => Failure::of_fs(*fs, line),
        FenceError::Lock(_) | FenceError::Token(_) => Failure::new(CANNOT_CREATE, line),
    }
}

/// `lockwright fence`.
pub(crate) fn fence(command: &FenceCommand) -> Result<ExitCode, Failure> {
    match command {
        FenceCommand::Check { guard, number, shared_with, json } => check(&open(guard, *shared_with)?, *number, *json),
        FenceCommand::Advance { lock, shared_with, json } => {
            let lock = open(lock, *shared_with)?;
            let number = of_lock(&lock)?.next(&me(&lock)?).map_err(|error| failure(&lock, &error.into(), ""))?;
            tell(&lock, Some(number), None, *json)?;
            Ok(ExitCode::SUCCESS)
        }
        FenceCommand::Show { lock, json } => {
            let lock = PathLock::open_unguarded(lock, Kind::Fast)?;
            let last = of_lock(&lock)?.last().map_err(|error| failure(&lock, &error.into(), ""))?;
            tell(&lock, last, None, *json)?;
            Ok(if last.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

/// A guard can stand wherever a lock can.
fn open(path: &Path, whom: Option<Whom>) -> Result<PathLock, Failure> {
    let with = shared_with(whom);
    let place = PathLock::open_shared(path, Kind::Fast, with)?;
    with.widen_umask();
    Ok(place)
}

fn check(place: &PathLock, number: Token, json: bool) -> Result<ExitCode, Failure> {
    let numbers = Tokens::new(place.fs().clone(), place.name().clone().into());
    let wrong = |error: TokenError| {
        let line = format!("{}: cannot be checked: {error}", shown_path(place.path()));
        match error {
            TokenError::Fs(fs) => Failure::of_fs(fs, line),
            TokenError::Disturbed | TokenError::UsedUp(_) => Failure::new(CANNOT_CREATE, line),
        }
    };
    let verdict = numbers.admit(&me(place)?, number).map_err(wrong)?;
    if json {
        tell(place, Some(number), Some(verdict), true)?;
    }
    match verdict {
        Verdict::Admitted => Ok(ExitCode::SUCCESS),
        Verdict::Refused(seen) => {
            let line = format!("{}: {number} is refused, for {seen} was admitted", shown_path(place.path()));
            Err(Failure::new(LOST, line))
        }
    }
}

fn of_lock(lock: &PathLock) -> Result<Tokens<PosixFs>, Failure> {
    lock.tokens().map_err(|error| failure(lock, &TokenError::Fs(error).into(), ""))
}

fn me(lock: &PathLock) -> Result<Id, Failure> {
    let id = lock.this_process().fresh_id().map_err(failed("cannot tell who this process is"))?;
    Ok(Id::from(&id))
}

/// Every key of [`Report`], and what stands there.
const KEYS: [(&str, &str); 4] = [
    ("path", "the lock, or the guard, as it was given"),
    ("fence", "the number, as text, for readers of JSON that know no larger ones than 2^53; null where none was given"),
    ("admitted", "check: true or false; otherwise null"),
    ("seen", "check: the highest number that was admitted, as text; otherwise null"),
];

/// The part of `fence --help` that is about JSON.
pub(crate) fn help() -> String {
    json::help("With --json, an object with these keys, which stay:", &KEYS)
}

#[derive(serde::Serialize)]
struct Report {
    path: String,
    fence: Option<String>,
    admitted: Option<bool>,
    seen: Option<String>,
}

fn tell(at: &PathLock, number: Option<Token>, verdict: Option<Verdict>, json: bool) -> Result<(), Failure> {
    if !json {
        return number.map_or(Ok(()), |number| print(&format!("{number}\n")));
    }
    let seen = verdict.and_then(|verdict| match verdict {
        Verdict::Admitted => number,
        Verdict::Refused(seen) => Some(seen),
    });
    let report = Report {
        path: at.path().to_string_lossy().into_owned(),
        fence: number.map(|number| number.to_string()),
        admitted: verdict.map(|verdict| verdict == Verdict::Admitted),
        seen: seen.map(|seen| seen.to_string()),
    };
    let text = serde_json::to_string(&report).map_err(|error| Failure::new(FAILED, error))?;
    print(&(text + "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_tells_every_key() {
        let report = Report { path: String::new(), fence: None, admitted: None, seen: None };
        json::has_keys(&serde_json::to_value(report).unwrap(), &KEYS);
    }
}
