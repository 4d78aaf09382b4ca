//! `lockwright lock`: takes a lock for a process that outlives this one.
//!
//! The id names that process, so the lock is held until it is given back by that id or until that process is dead. Each call
//! has an id of its own, for two that have the same would take each other's tries for their own.

use std::{os::unix::process::parent_id, process::ExitCode};

use lockwright_kernel::{id::Id, ids::process::ProcessId};
use lockwright_posix::lock::{Contender, Kind, PathLock, Standing};

use crate::{
    args::{LockArgs, WantArgs},
    around::Around,
    exit::{BUSY, FAILED, Failure, SELF_NESTED, USAGE, failed},
    lease,
    look::look,
    notes::Noted,
    owner::print,
    signals::Signals,
    wait,
};

/// Code 0 says that the lock is held; the id is printed.
pub(crate) fn lock(args: &LockArgs) -> Result<ExitCode, Failure> {
    // Who does not learn the id could not give the lock back.
    take(args, |contender| print(&format!("{}\n", contender.id())))
}

/// Takes the lock, which is kept if the caller can be told of it.
pub(crate) fn take(args: &LockArgs, tell: impl FnOnce(&Contender) -> Result<(), Failure>) -> Result<ExitCode, Failure> {
    let want = args.want();
    take_as(args, &want, tell).map_err(|failure| match args.conflict_exit_code {
        Some(code) if failure.code() == BUSY => failure.with_code(code),
        _ => failure,
    })
}

fn take_as(
    args: &LockArgs,
    want: &WantArgs,
    tell: impl FnOnce(&Contender) -> Result<(), Failure>,
) -> Result<ExitCode, Failure> {
    let lock = args.lease.apply(want.open()?)?;
    want.shared_with().widen_umask();
    let pid = args.pid.unwrap_or_else(parent_id);
    let process = lock.this_process().fresh_id_for(pid).map_err(|error| {
        let code = if args.pid.is_some() { USAGE } else { FAILED };
        Failure::new(code, format!("process {pid} cannot hold a lock: {error}"))
    })?;
    let id = if lease::is_for_no_process(args) {
        lease::id(&process)
    } else {
        refuse_twice(&lock, &look(&lock)?, &process)?;
        Id::from(&process)
    };
    let signals = Signals::block().map_err(failed("cannot block signals"))?;
    let world = lock.world().interrupted_by(signals.handle().map_err(failed("cannot wait for signals"))?);
    let mut note = Noted::write(&lock, &id, &args.note, want.quiet);
    let mut contender = lease::begin(lock.contend_as(&id).giving_way(), args.lease, "")?;
    let heed = || {
        while let Some(signal) = signals.next().map_err(failed("cannot read signals"))? {
            wait::obey(signal, "")?;
        }
        Ok(())
    };
    let fresh = || {
        let process = lock.this_process().fresh_id_for(pid)?;
        let id = if lease::is_for_no_process(args) { lease::id(&process) } else { Id::from(&process) };
        note = Noted::write(&lock, &id, &args.note, want.quiet);
        Ok(id)
    };
    wait::wait(&mut contender, want, &world, &Around::this_process(), "", heed, fresh)?;
    tell(&contender)?;
    contender.keep();
    note.keep();
    Ok(ExitCode::SUCCESS)
}

/// A process that has the lock would wait for itself, unless there is room for it twice. That of another kind is told of.
fn refuse_twice(lock: &PathLock, standing: &Standing, process: &ProcessId) -> Result<(), Failure> {
    let may_have_room = matches!(lock.kind(), Kind::Semaphore(_) | Kind::FairSemaphore(_));
    if may_have_room || standing.layout != Some(lock.kind().layout()) {
        return Ok(());
    }
    let its = |id: &ProcessId| {
        (id.pid, id.start, id.boot, id.namespace) == (process.pid, process.start, process.boot, process.namespace)
    };
    match standing.holders.iter().find(|holder| ProcessId::try_from(&holder.id).is_ok_and(|id| its(&id))) {
        Some(holder) => {
            let (path, pid, id) = (lock.path().display(), process.pid, &holder.id);
            let line =
                format!("{path}: process {pid} has the lock already and would wait for itself; first unlock --id {id}");
            Err(Failure::new(SELF_NESTED, line))
        }
        None => Ok(()),
    }
}
