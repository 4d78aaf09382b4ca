//! Broken variants of the lock that is held on a lease. Each is the shipped code but for the one thing its name tells.

use core::cell::RefCell;

use lockwright_kernel::{
    clock::{Clock, Instant},
    fs::{Fs, FsError, Halted},
    id::Id,
    path::Path,
    policies::lease::{Lease, LeaseError, Record, Sightings, Term, outlasted_after},
    probe::{Liveness, Probe},
};

use crate::{
    replay::Replay,
    scenarios::{
        LeaseClients,
        fast_lock::word,
        lease_clients::{FENCED, LEASED, LENGTH, leases},
    },
};

/// A lease is over when its owner was seen for so long, whether it renewed it or not.
pub const NONCE_IGNORED: LeaseClients =
    LeaseClients { judge: |world, seen, _| Box::new(Other { world, seen, has_lapsed: seen_for_so_long }), ..FENCED };

/// Who finds a lease over takes the lock, and does not look whether it is renewed meanwhile.
pub const NOT_CLAIMED: LeaseClients = LeaseClients {
    judge: |world, seen, _| Box::new(Other { world, seen, has_lapsed: unchanged_for_so_long }),
    ..FENCED
};

/// Who waited for the lock counts its lease from when it had it, and does not look whether the one that it published still runs.
pub const NOT_RECHECKED: LeaseClients = LeaseClients { begin: from_the_grant, ..FENCED };

/// A renewal that was on its way when the lock was given back makes the lease anew.
pub const OUTLIVES_RELEASE: LeaseClients = LeaseClients { end: renewed_once_more, ..LEASED };

/// Whether a lease is over, of which this record was found.
type HasLapsed = fn(&Other<'_>, &Id, Term) -> Result<bool, FsError>;

/// A judge that has no evidence.
struct Other<'a> {
    world: &'a Replay<'a>,
    seen: &'a RefCell<Sightings>,
    has_lapsed: HasLapsed,
}

impl Probe for Other<'_> {
    fn liveness(&self, id: &Id) -> Result<Liveness, Halted> {
        let lapsed = leases(self.world).record(id).and_then(|record| match record {
            Some(Record::Runs(term)) => (self.has_lapsed)(self, id, term),
            Some(Record::Lapsed(_)) => Ok(true),
            None => Ok(false),
        });
        match lapsed {
            Ok(true) => Ok(Liveness::Dead),
            Err(FsError::Halted) => Err(Halted),
            Ok(false) | Err(_) => Ok(Liveness::Unknown),
        }
    }
}

impl Other<'_> {
    fn is_outlasted(&self, id: &Id, term: Term) -> Result<bool, FsError> {
        let now = self.world.now()?;
        let since: Instant = self.seen.borrow_mut().since(id, term, now);
        Ok(now.saturating_since(since) >= outlasted_after(LENGTH))
    }

    fn claim(&self, id: &Id, term: Term) -> Result<bool, FsError> {
        let dir = Path::from(word("lease")).join(id.name());
        let from = dir.join(&word(&format!("{}.{}", term.length.as_millis(), term.renewals)));
        match self.world.rename(&from, &dir.join(&word("lapsed.0"))) {
            Ok(()) => Ok(true),
            Err(FsError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn seen_for_so_long(judge: &Other<'_>, id: &Id, term: Term) -> Result<bool, FsError> {
    Ok(judge.is_outlasted(id, Term { renewals: 0, ..term })? && judge.claim(id, term)?)
}

fn unchanged_for_so_long(judge: &Other<'_>, id: &Id, term: Term) -> Result<bool, FsError> {
    judge.is_outlasted(id, term)
}

fn from_the_grant(world: &Replay<'_>, me: &Id, _: &Lease) -> Result<Lease, LeaseError> {
    leases(world).try_publish(me, LENGTH, world)
}

fn renewed_once_more(world: &Replay<'_>, me: &Id) -> Result<(), FsError> {
    leases(world).forget(me)?;
    leases(world).try_publish(me, LENGTH, world).map(drop).or_else(|error| match error {
        LeaseError::Fs(error) => Err(error),
        LeaseError::Over | LeaseError::Disturbed => Ok(()),
    })
}
