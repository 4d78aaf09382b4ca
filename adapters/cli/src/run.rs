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
//! If this process is killed, also by `SIGKILL`, the kernel kills the command; what the command had started and left in
//! its group keeps the lock until it ends. If the lock is not taken, the held-back child sees the end of a pipe and ends,
//! and the command was never executed.
//!
//! The lock is given back when the command itself has ended. What it leaves running in the background runs without the
//! lock; `flock(1)` would hold on, for as long as any daemon keeps the inherited descriptor.
//!
//! One thread does it all, so the forked child may do what any process may. The cost over `flock(1)` is one fork, which
//! it makes as well.

mod acquire;
mod child;
mod ending;
mod nesting;
mod supervise;
mod terminal;

use std::process::ExitCode;

use crate::{
    args::RunArgs,
    exit::{Failure, failed},
    signals::Signals,
};
use child::{HeldBack, Task, Told};
use supervise::Means;

pub(crate) fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    let lock = args.want.open()?;
    let held = nesting::held_around(&lock)?;
    let path = std::path::absolute(&args.want.lock).map_err(failed("cannot tell the working directory"))?;
    let signals = Signals::block().map_err(failed("cannot block signals"))?; // 1 BLOCK
    let task = Task { command: &args.command, lock: &path, held: &held };
    let child = HeldBack::fork(&task, &signals).map_err(failed("cannot start a process"))?; // 2 FORK
    args.want.shared_with().widen_umask(); // The command has its own.
    let taken = match acquire::acquire(&lock, args, &child, &signals) {
        Ok(taken) => taken, // 3 TAKE
        Err(failure) => {
            child.let_go();
            return Err(failure);
        }
    };
    let told = Told { id: taken.guard.id(), fence: taken.fence, slot: taken.slot };
    let means = Means { lock: &lock, guard: &taken.guard, world: &taken.world, signals: &signals, stop: &args.stop };
    let outcome = supervise::supervise(child, &told, means, |cause| ending::say_cause(&lock, cause, args.stop.on_lost))
        .map_err(failed("cannot watch the command"))?; // 4 GO, 5 WATCH
    let id = taken.guard.id().clone();
    let released = taken.guard.unlock(); // 6 RELEASE
    Ok(ExitCode::from(ending::code(&lock, &id, &outcome, released)))
}
