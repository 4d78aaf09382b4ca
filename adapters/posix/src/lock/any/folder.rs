//! The lock folder behind a path. Its bids are in the folder itself, where its other users expect them, so each contender
//! signs in the home of its kind while it is at work.
//!
//! ```text
//! <folder>/<id>.json         the bid of the contender <id>
//! <folder>/owner/bid/<id>    <id> has a bid, or is about to make one
//! ```
//!
//! The folder itself stays: those who share it may not know how to make one.

use std::io;

use lockwright_kernel::{
    blocking::{self, WaitError},
    check_bid_check::{Bidder, Bidders, LockFolder},
    clock::Instant,
    fs::{Fs, FsError, Halted},
    id::Id,
    ids::process::ProcessId,
    lock::{Lock, LockError},
    one_kind::OneKind,
    path::Path,
    probe::Liveness,
    wait_queue::{Ticket, Want},
};
use nix::errno::Errno;

use super::{
    AnyLock, Place,
    several::{Awaited, Several},
};
use crate::{
    bids,
    errno::fact,
    fs::PosixFs,
    lock::{
        kind::{Kind, Layout},
        standing::Standing,
    },
    probe::ProcProbe,
    watch::{Mortal, PosixWorld},
};

#[derive(Debug)]
pub(super) struct Folder {
    place: Place,
    kind: OneKind<PosixFs>,
}

/// Of those who look only, and make no bid.
const NOBODY: Bidder = Bidder { pid: 0, created: 0 };

impl Folder {
    pub(super) fn new(place: &Place) -> Self {
        Self { place: place.clone(), kind: place.one_kind(Layout::Bid) }
    }

    fn bids_of(&self, me: Bidder) -> LockFolder<PosixFs, ProcProbe> {
        LockFolder::new(self.place.fs.clone(), self.place.path(), me, self.place.acting_probe())
    }

    fn contender(&self, me: &Id) -> io::Result<Contender<'_>> {
        let me = ProcessId::try_from(me).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let bidder = bids::bidder(&me)?;
        Ok(Contender { folder: self, bidder, bids: self.bids_of(bidder) })
    }

    /// The bids that stand.
    pub(super) fn bids(&self) -> Result<Vec<Id>, FsError> {
        or_default(self.bids_of(NOBODY).bids())
    }

    fn liveness(&self, id: &Id) -> Result<Liveness, FsError> {
        match self.bids_of(NOBODY).bidder_of(id)? {
            Some(bidder) => Ok(Bidders::liveness(&self.place.probe, id, &bidder)?),
            None => Ok(Liveness::Unknown),
        }
    }

    fn sign(&self, me: &Id) -> Result<(), LockError> {
        self.kind.enter()?;
        let home = self.kind.home();
        let signed = self.place.fs.ensure_dir(&home).and_then(|()| self.place.fs.ensure_dir(&home.join(me.name())));
        match signed {
            Err(FsError::NotFound) => return Err(LockError::Disturbed),
            other => other?,
        }
        self.kind.verify()
    }

    fn unsign(&self, id: &Id) -> Result<(), Halted> {
        self.place.fs.discard_dir(&self.kind.home().join(id.name()))?;
        self.kind.tidy()
    }

    /// Takes away the names of the dead.
    fn unsign_dead(&self) -> Result<(), LockError> {
        let looker = self.place.looker();
        for id in or_default(self.place.fs.list(&self.kind.home()))?.into_iter().map(Id::from) {
            if looker.is_dead(&id)? {
                self.unsign(&id)?;
            }
        }
        Ok(self.kind.tidy()?)
    }
}

impl AnyLock for Folder {
    fn wait(
        &self,
        me: &Id,
        _: Want,
        _: &mut Option<Ticket>,
        world: &PosixWorld,
        until: Option<Instant>,
    ) -> Result<(), WaitError> {
        // An id that names no process cannot stand in a bid, and `/proc` may fail.
        let fact = |error: io::Error| {
            error.raw_os_error().map_or(FsError::Unsupported, |number| fact(Errno::from_raw(number)))
        };
        let contender = self.contender(me).map_err(|error| WaitError::Lock(fact(error).into()))?;
        blocking::lock(&contender, me, &Several::new(world, &contender), until)
    }

