//! The protocols that can be named on a command line and in a trace.

mod limits;

pub use limits::{LIMITS, Limit};

use crate::{
    mutants::{Expected, dotlock, fast_lock as broken, lease, processes as unsure, wait_queue as queues, waiting},
    protocol::{Property, Protocol},
    scenario::{Faults, Profile, Scenario, Walk},
    scenarios::{fast_lock, processes, wait_queue},
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

    /// The protocol.
    #[must_use]
    pub fn protocol(&self) -> &'static dyn Protocol {
        self.protocol
    }
}

/// The shipped algorithms, under the clients they are checked with.
pub const ALGORITHMS: [Entry; 15] = [
    Entry::algorithm("fast_lock", "directory-rename lock, leaf as file", &fast_lock::FILE_LEAF),
    Entry::algorithm("fast_lock-dir", "directory-rename lock, leaf as directory", &fast_lock::DIR_LEAF),
    Entry::algorithm(
        "fast_lock+cleaner",
        "leaf as file; one client takes back everybody's proposals",
        &fast_lock::FILE_LEAF_CLEANED,
    ),
    Entry::algorithm(
        "fast_lock-dir+cleaner",
        "leaf as directory; one client takes back everybody's proposals",
        &fast_lock::DIR_LEAF_CLEANED,
    ),
    Entry::algorithm(
        "fast_lock+waiting",
        "leaf as file; all wait until they are told of a release or a death",
        &fast_lock::BLOCKING,
    )
    .within(Profile::Notify),
    Entry::algorithm(
        "fast_lock+polling",
        "leaf as file; all wait so, and look again after a while",
        &fast_lock::POLLING,
    )
    .within(Profile::Notify),
    Entry::algorithm(
        "fast_lock+processes",
        "leaf as file; owners are judged by the kernel's process ids",
        &processes::ONE_NAMESPACE,
    )
    .within(Profile::Identity),
    Entry::algorithm(
        "fast_lock+containers",
        "leaf as file; the same, in two pid namespaces",
        &processes::TWO_NAMESPACES,
    )
    .within(Profile::Identity),
    Entry::algorithm("fair_lock", "a line in which nobody overtakes", &wait_queue::FAIR_LOCK),
    Entry::algorithm("fair_lock+tries", "the same, tried without standing in line", &wait_queue::TRIED),
    Entry::algorithm("fair_lock+cutting", "the same line; one client cuts in each time", &wait_queue::CUTTING),
    Entry::algorithm("fair_lock+waiting", "the same line; all wait until they are told", &wait_queue::WAITING)
        .within(Profile::Notify),
    Entry::algorithm("fair_semaphore", "the first two in line", &wait_queue::FAIR_SEMAPHORE),
    Entry::algorithm(
        "rw_lock",
        "writers and readers by turns; readers up to the first writer",
        &wait_queue::READ_WRITE,
    ),
    Entry::algorithm("rw_lock+downgrade", "the same, and writers go on as readers", &wait_queue::DOWNGRADING),
];

/// The known-bad protocols, each with the scenario that shows it.
pub const MUTANTS: [Entry; 34] = [
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
    .by(Profile::Notify, Faults::NONE)
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.deaf_to_death",
        "a waiter is told of a release, and not of the owner's death",
        &waiting::DEAF_TO_DEATH,
        [2, 1],
        Property::NobodyWaitsInVain,
    )
    .by(Profile::Notify, Faults { crashes: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.no_polling",
        "a waiter relies on being told, where notices are lost",
        &fast_lock::BLOCKING,
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
    Entry::mutant(
        "fair_lock.no_doorway",
        "a number is read, and the ticket appears later: no doorway",
        &queues::NO_DOORWAY,
        [3, 0],
        Property::InOrder,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.flag_down_first",
        "the flag in the door goes down before the ticket is up",
        &queues::FLAG_DOWN_FIRST,
        [3, 0],
        Property::InOrder,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.look_then_watch",
        "a waiter looks first and watches after",
        &queues::LOOK_THEN_WATCH,
        [2, 0],
        Property::NobodyWaitsInVain,
    )
    .by(Profile::Notify, Faults::NONE)
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.waits_without_ticket",
        "a waiter whose ticket was taken back waits for ever",
        &queues::WAITS_WITHOUT_TICKET,
        [3, 0],
        Property::InOrder,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.holds_without_ticket",
        "a waiter whose ticket was taken back takes its turn all the same",
        &queues::HOLDS_WITHOUT_TICKET,
        [3, 0],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.cut_stops_half_way",
        "who cuts in stops where somebody has left meanwhile",
        &queues::CUT_STOPS_HALF_WAY,
        [2, 0],
        Property::AnswersAsDocumented,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.cut_steals",
        "who cuts in does not wait for those it asked to leave",
        &queues::CUT_STEALS,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.dead_block_the_line",
        "nobody asks who is dead",
        &queues::DEAD_BLOCK_THE_LINE,
        [2, 1],
        Property::CanBeTaken,
    )
    .even_if_atomic(),
    Entry::mutant(
        "rw_lock.downgrade_by_rename",
        "a writer becomes a reader by renaming its ticket, which a listing may miss",
        &queues::DOWNGRADE_BY_RENAME,
        [2, 0],
        Property::InOrder,
    )
    .even_if_atomic(),
    Entry::mutant(
        "rw_lock.look_then_register",
        "a reader looks for a writer, and takes its ticket after",
        &queues::READER_LOOKS_THEN_REGISTERS,
        [2, 0],
        Property::InOrder,
    )
    .even_if_atomic(),
    Entry::mutant(
        "rw_lock.upgrade_in_place",
        "readers that want to write wait until they are alone",
        &queues::UPGRADE_IN_PLACE,
        [2, 0],
        Property::CanBeTaken,
    )
    .even_if_atomic(),
];

