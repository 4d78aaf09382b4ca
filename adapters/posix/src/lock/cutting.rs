//! Brings one who waits in line before the others, by the word of somebody: those before it are asked to make way.
//!
//! ```text
//! <lock>.cut/<id>    the order to <id> to make way, as in orders; it stays, as a record
//! ```
//!
//! Promote, for each who waits before the one, in their order:
//!
//! 1. ORDER it to make way. Then nudge the directory in which its ticket stands.
//! 2. WAIT until the ticket is gone, or its owner dead, but not for long. Who does not answer keeps its place.
//! 3. WITHDRAW the order to one who did not answer.
//!
//! Make way, of a contender that [gives way](Contender::giving_way):
//!
//! 1. LISTEN, while it waits, for a change where its ticket stands, and LOOK after each whether there is an order.
//! 2. JOIN the line at its end, under a new id.
//! 3. LEAVE the place that it had.
//!
//! *Why two never hold.* Nothing is taken away from anybody, and the line is changed by JOIN and LEAVE alone, which are those of the
//! [queue](lockwright_kernel::wait_queue). Whose turn has come meanwhile holds, and looks for orders to make way no more.
//!
//! *Why those who make way keep their order.* The next one is asked when the ticket of the one before it is gone, and by then it stands
//! in line anew, since JOIN comes before LEAVE. Who joins at that moment may come to stand between two of them.
//!
//! *Why under a new id.* An id that stood in line twice could lose its later place to a removal that was meant for the former.
//!
//! *When it stops half way.* Those who were asked stand behind the one, and the others before it. Promoting again does the rest.
//! Where the kernel has no room for a watch, or other hosts write, an order is found at the next look.
//!
//! *What it leaves to the caller.* To say who may do so: whoever may write in the directory can, and those who are asked listen to the
//! same users as for [orders](super::orders). Nobody is starved by the line any more, but by those who cut in all the time.
//!
//! *Source.* Our own. Coordinator has those before the one lose their tickets.

use std::{io, time::Duration};

use lockwright_kernel::{
    clock::Instant,
    fs::FsError,
    id::Id,
    lock::LockError,
    probe::{Liveness, Probe},
    watch::Wake,
};

use super::{
    PathLock,
    breaking::BreakError,
    error::{AcquireError, AcquireErrorKind},
    guard::Contender,
    hold::{Hold, wait_until},
    orders::{Order, Orders},
    standing::Standing,
};
use crate::watch::{Mortal, PosixWorld};

/// How long each has to make way.
const PATIENCE: Duration = Duration::from_secs(2);

/// What became of those who stood before somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promoted {
    /// They made way, or left the line.
    pub passed: Vec<Id>,
    /// They did not answer, and stand where they stood.
    pub stayed: Vec<Id>,
}

impl PathLock {
    /// Asks all who wait in line before `id` to make way for it. Who holds the lock is not asked.
    ///
    /// # Errors
    ///
    /// [`BreakError::NotThere`] when `id` does not stand in line; [`BreakError::Interrupted`] between two of them;
    /// [`BreakError::Lock`].
    pub fn promote(&self, id: &Id, order: &Order, world: &PosixWorld) -> Result<Promoted, BreakError> {
        let mut promoted = Promoted::default();
        let me = Id::from(&self.me.fresh_id().map_err(|_| LockError::Fs(FsError::Io))?);
        let orders = Orders::to_make_way(&self.place).map_err(LockError::Fs)?;
        loop {
            let standing = self.standing()?;
            let Some(next) = before(&standing, id, &promoted)? else { return Ok(promoted) };
            let hold = Hold { lock: &*self.lock, place: &self.place, id: &next, ticket: None };
            orders.publish(&next, order, &me).map_err(LockError::Fs)?; // 1 ORDER
            let _ = hold.nudge();
            let until = world.after(PATIENCE);
            let wake = wait_until(&[hold], world, &[Mortal::Owner(next.clone())], Some(until), || {
                Ok(!self.lock.holds(&next)? || self.probe().liveness(&next)? == Liveness::Dead)
            })?; // 2 WAIT
            if wake == Wake::Changed {
                promoted.passed.push(next);
                continue;
            }
            let withdrawn = orders.withdraw(&next); // 3 WITHDRAW
            if wake == Wake::Interrupted {
                return Err(BreakError::Interrupted);
            }
            withdrawn.map_err(LockError::Fs)?;
            promoted.stayed.push(next);
        }
    }
}

/// The first who waits before `id`, and was not asked.
fn before(standing: &Standing, id: &Id, promoted: &Promoted) -> Result<Option<Id>, BreakError> {
    if standing.holders.iter().any(|holder| holder.id == *id) {
        return Ok(None);
    }
    let at = standing.waiters.iter().position(|waiter| waiter.id == *id).ok_or(BreakError::NotThere)?;
    let was_asked = |one: &Id| promoted.passed.contains(one) || promoted.stayed.contains(one);
    Ok(standing.waiters[..at].iter().map(|waiter| &waiter.id).find(|one| !was_asked(one)).cloned())
}

impl Contender<'_> {
    /// The same, which hears of those who cut in: a wait in line ends with [`AcquireErrorKind::AskedToMakeWay`] when somebody
    /// [asks](PathLock::promote) it to make way.
    pub fn giving_way(mut self) -> Self {
        self.gives_way = true;
        self
    }

    /// Joins the line at its end, under an id of its own that nobody has had, and leaves the place that it had.
    ///
    /// # Errors
    ///
    /// [`AcquireError`]; it stands where it stood.
    pub fn make_way(&mut self, world: &PosixWorld, fresh: impl FnOnce() -> io::Result<Id>) -> Result<(), AcquireError> {
        let lock = self.lock();
        let id = fresh().map_err(|error| AcquireError::new(lock.path(), AcquireErrorKind::Identity(error)))?;
        let mut next = lock.contend_as(&id).giving_way();
        if let Some(lease) = self.lease() {
            next = next.on_lease(lease.length())?;
        }
        match next.wait(world, Some(Instant::new(Duration::ZERO))) {
            Err(error) if next.number().is_none() => Err(error), // 2 JOIN
            _ => {
                *self = next; // 3 LEAVE
                Ok(())
            }
        }
    }

    /// The order that stands for it to make way. One that cannot be read is none.
    pub(super) fn order_to_make_way(&self) -> Option<Order> {
        Orders::to_make_way(&self.lock().place).ok()?.to(self.id()).ok().flatten()
    }
}
