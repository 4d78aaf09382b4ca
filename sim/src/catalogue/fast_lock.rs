//! The directory-rename lock of the catalogue, under clients of each kind.

use super::{Entry, ONE_ERROR};
use crate::{
    mutants::kept as broken,
    protocol::Property,
    scenario::{Faults, Profile},
    scenarios::{fast_lock, kept, processes},
};

pub(super) const FILE: Entry =
    Entry::algorithm("fast_lock", "directory-rename lock, leaf as file", &fast_lock::FILE_LEAF);

pub(super) const DIR: Entry =
    Entry::algorithm("fast_lock-dir", "directory-rename lock, leaf as directory", &fast_lock::DIR_LEAF);

pub(super) const FILE_CLEANED: Entry = Entry::algorithm(
    "fast_lock+cleaner",
    "leaf as file; one client takes back everybody's proposals",
    &fast_lock::FILE_LEAF_CLEANED,
);

pub(super) const DIR_CLEANED: Entry = Entry::algorithm(
    "fast_lock-dir+cleaner",
    "leaf as directory; one client takes back everybody's proposals",
    &fast_lock::DIR_LEAF_CLEANED,
);

/// Those that only lock and unlock, and clean.
pub(super) const LOCKING: [Entry; 4] = [FILE, DIR, FILE_CLEANED, DIR_CLEANED];

pub(super) const WAITING: Entry = Entry::algorithm(
    "fast_lock+waiting",
    "leaf as file; all wait until they are told of a release or a death",
    &fast_lock::BLOCKING,
)
.within(Profile::Notify);

pub(super) const POLLING: Entry = Entry::algorithm(
    "fast_lock+polling",
    "leaf as file; all wait so, and look again after a while",
    &fast_lock::POLLING,
)
.within(Profile::Notify);

pub(super) const PROCESSES: Entry = Entry::algorithm(
    "fast_lock+processes",
    "leaf as file; owners are judged by the kernel's process ids",
    &processes::ONE_NAMESPACE,
)
.within(Profile::Identity);

pub(super) const CONTAINERS: Entry = Entry::algorithm(
    "fast_lock+containers",
    "leaf as file; the same, in two pid namespaces",
    &processes::TWO_NAMESPACES,
)
.within(Profile::Identity);

pub(super) const OBSERVED: Entry = Entry::algorithm(
    "fast_lock+observer",
    "leaf as file; one client asks who owns it; operations are as if each took one moment",
    &fast_lock::OBSERVED,
);

pub(super) const HOSTS: Entry =
    Entry::algorithm("fast_lock+hosts", "leaf as file; the same, on two hosts of one name", &processes::TWO_HOSTS)
        .within(Profile::Identity);

pub(super) const KEPT: Entry =
    Entry::algorithm("fast_lock+kept", "leaf as file; the directories stay while the lock is free", &kept::ALL);

pub(super) const ONE_KEEPS: Entry = Entry::algorithm(
    "fast_lock+one_keeps",
    "leaf as file; one client keeps the directories, and the others tidy up",
    &kept::ONE,
);

pub(super) const KEPT_POLLING: Entry = Entry::algorithm(
    "fast_lock+kept_polling",
    "leaf as file; all keep the directories, wait, and look again after a while",
    &kept::POLLING,
)
.within(Profile::Notify);

/// Those that only lock and unlock, and keep directories.
pub(super) const KEEPING: [Entry; 2] = [KEPT, ONE_KEEPS];

/// Those that keep more than they may.
pub(super) const KEEPING_MUTANTS: [Entry; 3] = [
    Entry::mutant(
        "fast_lock.moves_owner_back",
        "a release moves the empty `owner` back, to use it again",
        &broken::MOVES_OWNER_BACK,
        [2, 0],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.empties_owner",
        "a release removes what it finds in the `owner` that stays",
        &broken::EMPTIES_OWNER,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Local, ONE_ERROR)
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.keeps_where_calls_repeat",
        "an `owner` stays in which a late copy makes the leaf again",
        &broken::KEEPS_WHERE_CALLS_REPEAT,
        [2, 0],
        Property::AnswersAsDocumented,
    )
    .by(Profile::Nfs3Nodrc, Faults { duplicates: 1, ..Faults::NONE })
    .even_if_atomic(),
];
