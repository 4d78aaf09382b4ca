//! Locks whose address is `nfs://HOST[:PORT]/PATH`: locks on a server that is spoken to directly. A file for each kind below.
//!
//! ```text
//! <lock>/build, <lock>/owner/<id>     a fast lock
//! <lock>/owner/<kind>/...             a lock of another kind: its line, or its slots
//! ```
//!
//! That is what stands at a path as well, so a lock may be used by address and on mounts of the same export. What a kind does in
//! its home is what a row of the safety matrix is about, and verified in its columns `nfs3-drc` and `nfs3-nodrc`:
//!
//! | kind | row | what it does |
//! |---|---|---|
//! | `fast` | `fast_lock` | tries, gives back |
//! | `queue` | `fair_lock` | joins, asks for its turn, leaves; nobody cuts in, and nobody tries without joining |
//! | `fair-sem=N` | `fair_semaphore` | the same |
//! | `rw-read`, `rw-write` | `rw_lock` | the same; no writer becomes a reader |
//! | `sem=N` | `semaphore` | tries one slot after the other, each as if there were no other, from one that chance picks |
//!
//! *Between kinds* each looks before it begins and after it has signed ([`one_kind`](lockwright_kernel::one_kind)), and whoever finds
//! another kind ends. Row `one_kind` is verified in `nfs3-drc`. In `nfs3-nodrc` it is not: when another kind enters just as a fast
//! lock is given back, a copy of a call may bring the former owner's name back, and it stands there until that is found dead.
//! That keeps others out; it lets nobody in.
//!
//! Nobody is told by the protocol that a lock came free, so whoever waits looks again and again. Its owners may be on any
//! host; one that cannot be seen from here is never taken for dead.

use std::{fmt, path::Path, time::Duration};

use lockwright_kernel::{
    blocking::WaitError,
    check_bid_check::{Bidder, LockFolder},
    clock::Instant,
    fs::{Fs, FsError, Halted, Settled, silly::is_silly},
    id::Id,
    lock::LockError,
    one_kind::OneKind,
    path::{Name, Path as At},
    probe::{Liveness, Probe},
    semaphore::Slot,
};
use lockwright_nfs::{Address, NfsFs, OpenError, Patience};
use lockwright_posix::{
    lock::{Entry, Kind, Layout, Standing},
    probe::ProcProbe,
};

use crate::exit::{CANNOT_CREATE, FAILED, Failure, NO_PERMISSION, USAGE};

mod fast;
mod line;
mod slots;
mod world;

use fast::Fast;
use line::Line;
use slots::Slots;
pub(crate) use world::NfsWorld;

/// How long a call to the server may take, for those who change something.
const PATIENCE: Patience = Patience { reply: Duration::from_secs(20), whole: Duration::from_mins(1) };

/// The same for those who look in passing, and are to come back soon.
const GLANCE: Patience = Patience { reply: Duration::from_secs(1), whole: Duration::from_secs(1) };

/// The address that stands in place of a path, if one does.
pub(crate) fn address(lock: &Path) -> Result<Option<Address>, Failure> {
    let text = lock.to_string_lossy();
    if !text.starts_with(Address::SCHEME) {
        return Ok(None);
    }
    let address = text.parse().map_err(|error| Failure::new(USAGE, format!("{text}: {error}")))?;
    Ok(Some(address))
}

/// Refuses an address where only paths are taken.
pub(crate) fn refuse(lock: &Path) -> Result<(), Failure> {
    match address(lock)? {
        None => Ok(()),
        Some(address) => {
            let line = format!("{address}: over NFS there are only `run`, `status` and `owner`");
            Err(Failure::new(USAGE, line))
        }
    }
}

/// A lock that could not be looked at, or changed.
pub(crate) fn failure(address: &Address, error: &LockError) -> Failure {
    let line = format!("{address}: {error}");
    match error {
        LockError::Fs(error) => Failure::of_fs(*error, line),
        _ => Failure::new(FAILED, line),
    }
}

/// What all kinds offer. One value is one contender.
pub(crate) trait NfsLock: fmt::Debug {
    /// Waits in `world` until `me` holds, until `until` at most. A kind with a line joins it once: its place stands when the
    /// wait ends without success, until [`NfsLock::release`]. Of the others nothing is left on the server then, unless a call failed.
    fn wait(&mut self, me: &Id, world: &NfsWorld, until: Option<Instant>) -> Result<(), WaitError>;

    /// Whether a place in line stands.
    fn stands(&self) -> bool {
        false
    }

    /// Gives back what `me` has, the lock or a place in line.
    fn release(&mut self, me: &Id) -> Result<(), LockError>;

    /// What stands there for as long as `me` holds.
    fn evidence(&self, me: &Id) -> At;

    /// The slot that it holds.
    fn slot(&self) -> Option<Slot> {
        None
    }

    /// Removes what the dead have left, as far as that can be removed.
    fn sweep(&self) -> Result<(), LockError>;

    /// Who has it, and who comes next.
    fn standing(&self) -> Result<Standing, LockError>;
}

/// A place for a lock, of whatever kind.
#[derive(Clone, Debug)]
pub(crate) struct Place<F> {
    fs: F,
    lock: At,
    probe: ProcProbe,
}

/// A place on a server.
pub(crate) type NfsPlace = Place<Settled<NfsFs>>;

