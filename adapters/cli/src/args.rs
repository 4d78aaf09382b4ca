//! What can be typed.

mod examples;
mod verify;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};
use lockwright_kernel::id::Id;
use lockwright_posix::lock::{Kind, KindParseError};

use crate::{stand_in::StandIn, status};
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
  lockwright run --kind sem=3 gpu.lock -- ./train  three at a time
  lockwright run --kind queue db.lock -- ./migrate one at a time, in the order in which they came
  lockwright status deploy.lock                    who has it, since when, and who waits?
  id=$(lockwright lock --pid $$ deploy.lock)       hold it for this shell, until the line below
  lockwright unlock --id \"$id\" deploy.lock        ... or until the shell ends
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
    /// The command finds the lock's path in `LOCKWRIGHT_LOCK`, the id that it is held under in `LOCKWRIGHT_ID`, with --fence a
    /// number in `LOCKWRIGHT_FENCE`, and of a semaphore (sem=N) its slot, from 1, in `LOCKWRIGHT_SLOT`.
    ///
    /// Exit codes: that of CMD, or 128 and the number of the signal that ended it; 75 when the lock was not acquired; 78 when
    /// a lock of another kind stands there; 83 when CMD would wait for a lock that is held around it; 84 when CMD ended well
    /// and the release failed; 64 usage; 73 and 77 when the lock cannot be made there; 125 when lockwright failed; 126 and
    /// 127 when CMD cannot be executed or is not there.
    #[command(after_long_help = examples::RUN)]
    Run(RunArgs),
    /// Take a lock for a process that goes on, and print the id that gives it back.
    ///
    /// The lock is held until `unlock --id ID`, or until that process is dead. A `lock` that is killed by SIGKILL while it
    /// waits in line leaves a place there that is that process's, and goes in the same ways.
    ///
    /// Exit codes: 0, and the id is printed; 75 when the lock was not acquired; 78 when a lock of another kind stands there;
    /// 83 when that process has it already; 64, 73, 77 and 125 as of `run`.
    #[command(after_long_help = examples::LOCK)]
    Lock(LockArgs),
    /// Say who has a lock, since when, who waits, and who is dead.
    ///
    /// It finds out by itself of what kind the lock is. SINCE is when the entry on disk was made: in a line, when its owner
    /// joined. An entry is that of a supervisor and the processes of its command: it is dead when all of them are.
    ///
    /// Exit code 0: free; 1: held; 2: stale, for all its holders are dead; 78: not of the kind that was said.
    #[command(after_long_help = format!("{}\n\n{}", examples::STATUS, status::help()))]
    Status(LookArgs),
    /// Say who has a lock, by id, and nothing else.
    ///
    /// Exit code 0: somebody, whose ids are printed; 1: nobody.
    Owner(OwnerArgs),
    /// Give a lock back that `lock` took, or take it away from owners that are dead.
    ///
    /// Exit code 0: the lock is given back, or is free of the dead, or was; 1: that id has it not, and waits for it not; 78:
    /// not of the kind that was said; 82: refused, for an owner may be alive.
    #[command(after_long_help = examples::UNLOCK)]
    Unlock(UnlockArgs),
    /// Stand in for the lockers' scripts.
    ///
    /// Called as `lock_local.sh`, `fast_lock.sh` and so on, with or without `.sh`, lockwright does what that script does:
    /// same arguments, exit codes and lock directories. `NAME --help` says what can be typed.
    #[command(subcommand)]
    Lockers(LockersCommand),
    /// Stand in for `flock` and `setlock`.
    ///
    /// Makes the names in DIR, as symbolic links to this binary. Called by such a name, lockwright takes that command's
    /// arguments, and a lock of its own: NAME --help says what differs, and what is refused. DIR is one that comes early in
    /// the PATH of those who are to use it, and of nobody else.
    ///
    /// They are no part of `lockers install`: the lockers' scripts share their locks with these of the same names, but the real
    /// flock(1) and setlock(8) share none. So each is asked for by name.
    ///
    /// Exit code 0: they are there; 64: no such name; 73: something else is, and nothing was made.
    #[command(after_long_help = examples::STAND_IN)]
    StandIn {
        /// The directory, which is made if it is missing.
        dir: PathBuf,
        /// Which names.
        #[arg(value_name = "NAME", required = true)]
        names: Vec<StandIn>,
    },
    /// Print a script that completes command lines in a shell.
    ///
    /// Exit code 0: it is printed; 64: there is none for that shell.
    #[command(after_long_help = examples::COMPLETIONS)]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write all of them, one for each command.
    ///
    /// Exit code 0: they are written; 73: a file cannot be.
    #[command(after_long_help = examples::MAN)]
    Man {
        /// Write them into this directory, which is made if it is missing.
        dir: Option<PathBuf>,
    },
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

/// Which lock, and how long to wait for it.
#[derive(Debug, clap::Args)]
pub(crate) struct WantArgs {
    /// Which kind of lock: fast or bid (one holder, in no order), queue (one, in order), rw-read and rw-write (readers share,
    /// in order), sem=N and fair-sem=N (N holders, in no order and in order).
    #[arg(short, long, value_name = "KIND", default_value = "fast", value_parser = kind)]
    pub(crate) kind: Kind,
    /// Give up after so long: 1.5, 30s, 5m, 2h. The default is to wait for as long as it takes.
    #[arg(short, long, value_name = "DURATION", value_parser = duration, conflicts_with = "nonblock")]
    pub(crate) wait: Option<Duration>,
    /// Do not wait at all.
    #[arg(short, long)]
    pub(crate) nonblock: bool,
    /// Do not say that the lock is waited for, nor who has it when it was not had: the exit code does.
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// The lock: a path, whose directory exists.
    pub(crate) lock: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) want: WantArgs,
    /// Give CMD a number, in `LOCKWRIGHT_FENCE`, that is higher than that of every holder before it. It is kept in `LOCK.token`,
    /// which stays.
    #[arg(short, long)]
    pub(crate) fence: bool,
    /// The command, and its arguments.
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true)]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LockArgs {
    #[command(flatten)]
    pub(crate) want: WantArgs,
    /// The process that is to hold it. The default is the caller's, as the shell's that this is typed in; in a pipeline the
    /// caller is a shell that ends with it, so say `--pid $$`.
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    pub(crate) pid: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OwnerArgs {
    /// The lock: a path.
    pub(crate) lock: PathBuf,
    /// One JSON object; of several owners, the first.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LookArgs {
    /// The lock: a path.
    pub(crate) lock: PathBuf,
    /// Fail unless it is of this kind, or free.
    #[arg(short, long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// One JSON object; see below.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UnlockArgs {
    /// The lock: a path.
    pub(crate) lock: PathBuf,
    /// Fail unless it is of this kind, or free.
    #[arg(short, long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// Give back what this id has, as `lock` printed it.
    #[arg(long, value_name = "ID", conflicts_with = "force", value_parser = id)]
    pub(crate) id: Option<Id>,
    /// Also from an owner that may be alive, or one that waits, if it is this one, as `status` printed it. Whatever it does
    /// goes on.
    #[arg(long, value_name = "ID")]
    pub(crate) force: Option<String>,
}

fn kind(text: &str) -> Result<Kind, KindParseError> {
    text.parse()
}

fn id(text: &str) -> Result<Id, String> {
    text.parse().map_err(|error| format!("no id: {error}"))
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
