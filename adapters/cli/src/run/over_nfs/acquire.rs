//! Takes a lock on a server, and gives it back.
//!
//! A try that failed without telling whether it took effect is taken back and made again, under another id: a call of the
//! former that comes late cannot hit the latter. Who stands in line keeps its place while its looks fail, see the line.

use std::time::Duration;

use lockwright_kernel::{blocking::WaitError, clock::Instant, fs::FsError, id::Id, lock::LockError, path::Name};
use lockwright_nfs::Address;
use lockwright_posix::{
    lock::{Kind, Layout},
    process::ThisProcess,
};

use crate::{
    args::WantArgs,
    exit::{BUSY, Failure, OTHER_KIND, failed},
    look::Shown as Owner,
    nfs::{NfsLock, NfsPlace, NfsWorld, failure},
    run::{
        acquire::{NOT_RUN, heed_waiting},
        child::HeldBack,
    },
    signals::Signals,
};

/// How often a try or a release is made again whose outcome was not told.
const TRIES_MAX: usize = 8;

/// How often it is tried again after another kind of lock was found, and what the dead had left of that removed.
const OTHERS_MAX: usize = 3;

/// Who takes the lock, and for whom.
pub(super) struct Contender<'a> {
    pub(super) place: &'a NfsPlace,
    pub(super) address: &'a Address,
    pub(super) want: &'a WantArgs,
    pub(super) process: &'a ThisProcess,
    pub(super) child: &'a HeldBack,
    pub(super) signals: &'a Signals,
}

impl Contender<'_> {
    /// Takes the lock under an id of this process and of the child.
    pub(super) fn acquire(&self, lock: &mut dyn NfsLock) -> Result<(Id, NfsWorld), Failure> {
        let handle = self.signals.handle().map_err(failed("cannot wait for signals"))?;
        let world = NfsWorld::new(handle).map_err(failed("cannot wait"))?;
        let until = match self.want.wait {
            _ if self.want.nonblock => Some(Instant::new(Duration::ZERO)),
            at_most => at_most.map(|at_most| world.local().after(at_most)),
        };
        if self.place.has_bids().map_err(|error| failure(self.address, &error.into()))? {
            return Err(self.other_kind(Layout::Bid));
        }
        let (mut tries, mut others) = (0, 0);
        loop {
            let id = Id::from(&self.child.owner(self.process).map_err(failed("cannot tell who the command is"))?);
            match self.wait(lock, &id, &world, until)? {
                Ok(()) => return Ok((id, world)),
                Err(LockError::Fs(FsError::Io) | LockError::AlreadyOwner) if tries < TRIES_MAX => tries += 1,
                Err(LockError::OtherKind(name)) if others < OTHERS_MAX => {
                    others += 1;
                    // It may be that of the dead alone.
                    self.place.sweep_other(&name).map_err(|error| failure(self.address, &error))?;
                }
                Err(LockError::OtherKind(name)) => return Err(self.other_kind_of(&name)),
                Err(error) => return Err(failure(self.address, &error)),
            }
        }
    }

    /// Waits as `id`, which has nothing there any more when it does not hold, as far as that could be removed.
    fn wait(
        &self,
        lock: &mut dyn NfsLock,
        id: &Id,
        world: &NfsWorld,
        until: Option<Instant>,
    ) -> Result<Result<(), LockError>, Failure> {
        let answer = loop {
            match lock.wait(id, world, until) {
                Ok(()) => return Ok(Ok(())),
                Err(WaitError::Interrupted) => match heed_waiting(self.child, self.signals) {
                    Ok(()) => {}
                    Err(failure) => break Err(failure),
                },
                Err(WaitError::TimedOut { owner }) => break Err(self.busy(lock, owner)),
                Err(WaitError::Lock(error)) => break Ok(Err(error)),
            }
        };
        if lock.stands() || answer.as_ref().is_ok_and(Result::is_err) {
            // There may be nothing to give back; what cannot be removed is that of the dead once this process has ended.
            let _ = release(lock, id);
        }
        answer
    }

    fn busy(&self, lock: &dyn NfsLock, seen: Option<Id>) -> Failure {
        if self.want.quiet {
            return Failure::quiet(BUSY);
        }
        let holder = lock.standing().ok().and_then(|standing| standing.holders.into_iter().next());
        let owner = holder.map(|holder| holder.id).or(seen);
        Failure::new(BUSY, format!("{}: held by {}{NOT_RUN}", self.address, Owner(owner.as_ref())))
    }

    fn other_kind_of(&self, name: &Name) -> Failure {
        self.other_kind(Layout::named(name).unwrap_or(Layout::Fast))
    }

    fn other_kind(&self, stands: Layout) -> Failure {
        let kind: Kind = self.want.kind;
        let line = format!("{}: a lock of kind {stands} stands there, and not of kind {kind}{NOT_RUN}", self.address);
        Failure::new(OTHER_KIND, line)
    }
}

