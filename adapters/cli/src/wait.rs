//! Waits for a lock, tells people so, and says why it was not had.
//!
//! Between two moments at which something is said, and after the last one, nothing is done but to sleep.

pub(crate) mod free;
mod screen;
mod words;

use std::{cell::Cell, io, time::Duration};

use lockwright_kernel::{clock::Instant, id::Id};
use lockwright_posix::{
    lock::{AcquireError, AcquireErrorKind, Contender, PathLock, Recovered},
    watch::PosixWorld,
};
use nix::sys::signal::{Signal, raise};

use crate::{
    args::WantArgs,
    around::Around,
    deadlock::{PAUSE, Sight as Circles, Waiting},
    events::{self, Event, Shown, Voice},
    exit::{BROKEN, BUSY, FAILED, Failure, NO_PERMISSION, OTHER_KIND, REFUSED, SELF_NESTED, code_of},
    notes,
    order::{MadeWay, Told},
    people,
    text::shown_path,
};
use screen::Screen;
use words::Sight;

/// After how long a wait is mentioned the first times.
const MOMENTS: [Duration; 3] = [Duration::from_millis(400), Duration::from_secs(10), Duration::from_mins(1)];
/// How often it is mentioned after these.
const AGAIN: Duration = Duration::from_mins(5);

/// How often one that stands in a circle looks whether the other one has given up. That one may be stopped.
const LOOKS_MAX: usize = 50;

/// How long somebody waits, and how loudly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience<'a> {
    pub(crate) wait: Option<Duration>,
    pub(crate) nonblock: bool,
    pub(crate) quiet: bool,
    pub(crate) voice: Voice,
    /// What is added to a refusal.
    pub(crate) ending: &'a str,
}

/// Waits until the contender holds, with the locks `around` it in hand. `heed` is called when a signal has come in, and `fresh` for
/// another id of the same owner, when the contender makes way for somebody. A failure ends in `ending`.
pub(crate) fn wait(
    contender: &mut Contender,
    args: &WantArgs,
    world: &PosixWorld,
    around: &Around,
    ending: &str,
    mut heed: impl FnMut() -> Result<(), Failure>,
    mut fresh: impl FnMut() -> io::Result<Id>,
) -> Result<(), Failure> {
    let until = args.wait.map(|wait| world.after(wait));
    let _until_the_end = if around.is_empty() || args.nonblock {
        None
    } else {
        avoid_deadlock(contender, world, around, until, ending, &mut heed)?
    };
    let patience = Patience { wait: args.wait, nonblock: args.nonblock, quiet: args.quiet, voice: args.voice, ending };
    let (lock, me) = (contender.lock(), contender.id().clone());
    let waiter = Waiter { lock, me: Some(&me), number: Cell::new(None) };
    let mut order = None;
    let attempt = |until| loop {
        let Err(error) = contender.wait(world, until) else { return Ok(()) };
        if let AcquireErrorKind::AskedToMakeWay { order } = error.kind() {
            contender.make_way(world, &mut fresh)?;
            if !args.quiet {
                args.voice.say(&format!("{}: {}", shown_path(lock.path()), MadeWay(order)));
            }
            continue;
        }
        waiter.number.set(contender.number());
        if matches!(error.kind(), AcquireErrorKind::Removed) {
            order = contender.order().ok().flatten();
        }
        return Err(error);
    };
    let answer = patience.wait_in(world, &waiter, attempt, heed);
    // It was in line, and somebody took its place away: by an order that says why, or without.
    answer.map_err(|failure| match &order {
        Some(order) => Failure::new(BROKEN, format!("{}: {}{ending}", shown_path(lock.path()), Told(order))),
        None => failure,
    })?;
    for dead in lock.recovered() {
        notes::remove(lock, &dead.id);
        if !args.quiet {
            args.voice.tell(&Event::Recovered { lock: Shown(lock.path()), id: events::text(&dead.id) });
            tell_of_recovery(args.voice, lock, &dead);
        }
    }
    Ok(())
}

/// Has others know what this waits for with the locks `around` it in hand, unless it gets the lock at once; a failure if it
/// is to give up, for they wait for each other. See [`deadlock`](crate::deadlock).
fn avoid_deadlock<'a>(
    contender: &mut Contender,
    world: &PosixWorld,
    around: &'a Around,
    until: Option<Instant>,
    ending: &str,
    heed: &mut impl FnMut() -> Result<(), Failure>,
) -> Result<Option<Waiting<'a>>, Failure> {
    let (lock, me) = (contender.lock(), contender.id().clone());
    let Ok(path) = std::path::absolute(lock.path()) else { return Ok(None) };
    let is_busy = |error: &AcquireError| {
        matches!(error.kind(), AcquireErrorKind::TimedOut { .. } | AcquireErrorKind::Held { .. })
    };
    if !contender.wait(world, Some(Instant::new(Duration::ZERO))).is_err_and(|error| is_busy(&error)) {
        return Ok(None); // It holds, or what is wrong comes up again in the wait.
    }
    let waiting = Waiting::publish(around, &me, &path);
    for _ in 0..LOOKS_MAX {
        match waiting.look() {
            Circles::Clear => {
                waiting.settle();
                break;
            }
            Circles::Mine(circle) => return Err(circle.failure(lock, ending)),
            Circles::Others => {}
        }
        let pause = world.after(PAUSE);
        match contender.wait(world, Some(until.map_or(pause, |until| until.min(pause)))) {
            Err(error) if matches!(error.kind(), AcquireErrorKind::Interrupted) => heed()?,
            Err(error) if is_busy(&error) && until.is_none_or(|until| until > pause) => {}
            _ => break,
        }
    }
    Ok(Some(waiting))
}

