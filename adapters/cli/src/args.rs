//! What can be typed.

mod busy;
mod cut;
mod doctor;
mod examples;
mod fence;
mod hold;
mod lease;
mod mode;
mod replay;
mod report;
mod run;
mod serve;
mod sim;
mod stop;
mod verify;
mod want;

use std::{ffi::OsString, path::PathBuf};

use clap::{Parser, Subcommand};

use crate::{acquire, doctor as doctors, events, explain, fence as numbers, run::help as run_help, stand_in::StandIn};
pub(crate) use busy::IfBusy;
pub(crate) use doctor::DoctorArgs;
pub(crate) use fence::FenceCommand;
pub(crate) use hold::{
    AcquireArgs, BreakArgs, ListArgs, LockArgs, LookArgs, OwnerArgs, QueueArgs, ReleaseArgs, RenewArgs, UnlockArgs,
    WaitArgs,
};
pub(crate) use lease::{LeaseArgs, Recover};
pub(crate) use replay::{Form, ReplayArgs, ShrinkArgs};
pub(crate) use report::ReportArgs;
pub(crate) use run::RunArgs;
pub(crate) use serve::{LogForm, PlaceArgs, Replies, ServeArgs};
pub(crate) use sim::{KeptReplies, ServeNfsArgs, SimCommand};
pub(crate) use stop::{OnLost, StopArgs};
pub(crate) use verify::{CRASHES_MAX, VerifyArgs};
pub(crate) use want::{DIR, NoteArgs, WantArgs, Whom, shared_with};

/// Locks made of files and directories, checked as they ship.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// `run` and nothing else.
#[derive(Debug, Parser)]
struct RunAlone {
    #[command(flatten)]
    run: RunArgs,
}

