//! What can be typed.

mod verify;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};

pub(crate) use verify::{CRASHES_MAX, VerifyArgs};

/// Locks made of files and directories, checked as they ship.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  lockwright verify                                check every algorithm in the simulated world
  lockwright run deploy.lock -- rsync -a src/ dst  hold deploy.lock while a command runs
  lockwright run --nonblock job.lock -- ./job      do not wait: exit 75 if somebody has it
  lockwright owner deploy.lock                     who has it?
  lockwright replay violated.trace                 run a counterexample again";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check the algorithms: every interleaving, every crash.
    ///
    /// Explores each scenario, completely unless told otherwise, one after the other, and prints a row for it. Exit code 0:
    /// all verified; 1: something violated, its counterexample written; 2: a search was incomplete, or not begun; 3: a
    /// scenario cannot be explored; 64: a mistake, or a file that cannot be resumed; 73: a file cannot be written. A limit,
    /// SIGINT or SIGTERM makes a search incomplete, never verified; with `--save` it is kept, and `--resume` goes on with it.
    /// A second signal ends it at once, and keeps nothing.
    Verify(VerifyArgs),
    /// Run a counterexample again, step by step, or hand it on in another form.
    ///
    /// Exit code 1: it ran as written, and violates the property still; 0: it did, and was written in another form; 3: it is
    /// of other code, or the code does something else now, at the step that is told; 64: it is no counterexample, or has no
    /// such form.
    Replay(ReplayArgs),
    /// Make a counterexample shorter.
    ///
    /// Prints a trace that breaks the same property by fewer steps, faults and switches, as far as that can be found by trying.
    /// Exit code 0: it is printed, be it the same; 3: it is of other code, or the code does something else now; 64: it is no
    /// counterexample.
    Shrink(ShrinkArgs),
    /// Hold a lock while a command runs.
    ///
    /// Exit codes: that of CMD, or 128 and the number of the signal that ended it; 75 when the lock was not acquired; 84 when
    /// CMD ended well and the release failed; 64 usage; 73 and 77 when the lock cannot be made there; 125 when lockwright
    /// failed; 126 and 127 when CMD cannot be executed or is not there.
    Run(RunArgs),
    /// Say who has a lock.
    ///
    /// Exit code 0: somebody, whose id is printed; 1: nobody.
    Owner(LockArgs),
    /// Take a lock away from an owner that is dead.
    ///
    /// Exit code 0: the lock is free, or was; 82: refused, for its owner may be alive.
    Unlock(UnlockArgs),
    /// Stand in for the lockers' scripts.
    ///
    /// Called as `lock_local.sh`, `fast_lock.sh` and so on, with or without `.sh`, lockwright does what that script does:
    /// same arguments, exit codes and lock directories. `NAME --help` says what can be typed.
    #[command(subcommand)]
    Lockers(LockersCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum LockersCommand {
    /// Make the scripts' names in DIR, and the building blocks' in DIR/lib, as symbolic links to this binary.
    ///
    /// Exit code 0: they are there; 73: something else is, and nothing was made.
    Install {
        /// The directory, which is made if it is missing.
        dir: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// A token that `verify` printed, or a file that it wrote.
    #[arg(value_name = "TOKEN|FILE")]
    pub(crate) run: OsString,
    /// Run it although it is of other code, as far as it goes.
    #[arg(long)]
    pub(crate) anyway: bool,
    /// Also say which of its faults and switches the violation needs, found by searching without them.
    #[arg(long, conflicts_with = "form")]
    pub(crate) marks: bool,
    /// With --marks: give up a search at so many states.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, requires = "marks")]
    pub(crate) states: usize,
    /// Print nothing but the run, in this form.
    #[arg(long = "as", value_name = "FORM")]
    pub(crate) form: Option<Form>,
}

/// What a run can be handed on as.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Form {
    /// The text that `verify` writes to a file.
    Trace,
    /// One line.
    Token,
    /// A Rust test that runs the token.
    Test,
    /// The Informal Trace Format, JSON for the viewers of other checkers.
    Itf,
    /// A shell script that makes the same calls on a real file system, for a run without faults.
    Sh,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShrinkArgs {
    /// A token that `verify` printed, or a file that it wrote.
    #[arg(value_name = "TOKEN|FILE")]
    pub(crate) run: OsString,
    /// Stop trying after so many steps.
    #[arg(long, value_name = "N", default_value_t = 2_000_000)]
    pub(crate) steps: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Give up after so long: 1.5, 30s, 5m, 2h. The default is to wait for as long as it takes.
    #[arg(short, long, value_name = "DURATION", value_parser = duration, conflicts_with = "nonblock")]
    pub(crate) wait: Option<Duration>,
    /// Do not wait at all.
    #[arg(short, long)]
    pub(crate) nonblock: bool,
    /// The lock: a path, whose directory exists.
    pub(crate) lock: PathBuf,
    /// The command, and its arguments.
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true)]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LockArgs {
    /// The lock: a path.
    pub(crate) lock: PathBuf,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UnlockArgs {
    /// The lock: a path.
    pub(crate) lock: PathBuf,
    /// Also from an owner that may be alive, if it is this one, as `owner` printed it. Whatever it does goes on.
    #[arg(long, value_name = "ID")]
    pub(crate) force: Option<String>,
}

/// A number with a unit: `s` (or none), `m`, `h`.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, seconds) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('m') => (number, 60.0),
        Some(number) if text.ends_with('h') => (number, 3600.0),
        Some(number) => (number, 1.0),
        None => (text, 1.0),
    };
    let number: f64 = number.parse().map_err(|_| "should be like 1.5, 30s, 5m or 2h".to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}
