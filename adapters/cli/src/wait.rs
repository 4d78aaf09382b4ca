//! Waits for a lock, tells people so, and says why it was not had.
//!
//! Between two moments at which something is said, and after the last one, nothing is done but to sleep.

mod screen;
mod words;

use std::time::Duration;

use lockwright_kernel::clock::Instant;
use lockwright_posix::{
    lock::{AcquireError, AcquireErrorKind, Contender},
    watch::PosixWorld,
};
use nix::sys::signal::{Signal, raise};

use crate::{
    args::WantArgs,
    exit::{BUSY, FAILED, Failure, OTHER_KIND, SELF_NESTED, code_of, say},
    people,
    text::shown_path,
};
use screen::Screen;
use words::{Sight, what};

/// After how long a wait is mentioned the first times.
const MOMENTS: [Duration; 3] = [Duration::from_millis(400), Duration::from_secs(10), Duration::from_mins(1)];
/// How often it is mentioned after these.
const AGAIN: Duration = Duration::from_mins(5);

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
    let begun = world.after(Duration::ZERO);
    let mut moments = moments().map(|after| begun.saturating_add(after));
    let mut next_moment = || moments.next().filter(|moment| !args.quiet && deadline.is_none_or(|end| *moment < end));
    let (mut moment, mut screen) = (next_moment(), Screen::default());
    while let Err(error) = contender.wait(world, moment.or(deadline)) {
        match error.kind() {
            AcquireErrorKind::TimedOut { .. } if moment.is_some() => {
                mention(contender, &mut screen);
                moment = next_moment();
            }
            AcquireErrorKind::Interrupted => {
                screen.forget();
                heed()?;
            }
            _ => return Err(refusal(contender, args, &error, ending)),
        }
    }
    if !args.quiet {
        tell_of_recoveries(contender);
    }
    Ok(())
}

fn moments() -> impl Iterator<Item = Duration> {
    let last = MOMENTS[MOMENTS.len() - 1];
    MOMENTS.into_iter().chain((1..).map(move |count| last + AGAIN * count))
}

fn mention(contender: &Contender, screen: &mut Screen) {
    let (lock, me) = (contender.lock(), contender.id());
    let sight = Sight::of(lock);
    let head = format!("waiting for {}{}", what(lock.path(), lock.kind()), sight.place(me));
    screen.show(&head, &sight.holders(lock, me));
}

fn tell_of_recoveries(contender: &Contender) {
    let lock = contender.lock();
    for dead in lock.recovered() {
        let told = people::recovered(&dead.id, dead.since, dead.evidence);
        say(&format!("{}: {told}", shown_path(lock.path())));
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

fn refusal(contender: &Contender, args: &WantArgs, error: &AcquireError, ending: &str) -> Failure {
    match error.kind() {
        AcquireErrorKind::Held { .. } | AcquireErrorKind::TimedOut { .. } if args.quiet => Failure::quiet(BUSY),
        AcquireErrorKind::Held { .. } | AcquireErrorKind::TimedOut { .. } => busy(contender, args, ending),
        AcquireErrorKind::OtherKind { .. } => Failure::new(OTHER_KIND, error),
        AcquireErrorKind::AlreadyOwner => Failure::new(SELF_NESTED, error),
        AcquireErrorKind::Fs(fs) => Failure::of_fs(*fs, error),
        _ => Failure::new(FAILED, error),
    }
}

fn busy(contender: &Contender, args: &WantArgs, ending: &str) -> Failure {
    let (lock, me) = (contender.lock(), contender.id());
    let sight = Sight::of(lock);
    let why = if args.nonblock { "busy" } else { "not free in time" };
    let head = format!("{}: {why}{}{ending}", what(lock.path(), lock.kind()), sight.place(me));
    let mut lines = sight.holders(lock, me);
    lines.extend(sight.advice(lock.path(), me));
    Failure::new(BUSY, head).with_lines(lines)
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
