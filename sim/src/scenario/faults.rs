//! Fault budgets: how many times each kind of fault may happen in a run.

/// How many times each kind of fault may happen, in all.
///
/// A budget is spent step by step, so a search covers every run with fewer faults too. What happens without a limit, as
/// the order of steps, has no budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// A client's process is killed. Its client goes on as a new one.
    pub crashes: u8,
    /// A call on the file system answers an error that has no cause in the tree.
    pub errors: u8,
    /// Somebody removes an entry who takes no part in the protocol.
    pub removals: u8,
    /// The power is cut: all processes are killed, and the disk is what was durable.
    pub cuts: u8,
    /// What a process should have been told of a watched directory is lost.
    pub losses: u8,
    /// A second goes by, where time is counted.
    pub ticks: u8,
    /// A new process gets the number of a dead one.
    pub reuses: u8,
    /// The wall clock of a client, or of the file server, is set forward or back by a second.
    ///
    /// *Source.* `clock_settime(2)`, and RFC 5905, section 8: a clock that is off by more than 128 ms is stepped. Clocks
    /// that were never alike are clocks that jumped before anything else.
    pub jumps: u8,
    /// A client's host sleeps for a second, which takes a tick as well: one of its clocks stands still meanwhile.
    ///
    /// *Source.* `clock_gettime(2)`: `CLOCK_MONOTONIC` does not count time that the system is suspended, and
    /// `CLOCK_BOOTTIME` does.
    pub suspends: u8,
    /// The file system turns out to round stamps down to even seconds; only while nothing is on it.
    ///
    /// *Source.* FAT keeps the time of a write in steps of two seconds; `utime(2)` and `inode(7)` leave the step to the
    /// file system.
    pub roundings: u8,
    /// A process's start, worked out from the wall clock, comes out a second too early or too late at one reading.
    ///
    /// *Source.* `proc_pid_stat(5)` gives the start in ticks after boot; what is added to it, `btime` of `proc_stat(5)`,
    /// follows from the wall clock and is rounded anew at each reading.
    pub jitters: u8,
    /// A host is restarted: all its processes are dead, and the new ones have the numbers and starts of the first.
    ///
    /// *Source.* `random(4)`: `/proc/sys/kernel/random/boot_id` is made once a boot; numbers begin anew.
    pub reboots: u8,
    /// A name becomes durable ahead of what came before it in other directories.
    ///
    /// *Source.* POSIX gives no order to what was not `fsync`ed, and file systems differ (Pillai and others, "All file
    /// systems are not created equal", OSDI 2014).
    pub reorders: u8,
    /// A call on the file system is refused, and did nothing: `EACCES`, `EMFILE`, `EROFS` or `ESTALE`.
    ///
    /// *Source.* The lists of errors in `open(2)`, `mkdir(2)`, `rename(2)`, `unlink(2)` and `inotify_add_watch(2)`.
    pub refusals: u8,
    /// The reply to a call on the file system is lost, and the server executes the call a second time when it is sent
    /// again: it took effect, and its caller is told what becomes of the second execution, others having acted since.
    ///
    /// *Source.* RFC 1813, section 4.5; `mkdir(2)`, NOTES; `rename(2)`, BUGS. An exclusive create is exact: the server
    /// keeps its verifier (section 3.3.8).
    pub replays: u8,
    /// The same of a call that makes a file, by a server that cannot make one exclusively.
    ///
    /// *Source.* RFC 1813, section 3.3.8: `NFS3ERR_NOTSUPP` to `EXCLUSIVE`, after which clients send `GUARDED`.
    pub guards: u8,
    /// A copy of a call that is sent is on its way, and the server executes it at some later time, or never: after the
    /// call itself was answered, or after its caller has died. A server that knows its replies again executes the copy only
    /// if the call itself was never executed.
    ///
    /// *Source.* RFC 1813, section 4.5, on destructive retransmissions; `nfs(5)`, `soft`: the call that was given up may be
    /// executed yet.
    pub duplicates: u8,
    /// The server restarts and forgets its replies: of the calls that were sent any may have been executed, and are
    /// executed again.
    ///
    /// *Source.* RFC 1813, section 4.5: the cache of replies is in memory.
    pub restarts: u8,
    /// A call is answered, or finds its directory, by what the client's host remembers of a name and others have changed.
    ///
    /// *Source.* `nfs(5)`, "Data and metadata coherence" and `lookupcache=`: names that were found, and names that were not,
    /// are remembered until the directory is seen to have changed, for up to a minute (`acdirmax`).
    pub stales: u8,
    /// A directory that is there is made, and the client is told that this was done.
    ///
    /// *Source.* Clients of BSD took `EEXIST` for the answer to a call sent twice, of `LINK`, `SYMLINK` and `MKDIR`, until
    /// 2007.
    pub lies: u8,
    /// A file is removed, or another is moved over it, that is open on the host whose client does so. It is renamed in its
    /// directory, and stands there until it is closed, or for good.
    ///
    /// *Source.* Linux, `nfs_sillyrename`; see [`lockwright_kernel::fs::silly`].
    pub opens: u8,
}

