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
        // Where there is nothing to give back, so much the better. What stays is that of the dead once this process has ended.
        let _ = release(lock, id);
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
