//! The admission rules: how many of those in line hold at once, and for whom the next one waits.
//!
//! *First*: whoever has fewer than so many before it. With one, each waits for the one right before it. With more, the
//! first that has to wait is told when any ticket goes, and each one behind it when the one before it is admitted, dies
//! or leaves. So a release wakes one waiter, and that one's admission the next. A waiter that is stopped keeps those
//! behind it from noticing, though not from their turn. Of the holders' deaths only one is told to the first that
//! waits; for the others it has to look again.
//!
//! *Read and write*: a writer when nobody is before it, a reader when no writer is. Writers wait for the one right before
//! them, readers for the nearest writer before them, so that all readers behind it are woken together.
//!
//! A writer that has lost its mark `alone` shares. It counts as a reader for those behind it, unless another writer
//! stands before it: then it was not its turn when it lost the mark, and it is on its way out of the line.
//!
//! *Why a writer is alone.* Nobody comes to stand before who has passed the door. A writer holds when nobody stands before
//! it; a reader when no writer does but one that has lost its mark, which none gets again where it stands.
//! `NobodyIsAloneBefore` in `specs/wait_queue/WaitQueue.tla` says so, and is a part of the inductive invariant there.

use core::num::NonZeroU32;

use super::{Place, Ticket, Turn, Wait, WaitQueue, Want, ticket::QueueError};
use crate::{chance::Chance, fs::Fs, probe::Probe};

/// How many hold at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Admission {
    /// So many, the first in line.
    First(NonZeroU32),
    /// The first, if it wants to be [alone](Want::Alone); otherwise all up to the first that does.
    ReadWrite,
}

impl Admission {
    /// One at a time: a fair lock.
    pub const ONE: Self = Self::First(NonZeroU32::MIN);
}

impl<F: Fs, P: Probe, C: Chance> WaitQueue<F, P, C> {
    pub(super) fn look(&self, mine: &Ticket) -> Result<Turn, QueueError> {
        let mut before = self.line()?; // 3 LINE
        if !before.contains(&mine.place) {
            return Ok(Turn::Cut);
        }
        before.retain(|place| *place < mine.place);
        match (self.rule, mine.place.want) {
            (Admission::First(count), _) if count > NonZeroU32::MIN => self.among_first(mine, &before, count),
            (Admission::ReadWrite, Want::Shared) => self.behind_no_writer(mine, &before),
            _ => match before.last() {
                None => Ok(Turn::Holding),
                Some(place) => self.behind(*place, mine),
            },
        }
    }

    /// 4 MEET, 5 WAIT
    fn behind(&self, place: Place, mine: &Ticket) -> Result<Turn, QueueError> {
        Ok(Turn::Wait(match self.meet(place, Some(&self.path_of(mine)))? {
            Some(id) => Wait::on(self.leaf(place, &id), Some(id)),
            None => Wait::on(self.dir(place), None), // It is gone, so there is nothing to wait for.
        }))
    }

    fn among_first(&self, mine: &Ticket, before: &[Place], count: NonZeroU32) -> Result<Turn, QueueError> {
        let count = count.get() as usize;
        if before.len() < count {
            self.fs.discard_dir(&self.leaf(mine.place, &mine.id).word("waits"))?;
            return Ok(Turn::Holding);
        }
        if let (true, Some(place)) = (before.len() > count, before.last()) {
            return self.behind(*place, mine);
        }
        let mut death_of = None;
        for place in before {
            match self.meet(*place, Some(&self.path_of(mine)))? {
                Some(id) => death_of = death_of.or(Some(id)),
                None => return Ok(Turn::Wait(Wait::on(self.dir(*place), None))),
            }
        }
        Ok(Turn::Wait(Wait { looks_again: true, ..Wait::on(self.path.clone(), death_of) }))
    }

    fn behind_no_writer(&self, mine: &Ticket, before: &[Place]) -> Result<Turn, QueueError> {
        let mut writers = before.iter().rev().filter(|place| place.want == Want::Alone);
        let Some(nearest) = writers.next() else { return Ok(Turn::Holding) };
        let Some(id) = self.meet(*nearest, Some(&self.path_of(mine)))? else {
            return Ok(Turn::Wait(Wait::on(self.dir(*nearest), None)));
        };
        let leaf = self.leaf(*nearest, &id);
        if writers.next().is_none() && !self.fs.exists(&leaf.word("alone"))? {
            return Ok(Turn::Holding);
        }
        Ok(Turn::Wait(Wait::on(leaf, Some(id))))
    }
}
