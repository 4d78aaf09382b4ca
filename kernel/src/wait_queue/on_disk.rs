//! What is on disk of a queue: where each thing stands, who stands where, and how what is nobody's is removed.

use alloc::{vec, vec::Vec};
use core::num::NonZeroU32;

use super::{Admission, Door, Place, QueueError, Ticket, WaitQueue, Want};
use crate::{
    chance::Chance,
    clock::Timestamp,
    fs::{Fs, FsError, Halted},
    id::Id,
    path::Path,
    probe::{Liveness, Probe},
};

impl<F: Fs, P: Probe, C: Chance> WaitQueue<F, P, C> {
    pub(super) fn sweep_one(&self) -> Result<(), QueueError> {
        let picked = or_default(self.fs.sample(&self.path, &self.chance))?;
        if let Some(place) = picked.and_then(|name| Place::read(&name, self.last)) {
            self.meet(place, None)?;
        }
        Ok(())
    }

    /// Who stands at a place. An empty ticket and that of somebody who is gone are removed, and nobody stands there.
    pub(super) fn meet(&self, place: Place, mine: Option<&Path>) -> Result<Option<Id>, QueueError> {
        let dir = self.dir(place);
        let Some(id) = or_default(self.fs.any(&dir))?.map(Id::from) else {
            self.fs.discard_dir(&dir)?;
            return Ok(None);
        };
        if self.is_gone(&id, &dir.join(id.name()), mine)? {
            self.remove(&dir, &id)?;
            return Ok(None);
        }
        Ok(Some(id))
    }

    /// Whether `id` is dead, or was not heard of for longer than a lease. Both stamps are the file system's: the time is
    /// that of `mine`, which was made or touched a while ago, so a lease is never found to be over too early.
    pub(super) fn is_gone(&self, id: &Id, stamped: &Path, mine: Option<&Path>) -> Result<bool, FsError> {
        if self.probe.liveness(id)? == Liveness::Dead {
            return Ok(true);
        }
        let (Some(lease), Some(mine)) = (self.lease, mine) else { return Ok(false) };
        let stamp = |path: &Path| match self.fs.modified(path) {
            Ok(stamp) => Ok(Some(stamp)),
            Err(FsError::NotFound) => Ok(None),
            Err(error) => Err(error),
        };
        let ends = [stamp(stamped)?, stamp(mine)?].map(|at| at.map(Timestamp::since_epoch));
        let [Some(heard_of), Some(now)] = ends else { return Ok(false) };
        Ok(now.saturating_sub(heard_of) > lease)
    }

    /// Removes what is of `id` in `dir`, and `dir`.
    pub(super) fn remove(&self, dir: &Path, id: &Id) -> Result<(), Halted> {
        let leaf = dir.join(id.name());
        for mark in self.marks(Want::Alone) {
            self.fs.discard_dir(&leaf.word(mark))?;
        }
        self.fs.discard_dir(&leaf)?;
        self.fs.discard_dir(dir)
    }

    pub(super) fn tidy(&self) -> Result<(), Halted> {
        self.fs.discard_dir(&self.path.word("door"))?;
        self.fs.discard_dir(&self.path)
    }

    /// The places that are taken, in order, by one look, however many there are.
    ///
    /// # Errors
    ///
    /// [`QueueError::Fs`].
    pub fn places(&self) -> Result<Vec<Place>, QueueError> {
        Ok(self.line()?)
    }

    /// The ticket that stands at a place, if one does.
    ///
    /// # Errors
    ///
    /// [`QueueError::Fs`].
    pub fn ticket_at(&self, place: Place) -> Result<Option<Ticket>, QueueError> {
        let id = or_default(self.fs.any(&self.dir(place)))?.map(Id::from);
        Ok(id.map(|id| Ticket { id, place, door: Door::NotSeen }))
    }

    pub(super) fn line(&self) -> Result<Vec<Place>, FsError> {
        let names = or_default(self.fs.list(&self.path))?;
        let mut line: Vec<Place> = names.iter().filter_map(|name| Place::read(name, self.last)).collect();
        line.sort_unstable();
        Ok(line)
    }

    pub(super) fn in_door(&self) -> Result<Vec<Id>, FsError> {
        Ok(or_default(self.fs.list(&self.path.word("door")))?.into_iter().map(Id::from).collect())
    }

    /// The marks that a ticket begins with.
    pub(super) fn marks(&self, want: Want) -> Vec<&'static str> {
        let mut marks = vec![];
        if self.may_be_cut {
            marks.push("stay");
        }
        match self.rule {
            Admission::First(count) if count > NonZeroU32::MIN => marks.push("waits"),
            Admission::ReadWrite if want == Want::Alone => marks.push("alone"),
            _ => {}
        }
        marks
    }

    pub(super) fn flag(&self, id: &Id) -> Path {
        self.path.word("door").join(id.name())
    }

    pub(super) fn dir(&self, place: Place) -> Path {
        self.path.join(&place.name(self.last))
    }

    pub(super) fn leaf(&self, place: Place, id: &Id) -> Path {
        self.dir(place).join(id.name())
    }
}

/// A directory that is not there holds nothing.
pub(super) fn or_default<T: Default>(looked: Result<T, FsError>) -> Result<T, FsError> {
    match looked {
        Err(FsError::NotFound) => Ok(T::default()),
        other => other,
    }
}
