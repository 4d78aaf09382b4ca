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
    /// The same as [`Profile::Local`], by mounts of NFS version 4.1 or later, one host for each client. Each host remembers
    /// names, and answers by what it remembers; but the adaptor asks anew about each directory on the way, so that only what
    /// changes during a call is answered as it was. A call is executed once, also one whose caller is dead by then, save
    /// that a restart of the server makes it forget. A file that somebody on the same host has open is renamed where it is removed.
    ///
    /// *Source.* RFC 8881, sections 2.10.6 (exactly-once semantics), 8.4.2 (restart of the server) and 10.8.1 (caching of
    /// names); `nfs(5)`, "Data and metadata coherence"; Linux, `nfs_sillyrename`.
    Nfs41,
    /// The same as [`Profile::Local`], by a client of NFS version 3 that keeps nothing in a cache, one host for each client.
    /// The server knows its replies again as long as it runs: a call is executed once, and maybe when its caller is dead. A
    /// restart makes it forget them. Algorithms look before they believe a refusal:
    /// [`Settled`](lockwright_kernel::fs::Settled). A call takes effect in the directory whose handle it was sent with, and
    /// finds nothing once that is removed. Such a client opens no file, and REMOVE removes it (section 3.3.12), so that nothing is
    /// kept of what is removed.
    ///
    /// *Source.* RFC 1813, sections 3.3.8 and 4.5; `exports(5)` and `nfs(5)` for who keeps what. A copy of a call that was
    /// answered before a restart, and is executed after it, is not in it, nor are the caches of a mount.
    Nfs3Drc,
    /// The same, and the server knows no reply again: a call whose reply was lost is executed twice, and a copy of it at
    /// any later time.
    Nfs3Nodrc,
    /// The same, by mounts that remember names for as long as they like, and that asking anew does not help, as those of
    /// version 2 and those with `lookupcache=all` and `nocto`. A call that was given up may be executed later (`soft`: an
    /// error and a copy), files are not made exclusively, and a directory that is there is said to be made. What is removed while it
    /// is open is renamed as in [`Profile::Nfs41`].
    ///
    /// *Source.* RFC 1094, whose CREATE is not exclusive and whose stamps are all that tells of changes; `nfs(5)`, `soft`,
    /// `nocto`, `lookupcache`.
    NfsLegacy,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 10] = [
        Self::Local,
        Self::Power,
        Self::Identity,
        Self::Lease,
        Self::Notify,
        Self::Operator,
        Self::Nfs41,
        Self::Nfs3Drc,
        Self::Nfs3Nodrc,
        Self::NfsLegacy,
    ];

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
            Self::Nfs41 => "nfs4.1",
            Self::Nfs3Drc => "nfs3-drc",
            Self::Nfs3Nodrc => "nfs3-nodrc",
            Self::NfsLegacy => "nfs-legacy",
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
            Self::Nfs41 => &[
                Budget::Crashes,
                Budget::Errors,
                Budget::Refusals,
                Budget::Duplicates,
                Budget::Restarts,
                Budget::Stales,
                Budget::Opens,
            ],
            Self::NfsLegacy => &[
                Budget::Crashes,
                Budget::Errors,
                Budget::Refusals,
                Budget::Replays,
                Budget::Guards,
                Budget::Duplicates,
                Budget::Stales,
                Budget::Lies,
                Budget::Opens,
            ],
            Self::Nfs3Drc => &[Budget::Crashes, Budget::Errors, Budget::Refusals, Budget::Duplicates, Budget::Restarts],
            Self::Nfs3Nodrc => &[
                Budget::Crashes,
                Budget::Errors,
                Budget::Refusals,
                Budget::Replays,
                Budget::Guards,
                Budget::Duplicates,
            ],
        }
    }

    /// Whether answers of the file system may be lies, so that algorithms look before they believe them.
    #[must_use]
    pub const fn is_nfs(self) -> bool {
        matches!(self, Self::Nfs41 | Self::Nfs3Drc | Self::Nfs3Nodrc | Self::NfsLegacy)
    }

    /// Whether the server knows its replies again, so that it executes a copy of a call only if the call never was.
    pub(crate) const fn knows_its_replies(self) -> bool {
        matches!(self, Self::Nfs41 | Self::Nfs3Drc)
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
            Self::Nfs41 => Faults { restarts: 1, stales: 1, opens: 1, ..Faults::NONE },
            Self::NfsLegacy => Faults { errors: 1, duplicates: 1, ..Faults::NONE },
            Self::Nfs3Drc => Faults { restarts: 1, ..Faults::NONE },
            Self::Nfs3Nodrc => Faults { duplicates: 1, ..Faults::NONE },
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