impl NfsPlace {
    /// The place at `address`, whose directory exists. Nothing is made there yet.
    pub(crate) fn open(address: &Address) -> Result<Self, Failure> {
        Self::open_with(address, PATIENCE)
    }

    /// The same over a connection of its own, for a look in passing.
    pub(crate) fn glance(address: &Address) -> Result<Self, Failure> {
        Self::open_with(address, GLANCE)
    }

    fn open_with(address: &Address, patience: Patience) -> Result<Self, Failure> {
        let wrong = |why: &dyn fmt::Display| Failure::new(USAGE, format!("{address}: {why}"));
        let (dir, name) = address.split_last().ok_or_else(|| wrong(&"a lock has a name"))?;
        let lock: At = name.parse().map_err(|error| wrong(&error))?;
        let fs = NfsFs::open_with(&dir, patience).map_err(|error| {
            let code = match &error {
                OpenError::Unusable { why: FsError::PermissionDenied, .. } => NO_PERMISSION,
                _ => CANNOT_CREATE,
            };
            Failure::new(code, format!("{address}: {error}"))
        })?;
        Ok(Self { fs: Settled::new(fs), lock, probe: ProcProbe::shared() })
    }
}

impl<'a, F: Fs + Clone + fmt::Debug + 'a> Place<F> {
    /// The lock of that kind.
    pub(crate) fn lock(&self, kind: Kind) -> Box<dyn NfsLock + 'a> {
        match (kind.layout(), kind.layout().admission()) {
            (layout, Some(rule)) => Box::new(Line::new(self, layout, rule, kind.want())),
            (Layout::Semaphore(slots), None) => Box::new(Slots::new(self, slots)),
            _ => Box::new(Fast::new(self)),
        }
    }

    /// What stands there, of whatever kind it is.
    pub(crate) fn standing(&self) -> Result<Standing, LockError> {
        let tenants = self.tenants()?;
        let others = tenants.iter().filter_map(Layout::named);
        // Beside the owner of a fast lock nobody holds, but somebody may have died about to.
        let fast = tenants.iter().any(|name| Layout::named(name).is_none()).then_some(Layout::Fast);
        for layout in fast.into_iter().chain(others).chain([Layout::Fast]) {
            let standing = self.lock(layout.kind()).standing()?;
            if standing.layout.is_some() {
                return Ok(standing);
            }
        }
        Ok(Standing::default())
    }

    /// Removes what the dead have left of another kind, or of the fast lock of an owner.
    pub(crate) fn sweep_other(&self, name: &Name) -> Result<(), LockError> {
        self.lock(Layout::named(name).unwrap_or(Layout::Fast).kind()).sweep()
    }
}

impl<F: Fs + Clone> Place<F> {
    #[cfg(test)]
    pub(crate) fn over(fs: F) -> Self {
        let lock = "job.lock".parse().expect("a path");
        Self { fs, lock, probe: ProcProbe::shared() }
    }

    /// Whether bids of a lock folder stand there, of which its other users leave nothing else.
    pub(crate) fn has_bids(&self) -> Result<bool, FsError> {
        let nobody = Bidder { pid: 0, created: 0 };
        let folder = LockFolder::new(self.fs.clone(), self.lock.clone(), nobody, self.probe.clone());
        Ok(!or_default(folder.bids())?.is_empty())
    }

    /// Whether something stands at `path`.
    pub(crate) fn has(&self, path: &At) -> Result<bool, FsError> {
        self.fs.exists(path)
    }

    /// By what it is told who is dead.
    pub(crate) fn probe(&self) -> &ProcProbe {
        &self.probe
    }

    fn owner_dir(&self) -> At {
        below(&self.lock, "owner")
    }

    fn one_kind(&self, layout: Layout) -> OneKind<F> {
        OneKind::new(self.fs.clone(), self.lock.clone(), layout.name())
    }

    /// The kinds that are at home there, and the owner of a fast lock.
    fn tenants(&self) -> Result<Vec<Name>, FsError> {
        let names = or_default(self.fs.list(&self.owner_dir()))?;
        Ok(names.into_iter().filter(|name| !is_silly(name)).collect())
    }

    fn is_dead(&self, id: &Id) -> Result<bool, Halted> {
        Ok(self.probe.liveness(id)? == Liveness::Dead)
    }

    /// The entry of `id` at `at`.
    fn entry(&self, id: Id, kind: Kind, at: &At) -> Result<Entry, FsError> {
        let since = match self.fs.modified(at) {
            Ok(stamp) => Some(stamp),
            Err(FsError::NotFound) => None,
            Err(error) => return Err(error),
        };
        let liveness = self.probe.liveness(&id)?;
        Ok(Entry { id, kind, since, liveness, slot: None, number: None, lease: None })
    }
}

/// An entry by a word that stands in the source.
fn below(dir: &At, word: &str) -> At {
    dir.join(&word.parse().unwrap_or_else(|error| unreachable!("{word:?} stands in the source: {error}")))
}

/// With entries, it is of that layout.
fn of_layout(standing: Standing, layout: Layout) -> Standing {
    let layout = standing.everybody().next().map(|_| layout);
    Standing { layout, ..standing }
}

/// A directory that is not there holds nothing.
fn or_default<T: Default>(looked: Result<T, FsError>) -> Result<T, FsError> {
    match looked {
        Err(FsError::NotFound) => Ok(T::default()),
        other => other,
    }
}
