//! The locks of the catalogue that ask only after a quiet time, a broken one included.

use super::{Entry, Limit};
use crate::{
    mutants::grace as broken,
    protocol::Property,
    scenario::{Faults, Profile},
    scenarios::grace,
};

pub(super) const GRACE: Entry =
    Entry::algorithm("fast_lock+grace", "leaf as file; owners are asked about after a quiet time", &grace::GRACE)
        .within(Profile::Lease);

pub(super) const NO_GRACE: Entry = Entry::algorithm(
    "fast_lock+grace0",
    "the same where no time is quiet enough to wait for, as when a clock jumps ahead",
    &grace::NO_GRACE,
)
.within(Profile::Lease);

pub(super) const STOPPED_CLOCK: Limit = Limit {
    name: GRACE.name,
    clients: 2,
    profile: Profile::Lease,
    faults: Faults { crashes: 1, ..Faults::NONE },
    property: Property::CanBeTaken,
    why: "where the file system's clock stands still, nobody is noticed for long enough to be asked about",
};

pub(super) const OLD_IS_DEAD: Entry = Entry::mutant(
    "grace.old_is_dead",
    "whoever is noticed for longer than the grace is taken for dead, and not asked about",
    &broken::OLD_IS_DEAD,
    [2, 0],
    Property::NotDispossessed,
)
.by(Profile::Lease, Profile::Lease.default_faults())
.even_if_atomic();
