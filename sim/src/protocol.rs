//! What the checker checks: a protocol says what each of its clients does, one attempt after the other.

use std::fmt;

use lockwright_kernel::{
    fs::{FsError, Halted},
    id::Id,
    lock::LockError,
    path::Path,
};

use crate::{identity::Namespaces, replay::Replay, scenario::Faults};

/// One of the clients of a scenario, as it is now: a client that crashed comes back as another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Which client, from 0.
    pub index: usize,
    /// The id of its present process. Each crash gives the client a new one, and no id is given twice.
    pub id: Id,
}

/// Where a client stands between two attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It wants nothing; its next attempt begins something. Clients start here, and come back here by a crash.
    Idle,
    /// It wants the lock, and its next attempt goes on trying. Unlike a client that is idle it has to go on.
    Trying,
    /// It is in its critical section, until the first call of its next attempt.
    Holding,
    /// As [`Phase::Trying`], and it remembers a number from the attempt before, which means something to its protocol.
    Waiting(u16),
    /// As [`Phase::Holding`], and it remembers a number.
    Serving(u16),
    /// Its attempt to give the lock back failed, so it may own the lock still. It is in no critical section, and its next
    /// attempt tries again.
    Releasing,
}

impl Phase {
    /// True where the client is in its critical section.
    #[must_use]
    pub const fn holds(self) -> bool {
        matches!(self, Self::Holding | Self::Serving(_))
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// Where the client stands now.
    pub next: Phase,
    /// What happened, in a word or two. A protocol's [`sometimes`](Protocol::sometimes) are such words.
    pub said: &'static str,
}

/// An attempt that did not end with an [`Outcome`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    /// The simulated world halted it. Pass on what the world answered; `?` does.
    Halted,
    /// It came to something that must not be: the property that this breaks, and what was seen.
    Broken(Property, String),
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// Never are two clients in their critical sections, or more than [`Protocol::may_hold_together`] lets in.
    MutualExclusion,
    /// A client in its critical section owns the lock on disk, and nobody takes it from a client that lives.
    NotDispossessed,
    /// Operations answer what their documentation says, whatever the others do.
    AnswersAsDocumented,
    /// Attempts call the same for the same answers, and stop when halted, so that a trace means something.
    Replayable,
    /// From every reachable state each client can come to hold the lock, without a further crash.
    CanBeTaken,
    /// When nothing went wrong and everybody is idle, nothing is on disk but [what stays](Protocol::stays); after faults, that
    /// can be reached again.
    NothingLeftBehind,
    /// There is no state in which somebody waits and nobody has anything left to do.
    NobodyWaitsInVain,
    /// While somebody goes on trying, somebody comes to hold the lock, on every fair run; see
    /// [`Protocol::promises`].
    NoLivelock,
    /// Whoever goes on trying comes to hold the lock, on every fair run; see [`Protocol::promises`].
    NoStarvation,
    /// The answers of operations are those of operations that take effect one after the other, each at one moment between
    /// its call and its return; see [`Protocol::is_linearizable`].
    Linearizable,
    /// The resource that the lock protects takes no write of a holder after one of a newer holder; see
    /// [`Replay::write`](crate::Replay::write).
    Fenced,
    /// An outcome that must be possible was seen.
    Sometimes,
    /// Whoever came first is served first, as [`Protocol::is_in_order`] has it.
    InOrder,
}

impl Property {
    /// All properties. Every lock is checked for each of them but those that it [gives up](Protocol::gives_up),
    /// [`Property::Linearizable`] and those of fair runs, which are for a protocol to promise, and [`Property::Fenced`],
    /// which takes a [resource](Protocol::has_resource).
    pub const ALL: [Self; 13] = [
        Self::MutualExclusion,
        Self::NotDispossessed,
        Self::AnswersAsDocumented,
        Self::Replayable,
        Self::CanBeTaken,
        Self::NothingLeftBehind,
        Self::NobodyWaitsInVain,
        Self::NoLivelock,
        Self::NoStarvation,
        Self::Linearizable,
        Self::Fenced,
        Self::Sometimes,
        Self::InOrder,
    ];

    /// The property's name in traces and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MutualExclusion => "mutual exclusion",
            Self::InOrder => "first come, first served",
            Self::NotDispossessed => "no live holder dispossessed",
            Self::AnswersAsDocumented => "answers as documented",
            Self::Replayable => "replayable",
            Self::CanBeTaken => "a free lock can be taken",
            Self::NothingLeftBehind => "nothing left behind",
            Self::NobodyWaitsInVain => "nobody waits in vain",
            Self::NoLivelock => "no livelock",
            Self::NoStarvation => "no starvation",
            Self::Linearizable => "linearizable",
            Self::Fenced => "no late write",
            Self::Sometimes => "sometimes",
        }
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A protocol under check: what its clients do, over the simulated world.
pub trait Protocol: fmt::Debug + Sync {
    /// Makes the attempt that `client` makes from `phase`, over `world`.
    ///
    /// A function of its arguments and the world's answers, and bounded. It runs the kernel's own code.
    ///
    /// # Errors
    ///
    /// [`Stop`].
    fn attempt(&self, client: &Client, phase: Phase, world: &Replay) -> Result<Outcome, Stop>;