    /// To others than this crate the bid of a command that has ended is that of the dead, so it is no failure that it is gone.
    fn release(&self, me: &Id, _: Option<&Ticket>) -> Result<(), LockError> {
        let released = match self.bids_of(NOBODY).unlock(me) {
            Err(LockError::NotOwner) => match self.contender(me) {
                Ok(me) if self.place.probe.liveness_of(&me.bidder) == Liveness::Dead => Ok(()),
                _ => Err(LockError::NotOwner),
            },
            other => other,
        };
        self.unsign(me)?;
        // A failure leaves them to the next release.
        drop(self.unsign_dead());
        released
    }

    fn give_up(&self, _: &Ticket) -> Result<(), LockError> {
        Ok(())
    }

    fn holds(&self, me: &Id) -> Result<bool, LockError> {
        self.bids_of(NOBODY).have_lock(me)
    }

    fn home_of(&self, _: &Id, _: Option<&Ticket>) -> Result<Option<Path>, LockError> {
        Ok(Some(self.place.path()))
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        match self.bids_of(NOBODY).recover(id) {
            Ok(()) | Err(LockError::Fs(FsError::NotFound)) => Ok(self.unsign(id)?),
            other => other,
        }
    }

    fn sweep(&self) -> Result<(), LockError> {
        for id in self.bids()? {
            if self.liveness(&id)? == Liveness::Dead {
                self.recover(&id)?;
            }
        }
        let looker = self.place.looker();
        for id in or_default(self.bids_of(NOBODY).proposals().map_err(|error| only_fs(&error)))? {
            if looker.is_dead(&id)? {
                self.recover(&id)?;
            }
        }
        self.unsign_dead()
    }

    fn awaited(&self) -> Result<(Vec<Path>, Vec<Mortal>), FsError> {
        let bids = self.bids_of(NOBODY);
        let mut deaths = Vec::new();
        for id in self.bids()? {
            deaths.extend(bids.bidder_of(&id)?.map(Mortal::Bidder));
        }
        Ok((vec![bids.waits_on()], deaths))
    }

    /// Of several bids, the first whose bidder may live is the holder's; the others will retract, or are left over.
    fn standing(&self) -> Result<Standing, LockError> {
        let (looker, bids) = (self.place.looker(), self.bids_of(NOBODY));
        let mut standing = Standing::default();
        for id in self.bids()? {
            let (liveness, at) = (self.liveness(&id)?, bids.path_of(&id)?);
            let entry = looker.entry_of(id, Kind::Bid, &at, liveness)?;
            if standing.holders.is_empty() && liveness != Liveness::Dead {
                standing.holders.push(entry);
            } else {
                standing.trying.push(entry);
            }
        }
        if standing.holders.is_empty() && !standing.trying.is_empty() {
            standing.holders.push(standing.trying.remove(0));
        }
        Ok(standing.of(Layout::Bid))
    }
}

/// A contender of the folder: what it writes in its bids is known.
struct Contender<'a> {
    folder: &'a Folder,
    bidder: Bidder,
    bids: LockFolder<PosixFs, ProcProbe>,
}

impl Lock for Contender<'_> {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        let answer = self.folder.sign(me).and_then(|()| self.bids.try_lock(me));
        match answer {
            Ok(()) | Err(LockError::AlreadyOwner) => {}
            Err(_) => self.folder.unsign(me)?,
        }
        answer
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.folder.release(me, None)
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        self.bids.owner()
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        self.bids.proposals()
    }

    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.bids.clean(id)
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.bids.recover(id)
    }

    fn waits_on(&self) -> Path {
        self.bids.waits_on()
    }
}

impl Awaited for Contender<'_> {
    const COLLIDES: bool = true;

    fn dirs(&self) -> Vec<Path> {
        vec![self.bids.waits_on()]
    }

    fn deaths(&self) -> Result<Vec<Mortal>, FsError> {
        let mut deaths = Vec::new();
        for id in self.bids.bids()? {
            deaths.push(match self.bids.bidder_of(&id)? {
                Some(bidder) if ProcessId::try_from(&id).is_err() => Mortal::Bidder(bidder),
                Some(_) => Mortal::Owner(id),
                None => continue,
            });
        }
        Ok(deaths)
    }
}

fn only_fs(error: &LockError) -> FsError {
    match error {
        LockError::Fs(error) => *error,
        _ => FsError::Io,
    }
}

/// A folder that is not there holds nothing.
fn or_default<T: Default>(looked: Result<T, FsError>) -> Result<T, FsError> {
    match looked {
        Err(FsError::NotFound) => Ok(T::default()),
        other => other,
    }
}
