//! The semaphores of the catalogue, broken ones included.

use super::Entry;
use crate::{mutants::semaphore as broken, protocol::Property, scenarios::semaphore};

pub(super) const ONE_SLOT: Entry =
    Entry::algorithm("semaphore", "two slots, each a fast_lock; a client tries one of them", &semaphore::TWO_SLOTS);

pub(super) const PASSES: Entry = Entry::algorithm(
    "semaphore+passes",
    "two slots, each a file that is never left by the dead; a client tries them in two passes",
    &semaphore::TWO_PASSES,
);

pub(super) const COUNT_THEN_ENTER: Entry = Entry::mutant(
    "semaphore.count_then_enter",
    "who wants in counts those inside, and then enters",
    &broken::COUNT_THEN_ENTER,
    [3, 0],
    Property::MutualExclusion,
)
.even_if_atomic();

pub(super) const ONE_TOO_MANY: Entry = Entry::mutant(
    "semaphore.one_too_many",
    "everybody believes in one slot more than there is",
    &broken::ONE_TOO_MANY,
    [3, 0],
    Property::MutualExclusion,
)
.even_if_atomic();

pub(super) const RELEASES_ANY: Entry = Entry::mutant(
    "semaphore.releases_any",
    "a release frees the first slot that has an owner",
    &broken::RELEASES_ANY,
    [2, 0],
    Property::NotDispossessed,
)
.even_if_atomic();

pub(super) const NEVER_ASKS: Entry = Entry::mutant(
    "semaphore.never_asks",
    "nobody asks whether the owner of a slot is dead",
    &broken::NEVER_ASKS,
    [2, 1],
    Property::CanBeTaken,
)
.even_if_atomic();
