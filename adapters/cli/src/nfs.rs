//! Locks whose address is `nfs://HOST[:PORT]/PATH`: fast locks on a server that is spoken to directly.
//!
//! Nobody is told by the protocol that a lock came free, so whoever waits looks again and again. Its owners may be on any
//! host; one that cannot be seen from here is never taken for dead.

use std::{io, num::NonZeroU32, path::Path, time::Duration};

use lockwright_kernel::{
    blocking::World,
    chance::Chance,
    clock::{Clock, Instant},
    fast_lock::{FastLock, Leaf},
    fs::{FsError, Halted, Settled},
    id::Id,
    path::Path as At,
    policies::check::CheckLock,
    watch::{Wake, Watch, WatchId},
};
use lockwright_nfs::{Address, NfsFs, OpenError, Patience};
use lockwright_posix::{chance::ThreadChance, fs::PosixFs, probe::ProcProbe, watch::PosixWorld};

use crate::exit::{CANNOT_CREATE, Failure, NO_PERMISSION, USAGE};

/// A lock on a server.
pub(crate) type NfsLock = CheckLock<FastLock<Settled<NfsFs>>, ProcProbe, ThreadChance>;

/// How long a call to the server may take, for those who change something.
const PATIENCE: Patience = Patience { reply: Duration::from_secs(20), whole: Duration::from_mins(1) };

/// The same for those who look in passing, and are to come back soon.
const GLANCE: Patience = Patience { reply: Duration::from_secs(1), whole: Duration::from_secs(1) };

/// How long a wait goes by without a look, in milliseconds: at least, and how much longer at most, so that those who wait
/// come apart.
const WAIT_MS: u64 = 100;
const WAIT_MS_MORE: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);

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
        Some(address) => Err(Failure::new(USAGE, format!("{address}: over NFS there are only `run` and `owner`"))),
    }
}

/// The lock at `address`, whose directory exists. Nothing is made there yet.
pub(crate) fn open(address: &Address) -> Result<NfsLock, Failure> {
    open_with(address, PATIENCE)
}

/// The same over a connection of its own, for a look in passing.
pub(crate) fn glance(address: &Address) -> Result<NfsLock, Failure> {
    open_with(address, GLANCE)
}

fn open_with(address: &Address, patience: Patience) -> Result<NfsLock, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::new(USAGE, format!("{address}: {why}"));
    let (dir, name) = address.split_last().ok_or_else(|| wrong(&"a lock has a name"))?;
    let path: At = name.parse().map_err(|error| wrong(&error))?;
    let fs = NfsFs::open_with(&dir, patience).map_err(|error| {
        let code = match &error {
            OpenError::Unusable { why: FsError::PermissionDenied, .. } => NO_PERMISSION,
            _ => CANNOT_CREATE,
        };
        Failure::new(code, format!("{address}: {error}"))
    })?;
    Ok(CheckLock::new(FastLock::new(Settled::new(fs), path, Leaf::File), ProcProbe::shared(), ThreadChance))
}

/// The world of those who wait for such a lock.
#[derive(Debug)]
pub(crate) struct NfsWorld(PosixWorld);

impl NfsWorld {
    /// One whose waits are interrupted while `fd` is readable.
    pub(crate) fn new(fd: std::os::fd::OwnedFd) -> io::Result<Self> {
        // Of this file system nothing is watched.
        Ok(Self(PosixWorld::new(&PosixFs::open("/")?).interrupted_by(fd)))
    }

    /// What it is made of: time, and interruption.
    pub(crate) fn local(&self) -> &PosixWorld {
        &self.0
    }

    /// The end of a wait that goes on until `until` at most.
    pub(crate) fn next_look(&self, until: Option<Instant>) -> Result<Instant, Halted> {
        let wait = WAIT_MS + u64::from(self.below(WAIT_MS_MORE)?);
        let look = self.now()?.saturating_add(Duration::from_millis(wait));
        Ok(until.map_or(look, |until| until.min(look)))
    }
}

impl Watch for NfsWorld {
    fn watch(&self, _: &At) -> Result<WatchId, FsError> {
        Ok(WatchId(0))
    }

    fn wait(&self, _: WatchId, _: Option<&Id>, until: Option<Instant>) -> Result<Wake, Halted> {
        let wake = self.pause(self.next_look(until)?)?;
        let is_past = until.is_some_and(|until| self.0.after(Duration::ZERO) >= until);
        Ok(if wake == Wake::Changed && is_past { Wake::TimedOut } else { wake })
    }
}

impl Clock for NfsWorld {
    fn now(&self) -> Result<Instant, Halted> {
        self.0.now()
    }
}

impl Chance for NfsWorld {
    fn below(&self, bound: NonZeroU32) -> Result<u32, Halted> {
        self.0.below(bound)
    }
}

impl World for NfsWorld {
    fn pause(&self, until: Instant) -> Result<Wake, Halted> {
        self.0.pause(until)
    }
}
