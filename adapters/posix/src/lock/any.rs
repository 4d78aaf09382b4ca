//! A lock of any kind, as those who use it and those who look at it meet it; a file for each kind below.

use std::{fmt, sync::Arc};

use lockwright_kernel::{
    blocking::WaitError,
    clock::Instant,
    fast_lock::Leaf,
    fs::{Fs, FsError, silly::is_silly},
    id::Id,
    lock::LockError,
    one_kind::OneKind,
    path::{Name, Path},
    token::Tokens,
    wait_queue::{Ticket, Want},
};

use super::{
    kind::Layout,
    lease::Seen,
    orders::Orders,
    recovered::Recoveries,
    sparing::Recovery,
    standing::{Glance, Looker, Standing},
};
use crate::{
    fs::{PosixFs, Untrusted},
    probe::ProcProbe,
    watch::{Mortal, PosixWorld},
};

mod fast;
mod folder;
mod kept;
mod line;
mod several;
mod slots;

use folder::Folder;
use line::Line;
use slots::Slots;

/// What all kinds offer.
pub(super) trait AnyLock: fmt::Debug + Send + Sync {
    /// Waits in `world` until `me` holds, until `until` at most. A kind with a line joins it once, and notes the `ticket`:
    /// it stands when the wait ends without success, until [`AnyLock::give_up`]. Of the others nothing is left on disk then.
    fn wait(
        &self,
        me: &Id,
        want: Want,
        ticket: &mut Option<Ticket>,
        world: &PosixWorld,
        until: Option<Instant>,
    ) -> Result<(), WaitError>;

    /// An id to take the lock with that has its directories there.
    fn lend_id(&self) -> Option<Id> {
        None
    }

    /// `id` is to be lent from now on, once it has been given back.
    fn keep_id(&self, id: &Id) {
        let _ = id;
    }

    /// A lent id holds nothing: it did not come to hold the lock.
    fn give_back_id(&self, id: &Id) {
        let _ = id;
    }

    /// Gives back the lock of `me`, and the id, if it was lent. `ticket` is its place in line, if it knows.
    fn release(&self, me: &Id, ticket: Option<&Ticket>) -> Result<(), LockError>;

    /// Leaves the line.
    fn give_up(&self, ticket: &Ticket) -> Result<(), LockError>;

    /// Whether `me` holds.
    fn holds(&self, me: &Id) -> Result<bool, LockError>;

    /// Removes everything of `id`, which is dead, or is to lose what it has.
    fn recover(&self, id: &Id) -> Result<(), LockError>;

    /// Removes what the dead have left, all of it. What cannot be removed stays.
    fn sweep(&self) -> Result<(), LockError>;

    /// The directories in which something is removed whenever somebody leaves, and those whose deaths would make room.
    fn awaited(&self) -> Result<(Vec<Path>, Vec<Mortal>), FsError>;

    /// The directory in which the entry of `me` stands, if it holds or waits in line; a guess where that takes no look.
    /// `ticket` is its place in line, if it knows.
    fn home_of(&self, me: &Id, ticket: Option<&Ticket>) -> Result<Option<Path>, LockError>;

    /// Wakes those who wait in line, so that each looks whether it still stands there.
    fn wake_line(&self) -> Result<(), LockError> {
        Ok(())
    }

    /// At most `most` of those who hold it, and how many wait before `me`, whose place is `number`.
    fn glance(&self, me: Option<&Id>, number: Option<u64>, most: usize) -> Result<Glance, LockError> {
        let _ = number;
        Ok(Glance::of(self.standing()?, me, most))
    }

    /// Whom it belongs to, and who comes next.
    fn standing(&self) -> Result<Standing, LockError>;
}

/// Where a lock is, and by which means it is looked at.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) fs: PosixFs,
    pub(super) name: Name,
    pub(super) probe: ProcProbe,
    pub(super) recoveries: Recoveries,
    pub(super) seen: Seen,
    /// From whom it is taken.
    pub(super) recovery: Recovery,
    /// What is left of a try that succeeded is removed when there is time.
    pub(super) tidies_late: bool,
    /// Directories stay while the lock is free, where its kind has that.
    pub(super) keeps: bool,
}

impl Place {
    /// Tells those from whom the lock is taken, by evidence: nobody, where it is taken from nobody.
    pub(super) fn acting_probe(&self) -> ProcProbe {
        if self.recovery == Recovery::Never { self.probe.clone().sparing() } else { self.probe.clone() }
    }

    /// The lock of that layout.
    pub(super) fn lock(&self, layout: Layout, leaf: Leaf) -> Arc<dyn AnyLock> {
        match (layout, layout.admission()) {
            (_, Some(rule)) => Arc::new(Line::new(self, layout, rule)),
            (Layout::Bid, _) => Arc::new(Folder::new(self)),
            (Layout::Semaphore(slots), _) => Arc::new(Slots::new(self, slots)),
            _ => Arc::new(fast::Fast::new(self, leaf)),
        }
    }

    /// Makes the calls by which the lock is taken.
    fn while_tidying_late<T, E>(&self, calls: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if self.tidies_late { self.fs.leaving_for_later(calls) } else { calls() }
    }

    pub(super) fn path(&self) -> Path {
        self.name.clone().into()
    }

    /// The other kind than a fast lock that is at home there, and also when its home is empty; or else the owner of a fast
    /// lock.
    pub(super) fn tenants(&self) -> Result<Vec<Name>, FsError> {
        match self.fs.list(&self.path().join(&word("owner"))) {
            Err(FsError::NotFound) => Ok(Vec::new()),
            other => Ok(other?.into_iter().filter(|name| !is_silly(name)).collect()),
        }
    }

    /// Whether an order stands for `id` to give the lock back.
    fn is_ordered(&self, id: &Id) -> Result<bool, FsError> {
        Orders::new(self)?.stands_for(id)
    }

    /// Why what stands there now is not entered, if that is so.
    pub(super) fn distrust(&self) -> Option<Untrusted> {
        self.fs.distrust(&self.path()).ok().flatten()
    }

    /// The fencing tokens beside the lock.
    pub(super) fn tokens(&self) -> Result<Tokens<PosixFs>, FsError> {
        let name: Name = format!("{}.token", self.name).parse().map_err(|_| FsError::NameTooLong)?;
        Ok(Tokens::new(self.fs.clone(), name.into()))
    }

    /// Removes what the dead have left beside the lock when they were to make the first of its fencing tokens.
    pub(super) fn sweep_tokens(&self) -> Result<(), FsError> {
        // No entry of so long a name was ever made.
        let Ok(tokens) = self.tokens() else { return Ok(()) };
        tokens.sweep(None, &self.acting_probe())
    }

    /// Whether bids of a lock folder stand there.
    pub(super) fn has_bids(&self) -> Result<bool, FsError> {
        Ok(!Folder::new(self).bids()?.is_empty())
    }

    fn one_kind(&self, layout: Layout) -> OneKind<PosixFs> {
        OneKind::new(self.fs.clone(), self.path(), layout.name())
    }

    fn looker(&self) -> Looker {
        Looker { fs: self.fs.clone(), probe: self.probe.clone(), leases: self.leases().ok() }
    }
}

/// A word that stands in the source, as a name.
pub(super) fn word(text: &str) -> Name {
    text.parse().unwrap_or_else(|error| unreachable!("{text:?} stands in the source: {error}"))
}
