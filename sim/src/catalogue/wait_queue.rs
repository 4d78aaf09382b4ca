//! Those that stand in line.

use super::{Entry, Limit};
use crate::{
    mutants::wait_queue as queues,
    protocol::Property,
    scenario::{Faults, Profile, Scenario},
    scenarios::{fair_worlds, wait_queue},
};

pub(super) const FAIR_LOCK: Entry =
    Entry::algorithm("fair_lock", "a line in which nobody overtakes", &wait_queue::FAIR_LOCK);
pub(super) const TRIES: Entry =
    Entry::algorithm("fair_lock+tries", "the same, tried without standing in line", &wait_queue::TRIED);
pub(super) const CUTTING: Entry =
    Entry::algorithm("fair_lock+cutting", "the same line; one client cuts in each time", &wait_queue::CUTTING);
pub(super) const WAITING: Entry =
    Entry::algorithm("fair_lock+waiting", "the same line; all wait until they are told", &wait_queue::WAITING)
        .within(Profile::Notify);
pub(super) const POLLING: Entry = Entry::algorithm(
    "fair_lock+polling",
    "the same in a line of two numbers; they look again after a while as well, as notices may be lost",
    &wait_queue::POLLING,
)
.within(Profile::Notify);
pub(super) const LEASED: Entry = Entry::algorithm(
    "fair_lock+lease",
    "the same line where nobody can tell who is dead; tickets end by a lease",
    &fair_worlds::LEASED,
)
.within(Profile::Lease);
pub(super) const IN_TIME: Entry = Entry::algorithm(
    "fair_lock+standing",
    "the same line in a directory that stays, where it is promised that nobody starves",
    &fair_worlds::IN_TIME,
);
/// No algorithm, for it promises too much.
pub(super) const INSISTING: Entry = Entry::algorithm(
    "fair_lock+insisting",
    "the same line, where it is promised that somebody comes to hold it",
    &fair_worlds::INSISTING,
);
pub(super) const FAIR_SEMAPHORE: Entry =
    Entry::algorithm("fair_semaphore", "the first two in line", &wait_queue::FAIR_SEMAPHORE);
pub(super) const RW_LOCK: Entry = Entry::algorithm(
    "rw_lock",
    "writers and readers by turns; readers up to the first writer",
    &wait_queue::READ_WRITE,
);
pub(super) const DOWNGRADING: Entry =
    Entry::algorithm("rw_lock+downgrade", "the same, and writers go on as readers", &wait_queue::DOWNGRADING);

/// What a lease costs.
pub(super) const LEASE_IS_OVER: Limit = Limit {
    name: LEASED.name,
    clients: 2,
    profile: Profile::Lease,
    faults: Faults { ticks: 2, ..Faults::NONE },
    property: Property::NotDispossessed,
    why: "whoever pauses for longer than its lease is taken for dead, and overtaken while it stands in line or holds; it \
          learns of it at its next turn",
};

pub(super) const CLOCK_SET_FORWARD: Limit = Limit {
    faults: Faults { ticks: 1, jumps: 1, ..Faults::NONE },
    why: "a lease is counted by the file system's clock, and where that is set forward it ends sooner",
    ..LEASE_IS_OVER
};

pub(super) const NO_LIVELOCK: Limit = Limit {
    name: INSISTING.name,
    clients: 2,
    profile: Profile::Local,
    faults: Faults::NONE,
    property: Property::NoLivelock,
    why: "before they stand in line, two that come at once may each remove the directory that the other has just made, for \
          ever; pauses of random length keep them apart, and so does a directory in which something stays",
};

