//! Takes the lock for the command, or says why not.

use std::time::Duration;

use lockwright_kernel::{clock::Instant, id::Id};
use lockwright_posix::{
    lock::{AcquireError, AcquireErrorKind, PathLock},
    watch::PosixWorld,
};
use nix::sys::signal::{Signal, raise};

use super::{
    child::{Change, HeldBack, code_of},
    failed,
    signals::Signals,
};
use crate::{
    args::RunArgs,
    exit::{BUSY, FAILED, Failure, say},
    owner::Shown,
};

/// How long a wait goes on before it is mentioned.
const SILENCE: Duration = Duration::from_millis(400);

/// A lock that was taken.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) id: Id,
    /// Takes a while to drop, during which the command had better run.
    _world: PosixWorld,
}

/// Takes the lock under a fresh id of this process and of the child's group.
pub(super) fn acquire(lock: &PathLock, args: &RunArgs, child: &HeldBack, signals: &Signals) -> Result<Taken, Failure> {
    let id = lock.this_process().fresh_id_with_group(child.leader());
    let id = Id::from(&id.map_err(failed("cannot tell who the command is"))?);
    let world = lock.world().interrupted_by(signals.handle().map_err(failed("cannot wait for signals"))?);
    let deadline = match args.wait {
        _ if args.nonblock => Some(Instant::new(Duration::ZERO)),
        wait => wait.map(|wait| world.after(wait)),
    };
    let mut silence = Some(world.after(SILENCE)).filter(|end| deadline.is_none_or(|deadline| *end < deadline));
    loop {
        let error = match lock.lock_as(&id, &world, silence.or(deadline)) {
            Ok(()) => return Ok(Taken { id, _world: world }),
            Err(error) => error,
        };
        match error.kind() {
            AcquireErrorKind::TimedOut { owner } if silence.take().is_some() => {
                say(&format!("{}: waiting; held by {}", lock.path().display(), Shown(owner.as_ref())));
            }
            AcquireErrorKind::Interrupted => heed(child, signals)?,
            _ => return Err(refusal(lock, args, &error)),
        }
    }
}

/// Takes in the signals that came while waiting: stops when one asks for that, fails when one asks for the end.
fn heed(child: &HeldBack, signals: &Signals) -> Result<(), Failure> {
    while let Some(signal) = signals.next().map_err(failed("cannot read signals"))? {
        match signal {
            Signal::SIGCHLD => {
                if let Some(Change::Ended(code)) = child.change().map_err(failed("cannot watch the command"))? {
                    return Err(Failure::new(code, "somebody ended the command before it began"));
                }
            }
            Signal::SIGTSTP => raise(Signal::SIGSTOP).map_err(|error| Failure::new(FAILED, error))?,
            Signal::SIGCONT => {}
            signal => {
                let line = format!("{signal} while waiting for the lock; the command was not run");
                return Err(Failure::new(code_of(signal), line));
            }
        }
    }
    Ok(())
}

fn refusal(lock: &PathLock, args: &RunArgs, error: &AcquireError) -> Failure {
    let path = lock.path().display();
    match error.kind() {
        AcquireErrorKind::Held { owner } | AcquireErrorKind::TimedOut { owner } => {
            let why = if args.nonblock { "held by" } else { "not free in time; held by" };
            Failure::new(BUSY, format!("{path}: {why} {}; the command was not run", Shown(owner.as_ref())))
        }
        AcquireErrorKind::Fs(fs) => Failure::of_fs(*fs, error),
        _ => Failure::new(FAILED, error),
    }
}
