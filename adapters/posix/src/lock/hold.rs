//! Notices that a hold is lost, or is to be given back.
//!
//! ```text
//! <home>/<id>             the entry by which <id> holds, whatever the kind; see lock
//! <lock>.broken/<id>      the order to <id> to give the lock back; see orders
//! ```
//!
//! 1. WATCH the directory in which my entry stands, and where those stand that lead to it from the lock's own on.
//! 2. LOOK whether my entry stands, and then whether there is an order to me.
//! 3. WAIT for a change, or for the deadline; then from 1.
//!
//! Who holds several locks does so for all of them at once.
//!
//! *Why no loss is missed.* An entry goes by a removal in the watched directory, or with that directory, or with one that
//! leads to it: before WATCH, and LOOK sees it, or after, and it ends the WAIT ([`Watch`](lockwright_kernel::watch::Watch)). Who moves the directory that the
//! lock is in moves the lock with it, and it is held as before.
//!
//! *Why no order is missed.* Who gives one [publishes it](super::orders) and then nudges the watched directory, which is such a
//! change. Who could not nudge it takes the lock away after a while, and that is a change. Then LOOK sees the entry gone,
//! and after that the order, which was published before.
//!
//! *What it costs.* A few watches, and nothing more until something changes; others that come and go where my entry stands are changes. On a
//! file system that is not local it looks every [`REMOTE_POLL_MS`].
//!
//! *What it leaves to the caller.* To stop what it does, at once. Between the loss and its end two may be at work; only a
//! [fencing token](lockwright_kernel::token) keeps the resource safe from that.
//!
//! *Source.* Our own.

use std::time::Duration;

use lockwright_kernel::{
    clock::Instant,
    fs::FsError,
    id::Id,
    lock::LockError,
    path::Path,
    wait_queue::Ticket,
    watch::{Wake, WatchId},
};

use super::{
    any::{AnyLock, Place},
    orders::{Order, Orders},
};
use crate::watch::{Mortal, PosixWorld, REMOTE_POLL_MS};

/// Why a hold is over, or is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The entry on disk is gone: somebody took the lock away, and somebody else may hold it. Otherwise it is held still.
    pub is_gone: bool,
    /// By whose word, and why, if an order was given. Without one it was removed by force, or with the directory.
    pub order: Option<Order>,
}

/// What ended a wait for the loss of a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vigil {
    /// The hold is lost, or an order stands to give it back.
    Lost(Loss),
    /// The time is up, and the lock is held.
    TimedOut,
    /// The caller was asked to stop waiting, and the lock is held.
    Interrupted,
}

/// Somebody's entry: of a holder, or of one in line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold<'a> {
    pub(super) lock: &'a dyn AnyLock,
    pub(super) place: &'a Place,
    pub(super) id: &'a Id,
    pub(super) ticket: Option<&'a Ticket>,
}

impl Hold<'_> {
    /// Looks once.
    pub(super) fn loss(&self) -> Result<Option<Loss>, LockError> {
        let is_gone = !self.lock.holds(self.id)?; // 2 LOOK
        let order = self.order()?;
        Ok((is_gone || order.is_some()).then_some(Loss { is_gone, order }))
    }

    pub(super) fn order(&self) -> Result<Option<Order>, LockError> {
        // There is no order where there can be none.
        Orders::new(self.place).map_or(Ok(None), |orders| Ok(orders.to(self.id)?))
    }

    /// 1 WATCH, of what there is.
    fn watch(&self, world: &PosixWorld) -> Result<Option<Vec<WatchId>>, LockError> {
        let Some(home) = self.lock.home_of(self.id, self.ticket)? else { return Ok(None) };
        let fs = &self.place.fs;
        let above = |dir: &Path| dir.split_last().map(|(dir, _)| dir).filter(|dir| !dir.names().is_empty());
        let mut watches = vec![world.watch_in(fs, &home)];
        watches.extend(std::iter::successors(above(&home), above).map(|dir| world.watch_place_in(fs, &dir)));
        match watches.into_iter().collect() {
            Ok(watches) => Ok(Some(watches)),
            Err(FsError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Has the owner look at its entry, if it watches that.
    pub(super) fn nudge(&self) -> Result<(), LockError> {
        match self.lock.home_of(self.id, self.ticket)? {
            Some(home) => Ok(self.place.fs.nudge(&home)?),
            None => Ok(()),
        }
    }
}

/// Waits until one of several is lost, and says which.
pub(super) fn vigil(
    holds: &[Hold<'_>],
    world: &PosixWorld,
    until: Option<Instant>,
) -> Result<(Vigil, Option<usize>), LockError> {
    let mut found = None;
    let wake = wait_until(holds, world, &[], until, || {
        for (index, hold) in holds.iter().enumerate() {
            found = hold.loss()?.map(|loss| (loss, index));
            if found.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    })?;
    Ok(match (found, wake) {
        (Some((loss, index)), _) => (Vigil::Lost(loss), Some(index)),
        (None, Wake::Interrupted) => (Vigil::Interrupted, None),
        (None, _) => (Vigil::TimedOut, None),
    })
}

/// Has each wait in `world` interrupted when something changes where one of them stands; `false` where that was on the move, and
/// who looks finds it lost.
pub(super) fn interrupt(holds: &[Hold<'_>], world: &PosixWorld) -> Result<bool, LockError> {
    let is_remote = holds.iter().any(|hold| !hold.place.probe.is_local());
    let watches: Option<Vec<_>> =
        holds.iter().map(|hold| hold.watch(world).transpose()).collect::<Option<Result<_, _>>>().transpose()?;
    let is_watched = watches.is_some();
    world.interrupt_at(watches.unwrap_or_default().concat(), is_remote);
    Ok(is_watched)
}

/// Waits until a look says that it is over, which is [`Wake::Changed`]. It looks after each change where the entries
/// stand, and after the first of the deaths.
pub(super) fn wait_until(
    holds: &[Hold<'_>],
    world: &PosixWorld,
    deaths: &[Mortal],
    until: Option<Instant>,
    mut is_over: impl FnMut() -> Result<bool, LockError>,
) -> Result<Wake, LockError> {
    // The world is that of one of them.
    let is_remote = holds.iter().any(|hold| !hold.place.probe.is_local());
    loop {
        let watches: Option<Vec<_>> =
            holds.iter().map(|hold| hold.watch(world).transpose()).collect::<Option<Result<_, _>>>().transpose()?;
        if is_over()? {
            return Ok(Wake::Changed);
        }
        // Without a watch it was on the move, so look again.
        let Some(watches) = watches.map(|watches: Vec<Vec<_>>| watches.concat()) else { continue };
        let again = is_remote.then(|| world.after(Duration::from_millis(REMOTE_POLL_MS)));
        let soonest = until.into_iter().chain(again).min();
        match world.wait_any(&watches, deaths, soonest)? {
            Wake::Changed => {} // 3 WAIT
            Wake::TimedOut if !world.is_past(until)? => {}
            wake => return Ok(wake),
        }
    }
}