/// The rows of those that stand in line.
pub(super) fn rows() -> impl Iterator<Item = (Entry, Scenario)> {
    let bounds: [(Entry, &[[u8; 2]]); 8] = [
        (FAIR_LOCK, &[[2, 0], [2, 1], [3, 0]]),
        (TRIES, &[[2, 0]]),
        (CUTTING, &[[2, 0], [2, 1]]),
        (WAITING, &[[2, 0], [2, 1]]),
        (IN_TIME, &[[2, 0], [2, 1]]),
        (FAIR_SEMAPHORE, &[[2, 0], [3, 0]]),
        (RW_LOCK, &[[2, 0], [2, 1]]),
        (DOWNGRADING, &[[2, 0]]),
    ];
    let crashes = bounds.into_iter().flat_map(|(entry, bounds)| {
        bounds.iter().map(move |&[clients, crashes]| {
            (entry, Scenario { clients, faults: Faults { crashes, ..Faults::NONE }, ..entry.scenario() })
        })
    });
    let crash = Faults { crashes: 1, ..Faults::NONE };
    let others = [
        (POLLING, Faults { losses: 1, ..Faults::NONE }),
        (POLLING, Faults { losses: 1, ..crash }),
        (LEASED, crash),
        (LEASED, Faults { ticks: 1, ..Faults::NONE }),
        (LEASED, Faults { ticks: 1, ..crash }),
    ];
    crashes.chain(others.map(|(entry, faults)| (entry, Scenario { faults, ..entry.scenario() })))
}

pub(super) const MUTANTS: [Entry; 15] = [
    Entry::mutant(
        "fair_lock.no_doorway",
        "a number is read, and the ticket appears later: no doorway",
        &queues::NO_DOORWAY,
        [3, 0],
        Property::InOrder,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.flag_down_first",
        "the flag in the door goes down before the ticket is up",
        &queues::FLAG_DOWN_FIRST,
        [3, 0],
        Property::InOrder,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.look_then_watch",
        "a waiter looks first and watches after",
        &queues::LOOK_THEN_WATCH,
        [2, 0],
        Property::NobodyWaitsInVain,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.waits_without_ticket",
        "a waiter whose ticket was taken back waits for ever",
        &queues::WAITS_WITHOUT_TICKET,
        [3, 0],
        Property::InOrder,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.holds_without_ticket",
        "a waiter whose ticket was taken back takes its turn all the same",
        &queues::HOLDS_WITHOUT_TICKET,
        [3, 0],
        Property::NotDispossessed,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.cut_stops_half_way",
        "who cuts in stops where somebody has left meanwhile",
        &queues::CUT_STOPS_HALF_WAY,
        [2, 0],
        Property::AnswersAsDocumented,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.cut_steals",
        "who cuts in does not wait for those it asked to leave",
        &queues::CUT_STEALS,
        [2, 0],
        Property::MutualExclusion,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.dead_block_the_line",
        "nobody asks who is dead",
        &queues::DEAD_BLOCK_THE_LINE,
        [2, 1],
        Property::CanBeTaken,
    )
    .even_if_atomic(),
    Entry::mutant(
        "rw_lock.downgrade_by_rename",
        "a writer becomes a reader by renaming its ticket, which a listing may miss",
        &queues::DOWNGRADE_BY_RENAME,
        [2, 0],
        Property::InOrder,
    )
    .even_if_atomic(),
    Entry::mutant(
        "rw_lock.look_then_register",
        "a reader looks for a writer, and takes its ticket after",
        &queues::READER_LOOKS_THEN_REGISTERS,
        [2, 0],
        Property::InOrder,
    )
    .even_if_atomic(),
    Entry::mutant(
        "rw_lock.upgrade_in_place",
        "readers that want to write wait until they are alone",
        &queues::UPGRADE_IN_PLACE,
        [2, 0],
        Property::CanBeTaken,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.line_before_door",
        "a contender looks along the line first, and into the door after",
        &queues::LINE_BEFORE_DOOR,
        [3, 0],
        Property::InOrder,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.gone_is_waited_for",
        "a waiter that finds gone what it wants to watch watches something else, and does not look again",
        &queues::GONE_IS_WAITED_FOR,
        [2, 0],
        Property::NobodyWaitsInVain,
    )
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.lease_by_the_wall_clock",
        "a ticket is as old as the reader's wall clock is ahead of its stamp",
        &queues::LEASE_BY_THE_WALL_CLOCK,
        [2, 0],
        Property::NotDispossessed,
    )
    .by(Profile::Lease, Faults { ticks: 1, jumps: 1, ..Faults::NONE })
    .even_if_atomic(),
    Entry::mutant(
        "fair_lock.comes_again",
        "who has to wait gives its place back, and comes again at the end of the line",
        &queues::COMES_AGAIN,
        [2, 0],
        Property::NoStarvation,
    )
    .even_if_atomic(),
];
