//! The wait queue under its three admission rules: the kernel's own code.

use std::num::{NonZeroU32, NonZeroU64};

use lockwright_kernel::{
    fair_lock::FairLock,
    id::Id,
    lock::Lock,
    path::Path,
    wait_queue::{Admission, WaitQueue},
};

use super::{LockClients, QueueClients, fast_lock::lock_path};
use crate::replay::Replay;

type World<'a> = &'a Replay<'a>;

/// Two at a time.
const TWO: Admission = Admission::First(NonZeroU32::MIN.saturating_add(1));

/// The highest number of most queues here.
pub(crate) const LAST: u8 = 4;

/// The highest number where there are two kinds of tickets.
const LAST_OF_TWO_KINDS: u8 = 3;

/// A fair lock, whose contenders stand in line.
pub const FAIR_LOCK: QueueClients = QueueClients {
    make: |world| Box::new(queue(world, Admission::ONE)),
    rule: Admission::ONE,
    last: LAST,
    writers: u8::MAX,
    cuts: false,
    downgrades: false,
    waits: None,
};

/// A fair lock in whose line the first client cuts in.
pub const CUTTING: QueueClients =
    QueueClients { make: |world| Box::new(queue(world, Admission::ONE).with_cutting()), cuts: true, ..FAIR_LOCK };

/// A fair semaphore of two.
pub const FAIR_SEMAPHORE: QueueClients =
    QueueClients { make: |world| Box::new(queue(world, TWO)), rule: TWO, ..FAIR_LOCK };

/// Readers, and two writers.
pub const READ_WRITE: QueueClients = QueueClients {
    make: |world| Box::new(queue(world, Admission::ReadWrite).with_last_number(last(LAST_OF_TWO_KINDS))),
    rule: Admission::ReadWrite,
    last: LAST_OF_TWO_KINDS,
    writers: 2,
    ..FAIR_LOCK
};

/// Readers, and two writers that go on as readers before they leave.
pub const DOWNGRADING: QueueClients = QueueClients { downgrades: true, ..READ_WRITE };

/// A fair lock that its contenders try without standing in line.
pub const TRIED: LockClients = LockClients { make: tried, evidence, cleaner: None };

/// The queue that is checked.
pub(crate) fn queue<'a>(world: World<'a>, rule: Admission) -> WaitQueue<World<'a>, World<'a>, World<'a>> {
    WaitQueue::new(world, world, world, lock_path(), rule).with_last_number(last(LAST))
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
