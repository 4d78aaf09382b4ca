//! `setlock`, of daemontools.
//!
//! | exit code | |
//! |---|---|
//! | the program's, or 128 and the number of a signal | as `lockwright run` |
//! | 0 | with `-x`: the lock was not had, and the program was not run |
//! | 111 | the lock was not had; lockwright failed |
//! | 100 | usage |

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::Parser;
use lockwright_posix::lock::Kind;

use super::{WHOM, refuse_to_share};
use crate::{
    args::{RunArgs, WantArgs},
    events::Voice,
    exit::{self, FAILED, Failure, SIGNALLED},
    run,
};

/// What setlock says of a command line that makes no sense.
const USAGE: u8 = 100;
/// What setlock says of all else that goes wrong.
const TEMPORARY: u8 = 111;

/// Hold an exclusive lock while a program runs, as setlock(8) of daemontools does.
///
/// Exit codes: that of PROGRAM, or 128 and the number of the signal that ended it; 0 with -x and 111 without when the lock
/// was not had; 100 usage; 126 and 127 when PROGRAM cannot be executed or is not there.
#[derive(Debug, Parser)]
#[command(name = "setlock", version, override_usage = "setlock [-nNxX] FILE PROGRAM [ARG]...", after_help = notes())]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch on the command line")]
pub(crate) struct Setlock {
    /// Do not wait.
    #[arg(short = 'n', overrides_with = "delay")]
    no_delay: bool,
    /// Wait for as long as it takes, which is the default.
    #[arg(short = 'N', overrides_with = "no_delay")]
    delay: bool,
    /// Say nothing and succeed when the lock was not had.
    #[arg(short = 'x', overrides_with = "fail")]
    succeed: bool,
    /// Say why and fail when the lock was not had, which is the default.
    #[arg(short = 'X', overrides_with = "succeed")]
    fail: bool,
    /// The lock, and the program with its arguments.
    #[arg(value_names = ["FILE", "PROGRAM"], required = true, num_args = 2.., trailing_var_arg = true)]
    words: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  setlock -n service.lock ./daemon             exit 111 if somebody has it
  setlock -nx job.lock ./job                   exit 0 if somebody has it";

fn notes() -> String {
    format!(
        "{EXAMPLES}\n\n{WHOM} A file that stands there, or a directory with other things in it, is refused with exit code \
         111, also with -x. It is for one user; others do not have it.\n\n\
         PROGRAM does not take setlock's place, but runs below it, and signals are passed on to it: HUP, INT, QUIT, TERM, USR1, \
         USR2, TSTP and CONT. STOP and KILL cannot be, and ALRM is not: STOP stops setlock alone, and the others end both. \
         What PROGRAM leaves running when it ends runs without the lock."
    )
}

/// Reads the command line and does what it says.
pub(super) fn run() -> ExitCode {
    match Setlock::try_parse() {
        Ok(setlock) => setlock.run().unwrap_or_else(Failure::report),
        Err(error) if error.use_stderr() => {
            let _ = exit::usage(&error, "setlock");
            USAGE.into()
        }
        Err(error) => exit::usage(&error, "setlock"),
    }
}

impl Setlock {
    fn run(self) -> Result<ExitCode, Failure> {
        let succeeds = self.succeed;
        let mut words = self.words.into_iter();
        let want = WantArgs {
            voice: Voice::Text,
            kind: Kind::Write,
            wait: None,
            nonblock: self.no_delay,
            // Who waits is not told so by setlock.
            quiet: succeeds || !self.no_delay,
            shared_with: None,
            unverified: false,
            lock: PathBuf::from(words.next().unwrap_or_default()),
        };
        // That is a mistake which -x had better not hide.
        refuse_to_share(&want.lock).map_err(|failure| failure.with_code(TEMPORARY))?;
        run::run(&RunArgs::plain(want, words.collect())).or_else(|failure| match failure.code() {
            code if code > SIGNALLED => Err(failure),
            code if succeeds && code != FAILED => Ok(ExitCode::SUCCESS),
            _ => Err(failure.with_code(TEMPORARY)),
        })
    }
}
