//! The semaphore behind a path: slots, each a fast lock, in the home of their kind.
//!
//! No directory tells of a release in any slot, so who waits watches the `owner` of each slot, and a pidfd for each owner.
//! That is as many handles as there are slots; where they are used up, it looks again every
//! [`POLL_MS`](crate::watch::POLL_MS).

use std::num::NonZeroU32;

use lockwright_kernel::{
    blocking::{self, WaitError},
    clock::Instant,
    fast_lock::Leaf,
    fs::{Fs, FsError, Halted},
    id::Id,
    lock::{Lock, LockError},
    one_kind::OneKind,
    path::Path,
    semaphore::{Semaphore, Slot},
    wait_queue::{Ticket, Want},
};

use super::{
    AnyLock, Place,
    fast::{self, RecoveringLock, recovering},
    several::{Awaited, Several},
    word,
};
use crate::{
    chance::ThreadChance,
    fs::PosixFs,
    lock::{
        kind::{Kind, Layout},
        standing::Standing,
    },
    watch::{Mortal, PosixWorld},
};

#[derive(Debug)]
pub(super) struct Slots {
    place: Place,
    count: NonZeroU32,
    kind: OneKind<PosixFs>,
}

impl Slots {
    pub(super) fn new(place: &Place, slots: NonZeroU32) -> Self {
        let kind = place.one_kind(Layout::Semaphore(slots));
        Self { place: place.clone(), count: slots, kind }
    }

    fn semaphore(&self) -> Semaphore<PosixFs, impl Fn(Path) -> RecoveringLock, ThreadChance> {
        let make = |slot| recovering(&self.place, slot, Leaf::File);
        Semaphore::new(self.place.fs.clone(), self.kind.home(), self.count, make, ThreadChance)
    }

    fn slot(&self, slot: Slot) -> Path {
        self.kind.home().join(&word(&slot.to_string()))
    }

    fn slots(&self) -> impl Iterator<Item = Path> {
        let slots = (1..=self.count.get()).filter_map(NonZeroU32::new);
        slots.map(|slot| self.slot(slot))
    }

    fn locks(&self) -> impl Iterator<Item = RecoveringLock> {
        self.slots().map(|slot| recovering(&self.place, slot, Leaf::File))
    }

    fn tidy(&self) -> Result<(), Halted> {
        self.kind.tidy()?;
        self.place.fs.discard_dir(&self.place.path())
    }

    fn enter_and_acquire(&self, me: &Id) -> Result<(), LockError> {
        self.kind.enter()?;
        match self.semaphore().acquire(me) {
            Ok(_) => {}
            // The directory around it went away after it was entered.
            Err(LockError::Fs(FsError::NotFound)) => return Err(LockError::Disturbed),
            Err(error) => return Err(error),
        }
        match self.kind.verify() {
            Ok(()) => Ok(()),
            Err(error) => {
                self.semaphore().release(me)?;
                Err(error)
            }
        }
    }
}

impl AnyLock for Slots {
    fn wait(
        &self,
        me: &Id,
        _: Want,
        _: &mut Option<Ticket>,
        world: &PosixWorld,
        until: Option<Instant>,
    ) -> Result<(), WaitError> {
        blocking::lock(self, me, &Several::new(world, self), until)
    }

    fn release(&self, me: &Id, _: Option<&Ticket>) -> Result<(), LockError> {
        self.unlock(me)
    }

    fn give_up(&self, _: &Ticket) -> Result<(), LockError> {
        Ok(())
    }

    fn holds(&self, me: &Id) -> Result<bool, LockError> {
        Ok(self.semaphore().slot_of(me)?.is_some())
    }

    fn home_of(&self, me: &Id, _: Option<&Ticket>) -> Result<Option<Path>, LockError> {
        Ok(self.semaphore().slot_of(me)?.map(|slot| self.slot(slot).join(&word("owner"))))
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        Lock::recover(self, id)
    }

    fn sweep(&self) -> Result<(), LockError> {
        let looker = self.place.looker();
        for slot in self.slots() {
            let lock = recovering(&self.place, slot.clone(), Leaf::File);
            if let Some(owner) = lock.owner()?
                && looker.is_dead(&owner)?
            {
                lock.recover(&owner)?;
            }
            lock.sweep()?;
            fast::discard_kept(&self.place.fs, &slot)?;
            // What stands in the home, empty as it may be, keeps every other kind out.
            fast::tidy(&self.place.fs, &slot)?;
        }
        Ok(self.tidy()?)
    }

    fn awaited(&self) -> Result<(Vec<Path>, Vec<Mortal>), FsError> {
        Ok((self.dirs(), self.deaths()?))
    }

    fn standing(&self) -> Result<Standing, LockError> {
        let (looker, kind) = (self.place.looker(), Kind::Semaphore(self.count));
        let mut standing = Standing::default();
        for (slot, owner) in self.semaphore().owners()? {
            let at = self.slot(slot).join(&word("owner")).join(owner.name());
            standing.holders.push(looker.entry(owner, kind, &at)?.in_slot(slot));
        }
        for slot in (1..=self.count.get()).filter_map(NonZeroU32::new) {
            let path = self.slot(slot);
            for id in recovering(&self.place, path.clone(), Leaf::File).proposals()? {
                let at = path.join(&word("build")).join(id.name());
                standing.trying.push(looker.entry(id, kind, &at)?.in_slot(slot));
            }
        }
        Ok(standing.of(Layout::Semaphore(self.count)))
    }
}

/// The semaphore as something to be tried again and again.
impl Lock for Slots {
    fn try_lock(&self, me: &Id) -> Result<(), LockError> {
        let answer = self.enter_and_acquire(me);
        if answer.is_err() && answer != Err(LockError::AlreadyOwner) {
            self.tidy()?;
        }
        answer
    }

    fn unlock(&self, me: &Id) -> Result<(), LockError> {
        self.semaphore().release(me)?;
        Ok(self.tidy()?)
    }

    fn owner(&self) -> Result<Option<Id>, LockError> {
        self.semaphore().owner_when_full()
    }

    fn proposals(&self) -> Result<Vec<Id>, LockError> {
        let proposals: Result<Vec<_>, _> = self.locks().map(|lock| lock.proposals()).collect();
        Ok(proposals?.concat())
    }

    fn clean(&self, id: &Id) -> Result<(), Halted> {
        self.locks().try_for_each(|lock| lock.clean(id))
    }

    fn recover(&self, id: &Id) -> Result<(), LockError> {
        self.locks().try_for_each(|lock| lock.recover(id))?;
        Ok(self.tidy()?)
    }

    fn waits_on(&self) -> Path {
        self.kind.home()
    }
}

impl Awaited for Slots {
    const COLLIDES: bool = false;

    fn dirs(&self) -> Vec<Path> {
        self.slots().map(|slot| slot.join(&word("owner"))).collect()
    }

    fn deaths(&self) -> Result<Vec<Mortal>, FsError> {
        let owners = match self.semaphore().owners() {
            Ok(owners) => owners,
            Err(LockError::Fs(error)) => return Err(error),
            Err(_) => return Err(FsError::NotFound),
        };
        if owners.len() < self.count.get() as usize {
            return Err(FsError::NotFound);
        }
        Ok(owners.into_iter().map(|(_, owner)| Mortal::Owner(owner)).collect())
    }
}
