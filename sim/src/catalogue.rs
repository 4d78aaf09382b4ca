//! The protocols that can be named on a command line and in a trace.

mod check_bid_check;
mod fast_lock;
mod files;
mod grace;
mod known;
mod leases;
mod limits;
pub mod matrix;
mod observed;
mod one_kind;
mod remembered;
mod semaphore;
mod silly;
mod stories;
mod token;
mod wait_queue;
mod worlds;

pub use known::{KNOWN_BAD, KNOWN_GOOD, Known, Shown};
pub use limits::{LIMITS, Limit, known};
pub use stories::Story;
pub use worlds::REFERENCES;

use crate::{
    mutants::{Expected, dotlock, fast_lock as broken, lease, processes as unsure, waiting},
    protocol::{Property, Protocol},
    scenario::{Faults, Profile, Scenario, Walk},
    scenarios,
};

/// A protocol that has a name.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// For a mutant, how it is caught. An algorithm has none.
    pub expected: Option<Expected>,
    /// The world that an algorithm is checked in first.
    profile: Profile,
    protocol: &'static dyn Protocol,
}

impl Entry {
    const fn algorithm(name: &'static str, about: &'static str, protocol: &'static dyn Protocol) -> Self {
        Self { name, about, expected: None, profile: Profile::Local, protocol }
    }

    /// An algorithm for another world.
    const fn within(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    const fn mutant(
        name: &'static str,
        about: &'static str,
        protocol: &'static dyn Protocol,
        [clients, crashes]: [u8; 2],
        property: Property,
    ) -> Self {
        let faults = Faults { crashes, ..Faults::NONE };
        let expected = Expected { clients, profile: Profile::Local, faults, walk: Walk::Split, property };
        Self { name, about, expected: Some(expected), profile: Profile::Local, protocol }
    }

    /// A mutant that is caught although no call is parted from its walk.
    const fn even_if_atomic(self) -> Self {
        match self.expected {
            Some(expected) => Self { expected: Some(Expected { walk: Walk::Atomic, ..expected }), ..self },
            None => self,
        }
    }

    /// A mutant that is caught by other faults than crashes.
    const fn by(self, profile: Profile, faults: Faults) -> Self {
        match self.expected {
            Some(expected) => Self { expected: Some(Expected { profile, faults, ..expected }), ..self },
            None => self,
        }
    }

    /// A mutant's scenario, in which it is caught; for an algorithm the smallest in which there is anything to check.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        match self.expected {
            Some(Expected { clients, profile, faults, walk, .. }) => {
                Scenario { faults, walk, profile, ..Scenario::new(self.name, clients, 0) }
            }
            None => Scenario { profile: self.profile, ..Scenario::new(self.name, 2, 0) },
        }
    }

    /// The world that it was written for: the one in which it is checked, or caught, first.
    #[must_use]
    pub fn home(&self) -> Profile {
        self.expected.map_or(self.profile, |expected| expected.profile)
    }

    /// Whether it means anything in this world. One that asks for watches, time or processes does so only where these
    /// are: elsewhere it gets no answer, or ids that are not what they say.
    #[must_use]
    pub fn is_for(&self, profile: Profile) -> bool {
        let home = self.home();
        home == profile || matches!(home, Profile::Local | Profile::Power | Profile::Operator)
    }

    /// Where a mutant's mistake was made; an algorithm has no story.
    #[must_use]
    pub fn story(&self) -> Option<Story> {
        stories::of(self.name)
    }

    /// The numbers in [`KNOWN_BAD`] of those that it shows.
    pub fn numbers(&self) -> impl Iterator<Item = u8> {
        let shows = |known: &&Known| matches!(known.shown, Shown::By(names) if names.contains(&self.name));
        KNOWN_BAD.iter().filter(shows).map(|known| known.number)
    }

    /// The protocol.
    #[must_use]
    pub fn protocol(&self) -> &'static dyn Protocol {
        self.protocol
    }
}

