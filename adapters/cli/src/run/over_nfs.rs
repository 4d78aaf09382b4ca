//! `lockwright run` under a lock on an NFS server: the steps of [`run`](super), as far as they go without a path.
//!
//! What is refused: any kind but `fast`, fencing numbers, several locks, sharing with others, notes for those who wait, and to
//! replace the holder. The fast lock is verified where calls are executed twice and late, over a file system that looks before
//! it believes a refusal; the address says that it is one, so nobody has to say `--unverified`.
//!
//! A try that failed without telling whether it took effect is taken back and made again, under another id: a call of the
//! former that comes late cannot hit the latter.

use std::time::Duration;

use lockwright_kernel::{
    blocking::{WaitError, lock as wait_for},
    clock::Instant,
    fs::{FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    probe::{Liveness, Probe},
    watch::Wake,
};
use lockwright_nfs::Address;
use lockwright_posix::{
    lock::{Kind, Loss, Vigil},
    probe::ProcProbe,
    process::ThisProcess,
    watch::PosixWorld,
};

use super::{
    acquire::{NOT_RUN, heed_waiting},
    child::{HeldBack, Task, Told},
    descendants::Others,
    ending,
    report::Report,
    supervise::{self, Cause, Hold, Means},
};
use crate::{
    args::{IfBusy, Recover, RunArgs, WantArgs},
    around::Around,
    events::{self, Event, Shown},
    exit::{BUSY, FAILED, Failure, REFUSED, SELF_NESTED, USAGE, failed},
    look::Shown as Owner,
    nfs::{self, NfsLock, NfsWorld},
    signals::Signals,
};

/// How often a try or a release is made again whose outcome was not told.
const TRIES_MAX: usize = 8;

/// How often it is looked whether the lock is still held.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) fn run(args: &RunArgs, want: &WantArgs, address: &Address, report: &mut Report) -> Result<u8, Failure> {
    check(args, want, address)?;
    let lock = nfs::open(address)?;
    let mut around = Around::this_process();
    let owner = lock.owner().map_err(|error| failure(address, &error))?;
    if owner.is_some_and(|owner| around.contains(&owner)) {
        let line = format!("{address}: held around this command, which would wait for itself");
        return Err(Failure::new(SELF_NESTED, line));
    }
    let command = args.command();
    let task =
        Task { command: &command, lock: &want.lock, mode: want.kind, voice: want.voice, foreground: args.foreground };
    let signals = Signals::block().map_err(failed("cannot block signals"))?; // 1 BLOCK
    let others = Others::adopt().map_err(failed("cannot adopt what the command leaves behind"))?;
    let child = HeldBack::fork(&task, &signals).map_err(failed("cannot start a process"))?; // 2 FORK
    let process = ThisProcess::new().map_err(failed("cannot tell who this process is"))?;
    let taken = acquire(&lock, address, want, &process, &child, &signals);
    let (id, world) = match taken {
        Ok(taken) => taken, // 3 TAKE
        Err(failure) => {
            child.let_go();
            return Err(failure);
        }
    };
    let waited_ms = events::millis(report.acquired(None));
    let voice = want.voice;
    voice.tell(&Event::Acquired { lock: Shown(&want.lock), id: events::text(&id), waited_ms });
    around.push(&id, &want.lock);
    let told = Told { id: &id, around: &around, fence: None, slot: None, expires: None };
    let watched = Held { lock: nfs::glance(address).ok(), id: &id, process: &process, world: &world };
    let means = Means {
        hold: &watched,
        leased: None,
        world: world.local(),
        signals: &signals,
        stop: &args.stop,
        others: &others,
    };
    let say = |cause: &Cause| say_cause(want, address, &id, cause);
    let outcome = supervise::supervise(child, &told, means, say);
    let outcome = outcome.map_err(failed("cannot watch the command"))?; // 4 GO, 5 WATCH
    voice.tell(&Event::Ended { child: outcome.code });
    let released = release(&lock, &id); // 6 RELEASE
    let held = report.held();
    tell_of_release(want, address, &id, &released, matches!(outcome.cause, Some(Cause::Lost(..))), held);
    let (code, fate) = ending::of_one(&outcome, &released);
    report.ended(outcome.code, fate, held);
    Ok(code)
}

/// Says what became of the lock. Of a loss that is known no more is said.
fn tell_of_release(
    want: &WantArgs,
    address: &Address,
    id: &Id,
    released: &Result<(), LockError>,
    is_known_lost: bool,
    held: Duration,
) {
    let (voice, lock) = (want.voice, Shown(&want.lock));
    match released {
        Ok(()) => voice.tell(&Event::Released { lock, id: events::text(id), held_ms: events::millis(held) }),
        Err(LockError::NotOwner) if is_known_lost => {}
        Err(LockError::NotOwner) => say_cause(want, address, id, &lost()),
        Err(error) => {
            voice.tell(&Event::NotReleased { lock, id: events::text(id), message: error.to_string() });
            voice.say(&format!("{address}: the lock was not given back: {error}"));
        }
    }
}