/// Gives the lock back, or a place in line, also where it is not told at once whether that was done.
pub(super) fn release(lock: &mut dyn NfsLock, id: &Id) -> Result<(), LockError> {
    let mut answer = lock.release(id);
    let mut was_unknown = false;
    for _ in 0..TRIES_MAX {
        match answer {
            Err(LockError::Fs(FsError::Io)) => {
                was_unknown = true;
                answer = lock.release(id);
            }
            Err(LockError::NotOwner) if was_unknown => return Ok(()),
            other => return other,
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        fmt, io,
    };

    use lockwright_kernel::fs::{Fs, MemFs, Settled, Through, call::Call};

    use super::*;
    use crate::nfs::Place;

    /// A file system of which the calls that are told fail, with their effect or without.
    fn failing<'a>(disk: &'a MemFs, fails: impl Fn(&Call) -> Option<bool> + 'a) -> impl Fs + fmt::Debug + 'a {
        Through(move |call: &Call| match fails(call) {
            None => call.on(disk),
            Some(takes_effect) => {
                if takes_effect {
                    let _ = call.on(disk);
                }
                Err(FsError::Io)
            }
        })
    }

    fn world() -> NfsWorld {
        // Nobody writes to the other end, and while that is open it is not readable.
        let (reader, writer) = io::pipe().expect("a pipe");
        std::mem::forget(writer);
        NfsWorld::new(reader.into()).expect("a world")
    }

    const QUEUE: Kind = Kind::Queue;

    #[test]
    fn looks_that_fail_cost_nobody_its_place_in_line() {
        let (disk, left, world) = (MemFs::new(), Cell::new(0_u32), world());
        let fs = failing(&disk, |call| {
            let fails = matches!(call, Call::List(_)) && left.get() > 0;
            left.set(left.get() - u32::from(fails));
            fails.then_some(false)
        });
        let place = Place::over(&fs);
        let (ann, bob) = ("ann".parse().expect("an id"), "bob".parse().expect("an id"));
        let (mut first, mut second) = (place.lock(QUEUE), place.lock(QUEUE));
        let soon = || Some(world.local().after(Duration::from_millis(1)));
        assert_eq!(first.wait(&ann, &world, None), Ok(()));
        assert!(matches!(second.wait(&bob, &world, soon()), Err(WaitError::TimedOut { owner: Some(_) })));
        let stood = second.evidence(&bob);
        release(&mut *first, &ann).expect("it held");
        left.set(3);
        assert_eq!(second.wait(&bob, &world, None), Ok(()));
        assert_eq!((left.get(), second.evidence(&bob)), (0, stood));
        release(&mut *second, &bob).expect("it held");
        assert_eq!(disk.to_string(), "");
    }

    #[test]
    fn a_server_that_says_nothing_ends_a_wait_at_some_time() {
        let (disk, is_gone, world) = (MemFs::new(), Cell::new(false), world());
        let fs = failing(&disk, |_| is_gone.get().then_some(false));
        let place = Place::over(&fs);
        let (ann, bob) = ("ann".parse().expect("an id"), "bob".parse().expect("an id"));
        let (mut first, mut second) = (place.lock(QUEUE), place.lock(QUEUE));
        assert_eq!(first.wait(&ann, &world, None), Ok(()));
        let soon = world.local().after(Duration::from_millis(1));
        assert!(second.wait(&bob, &world, Some(soon)).is_err());
        is_gone.set(true);
        assert_eq!(second.wait(&bob, &world, None), Err(WaitError::Lock(FsError::Io.into())));
        is_gone.set(false);
        for (lock, id) in [(&mut second, &bob), (&mut first, &ann)] {
            release(&mut **lock, id).expect("it stands there still");
        }
        assert_eq!(disk.to_string(), "");
    }

    /// Each call that changes something, one after the other, is the one whose outcome is not told.
    #[test]
    fn what_is_taken_or_given_back_without_an_answer_leaves_nothing() {
        let world = world();
        for kind in ["fast", "queue", "rw-read", "fair-sem=2", "sem=2"] {
            let kind: Kind = kind.parse().expect("a kind");
            for takes_effect in [false, true] {
                for number in 0_u32.. {
                    let (disk, seen, failed) = (MemFs::new(), Cell::new(0), RefCell::new(None));
                    let fs = failing(&disk, |call| {
                        let changes = matches!(
                            call,
                            Call::CreateDir(_)
                                | Call::EnsureDir(_)
                                | Call::CreateFile(..)
                                | Call::RemoveFile(_)
                                | Call::RemoveDir(_)
                                | Call::Rename(..)
                        );
                        seen.set(seen.get() + u32::from(changes));
                        let fails = changes && seen.get() == number + 1;
                        if fails {
                            failed.replace(Some(format!("{call:?}")));
                        }
                        fails.then_some(takes_effect)
                    });
                    let (place, world) = (Place::over(Settled::new(&fs)), &world);
                    let mut lock = place.lock(kind);
                    let ids = ["ann", "bob"].map(|id| id.parse().expect("an id"));
                    let taken = ids.iter().find(|id| {
                        let holds = lock.wait(id, world, None).is_ok();
                        if !holds {
                            let _ = release(&mut *lock, id);
                        }
                        holds
                    });
                    let call = failed.borrow().clone();
                    let id = taken.unwrap_or_else(|| panic!("{kind}: {call:?} kept both out"));
                    assert_eq!(release(&mut *lock, id), Ok(()), "{kind}: {call:?}");
                    assert_eq!(place.standing().expect("it can be seen").everybody().count(), 0, "{kind}: {call:?}");
                    if call.is_none() {
                        assert!(number > 5, "{kind}");
                        break;
                    }
                }
            }
        }
    }
}