    /// What stands on disk for as long as `id` holds the lock.
    fn evidence(&self, id: &Id) -> Path;

    /// The same where it may be one of several, or depends on what `id` remembers in `phase`, in which it holds the lock:
    /// one of these stands.
    fn evidences(&self, id: &Id, phase: Phase) -> Vec<Path> {
        let _ = phase;
        vec![self.evidence(id)]
    }

    /// Whether these clients may be in their critical sections at once, each given with what it remembers; one, by default.
    fn may_hold_together(&self, holders: &[(usize, Phase)]) -> bool {
        holders.len() <= 1
    }

    /// Whether those who hold came before those who wait, as the protocol promises it. It is asked about the clients that
    /// are between two attempts, when one of them holds.
    fn is_in_order(&self, clients: &[(usize, Phase)]) -> bool {
        let _ = clients;
        true
    }

    /// Whether the client `index` of `clients` ever takes the lock. Others clean up, or get in the way.
    fn takes_the_lock(&self, index: usize, clients: usize) -> bool {
        let _ = (index, clients);
        true
    }

    /// What kind of client `index` is: clients of one kind do the same, each under its own id. A search takes states for
    /// one that differ only in which client of a kind is which, unless it finds that attempts do tell them apart.
    fn kind(&self, index: usize, clients: usize) -> u8 {
        let _ = (index, clients);
        0
    }

    /// Which of [`Property::NoLivelock`] and [`Property::NoStarvation`] it promises; none by default.
    ///
    /// They speak of *fair* runs, which go on for ever without another fault: a client that has begun something and could
    /// go on all the time does go on some time. A client that is idle need not begin anything. A run that breaks the
    /// promise is shown as the way to a loop, and the loop.
    ///
    /// A lock whose contenders keep apart by chance has neither on every run, and yet on almost every one: what it has is
    /// [`Property::CanBeTaken`], which is checked always.
    fn promises(&self) -> &[Property] {
        &[]
    }

    /// Whether it promises [`Property::Linearizable`], and [tells](crate::operations) of its operations; not by default,
    /// since what is possible in which order becomes part of each state.
    ///
    /// An id in an operation is that of a [`Client`]. States that differ in names only are kept apart, and calls are taken
    /// one by one, for the order of calls and returns is what this is about.
    fn is_linearizable(&self) -> bool {
        false
    }

    /// The properties that it does not have by its nature, and is not checked for; none by default.
    ///
    /// [`Property::MutualExclusion`] and [`Property::NotDispossessed`] of a lock that ends by time alone,
    /// [`Property::NothingLeftBehind`] of one that keeps marks on disk for good, [`Property::CanBeTaken`] of one whose
    /// rounds are bounded because it counts them. The others cannot be given up.
    fn gives_up(&self) -> &[Property] {
        &[]
    }

    /// What stands for good once it was made, each with what is in it and the directories that lead there: it is not
    /// [left behind](Property::NothingLeftBehind). Nothing, by default.
    fn stays(&self) -> Vec<Path> {
        Vec::new()
    }

    /// Whether its histories are kept apart, and with them states that differ in names only; not by default.
    ///
    /// That is for attempts that read much, more than once: of what they could be answered next to nothing ever happens, and to
    /// find out which of all those histories go on alike takes longer than a search without. The verdict is the same.
    fn has_long_histories(&self) -> bool {
        false
    }

    /// Whether its clients write to a resource that the lock protects, with [`Replay::write`].
    fn has_resource(&self) -> bool {
        false
    }

    /// How the clients are spread over pid namespaces, in the profile `identity`.
    fn namespaces(&self) -> Namespaces {
        Namespaces::ONE
    }

    /// Whether it believes what it is told where answers may be lies, and is run without
    /// [`Settled`](lockwright_kernel::fs::Settled) in the profiles of NFS; not by default.
    fn believes_refusals(&self) -> bool {
        false
    }

    /// Outcomes that must be possible with so many clients and faults; a search that never saw one is no pass.
    fn sometimes(&self, clients: usize, faults: Faults) -> Vec<&'static str>;
}

impl From<Halted> for Stop {
    fn from(Halted: Halted) -> Self {
        Self::Halted
    }
}

impl From<FsError> for Stop {
    fn from(error: FsError) -> Self {
        match error {
            FsError::Halted => Self::Halted,
            error => Self::Broken(Property::AnswersAsDocumented, format!("a call failed: {error}")),
        }
    }
}

impl From<LockError> for Stop {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Fs(error) => error.into(),
            error => Self::Broken(Property::AnswersAsDocumented, format!("answered: {error}")),
        }
    }
}
