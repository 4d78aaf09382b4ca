//! The protocols and scenarios of worlds in which more goes wrong than crashes, errors and cuts: clocks, restarts,
//! refusals, and names that are durable too early.

use super::{Entry, fast_lock, files, wait_queue};
use crate::{
    mutants::{dotlock, lease, power, processes as unsure},
    protocol::Property,
    scenario::{Faults, Profile, Scenario},
    scenarios::leases,
};

/// Protocols that are right, and do not ship, or not so: a checker that finds fault with them is wrong.
pub const REFERENCES: [Entry; 4] = [
    files::ONE_BREAKER,
    Entry::algorithm("lease+token", "a lease that is outlasted by one's own clock, with a token", &leases::FENCED)
        .within(Profile::Lease),
    Entry::algorithm(
        "lease+margin",
        "a lease judged by stamps, with a margin for those that are rounded",
        &lease::STAMPS_WITH_A_MARGIN,
    )
    .within(Profile::Lease),
    wait_queue::IN_TIME,
];

/// Those that only these worlds show to be broken.
pub(super) const MUTANTS: [Entry; 21] = [
    Entry::mutant(
        "lease.no_token",
        "writes under a lease bear no token, and come late",
        &lease::NO_TOKEN,
        [2, 0],
        Property::Fenced,
    )
    .by(Profile::Lease, Faults { ticks: 2, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.random_token",
        "tokens are drawn, and say nothing of who is newer",
        &lease::RANDOM_TOKEN,
        [2, 0],
        Property::Fenced,
    )
    .by(Profile::Lease, Faults { ticks: 2, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.stamp_token",
        "the token is the lock file's stamp, which is rounded",
        &lease::STAMP_TOKEN,
        [2, 0],
        Property::Fenced,
    )
    .by(Profile::Lease, Faults { ticks: 1, roundings: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.wall_clock_token",
        "the token is the time by the wall clock, which is set",
        &lease::WALL_CLOCK_TOKEN,
        [2, 0],
        Property::Fenced,
    )
    .by(Profile::Lease, Faults { ticks: 1, jumps: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.stamps_to_the_second",
        "a lease is judged by stamps as if they were exact",
        &lease::STAMPS_TO_THE_SECOND,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 2, roundings: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.stamp_against_wall_clock",
        "a stamp is compared with the reader's wall clock",
        &lease::STAMP_AGAINST_WALL_CLOCK,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 1, jumps: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.sleeping_clock",
        "a holder goes by a clock that stands still while its host sleeps",
        &lease::SLEEPING_CLOCK,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 2, suspends: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.gives_back_by_path",
        "a late holder gives back what its successor has",
        &lease::GIVES_BACK_BY_PATH,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.looks_and_gives_back",
        "the same, with a look before at whose it is",
        &lease::LOOKS_AND_GIVES_BACK,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.started_by_the_wall_clock",
        "an owner's start is worked out from the wall clock",
        &unsure::STARTED_BY_THE_WALL_CLOCK,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Identity, Faults { jitters: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.no_boot",
        "an owner's number and start are looked for on whichever boot",
        &unsure::NO_BOOT,
        [2, 0],
        Property::CanBeTaken,
    )
    .by(Profile::Identity, Faults { reboots: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.foreign_is_never_stale",
        "an owner of another boot is never taken for dead",
        &unsure::FOREIGN_IS_NEVER_STALE,
        [2, 0],
        Property::CanBeTaken,
    )
    .by(Profile::Identity, Faults { reboots: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.host_name_is_host",
        "an owner is looked for on the host that has its host's name",
        &unsure::HOST_NAME_IS_HOST,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Identity, Faults::NONE)
    .even_if_atomic(),
    Entry::mutant(
        "fast_lock.foreign_host_is_stale",
        "an owner on another host is taken for dead",
        &unsure::FOREIGN_HOST_IS_STALE,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Identity, Faults::NONE)
    .even_if_atomic(),
    Entry::mutant(
        "owners.record_elsewhere",
        "the owner is recorded in another directory than the lock",
        &power::RECORD_ELSEWHERE,
        [1, 0],
        Property::CanBeTaken,
    )
    .by(Profile::Power, Faults { cuts: 1, reorders: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "dotlock.forbidden_is_stale",
        "a lock file that may not be read is taken for stale",
        &dotlock::FORBIDDEN_IS_STALE,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Local, ONE_REFUSAL)
    .even_if_atomic(),
    Entry::mutant(
        "dotlock.read_only_needs_no_lock",
        "where nothing can be changed it goes on without a lock",
        &dotlock::READ_ONLY_NEEDS_NO_LOCK,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Local, ONE_REFUSAL)
    .even_if_atomic(),
    Entry::mutant(
        "lease.renewed_by_stamp",
        "a renewal is looked for in a stamp, which is rounded",
        &lease::RENEWED_BY_STAMP,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 2, roundings: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.renewed_late",
        "a holder renews a lease that is over",
        &lease::RENEWED_LATE,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 2, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.renewed_unheard",
        "a holder does not look whether its lease could be renewed",
        &lease::RENEWED_UNHEARD,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 2, errors: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "dotlock.gone_is_fatal",
        "a stale lock file that is gone before it is removed is an error",
        &dotlock::GONE_IS_FATAL,
        [2, 1],
        Property::AnswersAsDocumented,
    )
    .even_if_atomic(),
];

const ONE_REFUSAL: Faults = Faults { refusals: 1, ..Faults::NONE };

/// The scenarios that the algorithms and references are verified in there.
pub(super) fn rows() -> impl Iterator<Item = (Entry, Scenario)> {
    let [_, token, margin, _] = REFERENCES;
    let overtaken = Faults { cuts: 1, reorders: 1, ..Faults::NONE };
    let reboot = Faults { reboots: 1, ..Faults::NONE };
    let crash = Faults { crashes: 1, ..Faults::NONE };
    let late = Faults { ticks: 2, ..Faults::NONE };
    let clocks = Faults { jumps: 1, suspends: 1, roundings: 1, ..late };
    let rows = [
        (fast_lock::FILE, Profile::Local, ONE_REFUSAL),
        (fast_lock::FILE, Profile::Local, Faults { crashes: 1, ..ONE_REFUSAL }),
        (fast_lock::DIR, Profile::Local, ONE_REFUSAL),
        (fast_lock::FILE, Profile::Power, overtaken),
        (fast_lock::DIR, Profile::Power, overtaken),
        (fast_lock::WAITING, Profile::Notify, ONE_REFUSAL),
        (fast_lock::POLLING, Profile::Notify, Faults { losses: 1, ..ONE_REFUSAL }),
        (fast_lock::PROCESSES, Profile::Identity, reboot),
        (fast_lock::CONTAINERS, Profile::Identity, reboot),
        (fast_lock::HOSTS, Profile::Identity, crash),
        (fast_lock::HOSTS, Profile::Identity, Faults { reuses: 1, ..crash }),
        (token, Profile::Lease, late),
        (token, Profile::Lease, Faults { crashes: 1, ..late }),
        (token, Profile::Lease, clocks),
        (margin, Profile::Lease, Faults { ticks: 3, roundings: 1, ..Faults::NONE }),
    ];
    let three = (token, Scenario { clients: 3, faults: late, ..token.scenario() });
    let row = |(entry, profile, faults): (Entry, _, _)| (entry, Scenario { faults, profile, ..entry.scenario() });
    rows.into_iter().map(row).chain([three])
}
