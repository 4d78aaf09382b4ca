//! What a pair calls, as the kernel says itself: it takes and gives back a lock in memory.
//!
//! The adapter puts each kind together from the kernel's parts; that is done here in the same order, and a test compares
//! the number of calls with what `strace` counts of the adapter.

use std::{cell::RefCell, num::NonZeroU32};

use lockwright_kernel::{
    chance::Chance,
    check_bid_check::{Bidder, Bidders, LockFolder},
    fast_lock::{FastLock, Leaf},
    fs::{
        Fs, Halted, MemFs, Through,
        call::{Answer, Call},
    },
    id::Id,
    lock::Lock,
    one_kind::OneKind,
    path::Path,
    policies::check::CheckLock,
    probe::{Liveness, Probe},
    semaphore::Semaphore,
    wait_queue::{Admission, WaitQueue, Want},
};

use super::{Pair, Way};
use crate::Answer as Done;

/// A call, and what its effect answered.
pub(super) type Recorded = (Call, Answer);

/// What was there before, and the calls. Of a lock that keeps directories it is a later pair, without a sweep.
pub(super) fn record(pair: &Pair) -> Done<(MemFs, Vec<Recorded>)> {
    let (disk, calls) = (MemFs::new(), RefCell::new(Vec::new()));
    let recorder = Through(|call: &Call| {
        // Of some the caller is not told what they came to.
        let effect = call.effect().on(&disk.clone());
        calls.borrow_mut().push((call.clone(), effect));
        call.on(&disk)
    });
    let path = Path::from(pair.lock.clone());
    match pair.way {
        Way::Fast(leaf) => {
            let lock = recovering(&recorder, path, leaf);
            lock.try_lock(&pair.id)?;
            lock.unlock(&pair.id)?;
        }
        Way::Kept(leaf) => {
            let lock = FastLock::new(&recorder, path, leaf).keeping();
            lock.try_lock(&pair.id)?;
            lock.unlock(&pair.id)?;
            let before = disk.clone();
            calls.take();
            lock.try_lock(&pair.id)?;
            lock.unlock(&pair.id)?;
            return Ok((before, calls.take()));
        }
        Way::Line(kind, rule, want) => {
            let kind = OneKind::new(&recorder, path.clone(), kind.parse()?);
            look_for_bids(&recorder, &path);
            line(&kind, &WaitQueue::new(&recorder, NobodyDied, First, kind.home(), rule), &pair.id, want)?;
            tidy(&recorder, &kind, &path)?;
        }
        Way::Bid => {
            disk.create_dir(&path)?;
            let before = disk.clone();
            let kind = OneKind::new(&recorder, path.clone(), "bid".parse()?);
            bid(&recorder, &kind, &LockFolder::new(&recorder, path, ME, NobodyDied), &pair.id)?;
            return Ok((before, calls.take()));
        }
        Way::Slots(count) => {
            let kind = OneKind::new(&recorder, path.clone(), format!("sem={count}").parse()?);
            look_for_bids(&recorder, &path);
            let slot = |slot| recovering(&recorder, slot, Leaf::File);
            let slots = Semaphore::new(&recorder, kind.home(), count, slot, First);
            kind.enter()?;
            slots.acquire(&pair.id)?;
            kind.verify()?;
            slots.release(&pair.id)?;
            tidy(&recorder, &kind, &path)?;
        }
    }
    Ok((MemFs::new(), calls.take()))
}

fn recovering<F: Fs>(fs: F, path: Path, leaf: Leaf) -> CheckLock<FastLock<F>, NobodyDied, First> {
    CheckLock::new(FastLock::new(fs, path, leaf), NobodyDied, First)
}

/// Who takes a lock of another kind than `fast` looks first whether bids of a lock folder stand there.
fn look_for_bids(fs: &impl Fs, path: &Path) {
    // There is nothing.
    let _ = fs.list(path);
}

fn line<F: Fs>(kind: &OneKind<F>, queue: &WaitQueue<F, NobodyDied, First>, me: &Id, want: Want) -> Done {
    kind.enter()?;
    let mut ticket = queue.join(me, want)?;
    kind.verify()?;
    queue.turn(&mut ticket)?;
    Ok(queue.leave(&ticket)?)
}

/// Beside its bid, whoever bids stands among those who take the lock as this kind.
fn bid<F: Fs + Copy>(fs: F, kind: &OneKind<F>, bids: &LockFolder<F, NobodyDied>, me: &Id) -> Done {
    let mine = kind.home().join(me.name());
    kind.enter()?;
    fs.ensure_dir(&kind.home())?;
    fs.ensure_dir(&mine)?;
    kind.verify()?;
    bids.try_lock(me)?;
    bids.unlock(me)?;
    fs.discard_dir(&mine)?;
    kind.tidy()?;
    // Who has died there? Nobody is left.
    let _ = fs.list(&kind.home());
    Ok(kind.tidy()?)
}

fn tidy<F: Fs>(fs: &impl Fs, kind: &OneKind<F>, path: &Path) -> Result<(), Halted> {
    kind.tidy()?;
    fs.discard_dir(path)
}

/// Without contention nobody is asked about.
#[derive(Clone, Copy, Debug)]
struct NobodyDied;

/// Nor is anybody else there to be picked.
#[derive(Clone, Copy, Debug)]
struct First;

impl Chance for First {
    fn below(&self, _: NonZeroU32) -> Result<u32, Halted> {
        Ok(0)
    }
}

impl Bidders for NobodyDied {
    fn liveness(&self, _: &Id, _: &Bidder) -> Result<Liveness, Halted> {
        Ok(Liveness::Alive)
    }
}

impl Probe for NobodyDied {
    fn liveness(&self, _: &Id) -> Result<Liveness, Halted> {
        Ok(Liveness::Alive)
    }
}

/// What stands in a bid: a number as long as most.
const ME: Bidder = Bidder { pid: 12_345, created: 1_700_000_000 };

/// The first in a queue.
pub const QUEUE: Way = Way::Line("queue", Admission::ONE, Want::Alone);
/// A reader among readers and writers.
pub const READ: Way = Way::Line("rw", Admission::ReadWrite, Want::Shared);
/// A writer among readers and writers.
pub const WRITE: Way = Way::Line("rw", Admission::ReadWrite, Want::Alone);
/// The only holder of a fair semaphore of one.
pub const FAIR_SEMAPHORE: Way = Way::Line("fair-sem=1", Admission::First(NonZeroU32::MIN), Want::Alone);
/// A semaphore of one.
pub const SEMAPHORE: Way = Way::Slots(NonZeroU32::MIN);
