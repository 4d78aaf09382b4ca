//! Fences: a number for each grant, larger than those of all grants before, also of earlier runs of the server.
//!
//! The upper half is the epoch, the lower half counts. Where the count is used up, the next epoch begins: both are one
//! number. A resource that keeps the highest fence it has seen can refuse whoever comes with a lower one.

use core::{fmt, num::NonZeroU64};

/// The number of one grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(NonZeroU64);

impl Fence {
    /// The fence that reads so, if any does.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// The number that it is.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// The run of the server that granted it.
    #[must_use]
    pub fn epoch(self) -> u32 {
        u32::try_from(self.get() >> 32).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The fences of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Fences {
    last: u64,
}

impl Fences {
    /// Those of the run `epoch`, of which none was given yet.
    pub(super) fn new(epoch: u32) -> Self {
        Self { last: u64::from(epoch) << 32 }
    }

    pub(super) fn next(&mut self) -> Fence {
        self.last = self.last.saturating_add(1);
        Fence(NonZeroU64::new(self.last).unwrap_or(NonZeroU64::MAX))
    }

    pub(super) fn epoch(self) -> u32 {
        u32::try_from(self.last >> 32).unwrap_or(u32::MAX)
    }
}
