//! `lockwright run`: holds a lock while a command runs.
//!
//! 1. BLOCK the signals that are to be passed on; a handle tells of them from now on.
//! 2. FORK the command, held back before its exec, as the leader of a process group of its own.
//! 3. TAKE the lock, under an id that names this process **and** that group. The lock is stale only once both are dead.
//! 4. GO: the command is told the id, and executes.
//! 5. WATCH signals, the command and the hold together: pass on each signal to the group, once; stop the whole group when
//!    the lock is lost, or ordered back by an operator.
//! 6. RELEASE, and answer with the command's exit code, or with what became of the lock.
//!
//! With --foreground the command is in this process's own group: the id names this process alone, and only the command is
//! signalled, with what does not reach it from the terminal anyway.
//!
//! If this process is killed, also by `SIGKILL`, the kernel kills the command; what the command had started and left in
//! its group keeps the lock until it ends, and what has left the group is killed, by a [guardian] that stands by once the
//! command has run for a while. If the lock is not taken, the held-back child sees the end of a pipe and ends,
//! and the command was never executed.
//!
//! The lock is given back when the command itself has ended. What it leaves running in the background runs without the
//! lock; `flock(1)` would hold on, for as long as any daemon keeps the inherited descriptor.
//!
//! A lock of a daemon, `tcp://HOST:PORT/NAME` or `unix:PATH#NAME`, goes the same way: see [`remote`].
//!
//! One thread does it all, so the forked child may do what any process may. The cost over `flock(1)` is one fork, which
//! it makes as well.

mod acquire;
mod child;
mod descendants;
mod ending;
pub(crate) mod guardian;
mod locks;
mod nesting;
mod over_nfs;
mod program;
mod remote;
mod replace;
mod report;
mod supervise;
mod tenure;
mod terminal;

use std::process::ExitCode;

use lockwright_kernel::id::Id;
use lockwright_posix::lock::PathLock;

use crate::{
    args::{IfBusy, RunArgs, WantArgs},
    around::Around,
    daemon,
    events::{self, Event, Shown},
    exit::{BUSY, Failure, failed, say},
    lease, nfs,
    signals::Signals,
};
use acquire::Taken;
use child::{HeldBack, Task, Told};
use descendants::Others;
use locks::Locks;
use report::Report;
pub(crate) use report::help;
use supervise::{Guarded, Means};
use tenure::Leased;

pub(crate) fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    let want = args.want()?;
    if args.busy.if_busy == IfBusy::Replace {
        replace::check(want.kind, args.also.len(), args.lease.recover)?;
    }
    let mut report = Report::begin(&args.report)?;
    let voice = want.voice;
    let done = run_reported(args, &want, &mut report).map_err(|failure| voice.told(failure)).map_err(|failure| {
        match args.busy.conflict_exit_code {
            _ if failure.code() != BUSY => failure,
            _ if args.busy.if_busy == IfBusy::Skip => failure.with_code(0),
            code => failure.with_code(code.unwrap_or(BUSY)),
        }
    });
    report.write(done.as_ref().map_or_else(Failure::code, |code| *code));
    done.map(ExitCode::from)
}

fn run_reported(args: &RunArgs, want: &WantArgs, report: &mut Report) -> Result<u8, Failure> {
    if let Some(address) = daemon::address(&want.lock) {
        return remote::run(&address?, args, want, report);
    }
    if let Some(address) = nfs::address(&want.lock)? {
        return over_nfs::run(args, want, &address, report);
    }
    let locks = Locks::open(args, want)?;
    let path = std::path::absolute(&want.lock).map_err(failed("cannot tell the working directory"))?;
    let around = Around::this_process();
    let same = nesting::same(&around, &locks.all, args.reentrant)?;
    let command = args.command();
    let task = Task { command: &command, lock: &path, mode: want.kind, voice: want.voice, foreground: args.foreground };
    match same {
        Some(id) => Ok(child::replace_this(&task, &id)),
        None => run_under(&locks, args, want, &task, around, report),
    }
}

fn run_under(
    locks: &Locks,
    args: &RunArgs,
    want: &WantArgs,
    task: &Task,
    mut around: Around,
    report: &mut Report,
) -> Result<u8, Failure> {
    let signals = Signals::block().map_err(failed("cannot block signals"))?; // 1 BLOCK
    let others = Others::adopt().map_err(failed("cannot adopt what the command leaves behind"))?;
    let child = HeldBack::fork(task, &signals).map_err(failed("cannot start a process"))?; // 2 FORK
    want.shared_with().widen_umask(); // The command has its own.
    let taken = match acquire::acquire(locks, args, want, &child, &signals, &mut around) {
        Ok(taken) => taken, // 3 TAKE
        Err(failure) => {
            child.let_go();
            return Err(failure);
        }
    };
    let voice = want.voice;
    let Taken { guards, fence, slot, worlds, notes: _until_the_end } = taken;
    let waited = report.acquired(fence.map(Into::into));
    let tell = |lock: &PathLock, what: String| {
        if args.report.verbose {
            say(&format!("{}: {what}", lock.path().display()));
        }
    };
    let ids: Vec<Id> = guards.iter().map(|guard| guard.id().clone()).collect();
    for (lock, id) in locks.all.iter().zip(&ids) {
        tell(lock, format!("held as {id}, after {:.3} s", waited.as_secs_f64()));
        let waited_ms = events::millis(waited);
        voice.tell(&Event::Acquired { lock: Shown(lock.path()), id: events::text(id), waited_ms });
    }
    let (lock, world) = (locks.main(), locks.main_of(&worlds));
    let expires = locks.main_of(&guards).lease().map(|lease| lease::expires(&lease, world));
    let told = Told { id: locks.main_of(&ids), around: &around, fence, slot, expires };
    let guarded = Guarded { lock, guards: &guards };
    let leased = guards.first().map(|guard| guard as &dyn Leased).filter(|guard| guard.span().is_some());
    let means = Means { hold: &guarded, leased, world, signals: &signals, stop: &args.stop, others: &others };
    let say_cause = |cause: &_| ending::say_cause(voice, locks, &ids, cause, args.stop.on_lost);
    let outcome = supervise::supervise(child, &told, means, say_cause);
    let outcome = outcome.map_err(failed("cannot watch the command"))?; // 4 GO, 5 WATCH
    voice.tell(&Event::Ended { child: outcome.code });
    let released = ending::release(locks, guards); // 6 RELEASE
    let held = report.held();
    let (code, fate) = ending::ending(voice, &outcome, &released, held);
    report.ended(outcome.code, fate, held);
    for lock in &locks.all {
        tell(lock, format!("held no more, after {:.3} s", held.as_secs_f64()));
    }
    Ok(code)
}
