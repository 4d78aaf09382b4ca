//! What a queue does where calls may be executed once more after they were answered ([`Fs::may_repeat`]).

use alloc::vec::Vec;

use super::{QueueError, Ticket, WaitQueue};
use crate::{
    chance::Chance,
    fs::{Fs, FsError, Halted},
    id::Id,
    probe::{Liveness, Probe},
};

/// How often a leave looks whether something of it came again. One copy makes it come again once.
const LOOKS_MAX: u32 = 2;

impl<F: Fs, P: Probe, C: Chance> WaitQueue<F, P, C> {
    pub(super) fn unmark(&self, ticket: &Ticket) -> Result<(), FsError> {
        let leaf = self.path_of(ticket);
        for mark in self.marks(ticket.place.want) {
            match self.fs.remove_dir(&leaf.word(mark)) {
                Ok(()) | Err(FsError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes the leaf of a ticket; where a mark came again, without it.
    pub(super) fn remove_unmarked(&self, ticket: &Ticket) -> Result<(), FsError> {
        let leaf = self.path_of(ticket);
        for _ in 0..LOOKS_MAX {
            match self.fs.remove_dir(&leaf) {
                Err(FsError::NotEmpty) if self.fs.may_repeat() => self.unmark(ticket)?,
                answer => return answer,
            }
        }
        self.fs.remove_dir(&leaf)
    }

    /// Removes the leaf of a ticket again, should it have come again before its directory was removed.
    pub(super) fn stay_out(&self, ticket: &Ticket) -> Result<(), FsError> {
        for _ in 0..LOOKS_MAX {
            if !self.fs.may_repeat() || !self.fs.exists(&self.path_of(ticket))? {
                break;
            }
            self.remove(&self.dir(ticket.place), &ticket.id)?;
        }
        Ok(())
    }

    /// Removes what a copy of an earlier TICKET has moved into the line; called when the flag is removed.
    pub(super) fn take_back_moved(&self, me: &Id) -> Result<(), Halted> {
        if !self.fs.may_repeat() {
            return Ok(());
        }
        match self.find(me) {
            Ok(Some(ticket)) => self.remove(&self.dir(ticket.place), me),
            Err(QueueError::Fs(FsError::Halted)) => Err(Halted),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// A flag without a leaf may be no more than a copy of its making, and is removed once its owner is dead. Who makes it
    /// has not come to LOOK.
    pub(super) fn retain_those_who_stand(&self, ids: &mut Vec<Id>) -> Result<(), FsError> {
        if !self.fs.may_repeat() {
            return Ok(());
        }
        for id in core::mem::take(ids) {
            let flag = self.flag(&id);
            if self.fs.exists(&flag.join(id.name()))? {
                ids.push(id);
            } else if self.probe.liveness(&id)? == Liveness::Dead {
                self.fs.discard_dir(&flag)?;
            }
        }
        Ok(())
    }
}
