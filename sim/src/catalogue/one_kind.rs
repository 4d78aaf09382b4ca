//! Several kinds at one path, broken ones included.

use super::Entry;
use crate::{mutants::one_kind as broken, protocol::Property, scenario::Scenario, scenarios::one_kind};

pub(super) const THREE_KINDS: Entry =
    Entry::algorithm("one_kind", "a fast_lock and two other kinds at one path", &one_kind::THREE_KINDS);

pub(super) const ALIKE: Entry =
    Entry::algorithm("one_kind+alike", "two clients of one kind and a fast_lock at one path", &one_kind::ALIKE);

/// The rows of those that share a path.
pub(super) fn rows() -> impl Iterator<Item = (Entry, Scenario)> {
    let bounds: [(Entry, &[[u8; 2]]); 2] =
        [(THREE_KINDS, &[[2, 0], [2, 1], [2, 2], [3, 0]]), (ALIKE, &[[2, 1], [3, 0], [3, 1]])];
    bounds.into_iter().flat_map(|(entry, bounds)| {
        bounds.iter().map(move |&[clients, crashes]| (entry, Scenario::new(entry.name, clients, crashes)))
    })
}

pub(super) const MUTANTS: [Entry; 3] = [
    Entry::mutant(
        "one_kind.look_then_sign",
        "who finds nobody signs, and does not look again",
        &broken::LOOK_THEN_SIGN,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "one_kind.verify_then_sign",
        "a home is entered after its owner has looked around, and may be tidied up before",
        &broken::VERIFY_THEN_SIGN,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "one_kind.clears_the_living",
        "another kind is taken to be left over, whoever is at home there",
        &broken::CLEARS_THE_LIVING,
        [2, 0],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
];
