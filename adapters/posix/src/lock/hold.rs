//! Notices that a hold is lost, or is to be given back.
//!
//! ```text
//! <home>/<id>             the entry by which <id> holds, whatever the kind; see lock
//! <lock>.broken/<id>      the order to <id> to give the lock back; see orders
//! ```
//!
//! 1. WATCH the directory in which my entry stands.
//! 2. LOOK whether my entry stands, and then whether there is an order to me.
//! 3. WAIT for a change, or for the deadline; then from 1.
//!
//! *Why no loss is missed.* An entry goes by a removal in the watched directory, or with that directory: before WATCH, and
//! LOOK sees it, or after, and it ends the WAIT ([`Watch`]). Only a directory further up that is moved elsewhere with
//! everything in it ends no WAIT; that is seen when the lock is given back.
//!
//! *Why no order is missed.* Who gives one [publishes it](super::orders) and then nudges the watched directory, which is such a
//! change. Who could not nudge it takes the lock away after a while, and that is a change. Then LOOK sees the entry gone,
//! and after that the order, which was published before.
//!
//! *What it costs.* A watch, and nothing more until something changes; others that come and go in the directory are changes. On a
//! file system that is not local it looks every [`REMOTE_POLL_MS`](crate::watch::REMOTE_POLL_MS).
//!
//! *What it leaves to the caller.* To stop what it does, at once. Between the loss and its end two may be at work; only a
//! [fencing token](lockwright_kernel::token) keeps the resource safe from that.
//!
//! *Source.* Our own.

use lockwright_kernel::{
    clock::Instant,
    fs::FsError,
    id::Id,
    lock::LockError,
    wait_queue::Ticket,
    watch::{Wake, Watch},
};

use super::{
    any::{AnyLock, Place},
    orders::{Order, Orders},
};
use crate::watch::{Mortal, PosixWorld};

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

    pub(super) fn vigil(&self, world: &PosixWorld, until: Option<Instant>) -> Result<Vigil, LockError> {
        let mut loss = None;
        let wake = self.wait_until(world, &[], until, || {
            loss = self.loss()?;
            Ok(loss.is_some())
        })?;
        Ok(match (loss, wake) {
            (Some(loss), _) => Vigil::Lost(loss),
            (None, Wake::Interrupted) => Vigil::Interrupted,
            (None, _) => Vigil::TimedOut,
        })
    }

    /// Waits until a look says that it is over, which is [`Wake::Changed`]. It looks after each change where the entry
    /// stands, and after the first of the deaths.
    pub(super) fn wait_until(
        &self,
        world: &PosixWorld,
        deaths: &[Mortal],
        until: Option<Instant>,
        mut is_over: impl FnMut() -> Result<bool, LockError>,
    ) -> Result<Wake, LockError> {
        loop {
            let home = self.lock.home_of(self.id, self.ticket)?;
            let watch = match home.map(|home| world.watch(&home)).transpose() {
                Ok(watch) => watch, // 1 WATCH
                Err(FsError::NotFound) => None,
                Err(error) => return Err(error.into()),
            };
            if is_over()? {
                return Ok(Wake::Changed);
            }
            // Without a watch it was on the move, so look again.
            let Some(watch) = watch else { continue };
            match world.wait_any(&[watch], deaths, until)? {
                Wake::Changed => {} // 3 WAIT
                wake => return Ok(wake),
            }
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
