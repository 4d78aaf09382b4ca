//! The numbers of the catalogue, broken ones included.

use super::{Entry, ONE_ERROR};
use crate::{
    mutants::token as broken,
    protocol::Property,
    scenario::{Faults, Profile, Scenario},
    scenarios::{admit, token},
};

pub(super) const TOKEN: Entry = Entry::algorithm("token", "numbers that grow, taken without any lock", &token::NUMBERS);
pub(super) const LEASE: Entry =
    Entry::algorithm("token+lease", "the same under a lock that ends by time alone", &token::UNDER_A_LEASE)
        .within(Profile::Lease);
pub(super) const ADMIT: Entry = Entry::algorithm(
    "token+admit",
    "a resource that admits numbers, never a lower one after a higher",
    &admit::ADMITTED,
);

/// The scenarios that they are verified in.
pub(super) fn rows() -> impl Iterator<Item = (Entry, Scenario)> {
    let alone = [
        (2, Profile::Local, Faults::NONE),
        (2, Profile::Local, ONE_CRASH),
        (3, Profile::Local, Faults::NONE),
        (2, Profile::Local, ONE_ERROR),
        (2, Profile::Local, Faults { crashes: 1, ..ONE_ERROR }),
        (2, Profile::Local, Faults { refusals: 1, ..Faults::NONE }),
        (2, Profile::Power, Profile::Power.default_faults()),
    ];
    let each = |entry: Entry| {
        alone.map(|(clients, profile, faults)| (entry, Scenario { clients, faults, profile, ..entry.scenario() }))
    };
    let leased = Scenario { faults: Faults { ticks: 2, ..Faults::NONE }, ..LEASE.scenario() };
    each(TOKEN).into_iter().chain([(LEASE, leased)]).chain(each(ADMIT))
}

const ONE_CRASH: Faults = Faults { crashes: 1, ..Faults::NONE };

pub(super) const MUTANTS: [Entry; 7] = [
    Entry::mutant(
        "token.read_then_create",
        "the highest number is read, and one more made, whoever made it",
        &broken::READ_THEN_CREATE,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "token.rewritten",
        "the number is what a file says, and a file that says more is moved over it",
        &broken::REWRITTEN,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "token.empty_is_new",
        "a listing that shows no number begins anew",
        &broken::EMPTY_IS_NEW,
        [2, 0],
        Property::AnswersAsDocumented,
    )
    .even_if_atomic(),
    Entry::mutant(
        "token.begun_in_two_steps",
        "the directory is made first, and the first number in it after",
        &broken::BEGUN_IN_TWO_STEPS,
        [2, 0],
        Property::AnswersAsDocumented,
    )
    .even_if_atomic(),
    Entry::mutant(
        "token.not_looked_after",
        "who has taken a number under a lease does not look whether the lease is still its own",
        &broken::NOT_LOOKED_AFTER,
        [2, 0],
        Property::Fenced,
    )
    .by(Profile::Lease, Faults { ticks: 2, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "token.admits_lower",
        "a resource moves to the number that somebody comes with, be it a lower one",
        &broken::ADMITS_LOWER,
        [2, 0],
        Property::AnswersAsDocumented,
    )
    .even_if_atomic(),
    Entry::mutant(
        "token.gone_is_admitted",
        "who finds that the number has moved on meanwhile takes that for its own doing",
        &broken::GONE_IS_ADMITTED,
        [2, 0],
        Property::AnswersAsDocumented,
    )
    .even_if_atomic(),
];