/// The shipped algorithms, under the clients they are checked with.
pub const ALGORITHMS: [Entry; 35] = [
    fast_lock::FILE,
    fast_lock::DIR,
    fast_lock::FILE_CLEANED,
    fast_lock::DIR_CLEANED,
    fast_lock::WAITING,
    fast_lock::POLLING,
    fast_lock::PROCESSES,
    fast_lock::CONTAINERS,
    fast_lock::OBSERVED,
    fast_lock::HOSTS,
    fast_lock::KEPT,
    fast_lock::ONE_KEEPS,
    fast_lock::KEPT_POLLING,
    leases::LEASED,
    leases::FENCED,
    semaphore::ONE_SLOT,
    semaphore::PASSES,
    check_bid_check::LOCK_FOLDER,
    check_bid_check::WHOLE,
    grace::GRACE,
    grace::NO_GRACE,
    wait_queue::FAIR_LOCK,
    wait_queue::TRIES,
    wait_queue::CUTTING,
    wait_queue::WAITING,
    wait_queue::POLLING,
    wait_queue::LEASED,
    wait_queue::FAIR_SEMAPHORE,
    wait_queue::RW_LOCK,
    wait_queue::DOWNGRADING,
    token::TOKEN,
    token::LEASE,
    token::ADMIT,
    one_kind::THREE_KINDS,
    one_kind::ALIKE,
];

/// The known-bad protocols, each with the scenario that shows it.
pub const MUTANTS: [Entry; COMMON_MUTANTS.len() + observed::MUTANTS.len() + OTHER_MUTANTS.len()] = joined(
    &joined::<{ COMMON_MUTANTS.len() + observed::MUTANTS.len() }>(&COMMON_MUTANTS, &observed::MUTANTS),
    &OTHER_MUTANTS,
);

const OTHER_MUTANTS: [Entry; QUEUES_AND_WORLDS + OF_NUMBERS_AND_FILES + OF_KINDS_AND_LEASES] = joined(
    &joined::<{ QUEUES_AND_WORLDS + OF_NUMBERS_AND_FILES }>(
        &joined::<QUEUES_AND_WORLDS>(&wait_queue::MUTANTS, &worlds::MUTANTS),
        &joined::<OF_NUMBERS_AND_FILES>(&token::MUTANTS, &files::MUTANTS),
    ),
    &joined::<OF_KINDS_AND_LEASES>(
        &joined::<{ one_kind::MUTANTS.len() + leases::MUTANTS.len() }>(&one_kind::MUTANTS, &leases::MUTANTS),
        &joined::<OF_MOUNTS>(
            &fast_lock::KEEPING_MUTANTS,
            &joined::<{ remembered::MUTANTS.len() + silly::MUTANTS.len() }>(&remembered::MUTANTS, &silly::MUTANTS),
        ),
    ),
);

const OF_KINDS_AND_LEASES: usize = one_kind::MUTANTS.len() + leases::MUTANTS.len() + OF_MOUNTS;

const OF_MOUNTS: usize = fast_lock::KEEPING_MUTANTS.len() + remembered::MUTANTS.len() + silly::MUTANTS.len();

const OF_NUMBERS_AND_FILES: usize = token::MUTANTS.len() + files::MUTANTS.len();

const QUEUES_AND_WORLDS: usize = wait_queue::MUTANTS.len() + worlds::MUTANTS.len();

