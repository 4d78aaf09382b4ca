//! Tells programs how a run came out, in one JSON object, for exit codes are the command's as well.
//!
//! It is written when all is over, in one piece: to a descriptor of the caller's, which the command does not inherit, or
//! to a file, which is opened before anything else happens.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::fd::{BorrowedFd, OwnedFd},
    time::{Duration, Instant},
};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use crate::{
    args::ReportArgs,
    events::millis,
    exit::{CANNOT_CREATE, Failure, USAGE, say},
};

/// What became of a lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fate {
    #[default]
    NotAcquired,
    Released,
    Lost,
    Broken,
    NotReleased,
}

/// Every key of [`Outcome`], and what stands there.
const KEYS: [(&str, &str); 7] = [
    ("ran", "whether CMD was executed"),
    ("child", "its exit code, as a shell has it; null where it did not run"),
    ("lock", "released, lost, broken, not-released or not-acquired"),
    ("waited_ms", "how long it took to get the lock, or to give up"),
    ("held_ms", "for how long it was held"),
    ("fence", "the fencing number; null without --fence"),
    ("exit", "the exit code of lockwright"),
];

/// The part of `run --help` that is about JSON.
pub(crate) fn help() -> String {
    let lines = KEYS.map(|(key, about)| format!("\n  {key:<9} {about}")).concat();
    format!("With --status-fd and --report, one JSON object with these keys, which stay:{lines}")
}

#[derive(Debug, Default, serde::Serialize)]
struct Outcome {
    ran: bool,
    child: Option<u8>,
    lock: Fate,
    waited_ms: u64,
    held_ms: u64,
    fence: Option<u64>,
    exit: u8,
}

/// What is known so far, and where it is to go.
#[derive(Debug)]
pub(super) struct Report {
    to: Option<File>,
    /// It is a file of this program's own, whatever stood there.
    replaces: bool,
    began: Instant,
    acquired: Option<Instant>,
    outcome: Outcome,
}

impl Report {
    /// Begins to count. The place that it is to go to is there.
    pub(super) fn begin(args: &ReportArgs) -> Result<Self, Failure> {
        let to = match (args.status_fd, &args.report) {
            (Some(number), _) => {
                let duplicate = taken_over(number);
                let line = |error| Failure::new(USAGE, format!("--status-fd {number}: {error}"));
                Some(duplicate.map_err(line)?.into())
            }
            (None, Some(path)) => {
                let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
                let line = |error| Failure::new(CANNOT_CREATE, format!("--report {}: {error}", path.display()));
                Some(file.map_err(line)?)
            }
            (None, None) => None,
        };
        let replaces = args.report.is_some();
        Ok(Self { to, replaces, began: Instant::now(), acquired: None, outcome: Outcome::default() })
    }

    /// The lock is held, under this number. So long it took.
    pub(super) fn acquired(&mut self, fence: Option<u64>) -> Duration {
        let now = Instant::now();
        self.acquired = Some(now);
        self.outcome.fence = fence;
        let waited = now - self.began;
        self.outcome.waited_ms = millis(waited);
        waited
    }

    /// So long the lock is held.
    pub(super) fn held(&self) -> Duration {
        self.acquired.map(|acquired| acquired.elapsed()).unwrap_or_default()
    }

    /// The command has ended with that code, and the lock is held no more, or not by this one, after so long.
    pub(super) fn ended(&mut self, child: Option<u8>, lock: Fate, held: Duration) {
        let Outcome { fence, waited_ms, .. } = self.outcome;
        self.outcome = Outcome { ran: true, child, lock, waited_ms, held_ms: millis(held), fence, exit: 0 };
    }

    /// Writes it, where somebody asked for it. A failure is said, and changes nothing.
    pub(super) fn write(mut self, exit: u8) {
        let Some(mut to) = self.to else { return };
        self.outcome.exit = exit;
        if self.acquired.is_none() {
            self.outcome.waited_ms = millis(self.began.elapsed());
        }
        let written = serde_json::to_string(&self.outcome).map_err(io::Error::other).and_then(|text| {
            if self.replaces && to.metadata()?.is_file() {
                to.set_len(0)?;
            }
            to.write_all((text + "\n").as_bytes())
        });
        if let Err(error) = written {
            say(&format!("the outcome could not be told: {error}"));
        }
    }
}

/// A handle of this process's own for a descriptor that it was started with. Neither is inherited by what it executes.
#[expect(unsafe_code, reason = "a number on the command line is no handle yet")]
fn taken_over(number: i32) -> io::Result<OwnedFd> {
    // SAFETY: the number is used in two system calls that answer an error where nothing is open under it, and nothing in
    // this process closes what it was started with.
    let theirs = unsafe { BorrowedFd::borrow_raw(number) };
    let mine = theirs.try_clone_to_owned()?;
    if number > 2 {
        fcntl(theirs, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    Ok(mine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_tells_every_key() {
        let text = serde_json::to_string(&Outcome::default()).unwrap();
        let keys: Vec<String> = text.split(',').filter_map(|pair| pair.split('"').nth(1).map(str::to_owned)).collect();
        assert_eq!(keys, KEYS.map(|(key, _)| key));
    }
}
