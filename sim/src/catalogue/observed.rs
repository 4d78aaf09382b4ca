//! Locks whose answers no order of their operations explains.

use super::{Entry, ONE_ERROR};
use crate::{
    mutants::observed as unexplained,
    protocol::Property,
    scenario::{Faults, Profile},
};

pub(super) const MUTANTS: [Entry; 6] = [
    Entry::mutant(
        "fast_lock.proposal_is_owner",
        "owner() names somebody who is about to take the lock",
        &unexplained::PROPOSAL_IS_OWNER,
        [3, 0],
        Property::Linearizable,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.unreadable_is_free",
        "owner() says that a lock which cannot be read is free",
        &unexplained::UNREADABLE_IS_FREE,
        [2, 0],
        Property::Linearizable,
    )
    .by(Profile::Local, ONE_ERROR)
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.releases_later",
        "unlock looks for the leaf, answers, and removes it after",
        &unexplained::RELEASES_LATER,
        [2, 0],
        Property::Linearizable,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.remembers_owner",
        "a try that was lost without a name answers the name of an earlier owner",
        &unexplained::REMEMBERS_OWNER,
        [2, 1],
        Property::Linearizable,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.proposal_holds",
        "a try answers that the lock is held where somebody has a proposal",
        &unexplained::PROPOSAL_HOLDS,
        [2, 0],
        Property::Linearizable,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.recovers_unchecked",
        "recovery does not look whether the dead owner's leaf could be removed",
        &unexplained::RECOVERS_UNCHECKED,
        [2, 1],
        Property::Linearizable,
    )
    .by(Profile::Local, Faults { crashes: 1, ..ONE_ERROR })
    .even_if_atomic(),
];