/// A kind of fault that has a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the field of `Faults` of that name")]
pub enum Budget {
    Crashes,
    Errors,
    Removals,
    Cuts,
    Losses,
    Ticks,
    Reuses,
    Jumps,
    Suspends,
    Roundings,
    Jitters,
    Reboots,
    Reorders,
    Refusals,
    Replays,
    Guards,
    Duplicates,
    Restarts,
    Stales,
    Lies,
    Opens,
}

impl Budget {
    /// All kinds, in the order in which they are written.
    pub const ALL: [Self; 21] = [
        Self::Crashes,
        Self::Errors,
        Self::Removals,
        Self::Cuts,
        Self::Losses,
        Self::Ticks,
        Self::Reuses,
        Self::Jumps,
        Self::Suspends,
        Self::Roundings,
        Self::Jitters,
        Self::Reboots,
        Self::Reorders,
        Self::Refusals,
        Self::Replays,
        Self::Guards,
        Self::Duplicates,
        Self::Restarts,
        Self::Stales,
        Self::Lies,
        Self::Opens,
    ];

    /// The word by which it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crashes => "crashes",
            Self::Errors => "errors",
            Self::Removals => "removals",
            Self::Cuts => "cuts",
            Self::Losses => "losses",
            Self::Ticks => "ticks",
            Self::Reuses => "reuses",
            Self::Jumps => "jumps",
            Self::Suspends => "suspends",
            Self::Roundings => "roundings",
            Self::Jitters => "jitters",
            Self::Reboots => "reboots",
            Self::Reorders => "reorders",
            Self::Refusals => "refusals",
            Self::Replays => "replays",
            Self::Guards => "guards",
            Self::Duplicates => "duplicates",
            Self::Restarts => "restarts",
            Self::Stales => "stales",
            Self::Lies => "lies",
            Self::Opens => "opens",
        }
    }

    /// The kind that is written so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|budget| budget.name() == name)
    }
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        crashes: 0,
        errors: 0,
        removals: 0,
        cuts: 0,
        losses: 0,
        ticks: 0,
        reuses: 0,
        jumps: 0,
        suspends: 0,
        roundings: 0,
        jitters: 0,
        reboots: 0,
        reorders: 0,
        refusals: 0,
        replays: 0,
        guards: 0,
        duplicates: 0,
        restarts: 0,
        stales: 0,
        lies: 0,
        opens: 0,
    };

    /// The budget of one kind.
    #[must_use]
    pub const fn of(self, budget: Budget) -> u8 {
        match budget {
            Budget::Crashes => self.crashes,
            Budget::Errors => self.errors,
            Budget::Removals => self.removals,
            Budget::Cuts => self.cuts,
            Budget::Losses => self.losses,
            Budget::Ticks => self.ticks,
            Budget::Reuses => self.reuses,
            Budget::Jumps => self.jumps,
            Budget::Suspends => self.suspends,
            Budget::Roundings => self.roundings,
            Budget::Jitters => self.jitters,
            Budget::Reboots => self.reboots,
            Budget::Reorders => self.reorders,
            Budget::Refusals => self.refusals,
            Budget::Replays => self.replays,
            Budget::Guards => self.guards,
            Budget::Duplicates => self.duplicates,
            Budget::Restarts => self.restarts,
            Budget::Stales => self.stales,
            Budget::Lies => self.lies,
            Budget::Opens => self.opens,
        }
    }

    /// The budget of one kind, to be set.
    #[must_use]
    pub const fn of_mut(&mut self, budget: Budget) -> &mut u8 {
        match budget {
            Budget::Crashes => &mut self.crashes,
            Budget::Errors => &mut self.errors,
            Budget::Removals => &mut self.removals,
            Budget::Cuts => &mut self.cuts,
            Budget::Losses => &mut self.losses,
            Budget::Ticks => &mut self.ticks,
            Budget::Reuses => &mut self.reuses,
            Budget::Jumps => &mut self.jumps,
            Budget::Suspends => &mut self.suspends,
            Budget::Roundings => &mut self.roundings,
            Budget::Jitters => &mut self.jitters,
            Budget::Reboots => &mut self.reboots,
            Budget::Reorders => &mut self.reorders,
            Budget::Refusals => &mut self.refusals,
            Budget::Replays => &mut self.replays,
            Budget::Guards => &mut self.guards,
            Budget::Duplicates => &mut self.duplicates,
            Budget::Restarts => &mut self.restarts,
            Budget::Stales => &mut self.stales,
            Budget::Lies => &mut self.lies,
            Budget::Opens => &mut self.opens,
        }
    }

    /// The kinds of which there is any, each with how many.
    pub fn nonzero(self) -> impl Iterator<Item = (Budget, u8)> {
        Budget::ALL.into_iter().map(move |budget| (budget, self.of(budget))).filter(|(_, count)| *count > 0)
    }

    /// True when nothing can go wrong any more.
    pub(crate) fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// What is left after one fault of a kind; `None` when there was none left.
    pub(crate) fn spend(mut self, budget: Budget) -> Option<Self> {
        let left = self.of_mut(budget);
        *left = left.checked_sub(1)?;
        Some(self)
    }
}
