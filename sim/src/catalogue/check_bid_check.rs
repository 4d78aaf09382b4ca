//! The lock folders of the catalogue, broken ones included.

use super::{Entry, Limit, ONE_ERROR};
use crate::{
    mutants::check_bid_check as broken,
    protocol::Property,
    scenario::{Faults, Profile},
    scenarios::check_bid_check,
};

pub(super) const LOCK_FOLDER: Entry =
    Entry::algorithm("check_bid_check", "lock folder, bids published whole", &check_bid_check::IN_TWO_PARTS);

pub(super) const WHOLE: Entry = Entry::algorithm(
    "check_bid_check+whole",
    "the same with check, bid and check in one attempt",
    &check_bid_check::LOCK_FOLDER,
);

/// No algorithm, for it promises too much.
pub(super) const INSISTING: Entry = Entry::algorithm(
    "check_bid_check+insisting",
    "the same, where it is promised that somebody gets the lock",
    &check_bid_check::INSISTING,
);

pub(super) const NO_LIVELOCK: Limit = Limit {
    name: INSISTING.name,
    clients: 2,
    profile: Profile::Local,
    faults: Faults::NONE,
    property: Property::NoLivelock,
    why: "two that bid together may both retract, for ever; pauses of random length keep them apart",
};

pub(super) const POWER_CUT: Limit = Limit {
    name: LOCK_FOLDER.name,
    clients: 2,
    profile: Profile::Power,
    faults: Profile::Power.default_faults(),
    property: Property::CanBeTaken,
    why: "a power cut may keep a bid and lose what is written in it; nobody can tell then whose it is, and it stands",
};

pub(super) const POWER_CUT_WHOLE: Limit = Limit { name: WHOLE.name, ..POWER_CUT };

pub(super) const FILL_AFTER: Entry = Entry::mutant(
    "check_bid_check.fill_after",
    "a bid is made empty and filled then; an empty one is taken for stale",
    &broken::FILL_AFTER,
    [2, 0],
    Property::NotDispossessed,
)
.even_if_atomic();

pub(super) const NO_SECOND_CHECK: Entry = Entry::mutant(
    "check_bid_check.no_second_check",
    "nobody looks again after its bid",
    &broken::NO_SECOND_CHECK,
    [2, 0],
    Property::MutualExclusion,
)
.even_if_atomic();

pub(super) const UNREADABLE_IS_ABSENT: Entry = Entry::mutant(
    "check_bid_check.unreadable_is_absent",
    "a bid that cannot be read is taken for none",
    &broken::UNREADABLE_IS_ABSENT,
    [2, 0],
    Property::MutualExclusion,
)
.by(Profile::Local, ONE_ERROR)
.even_if_atomic();

pub(super) const VANISHED_IS_ERROR: Entry = Entry::mutant(
    "check_bid_check.vanished_is_error",
    "a bid that is gone before it was read ends the attempt, and one's own bid stays",
    &broken::VANISHED_IS_ERROR,
    [2, 0],
    Property::NothingLeftBehind,
)
.even_if_atomic();
