//! Locks of one file or one directory that break what is stale, and other things that such locks are told to do.

use super::{Entry, ONE_ERROR};
use crate::{
    mutants::{breaks, heartbeat, lease, mkdir_lock},
    protocol::Property,
    scenario::{Faults, Profile, Scenario},
};

/// No mutant: it breaks what is stale, and is right.
pub(super) const ONE_BREAKER: Entry = Entry::algorithm(
    "file_lock+breaker",
    "an exclusive file with its owner's id; who breaks it does so under a lock of its own",
    &breaks::ONE_BREAKER,
);

/// The scenarios that it is verified in.
pub(super) fn rows() -> impl Iterator<Item = (Entry, Scenario)> {
    [[2, 0], [2, 1], [2, 2], [3, 1]]
        .into_iter()
        .map(|[clients, crashes]| (ONE_BREAKER, Scenario::new(ONE_BREAKER.name, clients, crashes)))
}

pub(super) const MUTANTS: [Entry; 19] = [
    Entry::mutant(
        "mkdir_lock.reply_lost",
        "a directory that is there is another's, also after a reply that did not come",
        &mkdir_lock::EXISTS_IS_HELD,
        [1, 0],
        Property::CanBeTaken,
    )
    .by(Profile::Nfs3Nodrc, Faults { replays: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "mkdir_lock.removed_twice",
        "a release removes a fixed name by a call that may be executed late",
        &mkdir_lock::EXISTS_IS_HELD,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Nfs3Nodrc, Faults { duplicates: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "file_lock.overwrites_stale",
        "who finds the owner dead moves a file of its own over the lock",
        &breaks::OVERWRITES_STALE,
        [2, 1],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "file_lock.aside_unseen",
        "a stale file is moved aside and removed, without a look at it",
        &breaks::ASIDE_UNSEEN,
        [2, 1],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
    Entry::mutant(
        "file_lock.aside_and_back",
        "what was moved aside is put back where it was not stale",
        &breaks::ASIDE_AND_BACK,
        [2, 1],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
    Entry::mutant(
        "file_lock.aside_by_stamp",
        "what was moved aside is known by its stamp, which another has too",
        &breaks::ASIDE_BY_STAMP,
        [2, 1],
        Property::MutualExclusion,
    )
    .by(Profile::Lease, Faults { crashes: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "file_lock.sleeps_after_break",
        "who has broken the lock sleeps before it takes it, so that others come to an end",
        &breaks::SLEEPS_AFTER_BREAK,
        [2, 1],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { crashes: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "file_lock.rename_over",
        "a file is moved to where no lock was seen, and replaces what is there",
        &breaks::RENAME_OVER,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "file_lock.host_is_me",
        "a lock that bears the name of one's host is taken for one's own",
        &breaks::HOST_IS_ME,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "file_lock.looks_at_the_lock",
        "a lock that is there after the try is taken for one's own",
        &breaks::LOOKS_AT_THE_LOCK,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "file_lock.stamped_by_its_writer",
        "the lock says by its owner's clock when it was made, and is judged by another's",
        &breaks::STAMPED_BY_ITS_WRITER,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { jumps: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "mkdir_lock.rmdir_stale",
        "a directory that has become old is removed by its path, and its owner pauses",
        &mkdir_lock::RMDIR_STALE,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Profile::Lease.default_faults())
    .even_if_atomic(),
    Entry::mutant(
        "mkdir_lock.kill_stale",
        "the entry of somebody dead is removed, and then the directory, which may be another's",
        &mkdir_lock::KILL_STALE,
        [2, 1],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "mkdir_lock.exists_is_held",
        "a directory that is there is another's, also after a try that failed",
        &mkdir_lock::EXISTS_IS_HELD,
        [2, 0],
        Property::CanBeTaken,
    )
    .by(Profile::Local, ONE_ERROR)
    .even_if_atomic(),
    Entry::mutant(
        "mkdir_lock.first_listed",
        "of those with one number the first in the listing has the lock",
        &mkdir_lock::FIRST_LISTED,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "mkdir_lock.one_listing",
        "who is first in line is read off one listing, while another is renamed",
        &mkdir_lock::ONE_LISTING,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "lease.heartbeat_resurrects",
        "a holder says that it lives by making the lock file anew",
        &heartbeat::RESURRECTS,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.counted_from_the_grant",
        "a lease is counted from when it was granted, and was asked for long before",
        &lease::COUNTED_FROM_THE_GRANT,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 2, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "lease.heartbeat_not_started",
        "nobody looks whether the renewals could be begun",
        &lease::HEARTBEAT_NOT_STARTED,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 2, refusals: 1, ..Faults::NONE })
    .even_if_atomic(),
];