const COMMON_MUTANTS: [Entry; 34] = [
    Entry::mutant(
        "fast_lock.no_look",
        "no look for the leaf after the move, while others empty proposals",
        &broken::NO_LOOK,
        [2, 0],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.clean_in_place",
        "proposals of the living are emptied in place, not moved aside",
        &broken::CLEAN_IN_PLACE,
        [2, 0],
        Property::NotDispossessed,
    ),
    Entry::mutant(
        "fast_lock.recover_owner_dir",
        "recovery removes `owner` as a whole, not the dead id's leaf",
        &broken::RECOVER_OWNER_DIR,
        [2, 1],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.recover_by_path",
        "staleness judged before, and the leaf that is there removed after",
        &broken::RECOVER_BY_PATH,
        [2, 1],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.sign_after_move",
        "the leaf is made after the move, so two can move",
        &broken::SIGN_AFTER_MOVE,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.unlock_tree",
        "unlock removes the lock's directory with all that is in it",
        &broken::UNLOCK_TREE,
        [2, 0],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.unlock_leaves_dirs",
        "unlock leaves the directories",
        &broken::UNLOCK_LEAVES_DIRS,
        [2, 0],
        Property::NothingLeftBehind,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.no_recovery",
        "nobody recovers from the dead",
        &broken::NO_RECOVERY,
        [2, 1],
        Property::CanBeTaken,
    )
    .even_if_atomic(),
    Entry::mutant(
        "dotlock.check_then_unlink",
        "a stale lock file is removed by its path",
        &dotlock::CHECK_THEN_UNLINK,
        [2, 1],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
    Entry::mutant(
        "dotlock.empty_is_stale",
        "a lock file without an id is taken for stale",
        &dotlock::EMPTY_IS_STALE,
        [2, 0],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
    Entry::mutant(
        "dotlock.empty_is_live",
        "a lock file without an id is held for ever",
        &dotlock::EMPTY_IS_LIVE,
        [2, 1],
        Property::CanBeTaken,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.error_means_no",
        "a move that failed is taken for one that did not happen",
        &broken::ERROR_MEANS_NO,
        [2, 0],
        Property::CanBeTaken,
    )
    .by(Profile::Local, ONE_ERROR)
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.unlock_unchecked",
        "unlock does not look whether its leaf could be removed",
        &broken::UNLOCK_UNCHECKED,
        [2, 0],
        Property::AnswersAsDocumented,
    )
    .by(Profile::Local, ONE_ERROR)
    .even_if_atomic(),
    Entry::mutant(
        "dotlock.unreadable_is_stale",
        "a lock file that cannot be read is taken for stale",
        &dotlock::UNREADABLE_IS_STALE,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Local, ONE_ERROR)
    .even_if_atomic(),
    Entry::mutant(
        "dotlock.failed_write_is_fine",
        "nobody looks whether the lock file could be made and written",
        &dotlock::FAILED_WRITE_IS_FINE,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Local, ONE_ERROR)
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.signed_inside",
        "the owner's id is the leaf's contents, which a power cut may undo",
        &broken::SIGNED_INSIDE,
        [1, 0],
        Property::CanBeTaken,
    )
    .by(Profile::Power, Profile::Power.default_faults())
    .even_if_atomic(),
    Entry::mutant(
        "one_file.look_then_watch",
        "a waiter looks first and watches after",
        &waiting::LOOK_THEN_WATCH,
        [2, 0],
        Property::NobodyWaitsInVain,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.deaf_to_death",
        "a waiter is told of a release, and not of the owner's death",
        &waiting::DEAF_TO_DEATH,
        [2, 1],
        Property::NobodyWaitsInVain,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.no_polling",
        "a waiter relies on being told, where notices are lost",
        &scenarios::fast_lock::BLOCKING,
        [2, 0],
        Property::NobodyWaitsInVain,
    )
    .by(Profile::Notify, Profile::Notify.default_faults())
    .even_if_atomic(),
    Entry::mutant(
        "lease.unfenced",
        "a lock file that has become old is moved away, and its owner pauses",
        &lease::UNFENCED,
        [2, 0],
        Property::MutualExclusion,
    )
    .by(Profile::Lease, Profile::Lease.default_faults())
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.pid_alone",
        "whatever has the owner's number is taken for the owner",
        &unsure::PID_ALONE,
        [2, 0],
        Property::CanBeTaken,
    )
    .by(Profile::Identity, Profile::Identity.default_faults())
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.my_pid_is_stale",
        "an owner with one's own number is taken for an earlier self",
        &unsure::MY_PID_IS_STALE,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Identity, Faults::NONE)
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.foreign_is_stale",
        "an owner in another namespace is taken for dead",
        &unsure::FOREIGN_IS_STALE,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Identity, Faults::NONE)
    .even_if_atomic(),
    semaphore::COUNT_THEN_ENTER,
    semaphore::ONE_TOO_MANY,
    semaphore::RELEASES_ANY,
    semaphore::NEVER_ASKS,
    check_bid_check::FILL_AFTER,
    check_bid_check::NO_SECOND_CHECK,
    check_bid_check::UNREADABLE_IS_ABSENT,
    check_bid_check::VANISHED_IS_ERROR,
    check_bid_check::HALF_READ_IS_ERROR,
    check_bid_check::SAME_BACKOFF,
    grace::OLD_IS_DEAD,
];

const ONE_ERROR: Faults = Faults { errors: 1, ..Faults::NONE };

/// Algorithms under promises that they do not make, each for a limit.
const OVERPROMISED: [Entry; 2] = [check_bid_check::INSISTING, wait_queue::INSISTING];

