//! Time, as two kinds that cannot be mixed up: the caller's own clock, and the stamps a file system writes.

use core::time::Duration;

use crate::fs::Halted;

/// A reading of a [`Clock`]: time since a start that only that clock knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The reading `since_start` after the clock's start.
    #[must_use]
    pub const fn new(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// Time since the clock's start.
    #[must_use]
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// `wait` later, or the latest instant there is.
    #[must_use]
    pub const fn saturating_add(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }

    /// How long after `earlier` this is; nothing when it is not after.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// A stamp that a file system wrote, on the file system's clock.
///
/// Two stamps of one file system may be compared. A stamp and an [`Instant`] may not, for they can come from two
/// machines; that is why this is a type of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(Duration);

impl Timestamp {
    /// The stamp `since_epoch` after 1970-01-01 UTC.
    #[must_use]
    pub const fn new(since_epoch: Duration) -> Self {
        Self(since_epoch)
    }

    /// Time since 1970-01-01 UTC, on the file system's clock.
    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        self.0
    }
}

/// The caller's own clock.
pub trait Clock {
    /// The time now. It never goes back, and it goes on while the machine sleeps.
    ///
    /// # Errors
    ///
    /// [`Halted`] in a simulated world only.
    #[track_caller]
    fn now(&self) -> Result<Instant, Halted>;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Result<Instant, Halted> {
        (**self).now()
    }
}