/// Refuses what there is not.
fn check(args: &RunArgs, want: &WantArgs, address: &Address) -> Result<(), Failure> {
    let asked = [
        (args.fence, "--fence"),
        (args.reentrant, "--reentrant"),
        (!args.also.is_empty(), "--also"),
        (args.lease.lease.is_some(), "--lease"),
        (args.lease.require.is_some(), "--require"),
        (args.lease.recover == Recover::Never, "--recover"),
        (want.shared_with.is_some(), "--shared-with"),
        (args.note.why.is_some() || args.note.who.is_some(), "--why and --who"),
        (args.busy.if_busy == IfBusy::Replace, "--if-busy=replace"),
    ];
    if let Some((_, what)) = asked.iter().find(|(is_asked, _)| *is_asked) {
        return Err(Failure::new(USAGE, format!("{address}: over NFS there is no {what}")));
    }
    if want.kind != Kind::Fast {
        let line = format!("{address}: over NFS there are locks of kind fast only, and none of kind {}", want.kind);
        return Err(Failure::new(REFUSED, line));
    }
    Ok(())
}

/// Takes the lock under an id of this process and of the child.
fn acquire(
    lock: &NfsLock,
    address: &Address,
    want: &WantArgs,
    process: &ThisProcess,
    child: &HeldBack,
    signals: &Signals,
) -> Result<(Id, NfsWorld), Failure> {
    let handle = signals.handle().map_err(failed("cannot wait for signals"))?;
    let world = NfsWorld::new(handle).map_err(failed("cannot wait"))?;
    let until = match want.wait {
        _ if want.nonblock => Some(Instant::new(Duration::ZERO)),
        at_most => at_most.map(|at_most| world.local().after(at_most)),
    };
    let mut tries = 0;
    loop {
        let id = Id::from(&child.owner(process).map_err(failed("cannot tell who the command is"))?);
        match wait_for(lock, &id, &world, until) {
            Ok(()) => return Ok((id, world)),
            Err(WaitError::Interrupted) => heed_waiting(child, signals)?,
            Err(WaitError::TimedOut { owner }) => {
                let line = format!("{address}: held by {}{NOT_RUN}", Owner(owner.as_ref()));
                let line = if want.quiet { String::new() } else { line };
                return Err(Failure::new(BUSY, line));
            }
            Err(WaitError::Lock(LockError::Fs(FsError::Io) | LockError::AlreadyOwner)) if tries < TRIES_MAX => {
                tries += 1;
                // Where it was never taken, there is nothing to give back.
                let _ = release(lock, &id);
            }
            Err(WaitError::Lock(error)) => return Err(failure(address, &error)),
        }
    }
}

/// Gives the lock back, also where it is not told at once whether that was done.
fn release(lock: &NfsLock, id: &Id) -> Result<(), LockError> {
    let mut answer = lock.unlock(id);
    let mut was_unknown = false;
    for _ in 0..TRIES_MAX {
        match answer {
            Err(LockError::Fs(FsError::Io)) => {
                was_unknown = true;
                answer = lock.unlock(id);
            }
            Err(LockError::NotOwner) if was_unknown => return Ok(()),
            other => return other,
        }
    }
    answer
}

/// The lock, as it is watched while the command runs.
#[derive(Debug)]
struct Held<'a> {
    /// Over a connection of its own, so that a server that says nothing does not keep signals from the command; none where
    /// there was no other connection to be had.
    lock: Option<NfsLock>,
    id: &'a Id,
    process: &'a ThisProcess,
    world: &'a NfsWorld,
}

impl Hold for Held<'_> {
    fn wait_for_loss(&self, world: &PosixWorld, until: Option<Instant>) -> Result<(Vigil, usize), LockError> {
        use lockwright_kernel::blocking::World;
        loop {
            let look = world.after(LOOK_EVERY);
            let wake = self.world.pause(until.map_or(look, |until| until.min(look)))?;
            if wake == Wake::Interrupted {
                return Ok((Vigil::Interrupted, 0));
            }
            if until.is_some_and(|until| world.after(Duration::ZERO) >= until) {
                return Ok((Vigil::TimedOut, 0));
            }
            // A look that failed tells nothing.
            if let Some(Ok(owner)) = self.lock.as_ref().map(Lock::owner)
                && owner.as_ref() != Some(self.id)
            {
                return Ok((Vigil::Lost(Loss { is_gone: true, order: None }), 0));
            }
        }
    }

    fn id(&self) -> &Id {
        self.id
    }

    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        ProcProbe::shared().liveness(id)
    }

    fn this_process(&self) -> &ThisProcess {
        self.process
    }
}

fn lost() -> Cause {
    Cause::Lost(Loss { is_gone: true, order: None }, 0)
}

fn say_cause(want: &WantArgs, address: &Address, id: &Id, cause: &Cause) {
    let (lock, id) = (Shown(&want.lock), events::text(id));
    match cause {
        Cause::Lost(..) | Cause::NotRenewed(_) => {
            want.voice.tell(&Event::Lost { lock, id, gone: true, by: None, reason: None });
            want.voice.say(&format!("{address}: the lock was taken away"));
        }
        Cause::TooLong(hold) => {
            want.voice.tell(&Event::TooLong { held_ms: events::millis(*hold) });
            want.voice.say(&format!("{address}: held for {hold:?}, which is all it was to be; stopping the command"));
        }
    }
}

fn failure(address: &Address, error: &LockError) -> Failure {
    let line = format!("{address}: {error}");
    match error {
        LockError::Fs(error) => Failure::of_fs(*error, line),
        _ => Failure::new(FAILED, line),
    }
}
