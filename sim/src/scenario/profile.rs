//! Profiles: which world a scenario is played in, named after what it has beyond well-behaved POSIX.

use std::{fmt, str::FromStr};

use super::{Budget, Faults};

/// A world, and with it the kinds of faults that it knows.
///
/// They form a ladder: each has the faults of [`Profile::Local`] and one group more, and no profile has them all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// One host and a local file system: crashes, calls that fail, and calls that are refused.
    #[default]
    Local,
    /// The same, and the power may be cut. What is durable then keeps the order in which it came, or, as far as there is
    /// a budget for it, loses it between directories.
    Power,
    /// The same as [`Profile::Local`], and process ids and host names may mean somebody else: numbers are used again,
    /// namespaces and hosts number alike, a host is restarted, a start that is worked out is off by one.
    Identity,
    /// The same as [`Profile::Local`], and there are clocks, which nobody can rely on: a pause lasts for as long as it
    /// likes, wall clocks are set, a host sleeps, stamps are rounded, and are of the file system's own clock.
    Lease,
    /// The same as [`Profile::Local`], and notifications may be lost: all that a process was still to be told of at once,
    /// as when its queue overflows. Several changes before a wait are one piece of news always.
    Notify,
    /// The same as [`Profile::Local`], and somebody who knows nothing of the protocol removes entries.
    Operator,
    /// The same as [`Profile::Local`], and replies are lost on the way from an NFS server that keeps none of them: a part
    /// of what such a server can do. Calls that come late, caches and handles that outlive their directory are not in it.
    NfsReplay,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 7] =
        [Self::Local, Self::Power, Self::Identity, Self::Lease, Self::Notify, Self::Operator, Self::NfsReplay];

    /// The word by which it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Power => "power",
            Self::Identity => "identity",
            Self::Lease => "lease",
            Self::Notify => "notify",
            Self::Operator => "operator",
            Self::NfsReplay => "nfs-replay",
        }
    }

    /// The kinds of faults that it has.
    #[must_use]
    pub const fn budgets(self) -> &'static [Budget] {
        match self {
            Self::Local => &[Budget::Crashes, Budget::Errors, Budget::Refusals],
            Self::Identity => {
                &[Budget::Crashes, Budget::Errors, Budget::Refusals, Budget::Reuses, Budget::Jitters, Budget::Reboots]
            }
            Self::Lease => &[
                Budget::Crashes,
                Budget::Errors,
                Budget::Refusals,
                Budget::Ticks,
                Budget::Jumps,
                Budget::Suspends,
                Budget::Roundings,
            ],
            Self::Notify => &[Budget::Crashes, Budget::Errors, Budget::Refusals, Budget::Losses],
            Self::Power => &[Budget::Crashes, Budget::Errors, Budget::Refusals, Budget::Cuts, Budget::Reorders],
            Self::Operator => &[Budget::Crashes, Budget::Errors, Budget::Refusals, Budget::Removals],
            Self::NfsReplay => &[Budget::Crashes, Budget::Errors, Budget::Refusals, Budget::Replays],
        }
    }

    /// Whether there are clocks in it.
    pub(crate) const fn has_time(self) -> bool {
        matches!(self, Self::Notify | Self::Lease)
    }

    /// Whether entries have stamps in it.
    pub(crate) const fn has_stamps(self) -> bool {
        matches!(self, Self::Lease)
    }

    /// The smallest budgets that show what is particular about it.
    #[must_use]
    pub const fn default_faults(self) -> Faults {
        match self {
            Self::Local => Faults { crashes: 1, ..Faults::NONE },
            Self::Identity => Faults { crashes: 1, reuses: 1, ..Faults::NONE },
            Self::Lease => Faults { ticks: 1, ..Faults::NONE },
            Self::Notify => Faults { losses: 1, ..Faults::NONE },
            Self::Power => Faults { cuts: 1, ..Faults::NONE },
            Self::Operator => Faults { removals: 1, ..Faults::NONE },
            Self::NfsReplay => Faults { replays: 1, ..Faults::NONE },
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no profile of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no profile; there are {known}", known = Profile::ALL.map(Profile::name).join(", "))]
pub struct UnknownProfile(pub String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        Self::ALL.into_iter().find(|profile| profile.name() == name).ok_or_else(|| UnknownProfile(name.into()))
    }
}