/// The scenarios that each algorithm is verified in, in the order of their size, those with crashes only first.
///
/// A cleaner counts as a client.
#[must_use]
pub fn rows() -> Vec<(Entry, Scenario)> {
    let bounds: [(Entry, &[[u8; 2]]); 11] = [
        (fast_lock::FILE, &[[2, 0], [2, 1], [2, 2], [3, 0], [3, 1]]),
        (fast_lock::DIR, &[[2, 0], [2, 1], [2, 2], [3, 0], [3, 1]]),
        (fast_lock::FILE_CLEANED, &[[2, 0], [2, 1], [3, 0], [3, 1]]),
        (fast_lock::DIR_CLEANED, &[[2, 0], [2, 1], [3, 0]]),
        (fast_lock::OBSERVED, &[[3, 0], [3, 1]]),
        (fast_lock::KEPT, &[[2, 0], [2, 1], [3, 0]]),
        (fast_lock::ONE_KEEPS, &[[2, 0], [2, 1], [3, 0]]),
        (semaphore::ONE_SLOT, &[[2, 0], [2, 1], [3, 0]]),
        (semaphore::PASSES, &[[2, 0], [3, 0], [4, 0]]),
        (check_bid_check::LOCK_FOLDER, &[[2, 0], [2, 1], [2, 2], [3, 0], [3, 1]]),
        (check_bid_check::WHOLE, &[[2, 0], [3, 0]]),
    ];
    let row = |entry: Entry, [clients, crashes]: [u8; 2]| (entry, Scenario::new(entry.name, clients, crashes));
    let crashes = bounds.into_iter().flat_map(|(entry, bounds)| bounds.iter().map(move |&bound| row(entry, bound)));
    let others = fast_lock::LOCKING.into_iter().chain(fast_lock::KEEPING).flat_map(rows_of_other_faults);
    let notified = [
        (fast_lock::WAITING, 0, 0),
        (fast_lock::WAITING, 1, 0),
        (fast_lock::POLLING, 0, 1),
        (fast_lock::POLLING, 1, 1),
        (fast_lock::KEPT_POLLING, 1, 1),
    ];
    let notified = notified.map(|(entry, crashes, losses)| {
        (entry, Scenario { faults: Faults { crashes, losses, ..Faults::NONE }, ..entry.scenario() })
    });
    let numbered = [fast_lock::PROCESSES, fast_lock::CONTAINERS]
        .into_iter()
        .flat_map(|entry| [(entry, 0), (entry, 1)])
        .map(|(entry, reuses)| {
            (entry, Scenario { faults: Faults { crashes: 1, reuses, ..Faults::NONE }, ..entry.scenario() })
        });
    let failing = Scenario { faults: ONE_ERROR, ..Scenario::new(fast_lock::OBSERVED.name, 3, 0) };
    let folders =
        rows_of_other_faults(check_bid_check::LOCK_FOLDER).into_iter().filter(|(_, row)| row.profile == Profile::Local);
    let others = others.chain([(fast_lock::OBSERVED, failing)]).chain(folders);
    let timed = [(grace::GRACE, 0, 1), (grace::GRACE, 0, 2), (grace::NO_GRACE, 0, 1), (grace::NO_GRACE, 1, 0)];
    let timed = timed.map(|(entry, crashes, ticks)| {
        (entry, Scenario { faults: Faults { crashes, ticks, ..Faults::NONE }, ..entry.scenario() })
    });
    crashes
        .chain(others)
        .chain(timed)
        .chain(notified)
        .chain(numbered)
        .chain(worlds::rows())
        .chain(wait_queue::rows())
        .chain(token::rows())
        .chain(files::rows())
        .chain(one_kind::rows())
        .chain(leases::rows())
        .collect()
}

fn rows_of_other_faults(entry: Entry) -> [(Entry, Scenario); 3] {
    [
        (Profile::Local, ONE_ERROR),
        (Profile::Local, Faults { crashes: 1, ..ONE_ERROR }),
        (Profile::Power, Profile::Power.default_faults()),
    ]
    .map(|(profile, faults)| (entry, Scenario { faults, profile, ..Scenario::new(entry.name, 2, 0) }))
}

/// One list, and then the other.
const fn joined<const ALL: usize>(first: &[Entry], second: &[Entry]) -> [Entry; ALL] {
    let mut all = [first[0]; ALL];
    let mut at = 0;
    while at < ALL {
        all[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    all
}

/// The protocol called `name`.
#[must_use]
pub fn find(name: &str) -> Option<Entry> {
    // By reference: they are many, and who looks one up had better not copy them all.
    let mut named = ALGORITHMS.iter().chain(&REFERENCES).chain(&MUTANTS).chain(&OVERPROMISED);
    named.find(|entry| entry.name == name).copied()
}
