//! Waits for a lock, tells people so, and says why it was not had.

use std::time::Duration;

use lockwright_kernel::{clock::Instant, id::Id};
use lockwright_posix::{
    lock::{AcquireError, AcquireErrorKind, Contender, Kind},
    watch::PosixWorld,
};
use nix::sys::signal::{Signal, raise};

use crate::{
    args::WantArgs,
    exit::{BROKEN, BUSY, FAILED, Failure, NO_PERMISSION, OTHER_KIND, SELF_NESTED, code_of, say},
    look::Shown,
    order::Told,
};

/// How long a wait goes on before it is mentioned.
const SILENCE: Duration = Duration::from_millis(400);

/// Waits until the contender holds. `heed` is called when a signal has come in. A failure ends in `ending`.
pub(crate) fn wait(
    contender: &mut Contender,
    args: &WantArgs,
    world: &PosixWorld,
    ending: &str,
    mut heed: impl FnMut() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let deadline = match args.wait {
        _ if args.nonblock => Some(Instant::new(Duration::ZERO)),
        wait => wait.map(|wait| world.after(wait)),
    };
    let mentioned = |end: &Instant| !args.quiet && deadline.is_none_or(|deadline| *end < deadline);
    let mut silence = Some(world.after(SILENCE)).filter(mentioned);
    loop {
        let Err(error) = contender.wait(world, silence.or(deadline)) else { return Ok(()) };
        match error.kind() {
            AcquireErrorKind::TimedOut { owner } if silence.take().is_some() => {
                say(&format!("{}: waiting; {}", args.lock.display(), for_whom(args.kind, owner.as_ref())));
            }
            AcquireErrorKind::Interrupted => heed()?,
            AcquireErrorKind::Removed => return Err(removed(contender, args, &error, ending)),
            _ => return Err(refusal(args, &error, ending)),
        }
    }
}

/// What a signal does to somebody who waits: stops it, ends it, or nothing.
pub(crate) fn obey(signal: Signal, ending: &str) -> Result<(), Failure> {
    match signal {
        Signal::SIGTSTP => raise(Signal::SIGSTOP).map_err(|error| Failure::new(FAILED, error)),
        Signal::SIGCONT | Signal::SIGCHLD => Ok(()),
        signal => Err(Failure::new(code_of(signal), format!("{signal} while waiting for the lock{ending}"))),
    }
}

/// Of many holders, or of many before it in line, one is named.
fn for_whom(kind: Kind, owner: Option<&Id>) -> String {
    match (kind, owner) {
        (Kind::Fast | Kind::Bid, owner) => format!("held by {}", Shown(owner)),
        (Kind::Semaphore(slots), Some(owner)) => {
            format!("all of {slots} slots are taken, one by {}", Shown(Some(owner)))
        }
        (Kind::Semaphore(slots), None) => format!("all of {slots} slots are taken"),
        (_, Some(owner)) => format!("in line behind {}", Shown(Some(owner))),
        (_, None) => "in line".to_owned(),
    }
}

/// It was in line, and somebody took its place away: by an order that says why, or without.
fn removed(contender: &Contender, args: &WantArgs, error: &AcquireError, ending: &str) -> Failure {
    match contender.order() {
        Ok(Some(order)) => Failure::new(BROKEN, format!("{}: {}{ending}", args.lock.display(), Told(&order))),
        _ => refusal(args, error, ending),
    }
}

fn refusal(args: &WantArgs, error: &AcquireError, ending: &str) -> Failure {
    let path = args.lock.display();
    match error.kind() {
        AcquireErrorKind::Held { .. } | AcquireErrorKind::TimedOut { .. } if args.quiet => Failure::quiet(BUSY),
        AcquireErrorKind::Held { owner } | AcquireErrorKind::TimedOut { owner } => {
            let why = if args.nonblock { "" } else { "not free in time; " };
            let whom = for_whom(args.kind, owner.as_ref());
            Failure::new(BUSY, format!("{path}: {why}{whom}{ending}"))
        }
        AcquireErrorKind::OtherKind { .. } => Failure::new(OTHER_KIND, error),
        AcquireErrorKind::AlreadyOwner => Failure::new(SELF_NESTED, error),
        AcquireErrorKind::Untrusted(_) => Failure::new(NO_PERMISSION, error),
        AcquireErrorKind::Fs(fs) => Failure::of_fs(*fs, error),
        _ => Failure::new(FAILED, error),
    }
}
