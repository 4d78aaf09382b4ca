//! Keeps the lease under which a command runs, and says when it cannot be kept.
//!
//! Of a lease, counted from before its last renewal was asked for, by the clock that goes on while the machine sleeps:
//!
//! | after | what is done |
//! |---|---|
//! | a third | renew it; where that fails, again every 24th part |
//! | 7/8, less the time until the kill, a third at most | the command is told to end |
//! | 7/8 | the command is killed, with all its group |
//! | 15/16 | the [guardian](super::guardian) kills it, where the supervisor did not |
//! | 9/8, since it was seen by another | another takes the lock |

use std::{cell::Cell, io, time::Duration};

use lockwright_kernel::{
    clock::Instant,
    id::Id,
    policies::lease::{Lease, MARGIN},
};
use lockwright_posix::lock::{Guard, RenewError};

use super::guardian::Guardian;
use crate::args::{OnLost, StopArgs};

/// After a renewal that failed the next one comes after this part of a lease.
const RETRY: u32 = 24;

/// A lease that is kept.
#[derive(Debug)]
pub(super) struct Tenure<'a> {
    guard: &'a Guard,
    stop: &'a StopArgs,
    /// When to renew it.
    due: Cell<Instant>,
    failure: Cell<Option<RenewError>>,
    guardian: Option<Guardian>,
}

impl<'a> Tenure<'a> {
    /// The one of this guard, if it is held on a lease. `group` names the processes that are to be dead when it is over.
    pub(super) fn begin(guard: &'a Guard, stop: &'a StopArgs, group: &Id) -> io::Result<Option<Self>> {
        let Some(lease) = guard.lease() else { return Ok(None) };
        // Who asked for a command that runs on without its lock gets it.
        let guarded = stop.on_lost != OnLost::Warn;
        let guardian = guarded.then(|| Guardian::start(group, guarded_until(&lease))).transpose()?;
        Ok(Some(Self { guard, stop, due: Cell::new(lease.renew_at()), failure: Cell::new(None), guardian }))
    }

    /// The guardian's process, where there is one.
    pub(super) fn guardian(&self) -> Option<u32> {
        self.guardian.as_ref().map(Guardian::pid)
    }

    /// When to [keep](Self::keep) it.
    pub(super) fn next(&self) -> Instant {
        self.due.get().min(self.stop_at())
    }

    /// Renews it if that is due at `now`, by that clock.
    ///
    /// # Errors
    ///
    /// [`RenewError`] when it is over, or will be before the command is dead unless that begins to end now.
    pub(super) fn keep(&self, now: Instant) -> Result<(), RenewError> {
        if now >= self.stop_at() {
            return Err(self.failure.get().unwrap_or(RenewError::Over));
        }
        if now < self.due.get() {
            return Ok(());
        }
        match self.guard.renew() {
            Ok(lease) => {
                self.due.set(lease.renew_at());
                self.failure.set(None);
                // One that is gone is missed by nobody who renews in time.
                let _ = self.guardian.as_ref().map(|guardian| guardian.tell(guarded_until(&lease)));
                Ok(())
            }
            Err(error @ RenewError::Fs(_)) => {
                self.failure.set(Some(error));
                self.due.set(now.saturating_add(self.length() / RETRY));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// When the command is to be told to end.
    fn stop_at(&self) -> Instant {
        let grace = self.stop.kill_after.min(self.length() / 3);
        let before = self.length() / MARGIN + grace;
        self.began().saturating_add(self.length().saturating_sub(before))
    }

    /// Whether the time is over by which the command was to be dead without a renewal.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now >= self.kill_at()
    }

    /// When the command is to be killed.
    pub(super) fn kill_at(&self) -> Instant {
        self.began().saturating_add(self.length().saturating_sub(self.length() / MARGIN))
    }

    fn length(&self) -> Duration {
        self.guard.lease().map(|lease| lease.length()).unwrap_or_default()
    }

    fn began(&self) -> Instant {
        self.guard.lease().map_or(Instant::new(Duration::ZERO), |lease| lease.began())
    }
}

fn guarded_until(lease: &Lease) -> Instant {
    lease.began().saturating_add(lease.length().saturating_sub(lease.length() / MARGIN / 2))
}
