//! The wait queue under its three admission rules: the kernel's own code.

use std::{
    cell::Cell,
    num::{NonZeroU32, NonZeroU64},
};

use lockwright_kernel::{
    blocking::{self, LineError},
    chance::Chance,
    clock::{Clock, Instant},
    fair_lock::FairLock,
    fs::{FsError, Halted},
    id::Id,
    lock::Lock,
    path::Path,
    wait_queue::{Admission, Place, Ticket, WaitQueue, Want},
    watch::{Wake, Watch, WatchId},
};

use super::{
    LockClients, QueueClients,
    fast_lock::{lock_path, word},
};
use crate::replay::Replay;

type World<'a> = &'a Replay<'a>;
type Queue<'a> = WaitQueue<World<'a>, World<'a>, World<'a>>;

/// Two at a time.
const TWO: Admission = Admission::First(NonZeroU32::MIN.saturating_add(1));

/// The highest number of most queues here.
pub(crate) const LAST: u8 = 4;

/// The highest number where there is more to a ticket.
const SHORT: u8 = 3;

/// The highest number where two may have the same, a writer and a reader, and where there is most to look at.
const SHORTEST: u8 = 2;

/// A fair lock, whose contenders stand in line.
pub const FAIR_LOCK: QueueClients = QueueClients {
    make: |world| Box::new(queue(world, Admission::ONE)),
    rule: Admission::ONE,
    last: LAST,
    wants: |_| Want::Alone,
    cuts: false,
    in_order: true,
    downgrades: false,
    upgrades: false,
    waits: None,
    polls: false,
    promises: &[],
    gives_up: &[],
};

/// The same, and they wait as the kernel's blocking call does.
pub const WAITING: QueueClients = QueueClients { waits: Some(in_line), ..FAIR_LOCK };

/// The same in a line of two, and they look again after a while although they were told of nothing.
pub const POLLING: QueueClients = QueueClients {
    make: |world| Box::new(shortest_queue(world)),
    last: SHORTEST,
    waits: Some(in_shortest_line),
    polls: true,
    ..FAIR_LOCK
};

/// A fair lock in whose line the first client cuts in.
pub const CUTTING: QueueClients = QueueClients {
    make: |world| Box::new(short_queue(world).with_cutting()),
    last: SHORT,
    cuts: true,
    in_order: false,
    ..FAIR_LOCK
};

/// A fair semaphore of two.
pub const FAIR_SEMAPHORE: QueueClients =
    QueueClients { make: |world| Box::new(queue(world, TWO)), rule: TWO, ..FAIR_LOCK };

/// Writers and readers, by turns.
pub const READ_WRITE: QueueClients = QueueClients {
    make: |world| Box::new(queue(world, Admission::ReadWrite).with_last_number(last(SHORTEST))),
    rule: Admission::ReadWrite,
    last: SHORTEST,
    wants: |index| if index % 2 == 0 { Want::Alone } else { Want::Shared },
    ..FAIR_LOCK
};

/// Readers, and writers that go on as readers before they leave.
pub const DOWNGRADING: QueueClients = QueueClients { downgrades: true, ..READ_WRITE };

/// A fair lock that its contenders try without standing in line.
pub const TRIED: LockClients = LockClients { make: tried, evidence, cleaner: None };

/// One round of the kernel's own way to wait: turn, watch, turn, wait, turn.
///
/// # Errors
///
/// Those of [`blocking::in_line`], and [`FsError::Exhausted`] where it would watch once more.
pub fn in_line(world: &Replay<'_>, ticket: &mut Ticket, until: Option<Instant>) -> Result<(), LineError> {
    in_line_of(&queue(world, Admission::ONE), world, ticket, until)
}

fn in_line_of(
    queue: &Queue<'_>,
    world: World<'_>,
    ticket: &mut Ticket,
    until: Option<Instant>,
) -> Result<(), LineError> {
    let round = Round { world, has_watched: Cell::new(false) };
    blocking::in_line(queue, ticket, &round, until)
}

/// The same where there are two numbers.
fn in_shortest_line(world: &Replay<'_>, ticket: &mut Ticket, until: Option<Instant>) -> Result<(), LineError> {
    in_line_of(&shortest_queue(world), world, ticket, until)
}

/// The world, for one watch.
struct Round<'a> {
    world: World<'a>,
    has_watched: Cell<bool>,
}

impl Watch for Round<'_> {
    fn watch(&self, dir: &Path) -> Result<WatchId, FsError> {
        if self.has_watched.replace(true) { Err(FsError::Exhausted) } else { self.world.watch(dir) }
    }

    fn wait(&self, watch: WatchId, owner: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted> {
        self.world.wait(watch, owner, until)
    }
}

impl Clock for Round<'_> {
    fn now(&self) -> Result<Instant, Halted> {
        self.world.now()
    }
}

impl Chance for Round<'_> {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        self.world.below(bound)
    }
}

impl blocking::World for Round<'_> {
    fn pause(&self, until: Instant) -> Result<Wake, Halted> {
        self.world.pause(until)
    }
}

/// Where a ticket stands in a queue of so many numbers.
pub(crate) fn ticket_dir(place: Place, last: u8) -> Path {
    let width = usize::from(last).ilog10() as usize + 1;
    let shared = if place.want == Want::Shared { "-shared" } else { "" };
    lock_path().join(&word(&format!("{:0width$}{shared}", place.number)))
}

/// The queue that is checked.
pub(crate) fn queue(world: World<'_>, rule: Admission) -> Queue<'_> {
    WaitQueue::new(world, world, world, lock_path(), rule).with_last_number(last(LAST))
}

/// A fair lock of few numbers.
pub(crate) fn short_queue(world: World<'_>) -> Queue<'_> {
    queue(world, Admission::ONE).with_last_number(last(SHORT))
}

fn shortest_queue(world: World<'_>) -> Queue<'_> {
    queue(world, Admission::ONE).with_last_number(last(SHORTEST))
}

fn last(number: u8) -> NonZeroU64 {
    NonZeroU64::MIN.saturating_add(u64::from(number) - 1)
}

fn tried<'a>(world: &'a Replay<'a>) -> Box<dyn Lock + 'a> {
    Box::new(FairLock::new(world, world, world, lock_path()).with_last_number(last(2)))
}

/// Nobody knows beforehand which number a holder has.
fn evidence(_id: &Id) -> Path {
    lock_path()
}
