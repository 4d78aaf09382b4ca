//! The directory-rename lock of the catalogue, under clients of each kind.

use super::Entry;
use crate::{
    scenario::Profile,
    scenarios::{fast_lock, processes},
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
