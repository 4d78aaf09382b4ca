//! Keeps the lease under which a command runs, and says when it cannot be kept. The lock of a daemon that wants signs of life is
//! held on a lease as well: it counts from before the last line that was answered.
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

use std::{cell::Cell, fmt, io, time::Duration};

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

/// From when a lease counts, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// By the clock that goes on while the machine sleeps.
    pub(super) began: Instant,
    pub(super) length: Duration,
}

impl Span {
    /// When to renew it.
    pub(super) fn renew_at(self) -> Instant {
        self.began.saturating_add(self.length / 3)
    }
}

impl From<Lease> for Span {
    fn from(lease: Lease) -> Self {
        Self { began: lease.began(), length: lease.length() }
    }
}

/// What is held for as long as it is renewed.
pub(super) trait Leased: fmt::Debug {
    /// The lease, as it was last renewed; `None` for what is held on none.
    fn span(&self) -> Option<Span>;

    /// Asks for it to be renewed. `None` where the answer has not come yet: whoever asks again hears of it.
    fn renew(&self) -> Result<Option<Span>, RenewError>;
}

impl Leased for Guard {
    fn span(&self) -> Option<Span> {
        self.lease().map(Span::from)
    }

    fn renew(&self) -> Result<Option<Span>, RenewError> {
        Ok(Some(Self::renew(self)?.into()))
    }
}

/// A lease that is kept.
#[derive(Debug)]
pub(super) struct Tenure<'a> {
    hold: &'a dyn Leased,
    stop: &'a StopArgs,
    /// When to renew it.
    due: Cell<Instant>,
    failure: Cell<Option<RenewError>>,
    guardian: Option<Guardian>,
}

impl<'a> Tenure<'a> {
    /// The one of this hold, if it has one. `group` names the processes that are to be dead when it is over, and `mark` what they
    /// were told of the lock; where they are in no group of their own, nobody guards them.
    pub(super) fn begin(
        hold: &'a dyn Leased,
        stop: &'a StopArgs,
        group: Option<&Id>,
        mark: &Id,
    ) -> io::Result<Option<Self>> {
        let Some(lease) = hold.span() else { return Ok(None) };
        // Who asked for a command that runs on without its lock gets it.
        let guarded = group.filter(|_| stop.on_lost != OnLost::Warn);
        let guardian = guarded.map(|group| Guardian::start(group, mark, guarded_until(lease))).transpose()?;
        Ok(Some(Self { hold, stop, due: Cell::new(lease.renew_at()), failure: Cell::new(None), guardian }))
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
        match self.hold.renew() {
            Ok(Some(lease)) => {
                self.due.set(lease.renew_at());
                self.failure.set(None);
                // One that is gone is missed by nobody who renews in time.
                let _ = self.guardian.as_ref().map(|guardian| guardian.tell(guarded_until(lease)));
                return Ok(());
            }
            Ok(None) => {}
            Err(error @ RenewError::Fs(_)) => self.failure.set(Some(error)),
            Err(error) => return Err(error),
        }
        self.due.set(now.saturating_add(self.length() / RETRY));
        Ok(())
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
        self.hold.span().map(|lease| lease.length).unwrap_or_default()
    }

    fn began(&self) -> Instant {
        self.hold.span().map_or(Instant::new(Duration::ZERO), |lease| lease.began)
    }
}

fn guarded_until(lease: Span) -> Instant {
    lease.began.saturating_add(lease.length.saturating_sub(lease.length / MARGIN / 2))
}
