//! `lockwright run` under a lock on an NFS server: the steps of [`run`](super), as far as they go without a path.
//!
//! What is refused: kind `bid`, fencing numbers and cutting in, which are not verified where calls are executed late; several locks,
//! sharing with others, notes for those who wait, and to replace the holder. The other kinds are verified where calls are executed twice and
//! late, over a file system that looks before it believes a refusal; the address says that it is one, so nobody has to say
//! `--unverified`. See [`nfs`](crate::nfs) for what each kind does.

use std::time::Duration;

use lockwright_kernel::{id::Id, lock::LockError};
use lockwright_nfs::Address;
use lockwright_posix::{
    lock::{Kind, Loss},
    process::ThisProcess,
};
use lockwright_sim::scenario::Profile;

use super::{
    child::{HeldBack, Task, Told},
    descendants::Others,
    ending,
    report::Report,
    supervise::{self, Cause, Means},
};
use crate::{
    args::{IfBusy, Recover, RunArgs, WantArgs},
    around::Around,
    events::{self, Event, Shown},
    exit::{Failure, REFUSED, SELF_NESTED, USAGE, failed},
    nfs::{NfsPlace, failure},
    signals::Signals,
    verified,
};

mod acquire;
mod hold;

use acquire::{Contender, release};
use hold::Held;

pub(super) fn run(args: &RunArgs, want: &WantArgs, address: &Address, report: &mut Report) -> Result<u8, Failure> {
    check(args, want, address)?;
    let place = NfsPlace::open(address)?;
    let mut around = Around::this_process();
    check_nesting(&place, want, address, &around)?;
    let command = args.command();
    let task =
        Task { command: &command, lock: &want.lock, mode: want.kind, voice: want.voice, foreground: args.foreground };
    let signals = Signals::block().map_err(failed("cannot block signals"))?; // 1 BLOCK
    let others = Others::adopt().map_err(failed("cannot adopt what the command leaves behind"))?;
    let child = HeldBack::fork(&task, &signals).map_err(failed("cannot start a process"))?; // 2 FORK
    let process = ThisProcess::new().map_err(failed("cannot tell who this process is"))?;
    let mut lock = place.lock(want.kind);
    let contender = Contender { place: &place, address, want, process: &process, child: &child, signals: &signals };
    let (id, world) = match contender.acquire(&mut *lock) {
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
    let slot = lock.slot().map(Into::into);
    let told = Told { id: &id, around: &around, fence: None, slot, expires: None };
    let evidence = lock.evidence(&id);
    let watched = Held { place: NfsPlace::glance(address).ok(), evidence, id: &id, process: &process, world: &world };
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
    let released = release(&mut *lock, &id); // 6 RELEASE
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
        (args.cut.cut, "--cut"),
    ];
    if let Some((_, what)) = asked.iter().find(|(is_asked, _)| *is_asked) {
        return Err(Failure::new(USAGE, format!("{address}: over NFS there is no {what}")));
    }
    // What is not kept between the other kinds is said in `nfs`.
    if want.kind == Kind::Bid {
        let why = verified::in_world(want.kind, Profile::Nfs3Nodrc);
        let why = why.why().unwrap_or("its folder belongs to programs that do not speak to the server");
        return Err(Failure::new(REFUSED, format!("{address}: over NFS there is no kind {}: {why}", want.kind)));
    }
    Ok(())
}

/// Refuses to wait for a lock that is held around this process. In a semaphore there may be room for both.
fn check_nesting(place: &NfsPlace, want: &WantArgs, address: &Address, around: &Around) -> Result<(), Failure> {
    if around.is_empty() || matches!(want.kind, Kind::Semaphore(_) | Kind::FairSemaphore(_)) {
        return Ok(());
    }
    let holders = place.standing().map_err(|error| failure(address, &error))?.holders;
    if holders.iter().any(|holder| around.contains(&holder.id)) {
        let line = format!("{address}: held around this command, which would wait for itself");
        return Err(Failure::new(SELF_NESTED, line));
    }
    Ok(())
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
