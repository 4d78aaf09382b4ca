//! What stands on disk at the path of a lock: who holds it, who waits, and who has died over it.

use std::num::{NonZeroU32, NonZeroU64};

use lockwright_kernel::{
    clock::Timestamp,
    fs::{Fs, FsError, Halted},
    id::Id,
    path::Path,
    policies::lease::{Leases, Record},
    probe::{Liveness, Probe},
};

use super::kind::{Kind, Layout};
use crate::{fs::PosixFs, probe::ProcProbe};

/// Who has a lock, who waits for it, and who else has an entry there.
///
/// It is put together from several looks, and others do not stand still meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// What kind of lock stands there; `None` when the path is free.
    pub layout: Option<Layout>,
    /// Those who hold it, in order. Entries of the dead count, until somebody removes them.
    pub holders: Vec<Entry>,
    /// Those who wait in line, in order. Empty where there is no line: there waiting leaves nothing on disk.
    pub waiters: Vec<Entry>,
    /// Those who are about to take the lock or to join the line, and those who died about to.
    pub trying: Vec<Entry>,
}

/// What somebody sees of a lock who wants it, by a few looks however many want it: some of those who hold it.
#[derive(Clone, Debug, Default)]
pub struct Glance {
    /// What kind of lock stands there; `None` when nobody was seen.
    pub layout: Option<Layout>,
    /// The first of those who hold it, in order.
    pub holders: Vec<Entry>,
    /// How many hold it beside these.
    pub more: usize,
    /// How many wait before somebody in line. Those who hold are not counted.
    pub ahead: Option<usize>,
}

impl Glance {
    /// At most `most` of the holders that were seen, other than `me`.
    pub(super) fn of(standing: Standing, me: Option<&Id>, most: usize) -> Self {
        let ahead = standing.waiters.iter().position(|entry| Some(&entry.id) == me);
        let mut holders = standing.holders;
        holders.retain(|entry| Some(&entry.id) != me);
        let more = holders.len().saturating_sub(most);
        holders.truncate(most);
        Self { layout: standing.layout, holders, more, ahead }
    }
}

/// Somebody's entry on disk.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whose it is.
    pub id: Id,
    /// What its owner asked for.
    pub kind: Kind,
    /// When the entry was made or changed, by the file system's clock. Of one in a line that is when it joined or, in a fair
    /// semaphore, when it noticed its turn.
    pub since: Option<Timestamp>,
    /// Whether its owner still runs.
    pub liveness: Liveness,
    /// The slot, of a holder in a [`Kind::Semaphore`], from 1.
    pub slot: Option<NonZeroU32>,
    /// The number of its place, in a line.
    pub number: Option<NonZeroU64>,
    /// Its lease, if it holds or waits on one.
    pub lease: Option<Record>,
}

impl Standing {
    /// Nobody holds it or waits for it.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.holders.is_empty() && self.waiters.is_empty()
    }

    /// All entries of owners that are dead.
    pub fn stale(&self) -> impl Iterator<Item = &Entry> {
        self.everybody().filter(|entry| entry.liveness == Liveness::Dead)
    }

    /// With entries, it is of that layout.
    pub(super) fn of(self, layout: Layout) -> Self {
        let layout = self.everybody().next().map(|_| layout);
        Self { layout, ..self }
    }

    /// Holders, waiters, and those who try.
    pub fn everybody(&self) -> impl Iterator<Item = &Entry> {
        self.holders.iter().chain(&self.waiters).chain(&self.trying)
    }
}

impl Entry {
    pub(super) fn in_slot(self, slot: NonZeroU32) -> Self {
        Self { slot: Some(slot), ..self }
    }

    pub(super) fn at_place(self, number: u64) -> Self {
        Self { number: NonZeroU64::new(number), ..self }
    }
}

/// Looks at entries, each for what is to be told of it.
#[derive(Clone, Debug)]
pub(super) struct Looker {
    pub(super) fs: PosixFs,
    pub(super) probe: ProcProbe,
    /// None where there can be none.
    pub(super) leases: Option<Leases<PosixFs>>,
}

impl Looker {
    pub(super) fn is_dead(&self, id: &Id) -> Result<bool, Halted> {
        Ok(self.probe.liveness(id)? == Liveness::Dead)
    }

    /// The entry of `id` at `at`.
    pub(super) fn entry(&self, id: Id, kind: Kind, at: &Path) -> Result<Entry, FsError> {
        let liveness = self.probe.liveness(&id)?;
        self.entry_of(id, kind, at, liveness)
    }

    /// The same for an owner whose liveness is known.
    pub(super) fn entry_of(&self, id: Id, kind: Kind, at: &Path, liveness: Liveness) -> Result<Entry, FsError> {
        let since = match self.fs.modified(at) {
            Ok(stamp) => Some(stamp),
            Err(FsError::NotFound) => None,
            Err(error) => return Err(error),
        };
        let lease = self.leases.as_ref().map_or(Ok(None), |leases| leases.record(&id))?;
        Ok(Entry { id, kind, since, liveness, slot: None, number: None, lease })
    }
}
