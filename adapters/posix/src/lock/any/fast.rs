//! The fast lock behind a path.

use lockwright_kernel::{
    blocking::{self, WaitError},
    clock::Instant,
    fast_lock::{FastLock, Leaf},
    fs::{Fs, FsError, Halted, silly},
    id::Id,
    lock::{Lock, LockError},
    path::Path,
    policies::check::CheckLock,
    probe::Liveness,
    wait_queue::{Ticket, Want},
};

use super::{
    AnyLock, Place,
    kept::{self, KeptIds},
    word,
};
use crate::{
    chance::ThreadChance,
    fs::PosixFs,
    lock::{
        among::AmongKinds,
        kind::{Kind, Layout},
        lease::LeaseProbe,
        recovered::Noting,
        standing::{Looker, Standing},
    },
    watch::{Mortal, PosixWorld},
};

/// A fast lock that recovers from dead owners.
pub(super) type RecoveringLock = CheckLock<Noting<FastLock<PosixFs>>, LeaseProbe, ThreadChance>;

pub(super) fn recovering(place: &Place, path: Path, leaf: Leaf) -> RecoveringLock {
    noting(place, FastLock::new(place.fs.clone(), path.clone(), leaf), path)
}

fn noting(place: &Place, lock: FastLock<PosixFs>, path: Path) -> RecoveringLock {
    CheckLock::new(Noting { lock, place: place.clone(), path }, place.judge(), ThreadChance)
}

/// Removes the directories of the lock at `path` that are empty, such as those of somebody who died before it had put anything
/// into them. Anybody may at any time: whoever is about to, is disturbed and tries again.
pub(super) fn tidy(fs: &PosixFs, path: &Path) -> Result<(), Halted> {
    fs.discard_dir(&path.join(&word("build")))?;
    fs.discard_dir(&path.join(&word("owner")))?;
    fs.discard_dir(path)
}

/// Removes what a mount keeps of the leaf of a former owner, where the lock at `path` is on NFS.
pub(super) fn discard_kept(fs: &PosixFs, path: &Path) -> Result<(), FsError> {
    if !fs.may_repeat() {
        return Ok(());
    }
    let owner = path.join(&word("owner"));
    match fs.list(&owner) {
        Err(FsError::NotFound) => Ok(()),
        names => Ok(silly::discard(fs, &owner, &names?)?),
    }
}

#[derive(Debug)]
pub(super) struct Fast {
    lock: RecoveringLock,
    place: Place,
    looker: Looker,
    path: Path,
    /// Where directories are kept.
    kept: Option<KeptIds>,
}

impl Fast {
    pub(super) fn new(place: &Place, leaf: Leaf) -> Self {
        let lock = FastLock::new(place.fs.clone(), place.path(), leaf);
        let kept = place.keeps.then(|| KeptIds::new(place, lock.clone()));
        let lock = if place.keeps { lock.keeping() } else { lock };
        let lock = noting(place, lock, place.path());
        Self { lock, place: place.clone(), looker: place.looker(), path: place.path(), kept }
    }

    /// All that is in `owner` but homes of other kinds: one at most.
    fn owners(&self) -> Result<Vec<Id>, LockError> {
        let tenants = self.place.tenants()?.into_iter().map(Id::from);
        Ok(tenants.filter(|owner| Layout::named(owner.name()).is_none()).collect())
    }
}

impl AnyLock for Fast {
    fn wait(
        &self,
        me: &Id,
        _: Want,
        _: &mut Option<Ticket>,
        world: &PosixWorld,
        until: Option<Instant>,
    ) -> Result<(), WaitError> {
        let waited = self.place.while_tidying_late(|| blocking::lock(&AmongKinds(&self.lock), me, world, until));
        if let Some(kept) = &self.kept
            && !kept.has(me)
        {
            // It does not come again.
            self.place.fs.discard_dir(&self.path.join(&word("build")).join(me.name()))?;
        }
        waited
    }

    fn release(&self, me: &Id, _: Option<&Ticket>) -> Result<(), LockError> {
        let Some(kept) = &self.kept else { return self.lock.unlock(me) };
        let released = if kept.is_to_sweep() { self.lock.unlock(me) } else { self.lock.unlock_unswept(me) };
        match &released {
            Ok(()) => kept.take_back(me),
            Err(_) => kept.retire(me),
        }
        released
    }

    fn lend_id(&self) -> Option<Id> {
        self.kept.as_ref()?.lend()
    }

    fn keep_id(&self, id: &Id) {
        if let Some(kept) = &self.kept {
            kept.add(id);
        }
    }

    fn give_back_id(&self, id: &Id) {
        if let Some(kept) = &self.kept {
            kept.take_back(id);
        }
    }

    fn give_up(&self, _: &Ticket) -> Result<(), LockError> {
        Ok(())
    }

    /// By name, for what is found first may be the home of a kind that is about to see this owner and to leave.
    fn holds(&self, me: &Id) -> Result<bool, LockError> {
        Ok(self.looker.fs.exists(&self.path.join(&word("owner")).join(me.name()))?)
    }

    fn home_of(&self, _: &Id, _: Option<&Ticket>) -> Result<Option<Path>, LockError> {
        Ok(Some(self.path.join(&word("owner"))))
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.lock.recover(id)
    }

    /// Beside a dead owner the home of another kind may stand, which was left by the dead as well.
    fn sweep(&self) -> Result<(), LockError> {
        for owner in self.owners()? {
            if self.looker.is_dead(&owner)? {
                self.lock.recover(&owner)?;
            }
        }
        self.lock.sweep()?;
        discard_kept(&self.looker.fs, &self.path)?;
        Ok(tidy(&self.looker.fs, &self.path)?)
    }

    fn awaited(&self) -> Result<(Vec<Path>, Vec<Mortal>), FsError> {
        let owners = self.place.tenants()?.into_iter().map(|name| Mortal::Owner(name.into()));
        Ok((vec![self.path.join(&word("owner"))], owners.collect()))
    }

    fn standing(&self) -> Result<Standing, LockError> {
        let mut standing = Standing::default();
        for owner in self.owners()? {
            let at = self.path.join(&word("owner")).join(owner.name());
            standing.holders.push(self.looker.entry(owner, Kind::Fast, &at)?);
        }
        for id in self.lock.proposals()? {
            // What a holder has not tidied up yet is no try.
            if standing.holders.iter().any(|holder| holder.id == id) {
                continue;
            }
            let at = self.path.join(&word("build")).join(id.name());
            let entry = self.looker.entry(id, Kind::Fast, &at)?;
            if entry.liveness == Liveness::Dead || kept::has_proposal(&self.looker.fs, &at) {
                standing.trying.push(entry);
            }
        }
        Ok(standing.of(Layout::Fast))
    }
}
