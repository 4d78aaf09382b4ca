//! Leases at the path of a lock, by the kernel's [rules](lockwright_kernel::policies::lease).
//!
//! ```text
//! <lock>.lease/<id>/<length>.<n>    <id> renews within so many milliseconds, and did so n times
//! <lock>.lease/<id>/lapsed.<m>      somebody took it for over, when the last fencing number was m
//! ```
//!
//! Who holds on a lease says so here, before it asks for the lock. Everybody who meets it as a holder, or before itself in line, asks
//! for evidence of its death first, and times its lease where there is none, whether it has a lease itself or not.
//! A version of this crate that knows nothing of leases, and the lockers' scripts, go by evidence alone: they wait, and
//! take nothing away.
//!
//! Records of those who died elsewhere, before they had the lock or just after, cannot be told from those of the living; they
//! stay, and hinder nobody.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lockwright_kernel::{
    clock::Instant,
    fs::{FsError, Halted},
    id::Id,
    lock::LockError,
    path::Name,
    policies::lease::{Judge, Lease, LeaseError, Leases, Notebook, Record, Sightings},
    probe::{Liveness, Probe},
};

use super::{
    PathLock,
    any::{AnyLock, Place},
    sparing::Recovery,
};
use crate::{chance::ThreadChance, fs::PosixFs, probe::ProcProbe, watch::BootTime};

/// What was seen of the leases of a lock, by it and its clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<Sightings>>);

impl Notebook for Seen {
    fn with<T>(&self, change: impl FnOnce(&mut Sightings) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Tells the dead from the rest, and takes for dead those whose lease is over: for whoever wants the lock.
#[derive(Clone, Debug)]
pub(super) struct LeaseProbe {
    /// None where the lock's name leaves no room for that of its leases, so that there can be none; and who goes by evidence alone,
    /// or by none.
    judge: Option<Judge<PosixFs, ProcProbe, BootTime, Seen>>,
    probe: ProcProbe,
}

impl Probe for LeaseProbe {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        match &self.judge {
            Some(judge) => judge.liveness(id),
            None => self.probe.liveness(id),
        }
    }
}

impl Place {
    pub(super) fn leases(&self) -> Result<Leases<PosixFs>, FsError> {
        let name: Name = format!("{}.lease", self.name).parse().map_err(|_| FsError::NameTooLong)?;
        Ok(Leases::new(self.fs.clone(), name.into()))
    }

    pub(super) fn judge(&self) -> LeaseProbe {
        let judge = |leases| Judge::new(leases, self.tokens().ok(), self.probe.clone(), BootTime, self.seen.clone());
        let leases = self.leases().ok().filter(|_| self.recovery == Recovery::Lapsed);
        LeaseProbe { judge: leases.map(judge), probe: self.acting_probe() }
    }

    /// What stands there of the lease of `id`.
    pub(super) fn lease_of(&self, id: &Id) -> Result<Option<Record>, FsError> {
        self.leases().map_or(Ok(None), |leases| leases.record(id))
    }

    /// Removes the record of `id`, which holds nothing any more.
    pub(super) fn forget_lease(&self, id: &Id) -> Result<(), Halted> {
        self.leases().map_or(Ok(()), |leases| leases.forget(id))
    }

    /// Removes the records of those who were given up here, as far as their holds are gone. What it leaves is left to a later sweep.
    pub(super) fn forget_lapsed(&self, lock: &dyn AnyLock) {
        for id in self.seen.with(Sightings::take_lapsed) {
            if lock.holds(&id) == Ok(false) {
                let _ = self.forget_lease(&id);
            }
        }
    }

    /// Removes one of the records, whichever chance picks, if it is of use to nobody.
    pub(super) fn sweep_one_lease(&self, lock: &dyn AnyLock) -> Result<(), LockError> {
        self.leases().map_or(Ok(()), |leases| leases.sweep(&self.probe, &ThreadChance, |id| lock.holds(id)))
    }

    /// The same with all of them.
    pub(super) fn sweep_leases(&self, lock: &dyn AnyLock) -> Result<(), LockError> {
        let Ok(leases) = self.leases() else { return Ok(()) };
        leases.ids()?.try_for_each(|id| leases.sweep_of(&id, &self.probe, |id| lock.holds(id)))
    }
}

/// The lease of a contender, or of a guard.
#[derive(Debug)]
pub(super) struct OwnLease {
    leases: Leases<PosixFs>,
    lease: Mutex<Lease>,
}

impl OwnLease {
    pub(super) fn publish(place: &Place, me: &Id, length: Duration) -> Result<Self, LeaseError> {
        let leases = place.leases()?;
        let lease = leases.publish(me, length, &BootTime)?;
        Ok(Self { leases, lease: Mutex::new(lease) })
    }

    pub(super) fn now(&self) -> Lease {
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn renew(&self, me: &Id) -> Result<Lease, LeaseError> {
        let renewed = self.leases.renew(me, &self.now(), &BootTime)?;
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(renewed)
    }

    pub(super) fn withdraw(&self, me: &Id) -> Result<(), Halted> {
        self.leases.withdraw(me, &self.now())
    }

    pub(super) fn renew_at(&self) -> Instant {
        self.now().renew_at()
    }
}

/// Why a lease was not renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenewError {
    /// It is held on no lease.
    #[error("it is held on no lease")]
    NoLease,
    /// The id does not hold the lock, nor wait for it.
    #[error("it is not held any more")]
    NotHeld,
    /// The lease was not renewed in time, and was taken for over. Somebody else may hold the lock.
    #[error("the lease was over before it was renewed")]
    Over,
    /// A call failed: it is not known whether the lease was renewed.
    #[error("the lease could not be renewed: {0}")]
    Fs(FsError),
}

impl From<LeaseError> for RenewError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Over => Self::Over,
            LeaseError::Disturbed => Self::Fs(FsError::Io),
            LeaseError::Fs(error) => Self::Fs(error),
        }
    }
}

impl PathLock {
    /// Renews the lease that `id` holds on, or waits on: it counts from now on.
    ///
    /// # Errors
    ///
    /// [`RenewError`].
    pub fn renew_as(&self, id: &Id) -> Result<Lease, RenewError> {
        let holds = || match self.lock.holds(id) {
            Ok(holds) => Ok(holds),
            Err(LockError::Fs(error)) => Err(RenewError::Fs(error)),
            Err(_) => Err(RenewError::Fs(FsError::Io)),
        };
        let leases = self.place.leases().map_err(RenewError::Fs)?;
        let renewed = match leases.renew_found(id, &BootTime) {
            Err(LeaseError::Over) if !holds()? => return Err(RenewError::NotHeld),
            // A look may miss a record that is renewed at that moment.
            Err(LeaseError::Over) if self.lease_of(id).map_err(RenewError::Fs)?.is_none() => {
                return Err(RenewError::NoLease);
            }
            renewed => renewed?,
        };
        if !holds()? {
            // It was given back meanwhile, by somebody who did not see this renewal.
            let _ = leases.forget(id);
            return Err(RenewError::NotHeld);
        }
        Ok(renewed)
    }

    /// What stands on disk of the lease of `id`, if it has one. A record that is renewed at that moment may be missed.
    ///
    /// # Errors
    ///
    /// Those of [`Leases::record`].
    pub fn lease_of(&self, id: &Id) -> Result<Option<Record>, FsError> {
        self.place.lease_of(id)
    }
}