/// Who waits for a lock, for the words that it is told.
struct Waiter<'a> {
    lock: &'a PathLock,
    /// Its id, if it is a contender.
    me: Option<&'a Id>,
    /// Its place in line, once it has joined one.
    number: Cell<Option<u64>>,
}

impl<'a> Waiter<'a> {
    fn sight(&self) -> Sight<'a> {
        Sight::of(self.lock, self.me, self.number.get())
    }
}

impl Patience<'_> {
    /// Waits in `world` by `attempt`, which waits until a moment.
    fn wait_in(
        self,
        world: &PosixWorld,
        waiter: &Waiter<'_>,
        mut attempt: impl FnMut(Option<Instant>) -> Result<(), AcquireError>,
        mut heed: impl FnMut() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let deadline = match self.wait {
            _ if self.nonblock => Some(Instant::new(Duration::ZERO)),
            wait => wait.map(|wait| world.after(wait)),
        };
        let begun = world.after(Duration::ZERO);
        let mut moments = moments().map(|after| begun.saturating_add(after));
        let mut next = || moments.next().filter(|moment| !self.quiet && deadline.is_none_or(|end| *moment < end));
        let (mut moment, mut screen) = (next(), Screen::default());
        while let Err(error) = attempt(moment.or(deadline)) {
            match error.kind() {
                AcquireErrorKind::TimedOut { .. } if moment.is_some() => {
                    let sight = waiter.sight();
                    match self.voice {
                        Voice::Text => screen.show(&format!("waiting for {}", sight.what()), &sight.holders()),
                        Voice::Json => {
                            let since_begun =
                                world.after(Duration::ZERO).since_start().saturating_sub(begun.since_start());
                            self.voice.tell(&sight.event(since_begun));
                        }
                    }
                    moment = next();
                }
                AcquireErrorKind::Interrupted => {
                    screen.forget();
                    heed()?;
                }
                _ => return Err(self.refusal(waiter, &error)),
            }
        }
        Ok(())
    }

    fn refusal(self, waiter: &Waiter<'_>, error: &AcquireError) -> Failure {
        match error.kind() {
            AcquireErrorKind::Held { .. } | AcquireErrorKind::TimedOut { .. } if self.quiet => Failure::quiet(BUSY),
            AcquireErrorKind::Held { .. } | AcquireErrorKind::TimedOut { .. } => {
                let sight = waiter.sight();
                let why = if self.nonblock { "busy" } else { "not free in time" };
                let lines = [sight.holders(), sight.advice()].concat();
                Failure::new(BUSY, format!("{}: {why}{}", sight.what(), self.ending)).with_lines(lines)
            }
            AcquireErrorKind::OwnerDead { dead } => self.spares(waiter, dead),
            AcquireErrorKind::OtherKind { .. } => Failure::new(OTHER_KIND, error),
            AcquireErrorKind::AlreadyOwner => Failure::new(SELF_NESTED, error),
            AcquireErrorKind::Untrusted(_) => Failure::new(NO_PERMISSION, error),
            AcquireErrorKind::Fs(fs) => Failure::of_fs(*fs, error),
            AcquireErrorKind::LeaseOver => Failure::new(BUSY, format!("{error}{}", self.ending)),
            _ => Failure::new(FAILED, error),
        }
    }

    /// With `--recover=never` nothing is taken from the dead.
    fn spares(self, waiter: &Waiter<'_>, dead: &Id) -> Failure {
        let sight = waiter.sight();
        let who = people::who(waiter.lock, dead);
        let line = format!("{}: {who} is dead, and --recover=never passes nobody{}", sight.what(), self.ending);
        Failure::new(REFUSED, line).with_lines(words::advice(waiter.lock, Some(dead)))
    }
}

fn moments() -> impl Iterator<Item = Duration> {
    let last = MOMENTS[MOMENTS.len() - 1];
    MOMENTS.into_iter().chain((1..).map(move |count| last + AGAIN * count))
}

fn tell_of_recovery(voice: Voice, lock: &PathLock, dead: &Recovered) {
    let told = people::recovered(&dead.id, dead.since, dead.evidence);
    voice.say(&format!("{}: {told}", shown_path(lock.path())));
}

/// What a signal does to somebody who waits: stops it, ends it, or nothing.
pub(crate) fn obey(signal: Signal, ending: &str) -> Result<(), Failure> {
    match signal {
        Signal::SIGTSTP => raise(Signal::SIGSTOP).map_err(|error| Failure::new(FAILED, error)),
        Signal::SIGCONT | Signal::SIGCHLD => Ok(()),
        signal => Err(Failure::new(code_of(signal), format!("{signal} while waiting for the lock{ending}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_mentioned_soon_then_rarely_and_for_ever() {
        let first: Vec<u128> = moments().take(6).map(|moment| moment.as_millis()).collect();
        assert_eq!(first, [400, 10_000, 60_000, 360_000, 660_000, 960_000]);
    }
}
