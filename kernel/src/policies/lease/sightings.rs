//! What a judge has seen of leases, and since when, by its own clock.

use alloc::vec::Vec;

use core::cell::RefCell;

use super::{Term, outlasted_after};
use crate::{clock::Instant, id::Id};

/// How many owners are kept in mind. Where there are more, those that were looked at the longest ago are forgotten, so that a lease of
/// theirs is over later.
pub const SEEN_MAX: usize = 256;

/// The records that were seen, each since when, and the leases that were found over.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    /// Those that were looked at last stand at the end.
    seen: Vec<Sighting>,
    lapsed: Vec<Id>,
}

#[derive(Clone, Debug)]
struct Sighting {
    id: Id,
    term: Term,
    since: Instant,
    last: Instant,
}

impl Sightings {
    /// Notes that the lease of `id` is at `term` now, and says since when it is.
    pub fn since(&mut self, id: &Id, term: Term, now: Instant) -> Instant {
        let at = self.seen.iter().position(|sighting| sighting.id == *id);
        let known = at.map(|at| self.seen.remove(at)).filter(|sighting| sighting.term == term);
        let since = known.map_or(now, |sighting| sighting.since);
        if self.seen.len() >= SEEN_MAX {
            self.seen.remove(0);
        }
        self.seen.push(Sighting { id: id.clone(), term, since, last: now });
        since
    }

    /// When to look at the lease of `id` again, if it has one: when it is over, or after another third of it, so that a
    /// renewal does not go unseen for long. So a lease is found over after four thirds of it and a margin.
    #[must_use]
    pub fn look_at(&self, id: &Id) -> Option<Instant> {
        let sighting = self.seen.iter().find(|sighting| sighting.id == *id)?;
        let over = sighting.since.saturating_add(outlasted_after(sighting.term.length));
        Some(over.min(sighting.last.saturating_add(sighting.term.length / 3)))
    }

    /// Whether the lease of `id` was found over since [`Sightings::take_lapsed`].
    #[must_use]
    pub fn has_lapsed(&self, id: &Id) -> bool {
        self.lapsed.contains(id)
    }

    /// The owners whose leases were found over, which are forgotten.
    pub fn take_lapsed(&mut self) -> Vec<Id> {
        core::mem::take(&mut self.lapsed)
    }

    /// Notes that the lease of `id` was found over.
    pub(super) fn lapsed(&mut self, id: &Id) {
        self.seen.retain(|sighting| sighting.id != *id);
        if self.lapsed.len() < SEEN_MAX && !self.lapsed.contains(id) {
            self.lapsed.push(id.clone());
        }
    }
}

/// Where sightings are kept from one look to the next.
pub trait Notebook {
    /// Does something with them.
    fn with<T>(&self, change: impl FnOnce(&mut Sightings) -> T) -> T;
}

/// For one thread.
impl Notebook for RefCell<Sightings> {
    fn with<T>(&self, change: impl FnOnce(&mut Sightings) -> T) -> T {
        change(&mut self.borrow_mut())
    }
}

impl<N: Notebook> Notebook for &N {
    fn with<T>(&self, change: impl FnOnce(&mut Sightings) -> T) -> T {
        (**self).with(change)
    }
}
