//! The fast lock on a server.

use std::fmt;

use lockwright_kernel::{
    blocking::{self, WaitError},
    clock::Instant,
    fast_lock::{FastLock, Leaf},
    fs::{Fs, FsError, silly},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    policies::check::CheckLock,
};
use lockwright_posix::{
    chance::ThreadChance,
    lock::{AmongKinds, Kind, Layout, Standing},
    probe::ProcProbe,
};

use super::{NfsLock, NfsWorld, Place, below, of_layout};

/// A fast lock that recovers from dead owners.
pub(super) type Recovering<F> = CheckLock<FastLock<F>, ProcProbe, ThreadChance>;

#[derive(Debug)]
pub(super) struct Fast<F> {
    place: Place<F>,
    lock: Recovering<F>,
}

impl<F: Fs + Clone> Fast<F> {
    pub(super) fn new(place: &Place<F>) -> Self {
        Self { place: place.clone(), lock: place.recovering(place.lock.clone()) }
    }

    /// All that is in `owner` but homes of other kinds: one at most.
    fn owners(&self) -> Result<Vec<Id>, FsError> {
        let tenants = self.place.tenants()?.into_iter();
        Ok(tenants.filter(|name| Layout::named(name).is_none()).map(Id::from).collect())
    }
}

impl<F: Fs + Clone> Place<F> {
    pub(super) fn recovering(&self, at: Path) -> Recovering<F> {
        CheckLock::new(FastLock::new(self.fs.clone(), at, Leaf::File), self.probe.clone(), ThreadChance)
    }

    /// Removes what the dead have left of the fast lock at `path`: `owner`, if it has one, tries, and empty directories.
    pub(super) fn sweep_fast(&self, lock: &Recovering<F>, path: &Path, owner: Option<&Id>) -> Result<(), LockError> {
        if let Some(owner) = owner
            && self.is_dead(owner)?
        {
            lock.recover(owner)?;
        }
        lock.sweep()?;
        let owner_dir = below(path, "owner");
        match self.fs.list(&owner_dir) {
            Err(FsError::NotFound) => {}
            names => silly::discard(&self.fs, &owner_dir, &names?)?,
        }
        self.fs.discard_dir(&below(path, "build"))?;
        self.fs.discard_dir(&owner_dir)?;
        Ok(self.fs.discard_dir(path)?)
    }
}

impl<F: Fs + Clone + fmt::Debug> NfsLock for Fast<F> {
    fn wait(&mut self, me: &Id, world: &NfsWorld, until: Option<Instant>) -> Result<(), WaitError> {
        blocking::lock(&AmongKinds(&self.lock), me, world, until)
    }

    fn release(&mut self, me: &Id) -> Result<(), LockError> {
        self.lock.unlock(me)
    }

    fn evidence(&self, me: &Id) -> Path {
        self.place.owner_dir().join(me.name())
    }

    fn sweep(&self) -> Result<(), LockError> {
        self.place.sweep_fast(&self.lock, &self.place.lock, self.owners()?.first())
    }

    fn standing(&self) -> Result<Standing, LockError> {
        let mut standing = Standing::default();
        for owner in self.owners()? {
            let at = self.evidence(&owner);
            standing.holders.push(self.place.entry(owner, Kind::Fast, &at)?);
        }
        for id in self.lock.proposals()? {
            // What a holder has not tidied up yet is no try.
            if standing.holders.iter().all(|holder| holder.id != id) {
                let at = below(&self.place.lock, "build").join(id.name());
                standing.trying.push(self.place.entry(id, Kind::Fast, &at)?);
            }
        }
        Ok(of_layout(standing, Layout::Fast))
    }
}