const ONE_ERROR: Faults = Faults { errors: 1, ..Faults::NONE };

/// The scenarios that each algorithm is verified in, in the order of their size, those with crashes only first.
///
/// A cleaner counts as a client.
#[must_use]
pub fn rows() -> Vec<(Entry, Scenario)> {
    let [file, dir, file_cleaned, dir_cleaned, waiting, polling, processes, containers, ..] = ALGORITHMS;
    let bounds: [(Entry, &[[u8; 2]]); 4] = [
        (file, &[[2, 0], [2, 1], [2, 2], [3, 0], [3, 1]]),
        (dir, &[[2, 0], [2, 1], [2, 2], [3, 0], [3, 1]]),
        (file_cleaned, &[[2, 0], [2, 1], [3, 0], [3, 1]]),
        (dir_cleaned, &[[2, 0], [2, 1], [3, 0]]),
    ];
    let row = |entry: Entry, [clients, crashes]: [u8; 2]| (entry, Scenario::new(entry.name, clients, crashes));
    let crashes = bounds.into_iter().flat_map(|(entry, bounds)| bounds.iter().map(move |&bound| row(entry, bound)));
    let others = [file, dir, file_cleaned, dir_cleaned].into_iter().flat_map(rows_of_other_faults);
    let notified = [(waiting, 0, 0), (waiting, 1, 0), (polling, 0, 1), (polling, 1, 1)];
    let notified = notified.map(|(entry, crashes, losses)| {
        (entry, Scenario { faults: Faults { crashes, losses, ..Faults::NONE }, ..entry.scenario() })
    });
    let numbered = [(processes, 0), (processes, 1), (containers, 0), (containers, 1)].map(|(entry, reuses)| {
        (entry, Scenario { faults: Faults { crashes: 1, reuses, ..Faults::NONE }, ..entry.scenario() })
    });
    crashes.chain(others).chain(notified).chain(numbered).chain(rows_in_line()).collect()
}

/// The rows of those that stand in line.
fn rows_in_line() -> impl Iterator<Item = (Entry, Scenario)> {
    let [.., lock, tries, cutting, waiting, semaphore, read_write, downgrading] = ALGORITHMS;
    let bounds: [(Entry, &[[u8; 2]]); 7] = [
        (lock, &[[2, 0], [2, 1], [3, 0]]),
        (tries, &[[2, 0]]),
        (cutting, &[[2, 0], [2, 1]]),
        (waiting, &[[2, 0]]),
        (semaphore, &[[2, 0], [3, 0]]),
        (read_write, &[[2, 0], [2, 1]]),
        (downgrading, &[[2, 0]]),
    ];
    bounds.into_iter().flat_map(|(entry, bounds)| {
        bounds.iter().map(move |&[clients, crashes]| {
            (entry, Scenario { clients, faults: Faults { crashes, ..Faults::NONE }, ..entry.scenario() })
        })
    })
}

fn rows_of_other_faults(entry: Entry) -> [(Entry, Scenario); 3] {
    [
        (Profile::Local, ONE_ERROR),
        (Profile::Local, Faults { crashes: 1, ..ONE_ERROR }),
        (Profile::Power, Profile::Power.default_faults()),
    ]
    .map(|(profile, faults)| (entry, Scenario { faults, profile, ..Scenario::new(entry.name, 2, 0) }))
}

/// The protocol called `name`.
#[must_use]
pub fn find(name: &str) -> Option<Entry> {
    ALGORITHMS.into_iter().chain(MUTANTS).find(|entry| entry.name == name)
}
