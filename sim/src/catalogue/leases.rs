//! The lock that is held on a lease, broken ones included.

use super::{Entry, Limit};
use crate::{
    mutants::leased as broken,
    protocol::Property,
    scenario::{Faults, Profile, Scenario},
    scenarios::lease_clients::{FENCED as NUMBERED, LEASED as UNFENCED},
};

pub(super) const LEASED: Entry =
    Entry::algorithm("fast_lock+lease", "the same on leases, where nobody can tell who is dead", &UNFENCED)
        .within(Profile::Lease);
pub(super) const FENCED: Entry =
    Entry::algorithm("fast_lock+fence", "the same on leases, with a resource that is told numbers", &NUMBERED)
        .within(Profile::Lease);

/// What a lease gives up where no number is told.
pub(super) const LEASE_IS_OUTSLEPT: Limit = Limit {
    name: LEASED.name,
    clients: 2,
    profile: Profile::Lease,
    faults: PAUSE,
    property: Property::MutualExclusion,
    why: "whoever pauses for longer than its lease holds beside the next one; a resource that is told numbers refuses it",
};

/// As long as a lease and its margin.
const PAUSE: Faults = Faults { ticks: 2, ..Faults::NONE };

const ONE_CRASH: Faults = Faults { crashes: 1, ..Faults::NONE };

/// The scenarios that they are verified in.
pub(super) fn rows() -> impl Iterator<Item = (Entry, Scenario)> {
    let row = |(entry, faults): (Entry, Faults)| (entry, Scenario { faults, ..entry.scenario() });
    let one_tick = Profile::Lease.default_faults();
    [(LEASED, Faults::NONE), (LEASED, one_tick), (FENCED, ONE_CRASH), (FENCED, PAUSE)].into_iter().map(row)
}

pub(super) const MUTANTS: [Entry; 4] = [
    Entry::mutant(
        "leased.nonce_ignored",
        "a lease is over when its owner was seen for so long, whether it renewed it or not",
        &broken::NONCE_IGNORED,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, PAUSE)
    .even_if_atomic(),
    Entry::mutant(
        "leased.not_claimed",
        "who finds a lease over takes the lock, and does not look whether it is renewed meanwhile",
        &broken::NOT_CLAIMED,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, PAUSE)
    .even_if_atomic(),
    Entry::mutant(
        "leased.not_rechecked",
        "who waited counts its lease from the grant, and does not look whether it still runs",
        &broken::NOT_RECHECKED,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, PAUSE)
    .even_if_atomic(),
    Entry::mutant(
        "leased.outlives_release",
        "a renewal that was on its way at the release makes the lease anew",
        &broken::OUTLIVES_RELEASE,
        [1, 0],
        Property::NothingLeftBehind,
    )
    .by(Profile::Lease, Faults::NONE)
    .even_if_atomic(),
];
