//! Locks that go wrong where a host takes a name for what it remembers, or an old client a refusal for a success.

use super::Entry;
use crate::{
    mutants::{mkdir_lock, remembered},
    protocol::Property,
    scenario::{Faults, Profile},
};

const STALE: Faults = Faults { stales: 1, ..Faults::NONE };

pub(super) const MUTANTS: [Entry; 3] = [
    Entry::mutant(
        "fair_lock.believes_names",
        "the shipped line, over a mount that answers from memory",
        &remembered::FAIR_LOCK,
        [2, 0],
        Property::AnswersAsDocumented,
    )
    .by(Profile::Nfs41, STALE)
    .even_if_atomic(),
    Entry::mutant(
        "two_flags.believes_names",
        "who has raised its flag takes it from memory that the other's is down",
        &remembered::BELIEVED_FLAGS,
        [2, 0],
        Property::MutualExclusion,
    )
    .by(Profile::Nfs41, STALE)
    .even_if_atomic(),
    Entry::mutant(
        "mkdir_lock.false_success",
        "a directory that is there is said to be made, by a client that takes the refusal for a reply that came twice",
        &mkdir_lock::EXISTS_IS_HELD,
        [2, 0],
        Property::MutualExclusion,
    )
    .by(Profile::NfsLegacy, Faults { lies: 1, ..Faults::NONE })
    .even_if_atomic(),
];