/// Takes the command line apart.
///
/// To put together all that can be typed, with its help, takes longer than what `run` has to do before it starts its command.
/// So a line that begins with `run` goes to a parser that knows only that, and before it to one that knows [plain](RunArgs::parse_plain)
/// lines; what they cannot make sense of, and a wish for help, goes to the whole one like any other line.
pub(crate) fn parse(line: &[OsString]) -> Result<Args, clap::Error> {
    if let [_, command, ..] = line
        && command == "run"
    {
        let alone = || RunAlone::try_parse_from(&line[1..]).ok().map(|RunAlone { run }| run);
        if let Some(run) = RunArgs::parse_plain(&line[2..]).or_else(alone) {
            return Ok(Args { command: Command::Run(run) });
        }
    }
    Args::try_parse_from(line)
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

/// What those look for in the help of `run` who know flock(1).
const NOT_HERE: &str = "\
Not here: -o and --close of flock(1), or a --keep-fd, for a lock is in no descriptor: CMD gets all that are open, and neither it nor \
what it starts can keep a lock by them. -F and --no-fork: nobody would be left to give the lock back, or to stop CMD when it is lost.";

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
    /// number in `LOCKWRIGHT_FENCE`, of a semaphore (sem=N) its slot, from 1, in `LOCKWRIGHT_SLOT`, and the kind of the lock in
    /// `LOCKWRIGHT_MODE`, and with --lease in `LOCKWRIGHT_EXPIRES` when that ends unless it is renewed.
    ///
    /// Exit codes: that of CMD, or 128 and the number of the signal that ended it; 75 when the lock was not acquired; 78 when
    /// a lock of another kind stands there; 81 when the lock was taken away while CMD ran, or its lease not renewed, and 85 when an operator broke it;
    /// 82 when that kind of lock is not verified on the file system there, or its holder dead under --recover=never; 124 after --max-hold; 83 when CMD would wait for a
    /// lock that is held around it, or for others who wait for such a lock; 84 when CMD ended well and the release failed; 64
    /// usage; 69 when a lock's daemon cannot be reached; 73 and 77 when the lock cannot be made there; 125 when lockwright
    /// failed; 126 and 127 when CMD cannot be executed or is not there.
    #[command(after_long_help = format!("{}\n\n{}", examples::RUN, format_args!("{}\n\n{}\n\n{NOT_HERE}", run_help(), events::help())))]
    Run(RunArgs),
    /// Take a lock for a process that goes on, and print the id that gives it back.
    ///
    /// The lock is held until `unlock --id ID`, or until that process is dead. A `lock` that is killed by SIGKILL while it
    /// waits in line leaves a place there that is that process's, and goes in the same ways.
    ///
    /// Exit codes: 0, and the id is printed; 75 when the lock was not acquired; 78 when a lock of another kind stands there;
    /// 83 when that process has it already; 64, 73, 77, 82 and 125 as of `run`.
    #[command(after_long_help = examples::LOCK)]
    Lock(LockArgs),
    /// Take a lock for a process that goes on, and print the token that gives it back.
    ///
    /// It does what `lock` does. The token is the id, `@` and the absolute path of the lock, so that `release` needs no more.
    ///
    /// With --lease and without --pid it is held for no process: until it is given back, or not renewed in time, see `renew`.
    ///
    /// Exit codes: 0, and the token is printed; otherwise as of `lock`.
    #[command(after_long_help = format!("{}\n\n{}", examples::ACQUIRE, acquire::help()))]
    Acquire(AcquireArgs),
    /// Give back a lock that `acquire` took.
    ///
    /// Exit code 0: it is given back; 1: the token neither holds the lock nor waits for it; 81: nor does that of a lease, which was
    /// over, or given back; 64: it is no token.
    #[command(after_long_help = examples::RELEASE)]
    Release(ReleaseArgs),
    /// Renew the lease of a lock that `acquire --lease` took.
    ///
    /// It counts from now on. A third of its length is a good time for it; one that nobody has found over can be renewed
    /// later as well. `run` does it for its command.
    ///
    /// Exit code 0: it is renewed; 81: it is over, or the lock was given back, so somebody else may have it; 1: it is
    /// held, and on no lease; 64: it is no token.
    #[command(after_long_help = examples::RENEW)]
    Renew(RenewArgs),
    /// Wait until somebody could have a lock at once, and take nothing.
    ///
    /// It leaves nothing on disk, and what was free when it came back may be taken the next moment: who wants the lock takes
    /// it with `run`. The dead are not waited for.
    ///
    /// Exit code 0: there is room; 75: there was none, or not in time; 78: not of the kind that was said.
    #[command(after_long_help = examples::WAIT)]
    Wait(WaitArgs),
    /// List the locks in a directory that somebody has or waits for.
    ///
    /// What is no lock is passed over, and symbolic links are not followed. HOLDER is the user and host as far as they can
    /// be seen from here; WAIT is how many wait in line.
    ///
    /// Exit code 0: all of it was looked at; 73 and 77: not all of it could be.
    #[command(after_long_help = examples::LIST)]
    List(ListArgs),
    /// Say why a lock is busy, what would make it free, and which commands help.
    ///
    /// Of everybody who has it or waits in line: who, since when, whether alive and how that can be told.
    ///
    /// Exit code 0: free; 1: held; 2: stale, for all its holders are dead; 3: whether anybody of them is alive cannot be
    /// told; 78: not of the kind that was said.
    #[command(after_long_help = format!("{}\n\n{}", examples::EXPLAIN, explain::help()))]
    Explain(LookArgs),
    /// Show who stands in line for a lock, in order, take somebody out of it, or bring somebody forward.
    ///
    /// Whoever is dropped exits with 85, and its command is not run; `LOCK.broken` keeps who ordered it and why. If its turn comes
    /// meanwhile, it loses the lock as by `break`. Who makes way for another joins the line again behind it, in the order that they had;
    /// `LOCK.cut` keeps who asked for it and why.
    ///
    /// Exit code 0: shown, dropped, or promoted; 1: nobody stands there; 75: somebody before it did not make way; 78: locks of that kind have no line; 82: refused, for it has
    /// the lock, see `break`; 64, 73 and 77 as of `run`.
    #[command(after_long_help = examples::QUEUE)]
    Queue(QueueArgs),
    /// Say who has a lock, since when, who waits, and who is dead.
    ///
    /// It finds out by itself of what kind the lock is. SINCE is when the entry on disk was made: in a line, when its owner
    /// joined. An entry is that of a supervisor and the processes of its command: it is dead when all of them are.
    ///
    /// Exit code 0: free; 1: held; 2: stale, for all its holders are dead; 3: held, and none of the holders is known to be
    /// alive, as on another host; 78: not of the kind that was said.
    #[command(after_long_help = format!("{}\n\n{}", examples::STATUS, crate::report::help()))]
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
    /// Give out fencing tokens, and refuse the holders of old ones.
    ///
    /// A token is a number that grows with each holder of a lock, see `run --fence`. A resource that keeps the highest one
    /// that it has seen, and refuses who comes with a lower one, is safe from holders that have lost the lock and do not
    /// know it yet.
    #[command(subcommand, after_long_help = format!("{}\n\n{}", examples::FENCE, numbers::help()))]
    Fence(FenceCommand),
    /// Take a lock away from one that holds it or waits for it, and say why.
    ///
    /// A `run` that holds it stops its command, all of it, gives the lock back and exits with 85. Who does not so in time, since it
    /// is stopped, or on a host that is gone, loses the lock by force; what it does may go on, but a fencing number that it has
    /// is out of date from now on. Who ordered it, when and why is kept in LOCK.broken, the newest 32.
    ///
    /// Exit code 0: that id has it no more; 1: that id has it not, and waits for it not; 82: nobody said yes; 64, 73 and 77 as
    /// of `run`. Interrupted, it leaves the order standing.
    #[command(after_long_help = examples::BREAK)]
    Break(BreakArgs),
    /// Find out what a directory's file system does, and which kinds of locks are verified there.
    ///
    /// It tries all that locks rest on in a directory that it makes in DIR and removes: each promise of the contract, through
    /// one handle, through two, and by two processes; names, stamps, notices of changes. Then it says what the safety matrix
    /// (`verify --matrix`) has for each kind of lock in such a world. `run`, `lock` and `acquire` go by its type alone.
    ///
    /// Exit code 0: all kinds that were asked for are verified there; 82: one is not; 73 and 77 when nothing can be tried there;
    /// 128+N when signal N broke it off.
    #[command(after_long_help = format!("{}\n\n{}", examples::DOCTOR, doctors::help()))]
    Doctor(DoctorArgs),
    /// Serve locks over TCP, WebSocket and a unix socket, as glockd does.
    ///
    /// A lock belongs to a connection, and ends with it. `run` takes one that is called `tcp://HOST:PORT/NAME` or `unix:PATH#NAME`.
    /// Called `glockd`, lockwright does the same, and its flags may have one dash.
    ///
    /// Exit code 0: ended by SIGTERM or SIGINT; 64: usage; 73: it cannot listen there, or another has the pidfile; 125: lockwright
    /// failed.
    #[command(after_long_help = examples::SERVE)]
    Serve(Box<ServeArgs>),
    /// Stand in for the lockers' scripts.
    ///
    /// Called as `lock_local.sh`, `fast_lock.sh` and so on, with or without `.sh`, lockwright does what that script does:
    /// same arguments, exit codes and lock directories. `NAME --help` says what can be typed.
    #[command(subcommand)]
    Lockers(LockersCommand),
    /// Be a part of the world that misbehaves, for other programs to be tried on.
    #[command(subcommand)]
    Sim(SimCommand),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`parse`] makes of `lockwright` with these words, and what the whole parser does.
    fn both_ways(words: &str) -> [String; 2] {
        let line: Vec<OsString> = std::iter::once("lockwright").chain(words.split(' ')).map(Into::into).collect();
        [parse(&line), Args::try_parse_from(&line)].map(|args| match args {
            Ok(args) => format!("{args:?}"),
            Err(error) => error.to_string(),
        })
    }

    #[test]
    fn run_alone_is_what_run_is_among_all() {
        for words in [
            "run lock true",
            "run -n --kind queue lock -- sh -c x",
            "run -k 3s -S HUP --if-busy=skip --status-fd 7 -v lock -c x",
            "run -xE1 lock true",
            "run -c x lock true",
            "run -N 3 --fair lock true",
            "run --kind=sem=3 --wait 1.5 -fq lock command --help -n -- --kind fast",
            "run -n -q lock -- cat -- x -n",
            "run --quiet --nonblock dir/lock cat --quiet -- x",
            "run -n lock -- -x",
            "run -n -n lock true",
            "run lock -- --",
            "run -- lock true",
            "run - true",
            "run lock - x",
            "run -q lock -q true",
            "run lock --",
            "run -n",
            "run tcp://127.0.0.1:1/a true",
            "run lock --nonblock",
            "run lock",
            "run -n -w 3 lock true",
            "run --kind none lock true",
            "run --help",
            "run -h lock true",
            "run --no-such-thing",
            "run",
            "runs lock true",
            "status lock",
        ] {
            let [one, other] = both_ways(words);
            assert_eq!(one, other, "{words}");
        }
    }
}
