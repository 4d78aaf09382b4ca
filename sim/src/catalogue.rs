//! The protocols that can be named on a command line and in a trace.

use crate::{
    mutants::{Expected, dotlock, fast_lock as broken},
    protocol::{Property, Protocol},
    scenario::{Faults, Profile, Scenario, Walk},
    scenarios::{LockClients, fast_lock},
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
    protocol: &'static LockClients,
}

impl Entry {
    const fn algorithm(name: &'static str, about: &'static str, protocol: &'static LockClients) -> Self {
        Self { name, about, expected: None, protocol }
    }

    const fn mutant(
        name: &'static str,
        about: &'static str,
        protocol: &'static LockClients,
        [clients, crashes]: [u8; 2],
        property: Property,
    ) -> Self {
        let faults = Faults { crashes, ..Faults::NONE };
        let expected = Expected { clients, profile: Profile::Local, faults, walk: Walk::Split, property };
        Self { name, about, expected: Some(expected), protocol }
    }

    /// A mutant that is caught although no call is parted from its walk.
    const fn even_if_atomic(self) -> Self {
        match self.expected {
            Some(expected) => Self { expected: Some(Expected { walk: Walk::Atomic, ..expected }), ..self },
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
            None => Scenario::new(self.name, 2, 0),
        }
    }

    /// The protocol.
    #[must_use]
    pub fn protocol(&self) -> &'static dyn Protocol {
        self.protocol
    }
}

/// The shipped algorithms, under the clients they are checked with.
pub const ALGORITHMS: [Entry; 4] = [
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
];

/// The known-bad protocols, each with the scenario that shows it.
pub const MUTANTS: [Entry; 11] = [
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
];

/// The scenarios that each algorithm is verified in, clients and crashes, in the order of their size.
///
/// A cleaner counts as a client.
#[must_use]
pub fn rows() -> Vec<(Entry, Scenario)> {
    let [file, dir, file_cleaned, dir_cleaned] = ALGORITHMS;
    let bounds: [(Entry, &[[u8; 2]]); 4] = [
        (file, &[[2, 0], [2, 1], [2, 2], [3, 0], [3, 1]]),
        (dir, &[[2, 0], [2, 1], [2, 2], [3, 0], [3, 1]]),
        (file_cleaned, &[[2, 0], [2, 1], [3, 0], [3, 1]]),
        (dir_cleaned, &[[2, 0], [2, 1], [3, 0]]),
    ];
    let row = |entry: Entry, [clients, crashes]: [u8; 2]| (entry, Scenario::new(entry.name, clients, crashes));
    bounds.into_iter().flat_map(|(entry, bounds)| bounds.iter().map(move |&bound| row(entry, bound))).collect()
}

/// The protocol called `name`.
#[must_use]
pub fn find(name: &str) -> Option<Entry> {
    ALGORITHMS.into_iter().chain(MUTANTS).find(|entry| entry.name == name)
}
