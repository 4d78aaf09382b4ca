//! `flock`, of util-linux: the forms that run a command.
//!
//! | exit code | |
//! |---|---|
//! | the command's, or 128 and the number of a signal | as `lockwright run` |
//! | 1, or that of `-E` | the lock was not acquired |
//! | 64 | usage, and what is refused |
//! | others | as `lockwright run` |

use std::{ffi::OsString, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use lockwright_posix::lock::Kind;

use super::{WHOM, refuse_to_share};
use crate::{
    args::{RunArgs, WantArgs},
    events::Voice,
    exit::{self, BUSY, Failure, SELF_NESTED, USAGE},
    run,
};

/// Hold a lock while a command runs, as flock(1) does.
///
/// Exit codes: that of COMMAND, or 128 and the number of the signal that ended it; CODE when the lock was not acquired; 64
/// usage, and what is refused; otherwise as lockwright run.
#[derive(Debug, Parser)]
#[command(name = "flock", version, override_usage = USAGE_LINES, after_help = notes())]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
pub(crate) struct Flock {
    /// A shared lock: those who take it so hold it together.
    #[arg(short, long, overrides_with = "exclusive")]
    shared: bool,
    /// An exclusive lock, which is the default.
    #[arg(short = 'x', visible_short_alias = 'e', long, overrides_with = "shared")]
    exclusive: bool,
    /// Do not wait at all.
    #[arg(short, long, visible_alias = "nb")]
    nonblock: bool,
    /// Give up after so long, as 10 or 0.5.
    #[arg(short, long, visible_alias = "timeout", value_name = "SECONDS", value_parser = seconds)]
    wait: Option<Duration>,
    /// The exit code when the lock was not acquired.
    #[arg(short = 'E', long, value_name = "CODE", default_value_t = 1)]
    conflict_exit_code: u8,
    /// Hand no descriptor of the lock to the command: there is none, so that is always so.
    #[arg(short = 'o', long)]
    close: bool,
    /// Say that the lock is waited for, and who has it.
    #[arg(long)]
    verbose: bool,
    /// Refused.
    #[arg(short = 'u', long, hide = true)]
    unlock: bool,
    /// Refused.
    #[arg(short = 'F', long, hide = true)]
    no_fork: bool,
    /// The lock, and the command with its arguments, or -c and a line for the shell, which is `SHELL` or /bin/sh.
    #[arg(value_names = ["FILE", "COMMAND"], required = true, num_args = 1.., trailing_var_arg = true)]
    words: Vec<OsString>,
}

const USAGE_LINES: &str = "\
flock [-n | -w SECONDS] [-s | -x] [-E CODE] [-o] [--verbose] FILE COMMAND [ARG]...
       flock [-n | -w SECONDS] [-s | -x] [-E CODE] [-o] [--verbose] FILE -c LINE";

const EXAMPLES: &str = "\
Examples:
  flock -n job.lock ./job                      exit 1 if somebody has it
  flock -w 10 job.lock -c './fetch && ./sort'  a line for the shell; give up after ten seconds
  flock -s tree.lock tar cf tree.tar tree      together with others that say -s";

fn notes() -> String {
    format!(
        "{EXAMPLES}\n\n{WHOM} A file that stands there, or a directory with other things in it, is refused with exit code 73, \
         and another user with 77.\n\n\
         The lock is given back when COMMAND itself has ended, also if it left something running. Refused, with exit code 64, \
         are locks of open descriptors (flock 9, -u) and -F, for these locks are held by processes that stay. Inside a flock \
         of the same FILE another one does not wait: exit code 83, or CODE with -n or -w."
    )
}

/// The number of seconds, which may have a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "should be a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// Reads the command line and does what it says.
pub(super) fn run() -> ExitCode {
    match Flock::try_parse() {
        Ok(flock) => flock.run().unwrap_or_else(Failure::report),
        Err(error) => exit::usage(&error, "flock"),
    }
}

impl Flock {
    fn run(self) -> Result<ExitCode, Failure> {
        let waits_for_ever = !self.nonblock && self.wait.is_none();
        let conflict = self.conflict_exit_code;
        let args = self.into_args()?;
        refuse_to_share(&args.want.lock)?;
        run::run(&args).map_err(|failure| match failure.code() {
            BUSY => failure.with_code(conflict),
            // It would have waited in vain.
            SELF_NESTED if !waits_for_ever => failure.with_code(conflict),
            _ => failure,
        })
    }

    /// The same as arguments of `lockwright run`.
    fn into_args(self) -> Result<RunArgs, Failure> {
        let refused = |why: &str| Err(Failure::new(USAGE, format!("flock: {why}")));
        if self.no_fork {
            return refused(
                "no --no-fork: the lock is given back by a process that stays; signals are passed on by it",
            );
        }
        let mut words = self.words.into_iter();
        let file = words.next().unwrap_or_default();
        let mut command: Vec<OsString> = words.collect();
        if self.unlock || command.is_empty() {
            return refused(
                "locks of open descriptors cannot be had, only flock FILE COMMAND; or use lockwright lock and unlock",
            );
        }
        if command[0] == "-c" || command[0] == "--command" {
            if command.len() != 2 {
                return refused("-c takes one line for the shell, in quotes");
            }
            let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty());
            command[0] = "-c".into();
            command.insert(0, shell.unwrap_or_else(|| "/bin/sh".into()));
        }
        let want = WantArgs {
            voice: Voice::Text,
            kind: if self.shared { Kind::Read } else { Kind::Write },
            wait: self.wait.filter(|_| !self.nonblock),
            nonblock: self.nonblock,
            quiet: !self.verbose,
            shared_with: None,
            unverified: false,
            lock: PathBuf::from(file),
        };
        Ok(RunArgs::plain(want, command))
    }
}
